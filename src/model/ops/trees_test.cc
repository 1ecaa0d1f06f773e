// SPDX-License-Identifier: Apache-2.0
// What a walk relies on, and a bundle could lie about: each lie alone is refused.
#include "model/ops/trees.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace slipway::model {
namespace {

using testing::HasSubstr;

constexpr Slot kRows{SlotType::kDense, 2};

std::uint64_t narrow(std::uint32_t children, std::uint32_t feature, std::uint32_t low) {
  return std::uint64_t{children << 3 | feature} << 32 | low;
}
std::uint64_t leaf(std::uint32_t row) { return narrow(0, 2, TreeSum::kNarrowLeaf + row); }

// Two trees: one split and two leaves; one leaf.
TreeSum honest() {
  TreeSum out;
  out.feature_bits = 2;
  out.nodes = {narrow(1, 1, std::bit_cast<std::uint32_t>(0.5F)), leaf(0), leaf(1), leaf(1)};
  out.roots = {0, 3};
  out.values = {10, 20};
  out.base = {0.0};
  return out;
}
TreeSum with_nodes(Array<std::uint64_t> nodes) {
  TreeSum out = honest();
  out.nodes = std::move(nodes);
  return out;
}

// The first tree as wide nodes, its split categorical.
TreeSum wide(std::uint64_t set, std::uint32_t asks, std::uint64_t row, std::uint32_t leaf_asks) {
  TreeSum out = honest();
  out.width = TreeSum::Nodes::kWide;
  out.nodes = {set,
               std::uint64_t{asks} << 32 | 1,
               TreeSum::kWideLeaf + row,
               std::uint64_t{leaf_asks} << 32,
               TreeSum::kWideLeaf,
               std::uint64_t{2} << 32};
  out.roots = {0};
  out.left_sets = std::vector<std::uint32_t>(8, 1);
  out.known_sets = std::vector<std::uint32_t>(16, 3);
  return out;
}

TEST(TreeSum, TakesWhatAWalkCanRelyOn) {
  const auto slot = honest().shape(std::span(&kRows, 1));
  ASSERT_TRUE(slot) << slot.error().to_string();
  EXPECT_EQ(slot->columns, 1U);
  EXPECT_TRUE(wide(0, TreeSum::kCategorical | 1, 1, 2).shape(std::span(&kRows, 1)));
}

TEST(TreeSum, RefusesEachLie) {
  constexpr std::uint32_t kHalf = 0x3F00'0000;
  const auto with = [](const std::function<void(TreeSum&)>& change) {
    TreeSum out = honest();
    change(out);
    return out;
  };
  const std::pair<TreeSum, const char*> lies[] = {
      {with_nodes({narrow(2, 1, kHalf), leaf(0), leaf(1), leaf(1)}), "node 0 of tree 0 has children behind"},
      {with_nodes({narrow(1, 1, kHalf), leaf(0), narrow(1, 0, kHalf), leaf(1)}),
       "node 2 of tree 0 has children behind"},
      {with_nodes({narrow(1, 2, kHalf), leaf(0), leaf(1), leaf(1)}), "node 0 of tree 0 asks for column 2 of 2"},
      {with_nodes({narrow(1, 1, kHalf), leaf(2), leaf(1), leaf(1)}), "node 1 of tree 0 is a leaf with row 2 of 2"},
      {with_nodes({narrow(1, 1, kHalf), narrow(0, 2, 5), leaf(1), leaf(1)}), "node 1 of tree 0 is a leaf with row"},
      {with_nodes({narrow(1, 1, kHalf), narrow(0, 2, 0xFFFF'FFFF), leaf(1), leaf(1)}), "is a leaf with row"},
      {with_nodes({narrow(1, 1, kHalf), narrow(0, 1, TreeSum::kNarrowLeaf), leaf(1), leaf(1)}), "asks for something"},
      {with_nodes({}), "has a root behind the last node"},
      {wide(1, TreeSum::kCategorical | 1, 0, 2), "node 0 of tree 0 has set 1 of 1"},
      {wide(0, 2, 0, 2), "asks for column 2 of 2"},
      {wide(0, 1, 2, 2), "is a leaf with row 2 of 2"},
      {wide(0, 1, 0, TreeSum::kCategorical | 2), "asks for something"},
      {with([](TreeSum& op) { op.roots = {}; }), "no first tree"},
      {with([](TreeSum& op) { op.roots = {1}; }), "no first tree"},
      {with([](TreeSum& op) { op.roots = {0, 3, 3}; }), "do not ascend"},
      {with([](TreeSum& op) { op.roots = {0, 4}; }), "behind the last node"},
      {with([](TreeSum& op) { op.outputs = 0; }), "has 0 outputs"},
      {with([](TreeSum& op) { op.outputs = ~0U; }), "outputs"},
      {with([](TreeSum& op) { op.feature_bits = 1; }), "1 bits for 2 columns"},
      {with([](TreeSum& op) { op.feature_bits = 31; }), "31 bits"},
      {with([](TreeSum& op) { op.base = {0, 0}; }), "base has 2 values, want 1"},
      {with([](TreeSum& op) { op.cover = {1}; }), "cover has 1 values, want 4"},
      {with([](TreeSum& op) { op.divisor = 0; }), "divides by nothing"},
      {with([](TreeSum& op) { op.left_sets = {1}; }), "within a set"},
      {with([](TreeSum& op) { op.known_sets = {1}; }), "known_sets has 1 values, want 0"},
      {with([](TreeSum& op) { op.outputs = 3, op.base = {0, 0, 0}; }), "within a leaf's values"},
  };
  for (const auto& [lie, says] : lies) {
    const auto slot = lie.shape(std::span(&kRows, 1));
    ASSERT_FALSE(slot) << says;
    EXPECT_THAT(slot.error().message(), HasSubstr(says));
  }
}

}  // namespace
}  // namespace slipway::model
