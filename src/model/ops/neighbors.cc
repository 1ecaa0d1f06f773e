// SPDX-License-Identifier: Apache-2.0
#include "model/ops/neighbors.h"

#include <fmt/core.h>

namespace slipway::model {
namespace {

Result<void> take_neighbors(std::span<const Slot> in) {
  const Slot from = SLIPWAY_TRY(one_input(in, {SlotType::kDense}));
  if (from.columns % 2 == 0) return {};
  return fail(Code::kCorrupt, "takes distances and rows, gets an odd number of columns");
}

}  // namespace

Result<Slot> Nearest::shape(std::span<const Slot> in) const {
  const Slot from = SLIPWAY_TRY(one_input(in, {SlotType::kDense}));
  if (count == 0 || count > from.columns) {
    return fail(Code::kCorrupt, fmt::format("wants {} of {} rows", count, from.columns));
  }
  if (count >= (1U << 29)) return fail(Code::kTooLarge, "wants more than 2^29 rows");
  if (finish > Finish::kPower || !(p > 0)) return fail(Code::kCorrupt, "has no such distance");
  return Slot{SlotType::kDense, 2 * count};
}

Result<Slot> NeighborVotes::shape(std::span<const Slot> in) const {
  SLIPWAY_TRY(take_neighbors(in));
  if (labels == 0) return fail(Code::kCorrupt, "has no labels");
  for (const std::uint32_t one : label) {
    if (one >= labels) return fail(Code::kCorrupt, fmt::format("a row has label {} of {}", one, labels));
  }
  return Slot{SlotType::kDense, labels};
}

Result<Slot> NeighborMean::shape(std::span<const Slot> in) const {
  SLIPWAY_TRY(take_neighbors(in));
  if (outputs == 0 || targets.size() % outputs != 0) {
    return fail(Code::kCorrupt, fmt::format("has {} targets for {} outputs", targets.size(), outputs));
  }
  return Slot{SlotType::kDense, outputs};
}

}  // namespace slipway::model
