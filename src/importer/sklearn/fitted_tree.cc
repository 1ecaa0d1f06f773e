// SPDX-License-Identifier: Apache-2.0
// Nodes are read by the names of their fields: a node has been 56 bytes wide, then 64, and fields have moved.
#include "importer/sklearn/fitted_tree.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "importer/sklearn/members.h"

namespace slipway::importer::sklearn {
namespace {

using pickle::NodeId;

constexpr std::string_view kTrees[] = {"DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier",
                                       "ExtraTreeRegressor"};
constexpr std::int64_t kMaxColumns = 1 << 29;

std::span<const NodeId> tree_arguments(const Attributes& tree) {
  const pickle::Document& document = tree.document();
  const pickle::Object& made = document.object(tree.object());
  return made.args == pickle::kNoNode ? std::span<const NodeId>() : document.items(made.args);
}

// Tree(n_features, n_classes, n_outputs): only the first is said nowhere else.
Result<std::uint32_t> columns_of(const Attributes& tree) {
  const auto arguments = tree_arguments(tree);
  if (arguments.size() != 3)
    return fail(tree.error(Code::kCorrupt, "", "is not made as Tree(features, classes, outputs)"));
  auto columns = pickle::read_numbers(tree.document(), arguments[0]);
  const bool number = columns && columns->shape.empty();
  if (!number || !(columns->values[0] >= 1) || columns->values[0] > double(kMaxColumns)) {
    return fail(tree.error(Code::kCorrupt, "", "does not say how many columns it takes"));
  }
  return std::uint32_t(columns->values[0]);
}

}  // namespace

double average_path(double samples, bool old) {
  if (samples <= 1) return old ? 1 : 0;
  if (samples == 2 && !old) return 1;
  return 2.0 * (std::log(samples - 1.0) + std::numbers::egamma) - 2.0 * (samples - 1.0) / samples;
}

double numpy_sum(std::span<const double> values) {
  const std::size_t n = values.size();
  double sum = 0;
  if (n < 8) {
    for (const double value : values) sum += value;
    return sum;
  }
  if (n > 128) {
    const std::size_t half = n / 2 - n / 2 % 8;
    return numpy_sum(values.first(half)) + numpy_sum(values.subspan(half));
  }
  double r[8];
  std::copy_n(values.data(), 8, r);
  std::size_t i = 8;
  for (; i < n - n % 8; i += 8) {
    for (std::size_t j = 0; j < 8; ++j) r[j] += values[i + j];
  }
  sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
  for (; i < n; ++i) sum += values[i];
  return sum;
}

Result<FittedTree> FittedTree::open(const Attributes& estimator) {
  const std::string_view name = estimator.class_name().name;
  if (std::ranges::find(kTrees, name) == std::end(kTrees)) {
    return fail(estimator.error(Code::kUnsupported, "", fmt::format("is a {}, not a tree of sklearn.tree", name)));
  }
  SLIPWAY_TRY(estimator.fitted("tree_"));
  const Attributes tree =
      SLIPWAY_TRY(Attributes::of(estimator.document(), estimator.node("tree_"), estimator.path() + ".tree_"));
  if (tree.class_name().name != "Tree") return fail(tree.error(Code::kCorrupt, "", "is no sklearn.tree._tree.Tree"));
  FittedTree out;
  out.path_ = tree.path();
  out.columns_ = SLIPWAY_TRY(columns_of(tree));
  if (!tree.has("nodes")) return fail(tree.error(Code::kCorrupt, "nodes", "is missing"));
  if (!tree.has("values")) return fail(tree.error(Code::kCorrupt, "values", "is missing"));
  const pickle::Records nodes =
      SLIPWAY_TRY(located(tree, "nodes", pickle::Records::open(tree.document(), tree.node("nodes"))));
  out.left_ = SLIPWAY_TRY(located(tree, "nodes", nodes.i64("left_child")));
  out.right_ = SLIPWAY_TRY(located(tree, "nodes", nodes.i64("right_child")));
  out.feature_ = SLIPWAY_TRY(located(tree, "nodes", nodes.i64("feature")));
  out.samples_ = SLIPWAY_TRY(located(tree, "nodes", nodes.i64("n_node_samples")));
  out.threshold_ = SLIPWAY_TRY(located(tree, "nodes", nodes.f64("threshold")));
  out.cover_ = SLIPWAY_TRY(located(tree, "nodes", nodes.f64("weighted_n_node_samples")));
  if (nodes.has("missing_go_to_left")) {
    out.missing_left_ = SLIPWAY_TRY(located(tree, "nodes", nodes.u8("missing_go_to_left")));
  }
  pickle::Values<double> values =
      SLIPWAY_TRY(located(tree, "values", pickle::f64_values(tree.document(), tree.node("values"))));
  if (values.shape.size() != 3 || values.shape[0] != out.size() || values.shape[1] == 0 || values.shape[2] == 0) {
    const auto what = fmt::format("has shape {}, want ({}, outputs, classes)", shape_text(values.shape), out.size());
    return fail(tree.error(Code::kCorrupt, "values", what));
  }
  out.outputs_ = values.shape[1];
  out.classes_ = values.shape[2];
  out.values_ = std::move(values.elements);
  return out;
}

Result<void> FittedTree::give(const Leaf& leaf) {
  leaf_ = leaf;
  const bool classes = leaf.kind == Leaf::Kind::kCounts || leaf.kind == Leaf::Kind::kShares;
  if (classes && leaf.classes.size() != outputs_) {
    return fail(Code::kCorrupt,
                fmt::format("{} -> values: has {} outputs, want {}", path_, outputs_, leaf.classes.size()));
  }
  for (const std::size_t count : leaf.classes) {
    if (count > classes_) {
      return fail(Code::kCorrupt, fmt::format("{} -> values: has {} classes, want {}", path_, classes_, count));
    }
  }
  return {};
}

TreeSource::Node FittedTree::node(std::size_t i) const {
  Node out;
  out.cover = cover_[i];
  out.left = left_[i];
  out.leaf = out.left == -1;
  if (out.leaf) return out;
  out.right = right_[i];
  out.feature = feature_[i];
  if (!seen_.empty()) {
    const bool known = out.feature >= 0 && std::cmp_less(out.feature, seen_.size());
    out.feature = known ? std::int64_t{seen_[std::size_t(out.feature)]} : -1;
  }
  out.threshold = threshold_[i];
  out.missing_left = missing_left_.size() != 0 && missing_left_[i] != 0;
  return out;
}

void FittedTree::values(std::size_t i, std::uint32_t depth, std::span<double> out) const {
  const std::size_t first = i * outputs_ * classes_;
  switch (leaf_.kind) {
    case Leaf::Kind::kNumbers:
      for (std::size_t k = 0; k < out.size(); ++k) out[k] = leaf_.scale * values_[first + k * classes_];
      return;
    case Leaf::Kind::kPath:
      out[0] = double(depth + 1) + average_path(double(samples_[i]), false) - 1.0;
      return;
    case Leaf::Kind::kOldPath:
      out[0] = double(depth) + average_path(double(samples_[i]), true);
      return;
    case Leaf::Kind::kCounts:
    case Leaf::Kind::kShares:
      break;
  }
  std::size_t at = 0;
  for (std::size_t k = 0; k < outputs_; ++k) {
    const std::span<double> row = out.subspan(at, leaf_.classes[k]);
    for (std::size_t c = 0; c < row.size(); ++c) row[c] = values_[first + k * classes_ + c];
    at += row.size();
    if (leaf_.kind == Leaf::Kind::kCounts) continue;
    const double sum = numpy_sum(row);
    for (double& value : row) value /= sum == 0 ? 1 : sum;
  }
}

Result<void> within_file(const Attributes& fitted, std::string_view name, std::size_t nodes) {
  constexpr std::size_t kLeastBytes = 16;  // of a node; the smallest that was ever written has 47
  if (nodes <= fitted.document().file_bytes() / kLeastBytes) return {};
  return fail(fitted.error(Code::kCorrupt, name, "has more nodes than the file has bytes for: does it repeat a tree?"));
}

Result<std::vector<Attributes>> tree_members(const Attributes& fitted, std::string_view name) {
  const std::vector<Member> all = SLIPWAY_TRY(members(fitted, name));
  SLIPWAY_TRY(within_file(fitted, name, all.size()));
  std::vector<Attributes> out;
  out.reserve(all.size());
  for (const Member& member : all) {
    Attributes attributes = SLIPWAY_TRY(Attributes::of(fitted.document(), member.node, member.path));
    out.push_back(std::move(attributes));
  }
  return out;
}

Result<std::vector<FittedTree>> open_trees(const std::vector<Attributes>& estimators) {
  std::vector<FittedTree> out;
  out.reserve(estimators.size());
  std::size_t nodes = 0;
  for (const Attributes& estimator : estimators) {
    FittedTree tree = SLIPWAY_TRY(FittedTree::open(estimator));
    nodes += tree.size();
    SLIPWAY_TRY(within_file(estimator, "tree_", nodes));
    if (!out.empty() && (tree.columns() != out[0].columns() || tree.outputs() != out[0].outputs())) {
      const auto what = fmt::format("is of {} columns and {} outputs, the first tree of {} and {}", tree.columns(),
                                    tree.outputs(), out[0].columns(), out[0].outputs());
      return fail(estimator.error(Code::kCorrupt, "tree_", what));
    }
    out.push_back(std::move(tree));
  }
  return out;
}

Result<model::TreeSum> tabulate(const std::vector<FittedTree>& trees, TreeTable::Size size) {
  size.nodes = size.largest = 0;
  for (const FittedTree& tree : trees) {
    size.nodes += tree.size();
    size.largest = std::max(size.largest, tree.size());
  }
  TreeTable table(size);
  for (const FittedTree& tree : trees) {
    auto added = table.add(tree);
    if (!added) return fail(std::move(added).error().within(tree.path()));
  }
  return std::move(table).finish();
}

Result<bool> tree_takes_nan(const Attributes& estimator) {
  const Version version = estimator.version();
  const std::string_view name = estimator.class_name().name;
  if (version < Version{1, 3}) return false;
  const bool extra = name.starts_with("Extra");
  const std::string splitter = SLIPWAY_TRY(estimator.text("splitter"));
  if (version >= Version{1, 9}) return !extra || splitter == "random";
  if (!estimator.is_none("monotonic_cst")) return false;
  const std::string criterion = SLIPWAY_TRY(estimator.text("criterion"));
  constexpr std::string_view kCriteria[] = {"gini", "log_loss", "entropy", "squared_error", "friedman_mse", "poisson"};
  if (std::ranges::find(kCriteria, criterion) == std::end(kCriteria)) return false;
  if (version < Version{1, 6}) return splitter == "best";
  return name == "ExtraTreeClassifier" ? splitter == "random" : splitter == "best" || splitter == "random";
}

Result<void> take_float_rows(const Attributes& fitted, Lowering& out, std::uint32_t columns, bool nan) {
  if (columns > kMaxClaimed && out.flow().columns != columns) {
    return fail(fitted.error(Code::kCorrupt, "", fmt::format("claims to take {} columns", columns)));
  }
  const bool sparse = out.sparse();
  SLIPWAY_TRY(out.take_dense(fitted, columns));
  out.emit(model::RoundToFloat{});
  out.emit(model::RequireFinite{.allow_nan = nan && !sparse, .estimator = std::string(fitted.class_name().name)});
  return {};
}

}  // namespace slipway::importer::sklearn
