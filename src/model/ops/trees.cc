// SPDX-License-Identifier: Apache-2.0
// The check of a forest is one pass without branches on what it reads: a mapped forest of half a gigabyte is checked
// before its first answer. Only when something is wrong it looks for what.
#include "model/ops/trees.h"

#include <fmt/core.h>

#include <algorithm>

namespace slipway::model {
namespace {

constexpr std::uint32_t kMaxOutputs = 1U << 20;
constexpr std::uint32_t kMaxRows = 0x7F00'0000;  // so that no leaf's word is a NaN
constexpr std::uint32_t kMaxColumns = 1U << 29;

struct Bounds {
  std::uint32_t columns;
  std::uint64_t rows, sets;
};

// `left`: how many nodes of its tree lie behind it.
bool is_wrong(const TreeSum::Node& node, std::uint64_t left, const Bounds& bounds) {
  const bool bad_leaf = (node.feature != bounds.columns) | (node.row >= bounds.rows) | node.categorical;
  const bool bad_split =
      (node.feature >= bounds.columns) | (left <= node.children) | (node.categorical & (node.set >= bounds.sets));
  return node.children == 0 ? bad_leaf : bad_split;
}

// The same of a run of narrow nodes, one tree's, in the form that a compiler makes vectors of: whether a node is a leaf
// is as good as random, and a branch on it would cost more than all the rest.
bool any_wrong(std::span<const std::uint64_t> words, std::uint32_t bits, const Bounds& bounds) {
  const std::uint32_t mask = (1U << bits) - 1, columns = bounds.columns, rows = std::uint32_t(bounds.rows);
  const auto count = std::uint32_t(words.size());
  std::uint32_t wrong = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto link = std::uint32_t(words[i] >> 32);
    const std::uint32_t children = link >> (bits + 1), feature = link & mask;
    const std::uint32_t split = children != 0 ? ~0U : 0U;
    const std::uint32_t bad_leaf =
        std::uint32_t(feature ^ columns) | (std::uint32_t(words[i]) - TreeSum::kNarrowLeaf >= rows ? ~0U : 0U);
    const std::uint32_t bad_split = (feature >= columns ? ~0U : 0U) | (count - 1 - i <= children ? ~0U : 0U);
    wrong |= (bad_leaf & ~split) | (bad_split & split);
  }
  return wrong != 0;
}

Error wrong_node(const TreeSum::Node& node, std::size_t i, std::size_t tree, const Bounds& bounds) {
  std::string what;
  if (node.children == 0) {
    what = node.row >= bounds.rows ? fmt::format("is a leaf with row {} of {}", node.row, bounds.rows)
                                   : std::string("is a leaf that asks for something");
  } else if (node.feature >= bounds.columns) {
    what = fmt::format("asks for column {} of {}", node.feature, bounds.columns);
  } else if (node.categorical && node.set >= bounds.sets) {
    what = fmt::format("has set {} of {}", node.set, bounds.sets);
  } else {
    what = "has children behind its tree's end";
  }
  return {Code::kCorrupt, fmt::format("node {} of tree {} {}", i, tree, what)};
}

}  // namespace

TreeSum::Node TreeSum::node(std::size_t i) const {
  Node out;
  if (width == Nodes::kNarrow) {
    const std::uint64_t word = nodes[i];
    const auto low = std::uint32_t(word);
    const auto link = std::uint32_t(word >> 32);
    out.children = std::uint32_t(std::uint64_t{link} >> (feature_bits + 1));
    out.missing_left = (link >> feature_bits & 1) != 0;
    out.feature = link & ((1U << feature_bits) - 1);
    out.threshold = double(std::bit_cast<float>(low));
    out.row = std::uint64_t{low} - kNarrowLeaf;
    return out;
  }
  const std::uint64_t word = nodes[2 * i], link = nodes[2 * i + 1];
  const auto asks = std::uint32_t(link >> 32);
  out.children = std::uint32_t(link);
  out.missing_left = (asks & kMissingLeft) != 0;
  out.categorical = (asks & kCategorical) != 0;
  out.feature = asks & kFeature;
  out.threshold = std::bit_cast<double>(word);
  out.row = word - kWideLeaf;
  out.set = word;
  return out;
}

