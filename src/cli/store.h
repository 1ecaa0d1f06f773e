// SPDX-License-Identifier: Apache-2.0
// What the commands that work on a store share.
#pragma once

#include <string>
#include <string_view>

#include "cli/options.h"

namespace slipway::registry {
struct Promotion;
}

namespace slipway::cli {

// $SLIPWAY_STORE, else ~/.local/share/slipway; "" if there is no home either.
std::string default_store();

// Who does it, for the journal: $SLIPWAY_BY, else user@host.
std::string default_by();

// Declares --store with its default.
void store_option(Options& options, std::string& store);

// Where an alias stands after promote or rollback, on standard output.
struct AliasShown {
  std::string_view name, alias;  // valid ones
  bool json = false;
};
void print_promotion(const AliasShown& shown, const registry::Promotion& done);

}  // namespace slipway::cli
