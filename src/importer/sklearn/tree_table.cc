// SPDX-License-Identifier: Apache-2.0
// Depth first from the root. Every place is given out once and there are as many as the source has nodes, so a source
// that goes round in circles, or whose branches meet, runs out of places.
#include "importer/sklearn/tree_table.h"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "base/pages.h"

namespace slipway::importer::sklearn {
namespace {

using model::TreeSum;

constexpr std::size_t kMaxNodes = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint32_t kNoRow = ~0U;
constexpr int kProbes = 16;  // more would let a file choose how long we look

// The largest float that is not above: for floats x, x <= t and x <= floor_float(t) are the same.
float floor_float(double t) {
  const auto nearest = static_cast<float>(t);
  return double(nearest) > t ? std::nextafterf(nearest, -std::numeric_limits<float>::infinity()) : nearest;
}

std::uint64_t hash(std::span<const double> row) {
  std::uint64_t out = 0;
  for (const double value : row) {
    out = (out ^ std::bit_cast<std::uint64_t>(value)) * 0x9E37'79B9'7F4A'7C15;
    out ^= out >> 29;
  }
  return out;
}

bool same_bits(std::span<const double> a, const double* b) {
  return std::ranges::equal(
      a, std::span(b, a.size()), {}, [](double x) { return std::bit_cast<std::uint64_t>(x); },
      [](double x) { return std::bit_cast<std::uint64_t>(x); });
}

}  // namespace

TreeTable::TreeTable(const Size& size) : size_(size) {
  op_.outputs = size.outputs;
  op_.turns = size.turns;
  op_.feature_bits = std::uint32_t(std::bit_width(size.columns));
  const bool fits = op_.feature_bits + 1 + std::uint32_t(std::bit_width(size.largest)) <= 32;
  op_.width = size.floats && fits ? TreeSum::Nodes::kNarrow : TreeSum::Nodes::kWide;
  const std::size_t words = op_.width == TreeSum::Nodes::kNarrow ? 1 : 2;
  reserve_large(nodes_, size.nodes * words);
  reserve_large(cover_, size.nodes);
  row_.resize(op_.row_width());
  if (row_.size() == 1) values_.reserve(size.nodes / 2 + 1);
  if (row_.size() > 1) rows_seen_.assign(std::bit_ceil(std::min<std::size_t>(size.nodes, 1U << 22) + 1), kNoRow);
}

Result<void> TreeTable::add(const TreeSource& source) {
  const std::size_t root = cover_.size();
  if (source.size() == 0) return fail(Code::kCorrupt, "has no nodes");
  if (source.size() > size_.largest || root + source.size() > kMaxNodes) {
    return fail(Code::kTooLarge, "has more than 2^32 nodes");
  }
  roots_.push_back(std::uint32_t(root));
  const std::size_t words = op_.width == TreeSum::Nodes::kNarrow ? 1 : 2;
  nodes_.resize((root + source.size()) * words);
  cover_.resize(root + source.size());
  next_ = 1;
  pending_.assign(1, {0, 0, 0});
  while (!pending_.empty()) {
    const Pending at = pending_.back();
    pending_.pop_back();
    SLIPWAY_TRY(place(source, at, root));
  }
  nodes_.resize((root + next_) * words);  // nodes that nothing leads to are left out
  cover_.resize(root + next_);
  return {};
}

Result<void> TreeTable::place(const TreeSource& source, const Pending& at, std::size_t root) {
  const TreeSource::Node node = source.node(at.from);
  cover_[root + at.to] = node.cover;
  if (!node.leaf) return split(source, node, at, root);
  TreeSum::Node leaf;
  leaf.feature = size_.columns;
  leaf.row = leaf_row(source, at);
  write(root + at.to, leaf);
  return {};
}

Result<void> TreeTable::split(const TreeSource& source, const TreeSource::Node& node, const Pending& at,
                              std::size_t root) {
  const auto inside = [&](std::int64_t child) { return child >= 0 && std::cmp_less(child, source.size()); };
  if (!inside(node.left) || !inside(node.right)) {
    const auto what = fmt::format("node {} has children {} and {}; there are {} nodes", at.from, node.left, node.right,
                                  source.size());
    return fail(Code::kCorrupt, what);
  }
  if (node.feature < 0 || std::cmp_greater_equal(node.feature, size_.columns)) {
    return fail(Code::kCorrupt, fmt::format("node {} asks for column {} of {}", at.from, node.feature, size_.columns));
  }
  if (std::isnan(node.threshold)) return fail(Code::kCorrupt, fmt::format("node {} has threshold NaN", at.from));
  if (node.categorical && node.set == TreeSource::kNoSet) {
    return fail(Code::kCorrupt,
                fmt::format("node {} asks for a set of categories that the tree does not have", at.from));
  }
  if (next_ + 2 > source.size()) {
    return fail(Code::kCorrupt, fmt::format("node {} leads to a node that another leads to: it is no tree", at.from));
  }
  const auto pair = std::uint32_t(next_);
  next_ += 2;
  TreeSum::Node out;
  out.children = pair - at.to;
  out.feature = std::uint32_t(node.feature);
  out.threshold = node.threshold;
  out.missing_left = node.missing_left;
  out.categorical = node.categorical;
  out.set = node.set;
  write(root + at.to, out);
  const Pending left{std::uint32_t(node.left), pair, at.depth + 1};
  const Pending right{std::uint32_t(node.right), pair + 1, at.depth + 1};
  const bool left_first = source.node(left.from).cover >= source.node(right.from).cover;
  pending_.push_back(left_first ? right : left);
  pending_.push_back(left_first ? left : right);
  return {};
}

// Rows of several values are mostly the same few (a pure leaf is all 0 but for one 1), and are kept once.
std::uint64_t TreeTable::leaf_row(const TreeSource& source, const Pending& at) {
  source.values(at.from, at.depth, row_);
  const std::size_t width = row_.size();
  const std::uint64_t next = values_.size() / width;
  std::size_t slot = rows_seen_.empty() ? 0 : hash(row_) & (rows_seen_.size() - 1);
  for (int probe = 0; probe < kProbes && !rows_seen_.empty(); ++probe) {
    std::uint32_t& seen = rows_seen_[slot];
    if (seen != kNoRow && same_bits(row_, values_.data() + std::size_t{seen} * width)) return seen;
    if (seen == kNoRow) {
      seen = std::uint32_t(next);
      break;
    }
    slot = (slot + 1) & (rows_seen_.size() - 1);
  }
  values_.insert(values_.end(), row_.begin(), row_.end());
  return next;
}

void TreeTable::write(std::size_t at, const TreeSum::Node& node) {
  const bool leaf = node.children == 0;
  if (op_.width == TreeSum::Nodes::kNarrow) {
    const std::uint32_t low = leaf ? TreeSum::kNarrowLeaf + std::uint32_t(node.row)
                                   : std::bit_cast<std::uint32_t>(floor_float(node.threshold));
    std::uint64_t link = node.feature | std::uint64_t{node.missing_left} << op_.feature_bits;
    link |= std::uint64_t{node.children} << (op_.feature_bits + 1);
    nodes_[at] = link << 32 | low;
    return;
  }
  std::uint64_t asks = node.feature;
  if (node.missing_left) asks |= TreeSum::kMissingLeft;
  if (node.categorical) asks |= TreeSum::kCategorical;
  std::uint64_t word = node.categorical ? node.set : std::bit_cast<std::uint64_t>(node.threshold);
  if (leaf) word = TreeSum::kWideLeaf + node.row;
  nodes_[2 * at] = word;
  nodes_[2 * at + 1] = asks << 32 | node.children;
}

model::TreeSum TreeTable::finish() && {
  op_.nodes = std::move(nodes_);
  op_.roots = std::move(roots_);
  op_.values = std::move(values_);
  op_.cover = std::move(cover_);
  return std::move(op_);
}

}  // namespace slipway::importer::sklearn
