// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/array.h"
#include "base/result.h"
#include "model/slot.h"

namespace slipway::model {

// y = (x - offset) / scale by column, in this order, f64, dense rows. It divides, as sklearn.preprocessing.
// StandardScaler does: x * (1 / scale) can differ in the last bit.
// An empty offset subtracts nothing; an empty scale divides by nothing.
struct Standardize {
  static constexpr std::string_view kName = "standardize";
  Array<double> offset, scale;

  template <class F>
  static void fields(F&& f) {
    f("offset", &Standardize::offset);
    f("scale", &Standardize::scale);
  }
  Result<Slot> shape(std::span<const Slot> in) const;
};

// y = x * factor by column. What StandardScaler does to sparse rows, with factor = 1 / scale_: sklearn.utils.
// sparsefuncs.inplace_column_scale. What a CSR row does not hold stays out of it.
struct ScaleColumns {
  static constexpr std::string_view kName = "scale_columns";
  Array<double> factor;

  template <class F>
  static void fields(F&& f) {
    f("factor", &ScaleColumns::factor);
  }
  Result<Slot> shape(std::span<const Slot> in) const;
};

}  // namespace slipway::model
