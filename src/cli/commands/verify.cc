// SPDX-License-Identifier: Apache-2.0
// `slipway verify NAME[:version]|FILE`: every byte of a bundle against its digests, every row of its proof against the
// answers of this program on this CPU; or the rows of files against a model's file.
#include <fmt/core.h>

#include <cstdio>
#include <optional>
#include <utility>

#include "base/json_writer.h"
#include "base/text.h"
#include "cli/any_model.h"
#include "cli/options.h"
#include "cli/proof/proof_files.h"
#include "cli/store.h"
#include "monitor/profile.h"

namespace slipway::cli {
namespace {

struct Wanted {
  std::vector<std::string> words;
  std::string samples, expected, store;
  bool json = false;
};

struct Verified {
  std::string title, bundle;
  model::ProofLevel level = model::ProofLevel::kLibrary;
  serve::ProofReport report;
};

Result<Verified> verify_model(const Wanted& wanted) {
  if (wanted.words.size() != 1) return fail(Code::kUsage, "verify takes one model", "slipway verify churn:1");
  if (wanted.samples.empty() != wanted.expected.empty()) {
    return fail(Code::kUsage, "--samples and --expected belong together");
  }
  AnyModel any = SLIPWAY_TRY(load_any(wanted.words.front(), wanted.store, model::Verify::kAll));
  if (!any.profile.bytes().empty()) {
    const auto profile = monitor::parse_profile(any.profile.bytes());
    if (!profile) return fail(Error(profile.error()).within(model::kProfileFile).within(any.title));
  }
  const engine::Plan plan = SLIPWAY_TRY(engine::Plan::compile(std::move(any.model)));
  Verified out{.title = any.title, .bundle = any.bundle};
  std::optional<ProofFiles> files;
  if (!wanted.samples.empty()) files = ProofFiles{wanted.samples, wanted.expected};
  if (!files && !any.manifest) files = SLIPWAY_TRY(find_proof_files(wanted.words.front()));
  if (files) {
    const Proof proof = SLIPWAY_TRY(library_proof(plan, *files));
    out.report = proof.report;
    return out;
  }
  if (any.proof.bytes().empty()) {
    return fail(Code::kUsage, out.title + ": there is no proof, and no answers to hold it against",
                "--samples rows.csv --expected answers.csv; slipway snippet prints the notebook cell that writes them");
  }
  out.level = any.manifest->proof_level;
  auto report = serve::check_proof(plan, any.proof.bytes());
  if (!report) return fail(std::move(report).error().within(out.title));
  out.report = *report;
  return out;
}

void print(const Verified& done, bool json) {
  const serve::ProofReport& report = done.report;
  if (json) {
    JsonWriter out;
    out.begin_object().member("model", std::string_view(done.title)).member("bundle", std::string_view(done.bundle));
    out.member("proof", model::proof_name(done.level)).member("rows", report.rows);
    out.member("largest_difference", report.largest).end_object();
    std::printf("%s\n", out.take().c_str());
    return;
  }
  std::string text =
      done.level == model::ProofLevel::kLibrary
          ? fmt::format("{} rows as the library answered them", report.rows)
          : fmt::format("{} rows as when it was imported; what the library answers is not known", report.rows);
  if (report.largest > 0) {
    text += fmt::format("; largest difference {:.2g} ({}, row {})", report.largest, report.largest_output,
                        report.largest_row);
  }
  constexpr std::size_t kLongest = 4096;
  std::printf("%s  %s\n", printable(done.title, kLongest).c_str(), text.c_str());
}

}  // namespace

int verify(const Command& command, std::span<const char* const> arguments) {
  Options options(command);
  Wanted wanted;
  options.positional("MODEL", wanted.words, "churn:3, churn@production, a bundle's directory, or a model's file");
  options.option("samples", wanted.samples, "rows; default: those of the bundle, or beside the file");
  options.option("expected", wanted.expected, "what the library answered to them");
  store_option(options, wanted.store);
  options.flag("json", wanted.json, "print one JSON object");
  int exit_code = 0;
  if (!options.parse(arguments, exit_code)) return exit_code;
  const Result<Verified> done = verify_model(wanted);
  if (!done) return report(done.error());
  print(*done, wanted.json);
  return 0;
}

}  // namespace slipway::cli
