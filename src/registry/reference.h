// SPDX-License-Identifier: Apache-2.0
// How people name a model: "churn:3" (a version), "churn:v1.2.3" (a label), "churn@production" (an alias), "churn".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace slipway::registry {

struct Reference {
  std::string name;
  std::uint32_t version = 0;  // at most one of these three is set
  std::string label;
  std::string alias;
};

// kUsage with an example for what is none of the above.
Result<Reference> parse_reference(std::string_view text);

// kUsage, saying which character or length is wrong. A name is 1 to 100 of [A-Za-z0-9._-], an alias 1 to 64 of the
// same, a label 1 to 64 of these and '+'. All start with a letter or digit; an alias or a label is not a number.
Result<void> check_name(std::string_view name);
Result<void> check_alias(std::string_view alias);
Result<void> check_label(std::string_view label);

}  // namespace slipway::registry
