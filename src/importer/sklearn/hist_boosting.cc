// SPDX-License-Identifier: Apache-2.0
// HistGradientBoostingClassifier and HistGradientBoostingRegressor: trees of their own make, asked of doubles, that
// know missing values and categories. Nothing of a row is refused: NaN and infinity are values like others.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "format/pickle/records.h"
#include "importer/sklearn/boosting.h"
#include "importer/sklearn/fitted_tree.h"
#include "importer/sklearn/linear.h"
#include "importer/sklearn/tree_table.h"

namespace slipway::importer::sklearn {
namespace {

using model::OutputKind;
using model::TreeSum;
using pickle::Kind;
using pickle::NodeId;

// A predictor's nodes, by the names of their fields.
class HistTree : public TreeSource {
 public:
  // `sets`: how many categories' sets stand before this tree's in the table; its own are added to `left_sets`.
  static Result<HistTree> open(const Attributes& predictor, std::vector<std::uint32_t>& left_sets);

  const std::string& path() const { return path_; }
  std::size_t weight() const { return size() + std::size_t(sets_) + 1; }  // what it takes of the table
  std::size_t size() const override { return left_.size(); }
  Node node(std::size_t i) const override;
  void values(std::size_t i, std::uint32_t, std::span<double> out) const override { out[0] = value_[i]; }

