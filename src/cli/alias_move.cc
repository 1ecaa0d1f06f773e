// SPDX-License-Identifier: Apache-2.0
// promote and rollback: one entry more in an alias's journal, and a line that says where it stands.
#include <fmt/core.h>

#include <cstdio>

#include "cli/store.h"
#include "registry/catalog.h"

namespace slipway::cli {
namespace {

struct Wanted {
  std::string store;
  std::vector<std::string> words;
  AliasMove::Asked asked;
  bool json = false;
};

struct AliasShown {
  std::string_view name, alias;  // valid ones
  bool json = false;
};

void print_promotion(const AliasShown& shown, const registry::Promotion& done) {
  if (shown.json) {
    fmt::print("{{\"model\":\"{}\",\"alias\":\"{}\",\"from\":{},\"to\":{},\"entry\":{},\"moved\":{}}}\n", shown.name,
               shown.alias, done.from == 0 ? "null" : std::to_string(done.from), done.to, done.entry, done.moved);
  } else if (!done.moved) {
    fmt::print("{}@{} is {}:{} already\n", shown.name, shown.alias, shown.name, done.to);
  } else if (done.from == 0) {
    fmt::print("{}@{} is {}:{}\n", shown.name, shown.alias, shown.name, done.to);
  } else {
    fmt::print("{}@{} is {}:{}, was {}:{}\n", shown.name, shown.alias, shown.name, done.to, shown.name, done.from);
  }
}

Result<void> run(Wanted wanted, const AliasMove& kind) {
  if (wanted.words.size() != 2) return fail(Code::kUsage, std::string(kind.missing), std::string(kind.example));
  wanted.asked.word = wanted.words[0];
  wanted.asked.alias = wanted.words[1];
  const std::string name = SLIPWAY_TRY(kind.model_of(wanted.asked.word));
  const auto store = SLIPWAY_TRY(registry::open_store(wanted.store));
  registry::Catalog catalog(*store);
  const registry::Promotion done = SLIPWAY_TRY(kind.move(catalog, wanted.asked));
  print_promotion({.name = name, .alias = wanted.asked.alias, .json = wanted.json}, done);
  return {};
}

}  // namespace

int move_alias(const Command& command, const AliasMove& kind, std::span<const char* const> arguments) {
  Options options(command);
  Wanted wanted;
  wanted.asked.by = default_by();
  options.positional(kind.words, wanted.words, kind.words_help);
  store_option(options, wanted.store);
  options.option("why", wanted.asked.why, "for the journal");
  options.option("by", wanted.asked.by, "for the journal; default: $SLIPWAY_BY, else user@host");
  if (kind.asks_proof) {
    wanted.asked.require_proof = "none";
    options.option("require_proof", wanted.asked.require_proof, "refuse a version with less: none, self or library");
  }
  options.flag("json", wanted.json, "print one JSON object");
  int exit_code = 0;
  if (!options.parse(arguments, exit_code)) return exit_code;
  const Result<void> done = run(std::move(wanted), kind);
  return done ? 0 : report(done.error());
}

}  // namespace slipway::cli
