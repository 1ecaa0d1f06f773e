// SPDX-License-Identifier: Apache-2.0
// A profile from the rows that a model was trained on: X.train.csv beside X.pkl. One thread.
#pragma once

#include <string>

#include "base/result.h"
#include "engine/plan.h"
#include "monitor/profile.h"

namespace slipway::cli {

// Reads every row and runs it. Columns that are no fields (the target, as a rule) are passed over. Errors: those of the
// file; kInvalid and kContract with path and line for a row or a header that is none.
Result<monitor::Profile> profile_rows(const engine::Plan& plan, const std::string& path);

}  // namespace slipway::cli
