// SPDX-License-Identifier: Apache-2.0
// A decision tree of sklearn.tree, as every estimator made of them keeps it: `tree_`, columns over the file's bytes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "format/pickle/records.h"
#include "importer/attributes.h"
#include "importer/sklearn/lowering.h"
#include "importer/sklearn/tree_table.h"
#include "model/model.h"

namespace slipway::importer::sklearn {

// What was read of an attribute, and where it stood if it could not be.
template <class T>
Result<T> located(const Attributes& of, std::string_view name, Result<T> got) {
  if (got) return got;
  return fail(of.error(got.error().code(), name, got.error().message()));
}

class FittedTree : public TreeSource {
 public:
  // What a leaf gives.
  struct Leaf {
    enum class Kind : std::uint8_t {
      kNumbers,  // value * scale, a number an output
      kCounts,   // the values of each output's classes as they are
      kShares,   // the same divided by their sum, as predict_proba did before scikit-learn 1.4
      kPath,     // of an isolation tree: the length of the path, and what is expected behind it
      kOldPath,  // the same before scikit-learn 0.21
    } kind = Kind::kNumbers;
    double scale = 1;
    std::vector<std::size_t> classes;  // of each output
  };

  // `estimator` is a DecisionTree* or ExtraTree*. Errors: kUnsupported "is not fitted"; kCorrupt, with the path, if its
  // tree is none or its parts do not fit together. Borrows the document.
  static Result<FittedTree> open(const Attributes& estimator);

  std::uint32_t columns() const { return columns_; }
  std::size_t outputs() const { return outputs_; }
  std::size_t classes() const { return classes_; }
  const std::string& path() const { return path_; }

  // kCorrupt if a leaf has not so many values.
  Result<void> give(const Leaf& leaf);
  // The tree was fitted on these columns only.
  void see(std::vector<std::uint32_t> columns) { seen_ = std::move(columns); }

  std::size_t size() const override { return left_.size(); }
  Node node(std::size_t i) const override;
  void values(std::size_t i, std::uint32_t depth, std::span<double> out) const override;

 private:
  std::string path_;
  std::uint32_t columns_ = 0;
  std::size_t outputs_ = 0, classes_ = 0;
  pickle::Column<std::int64_t> left_, right_, feature_, samples_;
  pickle::Column<double> threshold_, cover_, values_;
  pickle::Column<std::uint8_t> missing_left_;  // empty before scikit-learn 1.3
  std::vector<std::uint32_t> seen_;
  Leaf leaf_;
};

// The path that a point has still to go, were `samples` points split at random. `old`: before scikit-learn 0.21 two
// points counted as many do, and one as a step. Source: ensemble/_iforest.py, _average_path_length.
double average_path(double samples, bool old);

// numpy.sum of a row.
double numpy_sum(std::span<const double> values);

// kCorrupt if there are more of something than the file has bytes for: a list may name one tree a million times.
Result<void> within_file(const Attributes& fitted, std::string_view name, std::size_t nodes);

// The members of a list attribute as attributes, path and index in each path. kCorrupt if it is no list, or empty.
Result<std::vector<Attributes>> tree_members(const Attributes& fitted, std::string_view name);
// Their trees, all on one number of columns and outputs.
Result<std::vector<FittedTree>> open_trees(const std::vector<Attributes>& estimators);

// The trees as one table. `columns`: of the rows.
Result<model::TreeSum> tabulate(const std::vector<FittedTree>& trees, TreeTable::Size size);

// True if predict() of this DecisionTree* or ExtraTree* lets NaN pass on dense rows.
Result<bool> tree_takes_nan(const Attributes& estimator);

// Rows as scikit-learn's trees take them: dense, as floats, finite (or NaN).
Result<void> take_float_rows(const Attributes& fitted, Lowering& out, std::uint32_t columns, bool nan);

}  // namespace slipway::importer::sklearn
