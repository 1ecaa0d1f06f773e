// SPDX-License-Identifier: Apache-2.0
// `slipway inspect FILE`: what is in a pickle and what it would have had Python call. Works on hostile and damaged
// files: what was read before the damage is shown, then the error, and the exit code is the error's.
#include <cstdio>

#include "base/file.h"
#include "cli/options.h"
#include "format/pickle/outline.h"
#include "importer/sklearn/estimators.h"

namespace slipway::cli {
namespace {

pickle::Support support_of(pickle::Global name) {
  switch (importer::sklearn::support_of(name)) {
    case importer::sklearn::Support::kEstimator:
      return pickle::Support::kSupported;
    case importer::sklearn::Support::kInert:
      return pickle::Support::kInert;
    case importer::sklearn::Support::kKnownUnsupported:
    case importer::sklearn::Support::kUnknown:
      break;
  }
  return pickle::Support::kUnknown;
}

Result<int> run(const std::vector<std::string>& files, bool json) {
  if (files.size() != 1) return fail(Code::kUsage, "inspect takes one file", "slipway inspect model.pkl");
  const std::size_t limit = pickle::Limits().file_bytes;
  FileBytes file = SLIPWAY_TRY(FileBytes::open(files.front(), limit));
  const pickle::Partial partial = pickle::Document::read_partial(std::move(file));
  const pickle::Outline outline = pickle::make_outline(partial.document, partial.error, {.support = support_of});
  const std::string text = json ? pickle::outline_json(outline) + "\n" : pickle::outline_text(outline);
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (partial.error) return fail(Error(*partial.error).within(files.front()));
  return 0;
}

}  // namespace

int inspect(const Command& command, std::span<const char* const> arguments) {
  Options options(command);
  std::vector<std::string> files;
  bool json = false;
  options.positional("FILE", files, "a pickle; it is read, never executed");
  options.flag("json", json, "print one JSON object");
  int exit_code = 0;
  if (!options.parse(arguments, exit_code)) return exit_code;
  const Result<int> done = run(files, json);
  return done ? *done : report(done.error());
}

}  // namespace slipway::cli
