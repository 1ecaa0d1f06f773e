// SPDX-License-Identifier: Apache-2.0
#include "model/ops/pairwise.h"

#include <fmt/core.h>

#include <numeric>

namespace slipway::model {
namespace {

constexpr std::uint64_t kMaxLabels = 16384;  // so that a table of all pairs can be counted in 32 bits

// The number of pairs; so many labels are few enough.
Result<std::uint64_t> pairs_of(std::uint64_t labels) {
  if (labels < 2) return fail(Code::kCorrupt, fmt::format("has {} labels, want 2 or more", labels));
  if (labels > kMaxLabels) return fail(Code::kTooLarge, fmt::format("has {} labels, more than 16384", labels));
  return labels * (labels - 1) / 2;
}

// The input, if it has a column a pair.
Result<void> take_pairs(std::span<const Slot> in, std::uint64_t labels) {
  const Slot from = SLIPWAY_TRY(one_input(in, {SlotType::kDense}));
  const std::uint64_t pairs = SLIPWAY_TRY(pairs_of(labels));
  return want_size("input", from.columns, pairs);
}

}  // namespace

Result<Slot> PairwiseSum::shape(std::span<const Slot> in) const {
  const Slot from = SLIPWAY_TRY(one_input(in, {SlotType::kDense}));
  const std::uint64_t pairs = SLIPWAY_TRY(pairs_of(support.size()));
  const std::uint64_t vectors = std::accumulate(support.begin(), support.end(), std::uint64_t{0});
  if (vectors != from.columns) {
    return fail(Code::kCorrupt, fmt::format("has {} support vectors, its input {} columns", vectors, from.columns));
  }
  SLIPWAY_TRY(want_size("intercept", intercept.size(), pairs));
  SLIPWAY_TRY(want_size("coef", coef.size(), (support.size() - 1) * std::uint64_t{from.columns}));
  return Slot{SlotType::kDense, std::uint32_t(pairs)};
}

Result<Slot> PairwiseVote::shape(std::span<const Slot> in) const {
  SLIPWAY_TRY(take_pairs(in, labels));
  return Slot{SlotType::kIndex, labels};
}

Result<Slot> PairwiseScores::shape(std::span<const Slot> in) const {
  SLIPWAY_TRY(take_pairs(in, labels));
  if (confidence > Confidence::kScaled) return fail(Code::kCorrupt, "has an unknown confidence");
  if (threshold != threshold) return fail(Code::kCorrupt, "the threshold is NaN");
  return Slot{SlotType::kDense, labels};
}

Result<Slot> PairwiseProbability::shape(std::span<const Slot> in) const {
  SLIPWAY_TRY(take_pairs(in, labels));
  SLIPWAY_TRY(want_size("a", a.size(), in[0].columns));
  SLIPWAY_TRY(want_size("b", b.size(), in[0].columns));
  return Slot{SlotType::kDense, labels};
}

}  // namespace slipway::model
