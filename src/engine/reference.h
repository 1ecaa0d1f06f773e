// SPDX-License-Identifier: Apache-2.0
// The slow, obvious implementation that defines what a model means. Every plan is compared with it. Any thread.
#pragma once

#include "base/result.h"
#include "engine/answer.h"
#include "model/cell.h"
#include "model/model.h"

namespace slipway::engine {

// Runs every step in order for one record. Never fails on a checked model: what the library would refuse is said in
// the answer.
Answer run_reference(const model::Model& model, const model::Record& record);

}  // namespace slipway::engine
