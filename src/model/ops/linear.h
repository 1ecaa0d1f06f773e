// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/array.h"
#include "base/result.h"
#include "model/slot.h"

namespace slipway::model {

// y[k] = (sum over columns, ascending from 0.0, of coef[k, column] * x[column]) + intercept[k], f64: the order of
// scipy's CSR product and of the reference BLAS. Columns that a CSR row does not hold are left out of the sum.
// coef: row-major [outputs, columns]; intercept: [outputs].
struct Linear {
  static constexpr std::string_view kName = "linear";
  std::uint32_t outputs = 0;
  Array<double> coef, intercept;

  template <class F>
  static void fields(F&& f) {
    f("outputs", &Linear::outputs);
    f("coef", &Linear::coef);
    f("intercept", &Linear::intercept);
  }
  Result<Slot> shape(std::span<const Slot> in) const;
};

}  // namespace slipway::model
