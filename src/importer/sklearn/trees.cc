// SPDX-License-Identifier: Apache-2.0
// Decision trees and what averages them: sklearn.tree, the forests of sklearn.ensemble, isolation forests. A leaf is
// made what the library would make of it on every request, so that only sums are left.
#include <fmt/core.h>

#include <cmath>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "importer/attributes.h"
#include "importer/sklearn/estimators.h"
#include "importer/sklearn/fitted_tree.h"
#include "importer/sklearn/linear.h"
#include "importer/sklearn/lowering.h"

namespace slipway::importer::sklearn {
namespace {

using model::OutputKind;
using Leaf = FittedTree::Leaf;

// One tree is the forest of its own: added to -0.0, its value stays what it is.
struct Grove {
  std::vector<FittedTree> trees;
  bool nan = false;  // lets NaN pass
  double base = 0, divisor = 1;
};

Result<Grove> one_tree(const Attributes& fitted) {
  Grove out{.trees = {}, .nan = false, .base = -0.0, .divisor = 1};
  FittedTree tree = SLIPWAY_TRY(FittedTree::open(fitted));
  out.trees.push_back(std::move(tree));
  out.nan = SLIPWAY_TRY(tree_takes_nan(fitted));
  return out;
}

Result<Grove> forest(const Attributes& fitted) {
  const std::vector<Attributes> estimators = SLIPWAY_TRY(tree_members(fitted, "estimators_"));
  Grove out;
  out.trees = SLIPWAY_TRY(open_trees(estimators));
  const bool asks = fitted.version() >= Version{1, 4};  // before, a forest refused NaN whatever its trees take
  if (asks) out.nan = SLIPWAY_TRY(tree_takes_nan(estimators[0]));
  out.divisor = double(out.trees.size());
  return out;
}

Result<std::uint32_t> add_sum(Lowering& out, Grove& grove, const Leaf& leaf, std::uint32_t outputs) {
  for (FittedTree& tree : grove.trees) SLIPWAY_TRY(tree.give(leaf));
  model::TreeSum sum = SLIPWAY_TRY(tabulate(grove.trees, {.columns = grove.trees[0].columns(), .outputs = outputs}));
  sum.base = std::vector<double>(outputs, grove.base);
  sum.divisor = grove.divisor;
  return out.branch(std::move(sum), out.flow().slot);
}

// Classifiers
// -----------------------------------------------------------------------------------------------------------

// Before 0.21 predict() of several targets gave every label as a float.
void make_floats(std::vector<model::Label>& labels) {
  for (model::Label& label : labels) {
    if (const auto* whole = std::get_if<std::int64_t>(&label)) label = double(*whole);
    if (const auto* truth = std::get_if<bool>(&label)) label = *truth ? 1.0 : 0.0;
  }
}

Result<std::vector<model::Target>> read_targets(const Attributes& fitted, std::size_t outputs) {
  SLIPWAY_TRY(fitted.fitted("classes_"));
  std::vector<model::Target> out;
  if (outputs == 1) {
    const std::vector<pickle::Scalar> scalars = SLIPWAY_TRY(fitted.scalars("classes_"));
    std::vector<model::Label> labels = SLIPWAY_TRY(make_labels(fitted, scalars, 1));
    out.push_back({.name = {}, .labels = std::move(labels)});
    return out;
  }
  const pickle::Document& document = fitted.document();
  const auto lists = document.items(fitted.node("classes_"));
  if (document.kind(fitted.node("classes_")) != pickle::Kind::kList || lists.size() != outputs) {
    const auto what = fmt::format("is not a list of {} arrays, one a target", outputs);
    return fail(fitted.error(Code::kCorrupt, "classes_", what));
  }
  for (const pickle::NodeId list : lists) {
    auto scalars = pickle::read_scalars(document, list);
    if (!scalars) return fail(fitted.error(scalars.error().code(), "classes_", scalars.error().message()));
    std::vector<model::Label> labels = SLIPWAY_TRY(make_labels(fitted, *scalars, 1));
    if (fitted.version() < Version{0, 21}) make_floats(labels);
    out.push_back({.name = {}, .labels = std::move(labels)});
  }
  return out;
}

// The columns of each target, of a row that has them side by side.
std::vector<std::uint32_t> part_by_target(Lowering& out, std::uint32_t row, const std::vector<model::Target>& targets) {
  if (targets.size() == 1) return {row};
  std::vector<std::uint32_t> parts;
  std::uint32_t next = 0;
  for (const model::Target& target : targets) {
    std::vector<std::uint32_t> columns(target.labels.size());
    for (std::uint32_t& column : columns) column = next++;
    parts.push_back(out.branch(model::Select{std::move(columns)}, row));
  }
  return parts;
}

// `votes`: what argmax is taken of.
void predict_classes(Lowering& out, std::uint32_t votes, std::uint32_t shares, std::vector<model::Target> targets) {
  const std::vector<std::uint32_t> probability = part_by_target(out, shares, targets);
  const std::vector<std::uint32_t> voted = votes == shares ? probability : part_by_target(out, votes, targets);
  std::vector<model::Output> outputs;
  for (std::uint32_t k = 0; k < targets.size(); ++k) {
    outputs.push_back({OutputKind::kPrediction, out.branch(model::ArgmaxIndex{}, voted[k]), k});
    outputs.push_back({OutputKind::kProbability, probability[k], k});
  }
  out.predicts_many(std::move(outputs), std::move(targets));
}

// Leaves hold counts until 1.3 and shares since 1.4. A lone tree takes argmax of them as they are, a forest of the
// shares.
Result<void> classify_trees(const Attributes& fitted, Lowering& out, Grove grove, bool lone) {
  std::vector<model::Target> targets = SLIPWAY_TRY(read_targets(fitted, grove.trees[0].outputs()));
  Leaf leaf{.kind = fitted.version() < Version{1, 4} ? Leaf::Kind::kShares : Leaf::Kind::kCounts, .classes = {}};
  std::uint32_t columns = 0;
  for (const model::Target& target : targets) {
    leaf.classes.push_back(target.labels.size());
    columns += std::uint32_t(target.labels.size());
  }
  SLIPWAY_TRY(take_float_rows(fitted, out, grove.trees[0].columns(), grove.nan));
  const std::uint32_t shares = SLIPWAY_TRY(add_sum(out, grove, leaf, columns));
  std::uint32_t votes = shares;
  if (lone && leaf.kind == Leaf::Kind::kShares) {
    leaf.kind = Leaf::Kind::kCounts;
    votes = SLIPWAY_TRY(add_sum(out, grove, leaf, columns));
  }
  predict_classes(out, votes, shares, std::move(targets));
  return {};
}

Result<void> tree_classifier(const Attributes& fitted, Lowering& out) {
  Grove grove = SLIPWAY_TRY(one_tree(fitted));
  return classify_trees(fitted, out, std::move(grove), true);
}

Result<void> forest_classifier(const Attributes& fitted, Lowering& out) {
  Grove grove = SLIPWAY_TRY(forest(fitted));
  return classify_trees(fitted, out, std::move(grove), false);
}

// Regressors
// ------------------------------------------------------------------------------------------------------------

Result<void> regress(const Attributes& fitted, Lowering& out, Grove grove) {
  SLIPWAY_TRY(take_float_rows(fitted, out, grove.trees[0].columns(), grove.nan));
  const auto outputs = std::uint32_t(grove.trees[0].outputs());
  const std::uint32_t numbers = SLIPWAY_TRY(add_sum(out, grove, {}, outputs));
  out.predicts({{OutputKind::kPrediction, numbers}}, {});
  return {};
}

Result<void> tree_regressor(const Attributes& fitted, Lowering& out) {
  Grove grove = SLIPWAY_TRY(one_tree(fitted));
  return regress(fitted, out, std::move(grove));
}

Result<void> forest_regressor(const Attributes& fitted, Lowering& out) {
  Grove grove = SLIPWAY_TRY(forest(fitted));
  return regress(fitted, out, std::move(grove));
}

// Isolation forests
// -----------------------------------------------------------------------------------------------------

Result<std::uint32_t> isolation_columns(const Attributes& fitted, const std::vector<FittedTree>& trees) {
  const std::string_view name = fitted.has("n_features_in_") ? "n_features_in_" : "n_features_";
  const std::int64_t columns = SLIPWAY_TRY(fitted.integer(name));
  if (columns >= trees[0].columns() && columns <= 100'000) return std::uint32_t(columns);
  const auto what = fmt::format("is {}, and trees take {} of them", columns, trees[0].columns());
  return fail(fitted.error(Code::kCorrupt, name, what));
}

// Each tree sees the columns that it was given, unless all were: then they are not looked up.
Result<void> give_columns(const Attributes& fitted, std::vector<FittedTree>& trees, std::uint32_t columns) {
  if (trees[0].columns() == columns) return {};
  SLIPWAY_TRY(fitted.fitted("estimators_features_"));
  const auto lists = fitted.document().items(fitted.node("estimators_features_"));
  if (lists.size() != trees.size()) {
    const auto what = fmt::format("has {} lists for {} trees", lists.size(), trees.size());
    return fail(fitted.error(Code::kCorrupt, "estimators_features_", what));
  }
  for (std::size_t i = 0; i < trees.size(); ++i) {
    auto numbers = pickle::read_numbers(fitted.document(), lists[i]);
    bool good = numbers && numbers->values.size() == trees[i].columns();
    std::vector<std::uint32_t> seen;
    for (std::size_t k = 0; good && k < numbers->values.size(); ++k) {
      const double column = numbers->values[k];
      good = column >= 0 && column < columns && column == std::floor(column);
      if (good) seen.push_back(std::uint32_t(column));
    }
    if (!good) {
      const auto what = fmt::format("list {} is not {} columns of {}", i, trees[i].columns(), columns);
      return fail(fitted.error(Code::kCorrupt, "estimators_features_", what));
    }
    trees[i].see(std::move(seen));
  }
  return {};
}

// What the mean path length is measured by: that of a tree of as many points as each saw. 0: a forest of single points.
Result<double> expected_path(const Attributes& fitted, bool old) {
  const std::string_view name = fitted.has("_max_samples") ? "_max_samples" : "max_samples_";
  const std::int64_t samples = SLIPWAY_TRY(fitted.integer(name));
  if (samples >= 1) return average_path(double(samples), old);
  return fail(fitted.error(Code::kCorrupt, name, fmt::format("is {}, want 1 or more", samples)));
}

// -2^(-path / expected).
std::uint32_t add_score(Lowering& out, std::uint32_t path) {
  std::uint32_t slot = out.branch(model::ScaleColumns{{-std::numbers::ln2}}, path);
  slot = out.branch(model::Apply{model::Apply::Function::kExp}, slot);
  return out.branch(model::ScaleColumns{{-1.0}}, slot);
}

// The decision below which a point is an outlier: not 0 with behaviour='old' of 0.20 and 0.21.
Result<double> decision_edge(const Attributes& fitted) {
  if (!fitted.has("_threshold_")) return 0.0;
  const pickle::Numbers edge = SLIPWAY_TRY(fitted.numbers("_threshold_"));
  if (edge.shape.empty()) return edge.values[0];
  return fail(fitted.error(Code::kCorrupt, "_threshold_", "is not a number"));
}

// Until 1.5 rows are checked as a tree's are; since 1.6 they are not checked at all.
Result<void> take_isolation_rows(const Attributes& fitted, Lowering& out, std::uint32_t columns) {
  if (fitted.version() < Version{1, 6}) return take_float_rows(fitted, out, columns, false);
  SLIPWAY_TRY(out.take_dense(fitted, columns));
  out.emit(model::RoundToFloat{});
  return {};
}

Result<void> isolation_forest(const Attributes& fitted, Lowering& out) {
  SLIPWAY_TRY(fitted.fitted("offset_"));
  const bool old = fitted.version() < Version{0, 21};
  const std::vector<Attributes> estimators = SLIPWAY_TRY(tree_members(fitted, "estimators_"));
  Grove grove;
  grove.trees = SLIPWAY_TRY(open_trees(estimators));
  const std::uint32_t columns = SLIPWAY_TRY(isolation_columns(fitted, grove.trees));
  SLIPWAY_TRY(give_columns(fitted, grove.trees, columns));
  for (FittedTree& tree : grove.trees) {
    SLIPWAY_TRY(tree.give({.kind = old ? Leaf::Kind::kOldPath : Leaf::Kind::kPath, .classes = {}}));
  }
  const double expected = SLIPWAY_TRY(expected_path(fitted, old));
  const pickle::Numbers offset = SLIPWAY_TRY(fitted.numbers("offset_"));
  if (!offset.shape.empty()) return fail(fitted.error(Code::kCorrupt, "offset_", "is not a number"));
  const double edge = SLIPWAY_TRY(decision_edge(fitted));
  if (expected == 0) {
    return fail(fitted.error(Code::kUnsupported, "max_samples_", "is 1: every path is as long as every other"));
  }
  SLIPWAY_TRY(take_isolation_rows(fitted, out, columns));
  model::TreeSum sum = SLIPWAY_TRY(tabulate(grove.trees, {.columns = columns}));
  sum.base = std::vector<double>{0.0};
  sum.divisor = double(grove.trees.size()) * expected;
  const std::uint32_t score = add_score(out, out.branch(std::move(sum), out.flow().slot));
  const std::uint32_t decision = out.branch(model::Standardize{{offset.values[0]}, {}}, score);
  const std::uint32_t index = out.branch(model::ThresholdIndex{.threshold = edge, .equal = true}, decision);
  out.predicts({{OutputKind::kPrediction, index}, {OutputKind::kDecision, decision}, {OutputKind::kScore, score}},
               {std::int64_t{-1}, std::int64_t{1}});
  return {};
}

// Where each class has lived: with an underscore since 0.22.
constexpr std::string_view kTree[] = {"sklearn.tree._classes", "sklearn.tree.tree"};
constexpr std::string_view kForest[] = {"sklearn.ensemble._forest", "sklearn.ensemble.forest"};
constexpr std::string_view kIsolation[] = {"sklearn.ensemble._iforest", "sklearn.ensemble.iforest"};

constexpr std::string_view kLargestShare = "the label that most of the leaf has";
constexpr std::string_view kMeanShare = "the label with the largest mean share of the trees' leaves";
constexpr std::string_view kLeafMean = "the leaf's mean";
constexpr std::string_view kTreesMean = "the mean of the trees' leaves";

constexpr Estimator kRows[] = {
    {"DecisionTreeClassifier", "sklearn.tree", kTree, tree_classifier, kLargestShare},
    {"DecisionTreeRegressor", "sklearn.tree", kTree, tree_regressor, kLeafMean},
    {"ExtraTreeClassifier", "sklearn.tree", kTree, tree_classifier, kLargestShare},
    {"ExtraTreeRegressor", "sklearn.tree", kTree, tree_regressor, kLeafMean},
    {"ExtraTreesClassifier", "sklearn.ensemble", kForest, forest_classifier, kMeanShare},
    {"ExtraTreesRegressor", "sklearn.ensemble", kForest, forest_regressor, kTreesMean},
    {"IsolationForest", "sklearn.ensemble", kIsolation, isolation_forest,
     "-2^(-mean path / expected path) - offset_; below 0 an outlier"},
    {"RandomForestClassifier", "sklearn.ensemble", kForest, forest_classifier, kMeanShare},
    {"RandomForestRegressor", "sklearn.ensemble", kForest, forest_regressor, kTreesMean},
};

}  // namespace

std::span<const Estimator> trees() { return kRows; }

}  // namespace slipway::importer::sklearn
