// SPDX-License-Identifier: Apache-2.0
// Decision trees: many at once, in one table that a kernel walks as it lies in a mapped file.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/array.h"
#include "base/result.h"
#include "model/ops/classify.h"
#include "model/slot.h"

namespace slipway::model {

// y = (base + values of the leaf of tree 0 + of tree 1 + ...) / divisor, f64, added in the order of the trees. The base
// is a second input where there is one. A base of -0.0 leaves the first value as it is, to the last bit.
//
// A tree's nodes lie together, its root first; both children of a node lie side by side behind it, so that no walk can
// go on for ever. A node asks whether x[feature] <= threshold: left if so, else right. NaN goes left where the node
// says so, else right. A categorical node (wide ones only): NaN, negative numbers and categories that training did not
// see go as NaN does; a category in the node's set goes left, another right. A category is the number cut to 8 bits, as
// the library cuts it. Sources: sklearn/tree/_tree.pyx, apply; sklearn/ensemble/_hist_gradient_boosting/_predictor.pyx.
//
// A narrow node is one word: in the low half the bits of a float threshold, in the high half, from the top, the
// distance to the left child, a bit for NaN to the left, and the feature in `feature_bits`. A wide node is two words:
// the bits of a double threshold or the number of a set; then the distance in the low half, and in the high half bit 31
// for NaN to the left, bit 30 for categorical, and the feature. A leaf's distance is 0, its feature is the number of
// columns, and instead of a threshold it has its row in `values`, counted from kNarrowLeaf or kWideLeaf (which makes it
// a normal number: a walk that has arrived stays where it is, without looking).
struct TreeSum {
  static constexpr std::string_view kName = "tree_sum";
  static constexpr std::uint32_t kNarrowLeaf = 0x0080'0000;
  static constexpr std::uint64_t kWideLeaf = 0x0010'0000'0000'0000;
  static constexpr std::uint32_t kMissingLeft = 1U << 31, kCategorical = 1U << 30, kFeature = kCategorical - 1;
  static constexpr std::size_t kSetWords = 8;  // a set of categories: 256 bits

  std::uint32_t outputs = 1;
  bool turns = false;  // a leaf has one value, and tree t adds to output t % outputs; else one an output
  enum class Nodes : std::uint8_t { kNarrow, kWide } width = Nodes::kNarrow;
  std::uint32_t feature_bits = 0;  // of narrow nodes
  Array<std::uint64_t> nodes;
  Array<std::uint32_t> roots;  // the first node of each tree, ascending from 0
  Array<double> values;        // [leaf rows, outputs or 1]
  Array<double> base;          // [outputs]; empty: the second input
  double divisor = 1;
  Array<double> cover;              // how much of the training set reached each node; for explanations. May be empty
  Array<std::uint32_t> left_sets;   // [sets, kSetWords]
  Array<std::uint32_t> known_sets;  // [columns, kSetWords]: the categories that training saw; empty without sets

  // What one node says, decoded. REQUIRES: i < node_count().
  struct Node {
    std::uint32_t children = 0;  // distance to the left child; 0: a leaf
    std::uint32_t feature = 0;
    double threshold = 0;
    std::uint64_t row = 0;  // of a leaf
    std::uint64_t set = 0;  // of a categorical node
    bool missing_left = false, categorical = false;
  };
  Node node(std::size_t i) const;
  std::size_t node_count() const { return width == Nodes::kNarrow ? nodes.size() : nodes.size() / 2; }
  std::size_t row_width() const { return turns ? 1 : outputs; }

  template <class F>
  static void fields(F&& f) {
    f("outputs", &TreeSum::outputs);
    f("turns", &TreeSum::turns);
    f("width", &TreeSum::width);
    f("feature_bits", &TreeSum::feature_bits);
    f("nodes", &TreeSum::nodes);
    f("roots", &TreeSum::roots);
    f("values", &TreeSum::values);
    f("base", &TreeSum::base);
    f("divisor", &TreeSum::divisor);
    f("cover", &TreeSum::cover);
    f("left_sets", &TreeSum::left_sets);
    f("known_sets", &TreeSum::known_sets);
  }
  // One pass over the nodes: what a walk relies on.
  Result<Slot> shape(std::span<const Slot> in) const;

 private:
  Result<void> check_tables(std::uint32_t columns) const;
  Result<void> check_nodes(std::uint32_t columns) const;
};

// y = x as a float has it, nearest; beyond the range infinite. Of CSR rows: of what they hold. Source: what
// sklearn.utils.check_array(dtype=float32) makes of the rows of a tree.
struct RoundToFloat {
  static constexpr std::string_view kName = "round_to_float";
  template <class F>
  static void fields(F&&) {}
  Result<Slot> shape(std::span<const Slot> in) const;
};

}  // namespace slipway::model