Result<void> TreeSum::check_tables(std::uint32_t columns) const {
  if (outputs == 0 || outputs > kMaxOutputs) return fail(Code::kCorrupt, fmt::format("has {} outputs", outputs));
  if (columns > kMaxColumns) return fail(Code::kTooLarge, "takes more than 2^29 columns");
  if (width == Nodes::kNarrow && (feature_bits > 30 || columns >= (1U << feature_bits))) {
    return fail(Code::kCorrupt, fmt::format("has {} bits for {} columns and a leaf", feature_bits, columns));
  }
  if (width == Nodes::kWide && nodes.size() % 2 != 0) return fail(Code::kCorrupt, "ends within a node");
  if (values.size() % row_width() != 0) return fail(Code::kCorrupt, "ends within a leaf's values");
  if (values.size() / row_width() >= kMaxRows) return fail(Code::kTooLarge, "has more than 2 10^9 rows of values");
  if (!cover.empty()) SLIPWAY_TRY(want_size("cover", cover.size(), node_count()));
  if (divisor == 0 || divisor != divisor) return fail(Code::kCorrupt, "divides by nothing");
  if (left_sets.size() % kSetWords != 0) return fail(Code::kCorrupt, "ends within a set of categories");
  const std::uint64_t known = left_sets.empty() ? 0 : std::uint64_t{columns} * kSetWords;
  SLIPWAY_TRY(want_size("known_sets", known_sets.size(), known));
  if (roots.empty() || roots[0] != 0) return fail(Code::kCorrupt, "has no first tree");
  if (std::ranges::adjacent_find(roots, std::greater_equal()) != roots.end()) {
    return fail(Code::kCorrupt, "has roots that do not ascend");
  }
  if (roots[roots.size() - 1] >= node_count()) return fail(Code::kCorrupt, "has a root behind the last node");
  if (node_count() > (1ULL << 32)) return fail(Code::kTooLarge, "has more than 2^32 nodes");
  return {};
}

Result<void> TreeSum::check_nodes(std::uint32_t columns) const {
  const Bounds bounds{columns, values.size() / row_width(), left_sets.size() / kSetWords};
  const std::size_t count = node_count();
  for (std::size_t tree = 0; tree < roots.size(); ++tree) {
    const std::size_t begin = roots[tree], end = tree + 1 < roots.size() ? roots[tree + 1] : count;
    bool wrong = false;
    if (width == Nodes::kNarrow) wrong = any_wrong(nodes.span().subspan(begin, end - begin), feature_bits, bounds);
    for (std::size_t i = begin; width == Nodes::kWide && i < end; ++i) wrong |= is_wrong(node(i), end - i - 1, bounds);
    for (std::size_t i = begin; wrong && i < end; ++i) {
      if (is_wrong(node(i), end - i - 1, bounds)) return fail(wrong_node(node(i), i, tree, bounds));
    }
  }
  return {};
}

Result<Slot> TreeSum::shape(std::span<const Slot> in) const {
  if (in.size() != 1 && in.size() != 2) return fail(Code::kCorrupt, "takes one input or two");
  const Slot rows = SLIPWAY_TRY(one_input(in.first(1), {SlotType::kDense}));
  SLIPWAY_TRY(check_tables(rows.columns));
  SLIPWAY_TRY(want_size("base", base.size(), in.size() == 2 ? 0 : outputs));
  if (in.size() == 2) {
    const Slot begin = SLIPWAY_TRY(one_input(in.subspan(1), {SlotType::kDense}));
    SLIPWAY_TRY(want_size("second input", begin.columns, outputs));
  }
  SLIPWAY_TRY(check_nodes(rows.columns));
  return Slot{SlotType::kDense, outputs};
}

Result<Slot> RoundToFloat::shape(std::span<const Slot> in) const {
  return one_input(in, {SlotType::kDense, SlotType::kCsr});
}

}  // namespace slipway::model
