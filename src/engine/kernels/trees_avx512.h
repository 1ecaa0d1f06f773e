// SPDX-License-Identifier: Apache-2.0
// Narrow trees walked with AVX-512, for processors that have it.
#pragma once

#include <atomic>
#include <cstdint>

#include "model/ops/trees.h"

namespace slipway::engine::kernels {

// Tests clear it: forests compiled from then on are walked without vectors. Any thread.
extern std::atomic<bool> vector_walk_allowed;

// The row of the leaf at which each tree of a forest ends, in the order of the trees. `row` has the columns, then minus
// infinity for leaves to ask for, and room for at least kVectorWalkRow numbers; `leaves` room for one a tree.
using VectorWalk = void (*)(const model::TreeSum& op, const float* row, std::uint32_t* leaves);
inline constexpr std::size_t kVectorWalkRow = 32;

// nullptr where it is not allowed or the processor (it must be x86-64-v4) or the forest (its nodes must be narrow) does
// not suit. A walk without `missing` may take NaN for anything.
VectorWalk vector_walk(const model::TreeSum& op, std::uint32_t columns, bool missing);

}  // namespace slipway::engine::kernels
