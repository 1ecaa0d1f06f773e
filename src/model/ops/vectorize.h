// SPDX-License-Identifier: Apache-2.0
// From a record to a row of numbers.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/array.h"
#include "base/result.h"
#include "model/slot.h"

namespace slipway::model {

// sklearn.feature_extraction.DictVectorizer: a number under `name` goes to the column `name`, a text t to the column
// `name` + separator + t as 1, a list of texts to one column each, null to NaN under `name`; what has no column is
// ignored. Gives CSR rows, columns ascending, hits on one column fields first, then extras: where an
// extra stood among the fields is not known here, and could move the last bit of a sum.
// Source: _dict_vectorizer.py, _transform.
struct VectorizeDict {
  static constexpr std::string_view kName = "vectorize_dict";
  static constexpr std::size_t kMaxSeparator = 64;  // bytes; bounds the work of finding which field a column is of
  Texts names;                                      // of the columns, in order
  std::string separator;
  bool lists = true;  // takes lists of texts (scikit-learn 0.24 and later)
  // Refuses a value of another kind (unless it is an empty list) even where its name has no column. False:
  // scikit-learn before 0.24, sparse, which looked the name up first.
  bool refuse_unknown = true;

  template <class F>
  static void fields(F&& f) {
    f("names", &VectorizeDict::names);
    f("separator", &VectorizeDict::separator);
    f("lists", &VectorizeDict::lists);
    f("refuse_unknown", &VectorizeDict::refuse_unknown);
  }
  Result<Slot> shape(std::span<const Slot> in) const;
};

// CSR rows to dense ones. Hits on one column add up from 0.0, as scipy's toarray() does; or, in `last_wins`, each
// overwrites the one before, as DictVectorizer(sparse=False) did before scikit-learn 1.0.
struct Densify {
  static constexpr std::string_view kName = "densify";
  bool last_wins = false;

  template <class F>
  static void fields(F&& f) {
    f("last_wins", &Densify::last_wins);
  }
  Result<Slot> shape(std::span<const Slot> in) const;
};

// The schema's fields as numbers, in their order: the row that a table model takes. null is NaN, text is refused.
struct StackNumbers {
  static constexpr std::string_view kName = "stack_numbers";
  std::uint32_t columns = 0;

  template <class F>
  static void fields(F&& f) {
    f("columns", &StackNumbers::columns);
  }
  Result<Slot> shape(std::span<const Slot> in) const;
};

// sklearn.utils.check_array: an estimator that raises on NaN or infinity refuses the row here, by the field's name. Of
// cells: on a missing one, unless it is of a column in `nullable`.
struct RequireFinite {
  static constexpr std::string_view kName = "require_finite";
  bool allow_nan = false;
  std::string estimator;          // who asks, for the message
  Array<std::uint32_t> nullable;  // ascending; of cells only: None is a value there, as in an array of objects

  template <class F>
  static void fields(F&& f) {
    f("allow_nan", &RequireFinite::allow_nan);
    f("estimator", &RequireFinite::estimator);
    f("nullable", &RequireFinite::nullable);
  }
  Result<Slot> shape(std::span<const Slot> in) const;
};

}  // namespace slipway::model
