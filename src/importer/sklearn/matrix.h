// SPDX-License-Identifier: Apache-2.0
// Arrays that many families keep: matrices, and lists of them.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "importer/attributes.h"

namespace slipway::importer::sklearn {

struct Matrix {
  std::size_t rows = 0, columns = 0;  // one or more of each
  std::vector<double> values;         // row-major, finite
  bool is_float32 = false;
};

// An attribute of two dimensions. Errors: kUnsupported "is not fitted"; kCorrupt what is no such array, with its path.
enum class Gaps : bool { kRefused, kAllowed };  // NaN among the values
Result<Matrix> read_matrix(const Attributes& fitted, std::string_view name, Gaps gaps = Gaps::kRefused);
// The same with a given shape.
Result<Matrix> read_matrix(const Attributes& fitted, std::string_view name, std::size_t rows, std::size_t columns);

// The elements of an attribute that is a list or tuple of arrays.
Result<std::vector<pickle::Numbers>> read_arrays(const Attributes& fitted, std::string_view name);

}  // namespace slipway::importer::sklearn