 private:
  std::string path_;
  std::uint64_t first_set_ = 0, sets_ = 0;
  pickle::Column<std::int64_t> left_, right_, feature_, set_;
  pickle::Column<double> value_, threshold_, count_;
  pickle::Column<std::uint8_t> leaf_, missing_left_, categorical_;  // the last one empty before 0.24
};

Result<std::vector<std::uint32_t>> read_sets(const Attributes& predictor) {
  std::vector<std::uint32_t> out;
  if (!predictor.has("raw_left_cat_bitsets")) return out;
  auto sets = pickle::i64_values(predictor.document(), predictor.node("raw_left_cat_bitsets"));
  if (!sets) return fail(predictor.error(sets.error().code(), "raw_left_cat_bitsets", sets.error().message()));
  if (sets->shape.size() != 2 || sets->shape[1] != TreeSum::kSetWords) {
    const auto what = fmt::format("has shape {}, want (sets, 8)", shape_text(sets->shape));
    return fail(predictor.error(Code::kCorrupt, "raw_left_cat_bitsets", what));
  }
  for (std::size_t i = 0; i < sets->elements.size(); ++i) out.push_back(std::uint32_t(sets->elements[i]));
  return out;
}

Result<HistTree> HistTree::open(const Attributes& predictor, std::vector<std::uint32_t>& left_sets) {
  HistTree out;
  out.path_ = predictor.path();
  if (!predictor.has("nodes")) return fail(predictor.error(Code::kCorrupt, "nodes", "is missing"));
  const pickle::Records nodes =
      SLIPWAY_TRY(located(predictor, "nodes", pickle::Records::open(predictor.document(), predictor.node("nodes"))));
  out.left_ = SLIPWAY_TRY(located(predictor, "nodes", nodes.i64("left")));
  out.right_ = SLIPWAY_TRY(located(predictor, "nodes", nodes.i64("right")));
  out.feature_ = SLIPWAY_TRY(located(predictor, "nodes", nodes.i64("feature_idx")));
  out.value_ = SLIPWAY_TRY(located(predictor, "nodes", nodes.f64("value")));
  out.count_ = SLIPWAY_TRY(located(predictor, "nodes", nodes.f64("count")));
  out.leaf_ = SLIPWAY_TRY(located(predictor, "nodes", nodes.u8("is_leaf")));
  const std::string_view threshold = nodes.has("num_threshold") ? "num_threshold" : "threshold";
  out.threshold_ = SLIPWAY_TRY(located(predictor, "nodes", nodes.f64(threshold)));
  out.missing_left_ = SLIPWAY_TRY(located(predictor, "nodes", nodes.u8("missing_go_to_left")));
  if (!nodes.has("is_categorical")) return out;
  out.categorical_ = SLIPWAY_TRY(located(predictor, "nodes", nodes.u8("is_categorical")));
  out.set_ = SLIPWAY_TRY(located(predictor, "nodes", nodes.i64("bitset_idx")));
  const std::vector<std::uint32_t> sets = SLIPWAY_TRY(read_sets(predictor));
  out.first_set_ = left_sets.size() / TreeSum::kSetWords;
  out.sets_ = sets.size() / TreeSum::kSetWords;
  left_sets.insert(left_sets.end(), sets.begin(), sets.end());
  return out;
}

TreeSource::Node HistTree::node(std::size_t i) const {
  Node out;
  out.cover = count_[i];
  out.leaf = leaf_[i] != 0;
  if (out.leaf) return out;
  out.left = left_[i];
  out.right = right_[i];
  out.feature = feature_[i];
  out.threshold = threshold_[i];
  out.missing_left = missing_left_[i] != 0;
  out.categorical = categorical_.size() != 0 && categorical_[i] != 0;
  if (!out.categorical) return out;
  out.threshold = 0;
  const std::int64_t set = set_[i];
  out.set = set >= 0 && std::cmp_less(set, sets_) ? first_set_ + std::uint64_t(set) : kNoSet;
  return out;
}

struct Hist {
  std::vector<HistTree> trees;
  std::vector<std::uint32_t> left_sets, known_sets;
  std::uint32_t columns = 0, outputs = 1;
};

Result<std::uint32_t> read_columns(const Attributes& fitted) {
  const std::string_view name = fitted.has("n_features_in_") ? "n_features_in_" : "n_features_";
  const std::int64_t columns = SLIPWAY_TRY(fitted.integer(name));
  if (columns >= 1 && columns <= 100'000) return std::uint32_t(columns);
  return fail(fitted.error(Code::kCorrupt, name, fmt::format("is {}, want 1 to 100000", columns)));
}

// _predictors: a list of stages, each a list of trees.
Result<void> read_trees(const Attributes& fitted, Hist& hist) {
  SLIPWAY_TRY(fitted.fitted("_predictors"));
  const pickle::Document& document = fitted.document();
  const auto stages = document.items(fitted.node("_predictors"));
  if (document.kind(fitted.node("_predictors")) != Kind::kList || stages.empty()) {
    return fail(fitted.error(Code::kCorrupt, "_predictors", "is not a list of stages"));
  }
  std::size_t nodes = 0;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const auto stage = document.items(stages[i]);
    if (stage.size() != hist.outputs) {
      const auto what = fmt::format("stage {} has {} trees, want {}", i, stage.size(), hist.outputs);
      return fail(fitted.error(Code::kCorrupt, "_predictors", what));
    }
    for (std::size_t k = 0; k < stage.size(); ++k) {
      const Attributes predictor =
          SLIPWAY_TRY(Attributes::of(document, stage[k], fmt::format("{}._predictors[{}][{}]", fitted.path(), i, k)));
      HistTree tree = SLIPWAY_TRY(HistTree::open(predictor, hist.left_sets));
      nodes += tree.weight();
      SLIPWAY_TRY(within_file(predictor, "nodes", nodes));
      hist.trees.push_back(std::move(tree));
    }
  }
  return {};
}

// The categories that training saw, of each column that has some: bin_thresholds_ of the bin mapper.
Result<void> read_known_sets(const Attributes& fitted, Hist& hist) {
  if (hist.left_sets.empty()) return {};
  SLIPWAY_TRY(fitted.fitted("_bin_mapper"));
  const Attributes mapper =
      SLIPWAY_TRY(Attributes::of(fitted.document(), fitted.node("_bin_mapper"), fitted.path() + "._bin_mapper"));
  const pickle::Numbers categorical = SLIPWAY_TRY(mapper.numbers("is_categorical_"));
  SLIPWAY_TRY(mapper.fitted("bin_thresholds_"));
  const auto thresholds = mapper.document().items(mapper.node("bin_thresholds_"));
  if (categorical.values.size() != hist.columns || thresholds.size() != hist.columns) {
    const auto what = fmt::format("is of {} columns, want {}", thresholds.size(), hist.columns);
    return fail(mapper.error(Code::kCorrupt, "bin_thresholds_", what));
  }
  hist.known_sets.assign(std::size_t{hist.columns} * TreeSum::kSetWords, 0);
  for (std::size_t column = 0; column < hist.columns; ++column) {
    if (categorical.values[column] == 0) continue;
    auto numbers = pickle::read_numbers(mapper.document(), thresholds[column]);
    if (!numbers) return fail(mapper.error(numbers.error().code(), "bin_thresholds_", numbers.error().message()));
    for (const double category : numbers->values) {
      if (!(category >= 0 && category < 256)) {
        return fail(mapper.error(Code::kCorrupt, "bin_thresholds_", fmt::format("has category {}", category)));
      }
      const auto bit = std::uint32_t(category);
      hist.known_sets[column * TreeSum::kSetWords + bit / 32] |= 1U << (bit % 32);
    }
  }
  return {};
}

Result<Hist> read_hist(const Attributes& fitted, std::uint32_t outputs) {
  Hist out;
  out.outputs = outputs;
  out.columns = SLIPWAY_TRY(read_columns(fitted));
  SLIPWAY_TRY(read_trees(fitted, out));
  SLIPWAY_TRY(read_known_sets(fitted, out));
  return out;
}

// A number of numbers: (), (1, outputs) or (outputs, 1) by release.
Result<std::vector<double>> read_baseline(const Attributes& fitted, std::uint32_t outputs) {
  pickle::Numbers baseline = SLIPWAY_TRY(fitted.numbers("_baseline_prediction"));
  if (baseline.values.size() == outputs) return std::move(baseline.values);
  const auto what = fmt::format("has shape {}, want (1, {})", shape_text(baseline.shape), outputs);
  return fail(fitted.error(Code::kCorrupt, "_baseline_prediction", what));
}

Result<std::uint32_t> add_hist(const Attributes& fitted, Lowering& out, std::uint32_t outputs) {
  Hist hist = SLIPWAY_TRY(read_hist(fitted, outputs));
  std::vector<double> baseline = SLIPWAY_TRY(read_baseline(fitted, outputs));
  if (out.sparse()) {
    return fail(fitted.error(Code::kCorrupt, "", "takes no sparse rows, and scikit-learn refuses them as well")
                    .or_hint("use DictVectorizer(sparse=False)"));
  }
  if (!fitted.is_none("_preprocessor")) {  // since 1.4: categories to numbers, and those columns first
    Lowered encoded = SLIPWAY_TRY(out.apart(fitted, "_preprocessor", out.flow()));
    out.set_flow(std::move(encoded.flow));
  }
  SLIPWAY_TRY(out.take_dense(fitted, hist.columns));
  TreeTable::Size size{.columns = hist.columns, .outputs = outputs, .turns = true, .floats = false};
  for (const HistTree& tree : hist.trees) {
    size.nodes += tree.size();
    size.largest = std::max(size.largest, tree.size());
  }
  TreeTable table(size);
  for (const HistTree& tree : hist.trees) {
    auto added = table.add(tree);
    if (!added) return fail(std::move(added).error().within(tree.path()));
  }
  model::TreeSum sum = std::move(table).finish();
  sum.base = std::move(baseline);
  sum.left_sets = std::move(hist.left_sets);
  sum.known_sets = std::move(hist.known_sets);
  return out.branch(std::move(sum), out.flow().slot);
}

}  // namespace

Result<void> hist_classifier(const Attributes& fitted, Lowering& out) {
  SLIPWAY_TRY(fitted.fitted("classes_"));
  std::vector<model::Label> labels = SLIPWAY_TRY(read_labels(fitted));
  const std::size_t outputs = labels.size() == 2 ? 1 : labels.size();
  const std::uint32_t decision = SLIPWAY_TRY(add_hist(fitted, out, std::uint32_t(outputs)));
  predict_boosted(out, decision, {.by_decision = fitted.version() >= Version{1, 5}}, std::move(labels));
  return {};
}

// The losses of counts and amounts have a logarithm for a link.
Result<void> hist_regressor(const Attributes& fitted, Lowering& out) {
  std::uint32_t numbers = SLIPWAY_TRY(add_hist(fitted, out, 1));
  const std::string loss = SLIPWAY_TRY(fitted.text("loss"));
  if (loss == "poisson" || loss == "gamma") numbers = out.branch(model::Apply{model::Apply::Function::kExp}, numbers);
  out.predicts({{OutputKind::kPrediction, numbers}}, {});
  return {};
}

}  // namespace slipway::importer::sklearn
