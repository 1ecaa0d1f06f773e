// SPDX-License-Identifier: Apache-2.0
#include "model/ops/vectorize.h"

#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "model/name_table.h"

namespace slipway::model {

Result<Slot> VectorizeDict::shape(std::span<const Slot> in) const {
  SLIPWAY_TRY(one_input(in, {SlotType::kRecord}));
  if (names.empty()) return fail(Code::kCorrupt, "has no columns");
  if (names.size() >= (1U << 30)) return fail(Code::kTooLarge, "more than 2^30 columns");
  if (separator.empty()) return fail(Code::kCorrupt, "has no separator");
  if (separator.size() > kMaxSeparator) {
    return fail(Code::kTooLarge, "the separator has more than 64 bytes");
  }
  std::vector<NameEntry> entries;
  entries.reserve(names.size());
  for (std::uint32_t i = 0; i < names.size(); ++i) entries.push_back({.name = names[i], .value = i});
  SLIPWAY_TRY(NameTable::create(entries));  // no name stands twice
  return Slot{SlotType::kCsr, std::uint32_t(names.size())};
}

Result<Slot> Densify::shape(std::span<const Slot> in) const {
  const Slot rows = SLIPWAY_TRY(one_input(in, {SlotType::kCsr}));
  return Slot{SlotType::kDense, rows.columns};
}

Result<Slot> StackNumbers::shape(std::span<const Slot> in) const {
  const Slot cells = SLIPWAY_TRY(one_input(in, {SlotType::kRecord, SlotType::kCells}));
  if (columns == cells.columns) return Slot{SlotType::kDense, columns};
  return fail(Code::kCorrupt, fmt::format("wants {} columns, gets {} cells", columns, cells.columns));
}

Result<Slot> RequireFinite::shape(std::span<const Slot> in) const {
  const Slot from = SLIPWAY_TRY(one_input(in, {SlotType::kDense, SlotType::kCsr, SlotType::kCells, SlotType::kRecord}));
  const bool of_cells = from.type == SlotType::kRecord || from.type == SlotType::kCells;
  if (!nullable.empty() && (!of_cells || nullable[nullable.size() - 1] >= from.columns ||
                            std::ranges::adjacent_find(nullable, std::greater_equal()) != nullable.end())) {
    return fail(Code::kCorrupt, "nullable has columns that are not there, or in another order");
  }
  return from.type == SlotType::kRecord ? Slot{SlotType::kCells, from.columns} : from;
}

}  // namespace slipway::model
