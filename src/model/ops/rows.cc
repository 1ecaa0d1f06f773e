// SPDX-License-Identifier: Apache-2.0
#include "model/ops/rows.h"

#include "model/ops/standardize.h"

namespace slipway::model {

Result<Slot> Standardize::shape(std::span<const Slot> in) const {
  const Slot rows = SLIPWAY_TRY(one_input(in, {SlotType::kDense}));
  if (!offset.empty()) SLIPWAY_TRY(want_size("offset", offset.size(), rows.columns));
  if (!scale.empty()) SLIPWAY_TRY(want_size("scale", scale.size(), rows.columns));
  return rows;
}

Result<Slot> ScaleColumns::shape(std::span<const Slot> in) const {
  const Slot rows = SLIPWAY_TRY(one_input(in, {SlotType::kDense, SlotType::kCsr}));
  SLIPWAY_TRY(want_size("factor", factor.size(), rows.columns));
  return rows;
}

Result<Slot> Clip::shape(std::span<const Slot> in) const {
  if (!(low <= high)) return fail(Code::kCorrupt, "the lower bound is not below the upper one");
  return one_input(in, {SlotType::kDense, SlotType::kCsr});
}

Result<Slot> Binarize::shape(std::span<const Slot> in) const {
  if (threshold != threshold) return fail(Code::kCorrupt, "the threshold is NaN");
  return one_input(in, {SlotType::kDense, SlotType::kCsr});
}

Result<Slot> NormalizeRows::shape(std::span<const Slot> in) const {
  if (norm > Norm::kSignedMax || zero > Zero::kKeep) return fail(Code::kCorrupt, "is of no known kind");
  if (!(tiny >= 0)) return fail(Code::kCorrupt, "tiny is negative or NaN");
  Slot rows;
  if (zero == Zero::kUniform) {
    rows = SLIPWAY_TRY(one_input(in, {SlotType::kDense}));
  } else {
    rows = SLIPWAY_TRY(one_input(in, {SlotType::kDense, SlotType::kCsr}));
  }
  if (rows.columns == 0) return fail(Code::kCorrupt, "too few columns");
  return rows;
}

}  // namespace slipway::model
