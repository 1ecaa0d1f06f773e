// SPDX-License-Identifier: Apache-2.0
// `slipway inspect FILE`: what is in a pickle and what it would have had Python call. Works on hostile and damaged
// files: what was read before the damage is shown, then the error, and the exit code is the error's.
#include <cstdio>
#include <optional>
#include <utility>
#include <vector>

#include "base/file.h"
#include "cli/options.h"
#include "format/pickle/outline.h"
#include "importer/sklearn/estimators.h"

namespace slipway::cli {
namespace {

constexpr std::size_t kMostPickles = 100;  // of one file

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
  std::vector<pickle::Partial> pickles;
  pickles.push_back(pickle::Document::read_partial(std::move(file)));
  while (!pickles.back().error && pickles.back().document.trailing_bytes() != 0 && pickles.size() < kMostPickles) {
    const pickle::Document& before = pickles.back().document;
    pickle::Partial next = pickle::Document::read_next(before);
    if (next.error && next.document.end_offset() == before.end_offset()) break;  // no pickle: bytes behind the last
    pickles.push_back(std::move(next));
  }
  const auto outline_of = [](const pickle::Partial& partial) {
    return pickle::make_outline(partial.document, partial.error, {.support = support_of});
  };
  pickle::Outline outline = outline_of(pickles.front());
  for (std::size_t i = 1; i < pickles.size(); ++i) outline.following.push_back(outline_of(pickles[i]));
  const std::string text = json ? pickle::outline_json(outline) + "\n" : pickle::outline_text(outline);
  std::fwrite(text.data(), 1, text.size(), stdout);
  const std::optional<Error>& error = pickles.back().error;
  if (error) return fail(Error(*error).within(files.front()));
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
