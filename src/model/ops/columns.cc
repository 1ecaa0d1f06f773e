// SPDX-License-Identifier: Apache-2.0
#include "model/ops/columns.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace slipway::model {

Result<Slot> Products::shape(std::span<const Slot> in) const {
  const Slot rows = SLIPWAY_TRY(one_input(in, {SlotType::kDense}));
  SLIPWAY_TRY(want_size("right", right.size(), left.size()));
  if (left.empty()) return fail(Code::kCorrupt, "gives no columns");
  if (left.size() >= (1U << 30)) return fail(Code::kTooLarge, "gives more than 2^30 columns");
  for (std::uint32_t k = 0; k < left.size(); ++k) {
    const bool earlier = left[k] == kNone || left[k] < k;
    const bool there = right[k] < rows.columns || (right[k] == kNone && left[k] == kNone);
    if (!earlier || !there) return fail(Code::kCorrupt, fmt::format("product {} is of what is not there", k));
  }
  return Slot{SlotType::kDense, std::uint32_t(left.size())};
}

Result<Slot> Discretize::shape(std::span<const Slot> in) const {
  const Slot rows = SLIPWAY_TRY(one_input(in, {SlotType::kDense}));
  SLIPWAY_TRY(want_size("starts", starts.size(), std::uint64_t{rows.columns} + 1));
  if (starts[0] != 0 || starts[rows.columns] != edges.size() || !std::ranges::is_sorted(starts)) {
    return fail(Code::kCorrupt, "starts do not lead through the edges");
  }
  for (std::uint32_t i = 0; i < rows.columns; ++i) {
    const auto column = edges.span().subspan(starts[i], starts[i + 1] - starts[i]);
    const bool nan = std::ranges::any_of(column, [](double edge) { return std::isnan(edge); });
    if (nan || !std::ranges::is_sorted(column)) {
      return fail(Code::kCorrupt, fmt::format("the edges of column {} do not ascend", i));
    }
  }
  return rows;
}

Result<Slot> PowerTransform::shape(std::span<const Slot> in) const {
  const Slot rows = SLIPWAY_TRY(one_input(in, {SlotType::kDense}));
  if (method > Method::kBoxCoxBackByPower) return fail(Code::kCorrupt, "is of no known kind");
  SLIPWAY_TRY(want_size("lambdas", lambdas.size(), rows.columns));
  return rows;
}

Result<Slot> QuantileTransform::shape(std::span<const Slot> in) const {
  const Slot rows = SLIPWAY_TRY(one_input(in, {SlotType::kDense, SlotType::kCsr}));
  if (output > Output::kUniformClippedBack) return fail(Code::kCorrupt, "is of no known kind");
  if (references.empty()) return fail(Code::kCorrupt, "has no references");
  SLIPWAY_TRY(want_size("quantiles", quantiles.size(), std::uint64_t{rows.columns} * references.size()));
  return rows;
}

Result<Slot> Apply::shape(std::span<const Slot> in) const {
  if (function > kLastFunction) return fail(Code::kCorrupt, "is of no known kind");
  return one_input(in, {SlotType::kDense});
}

}  // namespace slipway::model
