// SPDX-License-Identifier: Apache-2.0
// What the commands that work on a store share.
#pragma once

#include <string>

#include "cli/options.h"

namespace slipway::cli {

// $SLIPWAY_STORE, else ~/.local/share/slipway; "" if there is no home either.
std::string default_store();

// Who does it, for the journal: $SLIPWAY_BY, else user@host.
std::string default_by();

// Declares --store with its default.
void store_option(Options& options, std::string& store);

}  // namespace slipway::cli
