// SPDX-License-Identifier: Apache-2.0
// From an engine's answer to JSON: which parts were asked for, and how each is written.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/answer.h"
#include "serve/served_model.h"

namespace slipway::serve {

// The parts that the query asks for: ?outputs=prediction,decision and ?probabilities=true; else the model's own.
// kInvalid for an output that the model does not give. Does not allocate unless it fails.
Result<Parts> choose_parts(const ServedModel& model, std::string_view query);

// "prediction":0,"probability":0.32 - without braces. REQUIRES: the answer is the model's, run for what the parts want,
// and is_finite().
void append_answer(std::string& out, const ServedModel& model, const engine::Answer& answer, const Parts& parts);

// True if the query has that parameter: has_parameter("a=b&on_error=row", "on_error=row").
bool has_parameter(std::string_view query, std::string_view wanted);

}  // namespace slipway::serve
