// SPDX-License-Identifier: Apache-2.0
#include "model/ops/ensemble.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

namespace slipway::model {
namespace {

Result<Slot> dense_of(std::span<const Slot> in, std::uint64_t columns) {
  const Slot rows = SLIPWAY_TRY(one_input(in, {SlotType::kDense}));
  if (rows.columns == columns) return rows;
  return fail(Code::kCorrupt, fmt::format("takes {} columns, gets {}", columns, rows.columns));
}

}  // namespace

Result<Slot> Constant::shape(std::span<const Slot> in) const {
  using enum SlotType;
  SLIPWAY_TRY(one_input(in, {kRecord, kCells, kCsr, kDense, kIndex}));
  if (values.empty()) return fail(Code::kCorrupt, "has no values");
  return Slot{kDense, std::uint32_t(values.size())};
}

Result<Slot> Spread::shape(std::span<const Slot> in) const {
  SLIPWAY_TRY(dense_of(in, columns.size()));
  if (width > (1U << 24)) return fail(Code::kTooLarge, "gives more than 2^24 columns");
  std::vector<bool> taken(width);
  for (const std::uint32_t column : columns) {
    if (column >= width) return fail(Code::kCorrupt, fmt::format("puts a value into column {} of {}", column, width));
    if (taken[column]) return fail(Code::kCorrupt, fmt::format("puts two values into column {}", column));
    taken[column] = true;
  }
  return Slot{SlotType::kDense, width};
}

Result<Slot> ThresholdIndex::shape(std::span<const Slot> in) const {
  if (std::isnan(threshold)) return fail(Code::kCorrupt, "the threshold is NaN");
  SLIPWAY_TRY(dense_of(in, 1));
  return Slot{SlotType::kIndex, 2};
}

Result<Slot> WeightedMedian::shape(std::span<const Slot> in) const {
  if (weights.empty()) return fail(Code::kCorrupt, "has no weights");
  if (!std::ranges::all_of(weights, [](double w) { return w >= 0 && std::isfinite(w); })) {
    return fail(Code::kCorrupt, "has a weight that is negative or not finite");
  }
  SLIPWAY_TRY(dense_of(in, weights.size()));
  return Slot{SlotType::kDense, 1};
}

Result<Slot> Interpolate::shape(std::span<const Slot> in) const {
  if (outside > Outside::kRefused) return fail(Code::kCorrupt, "is of no known kind");
  if (x.empty()) return fail(Code::kCorrupt, "has no points");
  SLIPWAY_TRY(want_size("y", y.size(), x.size()));
  const bool finite = std::ranges::all_of(x, [](double v) { return std::isfinite(v); }) &&
                      std::ranges::all_of(y, [](double v) { return std::isfinite(v); });
  if (!finite) return fail(Code::kCorrupt, "has a point that is not finite");
  if (std::ranges::adjacent_find(x, std::greater_equal()) != x.end()) {
    return fail(Code::kCorrupt, "has points that do not ascend");
  }
  return dense_of(in, 1);
}

}  // namespace slipway::model
