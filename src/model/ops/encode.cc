// SPDX-License-Identifier: Apache-2.0
// Shapes, and the equality of single values.
#include "model/ops/encode.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "model/name_table.h"

namespace slipway::model {
namespace {

constexpr std::uint32_t kMaxColumns = 1U << 30;

// [columns + 1] numbers from 0 to `end` that never go back.
Result<void> check_starts(std::span<const std::uint32_t> starts, std::uint32_t columns, std::uint64_t end) {
  SLIPWAY_TRY(want_size("starts", starts.size(), std::uint64_t{columns} + 1));
  if (starts.front() != 0 || starts.back() != end || !std::ranges::is_sorted(starts)) {
    return fail(Code::kCorrupt, fmt::format("starts do not go from 0 to {}", end));
  }
  return {};
}

Result<void> check_missing(const Values& missing) {
  if (missing.size() == 1) return {};
  return fail(Code::kCorrupt, fmt::format("has {} values that are missing, want 1", missing.size()));
}

// No column knows a text twice.
Result<void> check_texts(const Encode& op) {
  std::vector<NameEntry> entries;
  for (std::uint32_t i = 0; i + 1 < op.starts.size(); ++i) {
    for (std::uint32_t k = op.starts[i]; k < op.starts[i + 1]; ++k) {
      const Cell value = op.values[k];
      if (value.kind == Cell::Kind::kText) entries.push_back({.group = i, .name = value.text(), .value = k});
    }
  }
  SLIPWAY_TRY(NameTable::create(entries));
  return {};
}

}  // namespace

bool is_missing(const Cell& cell) {
  return cell.missing() || (cell.kind == Cell::Kind::kReal && std::isnan(cell.real));
}

bool equal_cells(const Cell& a, const Cell& b) {
  if (is_missing(a) || is_missing(b)) return is_missing(a) && is_missing(b);
  if (a.is_number() && b.is_number()) {
    const bool whole = a.kind != Cell::Kind::kReal && b.kind != Cell::Kind::kReal;
    return whole ? a.integer == b.integer : a.number() == b.number();
  }
  return a.kind == Cell::Kind::kText && b.kind == Cell::Kind::kText && a.text() == b.text();
}

Result<Slot> Encode::shape(std::span<const Slot> in) const {
  using enum SlotType;
  const Slot from = SLIPWAY_TRY(one_input(in, {kRecord, kCells, kDense}));
  SLIPWAY_TRY(check_starts(starts, from.columns, values.size()));
  SLIPWAY_TRY(want_size("codes", codes.size(), values.size()));
  if (!unknown.empty()) SLIPWAY_TRY(want_size("unknown", unknown.size(), from.columns));
  SLIPWAY_TRY(check_texts(*this));
  return Slot{kDense, from.columns};
}

Result<Slot> OneHot::shape(std::span<const Slot> in) const {
  const Slot from = SLIPWAY_TRY(one_input(in, {SlotType::kDense}));
  if (starts.empty() || starts[starts.size() - 1] >= kMaxColumns) {
    return fail(Code::kTooLarge, "gives no columns, or more than 2^30");
  }
  SLIPWAY_TRY(check_starts(starts, from.columns, starts[starts.size() - 1]));
  return Slot{sparse ? SlotType::kCsr : SlotType::kDense, starts[starts.size() - 1]};
}

Result<Slot> Impute::shape(std::span<const Slot> in) const {
  using enum SlotType;
  const Slot from = SLIPWAY_TRY(one_input(in, {kRecord, kCells, kDense, kCsr}));
  SLIPWAY_TRY(check_missing(missing));
  SLIPWAY_TRY(want_size("fill", fill.size(), from.columns));
  if (from.type == kRecord) return Slot{kCells, from.columns};
  if (from.type == kCells) return from;
  for (std::size_t i = 0; i < fill.size(); ++i) {
    if (!fill[i].is_number()) return fail(Code::kCorrupt, "fills rows of numbers with something else");
  }
  return from;
}

Result<Slot> IsMissing::shape(std::span<const Slot> in) const {
  using enum SlotType;
  const Slot from = SLIPWAY_TRY(one_input(in, {kRecord, kCells, kDense, kCsr}));
  SLIPWAY_TRY(check_missing(missing));
  if (columns.empty() || columns.size() > from.columns) {
    return fail(Code::kCorrupt, fmt::format("marks {} columns of {}", columns.size(), from.columns));
  }
  if (std::ranges::adjacent_find(columns, std::greater_equal()) != columns.end() ||
      columns[columns.size() - 1] >= from.columns) {
    return fail(Code::kCorrupt, "marks columns that are not there, or in another order");
  }
  return Slot{kDense, std::uint32_t(columns.size())};
}

}  // namespace slipway::model
