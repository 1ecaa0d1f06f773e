// SPDX-License-Identifier: Apache-2.0
// `slipway rollback churn production`: the version before, as one more entry of the journal.
#include "cli/store.h"
#include "registry/catalog.h"

namespace slipway::cli {
namespace {

constexpr AliasMove kRollback = {
    .words = "MODEL ALIAS",
    .words_help = "whose alias, and its name; again: the version before that",
    .missing = "rollback takes a model and an alias",
    .example = "slipway rollback churn production",
    .model_of = [](const std::string& name) -> Result<std::string> { return name; },
    .move =
        [](registry::Catalog& catalog, const AliasMove::Asked& asked) {
          return catalog.rollback(asked.word, asked.alias, asked.by, asked.why);
        },
};

}  // namespace

int rollback(const Command& command, std::span<const char* const> arguments) {
  return move_alias(command, kRollback, arguments);
}

}  // namespace slipway::cli
