// SPDX-License-Identifier: Apache-2.0
#include "model/ops/join.h"

#include <fmt/core.h>

#include <algorithm>

namespace slipway::model {

Result<Slot> Select::shape(std::span<const Slot> in) const {
  using enum SlotType;
  const Slot from = SLIPWAY_TRY(one_input(in, {kRecord, kCells, kDense, kCsr}));
  if (columns.empty()) return fail(Code::kCorrupt, "selects no columns");
  for (const std::uint32_t column : columns) {
    if (column >= from.columns) {
      return fail(Code::kCorrupt, fmt::format("selects column {} of {}", column, from.columns));
    }
  }
  if (from.type == kCsr && std::ranges::adjacent_find(columns, std::greater_equal()) != columns.end()) {
    return fail(Code::kCorrupt, "selects columns of sparse rows in another order");
  }
  if (columns.size() >= (1U << 30)) return fail(Code::kTooLarge, "selects more than 2^30 columns");
  return Slot{from.type == kRecord ? kCells : from.type, std::uint32_t(columns.size())};
}

Result<Slot> Concat::shape(std::span<const Slot> in) const {
  if (in.empty()) return fail(Code::kCorrupt, "takes one input or more, gets none");
  std::uint64_t columns = 0;
  bool cells = false;
  for (const Slot& slot : in) {
    SLIPWAY_TRY(one_input(std::span(&slot, 1), {SlotType::kDense, SlotType::kCsr, SlotType::kCells}));
    columns += slot.columns;
    cells = cells || slot.type == SlotType::kCells;
  }
  if (columns >= (1U << 30)) return fail(Code::kTooLarge, "gives more than 2^30 columns");
  if (cells && sparse) return fail(Code::kCorrupt, "makes sparse rows of cells");
  if (cells) return Slot{SlotType::kCells, std::uint32_t(columns)};
  return Slot{sparse ? SlotType::kCsr : SlotType::kDense, std::uint32_t(columns)};
}

Result<Slot> WeightedSum::shape(std::span<const Slot> in) const {
  if (in.empty()) return fail(Code::kCorrupt, "takes one input or more, gets none");
  for (const Slot& slot : in) {
    SLIPWAY_TRY(one_input(std::span(&slot, 1), {SlotType::kDense}));
    if (slot.columns != in[0].columns) {
      return fail(Code::kCorrupt, fmt::format("adds {} columns to {}", slot.columns, in[0].columns));
    }
  }
  if (!weights.empty()) SLIPWAY_TRY(want_size("weights", weights.size(), in.size()));
  return in[0];
}

Result<Slot> LookUp::shape(std::span<const Slot> in) const {
  const Slot index = SLIPWAY_TRY(one_input(in, {SlotType::kIndex}));
  if (columns == 0) return fail(Code::kCorrupt, "has no columns");
  SLIPWAY_TRY(want_size("table", table.size(), std::uint64_t{index.columns} * columns));
  return Slot{SlotType::kDense, columns};
}

}  // namespace slipway::model
