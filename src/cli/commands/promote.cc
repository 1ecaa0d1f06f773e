// SPDX-License-Identifier: Apache-2.0
// `slipway promote churn:2 production`: appends to the alias's journal. Who serves the store sees it within a second.
#include <fmt/core.h>

#include <cstdio>

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
    return fail(Code::kUsage, "promote takes a version and an alias", "slipway promote churn:2 production");
  }
  const std::string& alias = wanted.words[1];
  const auto reference = SLIPWAY_TRY(registry::parse_reference(wanted.words[0]));
  const auto store = SLIPWAY_TRY(registry::open_store(wanted.store));
  registry::Catalog catalog(*store);
  const registry::Promotion done = SLIPWAY_TRY(catalog.promote(wanted.words[0], alias, wanted.by, wanted.why));
  print_promotion({.name = reference.name, .alias = alias, .json = wanted.json}, done);
  return {};
}

}  // namespace

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

int promote(const Command& command, std::span<const char* const> arguments) {
  Options options(command);
  Wanted wanted;
  wanted.by = default_by();
  options.positional("VERSION ALIAS", wanted.words, "what the alias is to mean (churn:2, churn:v1.2.3), and its name");
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
