// SPDX-License-Identifier: Apache-2.0
// `slipway remove churn:2`: a tombstone first, the files after it.
#include <fmt/core.h>

#include <cstdio>

#include "base/text.h"
#include "cli/store.h"
#include "registry/catalog.h"

namespace slipway::cli {
namespace {

struct Wanted {
  std::string store;
  registry::Catalog::RemoveOptions options;
  std::vector<std::string> words;
  bool json = false;
};

void print_json(std::string_view removed, const registry::Removal& done) {
  std::string out = "{\"removed\":";
  append_json_string(out, removed);
  out += fmt::format(",\"already\":{},\"files_deleted\":{}", done.already, done.bundle_gone);
  if (!done.kept_because.empty()) {
    out += ",\"kept_because\":";
    append_json_string(out, done.kept_because);
  }
  fmt::print("{}}}\n", out);
}

Result<void> run(const Wanted& wanted) {
  if (wanted.words.size() != 1) return fail(Code::kUsage, "remove takes one version", "slipway remove churn:2");
  const std::string& reference = wanted.words[0];
  const auto store = SLIPWAY_TRY(registry::open_store(wanted.store));
  registry::Catalog catalog(*store);
  const registry::Removal done = SLIPWAY_TRY(catalog.remove(reference, wanted.options));
  if (wanted.json) {
    print_json(reference, done);
    return {};
  }
  const std::string files = done.bundle_gone ? "its files are deleted" : "its files stay: " + done.kept_because;
  fmt::print("{} {}; {}\n", reference, done.already ? "was removed before" : "is removed", printable(files, 1000));
  return {};
}

}  // namespace

int remove(const Command& command, std::span<const char* const> arguments) {
  Options options(command);
  Wanted wanted;
  wanted.options.by = default_by();
  options.positional("VERSION", wanted.words, "churn:2 or churn:v1.2.3; its number is never used again");
  store_option(options, wanted.store);
  options.flag("force", wanted.options.force, "also if an alias points at it, or it cannot be read");
  options.option("why", wanted.options.why, "for the record");
  options.option("by", wanted.options.by, "for the record; default: $SLIPWAY_BY, else user@host");
  options.flag("json", wanted.json, "print one JSON object");
  int exit_code = 0;
  if (!options.parse(arguments, exit_code)) return exit_code;
  const Result<void> done = run(wanted);
  return done ? 0 : report(done.error());
}

}  // namespace slipway::cli
