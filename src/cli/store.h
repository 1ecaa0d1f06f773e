// SPDX-License-Identifier: Apache-2.0
// What the commands that work on a store share.
#pragma once

#include <string>
#include <string_view>

#include "cli/options.h"
#include "model/bundle.h"

namespace slipway::registry {
class Catalog;
struct Promotion;
}  // namespace slipway::registry

namespace slipway::cli {

// $SLIPWAY_STORE, else ~/.local/share/slipway; "" if there is no home either.
std::string default_store();

// Who does it, for the journal: $SLIPWAY_BY, else user@host.
std::string default_by();

// Declares --store with its default.
void store_option(Options& options, std::string& store);

// --require-proof none, self or library. kUsage.
Result<model::ProofLevel> parse_proof(std::string_view name);

// What promote and rollback share: two words, options, and where the alias stands afterwards.
struct AliasMove {
  struct Asked {
    std::string word, alias, by, why;
    std::string require_proof;  // "" unless it is an option
  };
  std::string_view words, words_help;                        // "VERSION ALIAS"
  std::string_view missing, example;                         // the error, if there are not two
  bool asks_proof = false;                                   // --require-proof is an option
  Result<std::string> (*model_of)(const std::string& word);  // whose alias it is
  Result<registry::Promotion> (*move)(registry::Catalog& catalog, const Asked& asked);
};
int move_alias(const Command& command, const AliasMove& kind, std::span<const char* const> arguments);

}  // namespace slipway::cli
