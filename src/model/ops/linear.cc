// SPDX-License-Identifier: Apache-2.0
#include "model/ops/linear.h"

#include <fmt/core.h>

namespace slipway::model {

Result<Slot> Linear::shape(std::span<const Slot> in) const {
  const Slot rows = SLIPWAY_TRY(one_input(in, {SlotType::kDense, SlotType::kCsr}));
  if (outputs == 0) return fail(Code::kCorrupt, "has no outputs");
  if (intercept.size() != outputs) {
    return fail(Code::kCorrupt, fmt::format("has {} outputs and {} intercepts", outputs, intercept.size()));
  }
  if (coef.size() == std::uint64_t{outputs} * rows.columns) return Slot{SlotType::kDense, outputs};
  return fail(Code::kCorrupt, fmt::format("has {} coefficients, want {} x {}", coef.size(), outputs, rows.columns));
}

}  // namespace slipway::model
