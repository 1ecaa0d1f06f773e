// SPDX-License-Identifier: Apache-2.0
// How much impurity each column's splits took away, tree by tree; then the mean of the trees that split at all.
#include "importer/sklearn/importances.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "format/pickle/records.h"
#include "importer/sklearn/fitted_tree.h"

namespace slipway::importer::sklearn {
namespace {

constexpr std::string_view kOneTree[] = {"DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier",
                                         "ExtraTreeRegressor"};
constexpr std::string_view kForests[] = {"RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier",
                                         "ExtraTreesRegressor"};
constexpr std::string_view kBoosted[] = {"GradientBoostingClassifier", "GradientBoostingRegressor"};
constexpr std::string_view kWeighted[] = {"AdaBoostClassifier", "AdaBoostRegressor"};

template <std::size_t kSize>
bool is_one_of(const Attributes& estimator, const std::string_view (&names)[kSize]) {
  return std::ranges::find(names, estimator.class_name().name) != std::end(names);
}

void normalize(std::vector<double>& values, double by) {
  if (!(by > 0)) return;
  for (double& value : values) value /= by;
}

// Of one tree; empty if it does not split.
Result<std::vector<double>> of_tree(const Attributes& estimator, bool normalized) {
  const FittedTree tree = SLIPWAY_TRY(FittedTree::open(estimator));
  const Attributes inner =
      SLIPWAY_TRY(Attributes::of(estimator.document(), estimator.node("tree_"), estimator.path() + ".tree_"));
  SLIPWAY_TRY(within_file(estimator, "tree_", tree.columns()));
  std::vector<double> out;
  if (tree.size() <= 1) return out;
  const pickle::Records nodes =
      SLIPWAY_TRY(located(inner, "nodes", pickle::Records::open(inner.document(), inner.node("nodes"))));
  const pickle::Column<double> impurity = SLIPWAY_TRY(located(inner, "nodes", nodes.f64("impurity")));
  out.resize(tree.columns());
  const double all = tree.node(0).cover;
  const pickle::Column<double> cover = SLIPWAY_TRY(located(inner, "nodes", nodes.f64("weighted_n_node_samples")));
  for (std::size_t i = 0; i < tree.size(); ++i) {
    const TreeSource::Node node = tree.node(i);
    if (node.leaf) continue;
    const auto inside = [&](std::int64_t child) { return child >= 0 && std::cmp_less(child, tree.size()); };
    if (!inside(node.left) || !inside(node.right) || node.feature < 0 ||
        std::cmp_greater_equal(node.feature, out.size())) {
      return fail(inner.error(Code::kCorrupt, "nodes", fmt::format("node {} points at what is not there", i)));
    }
    const auto left = std::size_t(node.left), right = std::size_t(node.right);
    out[std::size_t(node.feature)] +=
        cover[i] * impurity[i] - cover[left] * impurity[left] - cover[right] * impurity[right];
  }
  for (double& value : out) value /= all;
  if (normalized) normalize(out, numpy_sum(out));
  return out;
}

// The same; zeros if it does not split.
Result<std::vector<double>> of_lone_tree(const Attributes& estimator) {
  std::vector<double> out = SLIPWAY_TRY(of_tree(estimator, true));
  if (!out.empty()) return out;
  const FittedTree tree = SLIPWAY_TRY(FittedTree::open(estimator));
  return std::vector<double>(tree.columns(), 0.0);
}

// Of trees that weigh what boosting gave them; there may be more weights than trees.
Result<std::vector<double>> of_weighted_trees(const Attributes& estimator) {
  const std::vector<Attributes> trees = SLIPWAY_TRY(tree_members(estimator, "estimators_"));
  const pickle::Numbers weights = SLIPWAY_TRY(estimator.numbers("estimator_weights_"));
  if (weights.shape.size() != 1 || weights.values.size() < trees.size()) {
    const auto what = fmt::format("has shape {}, want ({},)", shape_text(weights.shape), trees.size());
    return fail(estimator.error(Code::kCorrupt, "estimator_weights_", what));
  }
  std::vector<double> out;
  for (std::size_t k = 0; k < trees.size(); ++k) {
    const std::vector<double> values = SLIPWAY_TRY(of_lone_tree(trees[k]));
    out.resize(k == 0 ? values.size() : out.size());
    if (values.size() != out.size()) return fail(trees[k].error(Code::kCorrupt, "", "has another number of columns"));
    for (std::size_t i = 0; i < out.size(); ++i) out[i] += weights.values[k] * values[i];
  }
  const double norm = numpy_sum(weights.values);
  for (double& value : out) value /= norm;
  return out;
}

}  // namespace

bool has_tree_importances(const Attributes& estimator) {
  return is_one_of(estimator, kOneTree) || is_one_of(estimator, kForests) || is_one_of(estimator, kBoosted) ||
         is_one_of(estimator, kWeighted);
}

Result<std::vector<double>> tree_importances(const Attributes& estimator) {
  if (is_one_of(estimator, kOneTree)) return of_lone_tree(estimator);
  if (is_one_of(estimator, kWeighted)) return of_weighted_trees(estimator);
  const std::vector<Attributes> trees = SLIPWAY_TRY(tree_members(estimator, "estimators_"));
  std::vector<double> out;
  std::size_t split = 0;
  for (const Attributes& one : trees) {
    const std::vector<double> values = SLIPWAY_TRY(of_tree(one, !is_one_of(estimator, kBoosted)));
    if (values.empty()) continue;
    out.resize(split == 0 ? values.size() : out.size());
    if (values.size() != out.size()) return fail(one.error(Code::kCorrupt, "", "has another number of columns"));
    for (std::size_t i = 0; i < out.size(); ++i) out[i] += values[i];
    ++split;
  }
  if (split == 0) {
    const FittedTree tree = SLIPWAY_TRY(FittedTree::open(trees[0]));
    return std::vector<double>(tree.columns(), 0.0);
  }
  for (double& value : out) value /= double(split);
  normalize(out, numpy_sum(out));
  return out;
}

}  // namespace slipway::importer::sklearn
