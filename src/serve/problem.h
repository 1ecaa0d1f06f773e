// SPDX-License-Identifier: Apache-2.0
// Errors as the outside sees them: RFC 9457 problem+json, written in one place.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "serve/contract.h"
#include "serve/http/message.h"

namespace slipway::serve {

inline constexpr std::string_view kProblemType = "application/problem+json";

// Replaces `out` with the problem; the response points into it. `request_id` may be empty.
http::Response problem(std::string& out, const Error& error, std::string_view request_id);

// The 422 of a request whose rows deviate: every finding, an example that would pass, and the model's name.
// `many`: paths carry the row's number; `columns`: behind the field's name.
struct ContractProblem {
  const Findings& findings;
  const engine::Plan& plan;
  std::string_view model_json;  // the model's name, as JSON
  std::string_view request_id;
  bool many = false;
  bool columns = false;
};
http::Response problem(std::string& out, const ContractProblem& contract);

// One row's findings as a JSON array, for ?on_error=row and for warnings.
void append_findings(std::string& out, std::span<const Deviation> findings, bool many, bool columns);
void append_warnings(std::string& out, std::span<const Deviation> warnings, bool many);

}  // namespace slipway::serve
