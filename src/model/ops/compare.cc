// SPDX-License-Identifier: Apache-2.0
#include "model/ops/compare.h"

#include <fmt/core.h>

namespace slipway::model {
namespace {

Result<void> check_entries(const CompareRows& op, std::uint32_t columns) {
  SLIPWAY_TRY(want_size("row_start", op.row_start.size(), std::uint64_t{op.rows} + 1));
  SLIPWAY_TRY(want_size("column", op.column.size(), op.values.size()));
  if (op.row_start[0] != 0 || op.row_start[op.rows] != op.values.size()) {
    return fail(Code::kCorrupt, "the rows do not cover their entries");
  }
  for (std::uint32_t row = 0; row < op.rows; ++row) {
    const std::uint64_t begin = op.row_start[row], end = op.row_start[row + 1];
    if (end < begin || end > op.values.size()) {
      return fail(Code::kCorrupt, fmt::format("row {} has entries {} to {}", row, begin, end));
    }
    for (std::uint64_t i = begin; i < end; ++i) {
      if (op.column[i] >= columns || (i > begin && op.column[i] <= op.column[i - 1])) {
        return fail(Code::kCorrupt, fmt::format("row {} has columns that do not ascend below {}", row, columns));
      }
    }
  }
  return {};
}

}  // namespace

Result<Slot> CompareRows::shape(std::span<const Slot> in) const {
  const Slot from = SLIPWAY_TRY(one_input(in, {SlotType::kDense, SlotType::kCsr}));
  if (with > With::kNanSquares) return fail(Code::kCorrupt, "compares in an unknown way");
  if (rows == 0) return fail(Code::kCorrupt, "has no rows");
  if (rows >= (1U << 30)) return fail(Code::kTooLarge, "has more than 2^30 rows");
  SLIPWAY_TRY(want_size("norms", norms.size(), has_norms() ? rows : 0));
  const bool weighs = with == With::kScaled || (with == With::kMinkowski && !weights.empty());
  SLIPWAY_TRY(want_size("weights", weights.size(), weighs ? from.columns : 0));
  const Slot out{SlotType::kDense, rows};
  if (sparse) {
    if (with > With::kSquares && with != With::kCosine) {
      return fail(Code::kCorrupt, "measures such distances to sparse rows");
    }
    SLIPWAY_TRY(check_entries(*this, from.columns));
    return out;
  }
  if (from.type != SlotType::kDense) return fail(Code::kCorrupt, "compares sparse rows with dense ones");
  if (with == With::kHaversine) SLIPWAY_TRY(want_size("a place", from.columns, 2));
  SLIPWAY_TRY(want_size("row_start", row_start.size(), 0));
  SLIPWAY_TRY(want_size("column", column.size(), 0));
  SLIPWAY_TRY(want_size("values", values.size(), std::uint64_t{rows} * from.columns));
  return out;
}

std::vector<double> CompareRows::add_up_norms(std::size_t columns) const {
  std::vector<double> out(has_norms() ? rows : 0);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t begin = sparse ? row_start[i] : i * columns;
    const std::size_t end = sparse ? row_start[i + 1] : begin + columns;
    for (std::size_t e = begin; e < end; ++e) out[i] += values[e] * values[e];
  }
  return out;
}

}  // namespace slipway::model
