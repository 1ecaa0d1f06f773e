// SPDX-License-Identifier: Apache-2.0
// `slipway rollback churn production`: the version before, as one more entry of the journal.
#include "cli/store.h"
#include "registry/catalog.h"

namespace slipway::cli {
namespace {

struct Wanted {
  std::string store, by, why;
  std::vector<std::string> words;
  bool json = false;
};

Result<void> run(const Wanted& wanted) {
  if (wanted.words.size() != 2) {
    return fail(Code::kUsage, "rollback takes a model and an alias", "slipway rollback churn production");
  }
  const std::string& name = wanted.words[0];
  const std::string& alias = wanted.words[1];
  const auto store = SLIPWAY_TRY(registry::open_store(wanted.store));
  registry::Catalog catalog(*store);
  const registry::Promotion done = SLIPWAY_TRY(catalog.rollback(name, alias, wanted.by, wanted.why));
  print_promotion({.name = name, .alias = alias, .json = wanted.json}, done);
  return {};
}

}  // namespace

int rollback(const Command& command, std::span<const char* const> arguments) {
  Options options(command);
  Wanted wanted;
  wanted.by = default_by();
  options.positional("MODEL ALIAS", wanted.words, "whose alias, and its name; again: the version before that");
  store_option(options, wanted.store);
  options.option("why", wanted.why, "for the journal");
  options.option("by", wanted.by, "for the journal; default: $SLIPWAY_BY, else user@host");
  options.flag("json", wanted.json, "print one JSON object");
  int exit_code = 0;
  if (!options.parse(arguments, exit_code)) return exit_code;
  const Result<void> done = run(wanted);
  return done ? 0 : report(done.error());
}

}  // namespace slipway::cli
