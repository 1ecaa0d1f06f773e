// SPDX-License-Identifier: Apache-2.0
#include "model/ops/likelihood.h"

namespace slipway::model {

Result<Slot> GaussianLikelihood::shape(std::span<const Slot> in) const {
  const Slot from = SLIPWAY_TRY(one_input(in, {SlotType::kDense}));
  if (prior.empty()) return fail(Code::kCorrupt, "has no labels");
  if (prior.size() >= (1U << 30)) return fail(Code::kTooLarge, "has more than 2^30 labels");
  SLIPWAY_TRY(want_size("norm", norm.size(), prior.size()));
  SLIPWAY_TRY(want_size("mean", mean.size(), std::uint64_t{prior.size()} * from.columns));
  SLIPWAY_TRY(want_size("variance", variance.size(), mean.size()));
  return Slot{SlotType::kDense, std::uint32_t(prior.size())};
}

}  // namespace slipway::model
