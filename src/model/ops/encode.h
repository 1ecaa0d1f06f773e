// SPDX-License-Identifier: Apache-2.0
// Of single values: which of those that training knew each is, and what stands for one that is missing. Values are
// equal as in Python: 1, 1.0 and True are, a text never equals a number. A missing value is an absent or null cell, or
// NaN: JSON and a DataFrame do not keep them apart, and so they are one, unless training saw both None and NaN (then
// null is None and the others are NaN).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/array.h"
#include "base/result.h"
#include "model/slot.h"
#include "model/values.h"

namespace slipway::model {

// y[i] = the code of x[i], of cells or dense rows; a dense row. Sources: sklearn.utils._encode,
// _BaseEncoder._transform.
struct Encode {
  static constexpr std::string_view kName = "encode";
  Array<std::uint32_t> starts;  // [columns + 1]: column i knows values[starts[i] .. starts[i + 1])
  Values values;
  Array<double> codes;    // one a value
  Array<double> unknown;  // one a column: of what it does not know. Empty: refused, as handle_unknown='error' does

  template <class F>
  static void fields(F&& f) {
    f("starts", &Encode::starts);
    f("values", &Encode::values);
    f("codes", &Encode::codes);
    f("unknown", &Encode::unknown);
  }
  Result<Slot> shape(std::span<const Slot> in) const;
};

// Of dense rows: y[starts[i] + x[i]] = 1, all else 0. What is no integer from 0 to starts[i + 1] - starts[i] - 1 sets
// nothing. Gives CSR rows or dense ones.
struct OneHot {
  static constexpr std::string_view kName = "one_hot";
  Array<std::uint32_t> starts;  // [columns + 1]
  bool sparse = true;

  template <class F>
  static void fields(F&& f) {
    f("starts", &OneHot::starts);
    f("sparse", &OneHot::sparse);
  }
  Result<Slot> shape(std::span<const Slot> in) const;
};

// y[i] = fill[i] where x[i] equals `missing`, else x[i]; of cells, dense rows, or what CSR rows hold. `missing` is one
// value; null or NaN: what is missing. Source: sklearn.impute.SimpleImputer.
struct Impute {
  static constexpr std::string_view kName = "impute";
  Values missing, fill;

  template <class F>
  static void fields(F&& f) {
    f("missing", &Impute::missing);
    f("fill", &Impute::fill);
  }
  Result<Slot> shape(std::span<const Slot> in) const;
};

// y[i] = 1 where x[columns[i]] equals `missing` (as Impute has it), else 0: a dense row, of cells, dense or CSR rows.
// Source: sklearn.impute.MissingIndicator.
struct IsMissing {
  static constexpr std::string_view kName = "is_missing";
  Values missing;
  Array<std::uint32_t> columns;

  template <class F>
  static void fields(F&& f) {
    f("missing", &IsMissing::missing);
    f("columns", &IsMissing::columns);
  }
  Result<Slot> shape(std::span<const Slot> in) const;
};

// Which cells are equal ---------------------------------------------------------------------------------------------

// Absent, null, or NaN.
bool is_missing(const Cell& cell);
// As Python's ==, but that missing cells equal each other.
bool equal_cells(const Cell& a, const Cell& b);

}  // namespace slipway::model
