// SPDX-License-Identifier: Apache-2.0
// `slipway promote churn:2 production`: appends to the alias's journal. Who serves the store sees it within a second.
#include "cli/store.h"
#include "registry/catalog.h"

namespace slipway::cli {
namespace {

constexpr AliasMove kPromote = {
    .words = "VERSION ALIAS",
    .words_help = "what the alias is to mean (churn:2, churn:v1.2.3), and its name",
    .missing = "promote takes a version and an alias",
    .example = "slipway promote churn:2 production",
    .model_of = [](const std::string& version) -> Result<std::string> {
      const auto reference = SLIPWAY_TRY(registry::parse_reference(version));
      return std::string(reference.name);
    },
    .move = [](registry::Catalog& catalog, const std::string& version, const std::string& alias, const std::string& by,
               const std::string& why) { return catalog.promote(version, alias, by, why); },
};

}  // namespace

int promote(const Command& command, std::span<const char* const> arguments) {
  return move_alias(command, kPromote, arguments);
}

}  // namespace slipway::cli
