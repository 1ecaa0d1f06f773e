// SPDX-License-Identifier: Apache-2.0
// Parts of rows, and rows put together: what makes one model of several.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/array.h"
#include "base/result.h"
#include "model/slot.h"

namespace slipway::model {

// y[i] = x[columns[i]]: fields of a record or cells to cells, columns of rows to rows. Of CSR rows the columns must
// ascend.
struct Select {
  static constexpr std::string_view kName = "select";
  Array<std::uint32_t> columns;

  template <class F>
  static void fields(F&& f) {
    f("columns", &Select::columns);
  }
  Result<Slot> shape(std::span<const Slot> in) const;
};

// Rows side by side, in the order of the inputs. Sparse: CSR, of dense inputs what is not 0 (NaN is not); else dense,
// where hits of a CSR input on one column add up. With cells among the inputs all become cells; not sparse then.
struct Concat {
  static constexpr std::string_view kName = "concat";
  bool sparse = false;

  template <class F>
  static void fields(F&& f) {
    f("sparse", &Concat::sparse);
  }
  Result<Slot> shape(std::span<const Slot> in) const;
};

// y = (w0 * x0 + w1 * x1 + ...) / divisor, element by element, added in the order of the inputs, the first product
// alone (nothing is added to it). Empty weights: all 1, nothing is multiplied; a divisor of 1 divides all the same.
struct WeightedSum {
  static constexpr std::string_view kName = "weighted_sum";
  Array<double> weights;
  double divisor = 1;

  template <class F>
  static void fields(F&& f) {
    f("weights", &WeightedSum::weights);
    f("divisor", &WeightedSum::divisor);
  }
  Result<Slot> shape(std::span<const Slot> in) const;
};

// An index to a row of numbers: row `index` of table, [indices, columns] row-major. With columns = 1 a label's number;
// with the identity a vote.
struct LookUp {
  static constexpr std::string_view kName = "look_up";
  std::uint32_t columns = 1;
  Array<double> table;

  template <class F>
  static void fields(F&& f) {
    f("columns", &LookUp::columns);
    f("table", &LookUp::table);
  }
  Result<Slot> shape(std::span<const Slot> in) const;
};

}  // namespace slipway::model
