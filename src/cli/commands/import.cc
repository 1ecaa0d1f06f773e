// SPDX-License-Identifier: Apache-2.0
// `slipway import FILE... --name churn`: model files to a version in the store. Everything is made and proven in memory
// first; the store sees a bundle only when nothing can be wrong with it any more.
#include "importer/import.h"

#include <fmt/core.h>

#include <charconv>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "base/json_writer.h"
#include "base/text.h"
#include "cli/options.h"
#include "cli/proof/proof_files.h"
#include "cli/proof/row_file.h"
#include "cli/proof/sidecars.h"
#include "cli/proof/training_profile.h"
#include "cli/store.h"
#include "registry/catalog.h"
#include "registry/store.h"

namespace slipway::cli {
namespace {

struct Wanted {
  std::vector<std::string> files, metadata, response;
  importer::Options pieces;
  std::string name, label, samples, expected, input_key, positive_class, threshold, require_proof, store;
  bool no_source = false, json = false;
};

// "a=b" at the first '='.
Result<std::pair<std::string, std::string>> split_pair(const std::string& text, std::string_view option,
                                                       std::string_view example) {
  const std::size_t equals = text.find('=');
  if (equals != std::string::npos && equals > 0) return std::pair(text.substr(0, equals), text.substr(equals + 1));
  return fail(Code::kUsage, fmt::format("{} {} is no name=value", option, printable(text)),
              fmt::format("For example {} {}", option, example));
}

Result<model::Serving> serving_of(const Wanted& wanted) {
  model::Serving out{.response = {}, .input_key = wanted.input_key, .positive_class = wanted.positive_class};
  for (const std::string& text : wanted.response) {
    auto pair = SLIPWAY_TRY(split_pair(text, "--response", "churn_probability=probability"));
    out.response.push_back({std::move(pair.first), std::move(pair.second)});
  }
  if (wanted.threshold.empty()) return out;
  double threshold = 0;
  const char* end = wanted.threshold.data() + wanted.threshold.size();
  const auto read = std::from_chars(wanted.threshold.data(), end, threshold);
  if (read.ec != std::errc() || read.ptr != end) {
    return fail(Code::kUsage, "--threshold " + printable(wanted.threshold) + " is no number", "--threshold 0.5");
  }
  out.threshold = threshold;
  return out;
}

// What was asked wins over what lies beside the file.
Result<Pairs> metadata_of(const Wanted& wanted) {
  Pairs out;
  for (const std::string& text : wanted.metadata) {
    auto pair = SLIPWAY_TRY(split_pair(text, "--metadata", "owner=ana"));
    out.push_back(std::move(pair));
  }
  Pairs found = SLIPWAY_TRY(find_metadata(wanted.files.front()));
  const std::size_t asked = out.size();
  for (auto& [name, value] : found) {
    bool known = name.empty();
    for (std::size_t i = 0; i < asked; ++i) known = known || out[i].first == name;
    if (!known) out.emplace_back(std::move(name), std::move(value));
  }
  return out;
}

Result<Proof> make_proof(const engine::Plan& plan, const Wanted& wanted) {
  const model::ProofLevel required = SLIPWAY_TRY(parse_proof(wanted.require_proof));
  if (wanted.samples.empty() != wanted.expected.empty()) {
    return fail(Code::kUsage, "--samples and --expected belong together");
  }
  std::optional<ProofFiles> files;
  if (!wanted.samples.empty()) files = ProofFiles{wanted.samples, wanted.expected};
  if (!files) files = SLIPWAY_TRY(find_proof_files(wanted.files.front()));
  Proof proof = SLIPWAY_TRY(files ? library_proof(plan, *files) : self_proof(plan));
  if (proof.level >= required) return proof;
  return fail(
      Code::kInvalid,
      fmt::format("the proof is {}, {} is required", model::proof_name(proof.level), model::proof_name(required)),
      "Put the rows and the library's answers beside the file: slipway snippet prints the notebook cell that "
      "writes them");
}

std::string empty_fields(const monitor::Profile& profile) {
  constexpr std::size_t kShown = 5;
  std::size_t count = 0;
  std::vector<std::string_view> shown;
  for (const monitor::Profile::Column& field : profile.fields) {
    if (field.missing != profile.rows) continue;
    if (++count <= kShown) shown.push_back(field.name);
  }
  if (count == 0) return "";
  const std::string more = fmt::format("{} fields more", count - std::min(count, kShown));
  if (count > kShown) shown.push_back(more);
  return " has no value of " + join_and(shown);
}

struct Imported {
  registry::Version version;
  std::vector<std::string> notes;
  std::uint64_t bytes = 0;
  std::string profiled;  // the file of training rows; "": there is none
  std::uint64_t profiled_rows = 0;
};

std::string versions_text(const model::Provenance& provenance) {
  std::string out = provenance.library;
  for (const std::string& version : provenance.versions) out += " " + version;
  return out;
}

void print(const Wanted& wanted, const model::Model& model, const Proof& proof, const Imported& done) {
  const std::string title = done.version.text();
  const std::string_view level = model::proof_name(proof.level);
  if (wanted.json) {
    JsonWriter json;
    json.begin_object().member("model", std::string_view(title)).member("name", std::string_view(done.version.name));
    json.member("version", done.version.number).member("bundle", std::string_view(done.version.bundle));
    json.member("library", std::string_view(model.provenance().library)).key("versions").begin_array();
    for (const std::string& version : model.provenance().versions) json.value(std::string_view(version));
    json.end_array().member("chain", std::string_view(model.chain())).member("fields", model.schema().fields().size());
    json.key("proof").begin_object().member("level", level).member("rows", proof.report.rows);
    json.member("largest_difference", proof.report.largest).end_object().member("bytes", done.bytes);
    json.member("profile_rows", done.profiled_rows);
    json.key("notes").begin_array();
    for (const std::string& note : done.notes) json.value(std::string_view(note));
    json.end_array().end_object();
    std::printf("%s\n", json.take().c_str());
    return;
  }
  std::string proven(level);
  if (proof.level == model::ProofLevel::kLibrary) {
    proven += fmt::format(": {} rows as the library answered them, largest difference {:.2g}", proof.report.rows,
                          proof.report.largest);
  } else {
    proven += ", nothing is proven: put samples and expected answers beside the file (slipway snippet prints the cell)";
  }
  const auto line = [](std::string_view name, const std::string& text) {
    constexpr std::size_t kLongest = 4096;
    std::printf("%-8s %s\n", std::string(name).c_str(), printable(text, kLongest).c_str());
  };
  line(title, fmt::format("{}, {}, {} fields. Nothing in the file was executed.", versions_text(model.provenance()),
                          model.chain(), model.schema().fields().size()));
  line("proof", proven);
  if (!done.profiled.empty()) line("profile", fmt::format("{} rows of {}", done.profiled_rows, done.profiled));
  line("bundle",
       fmt::format("{} ({} KiB) in {}", done.version.bundle.substr(0, 12), (done.bytes + 1023) / 1024, wanted.store));
  for (const std::string& note : done.notes) line("note", note);
  line("next", fmt::format("slipway promote {} production", title));
}

Result<registry::Version> publish(const Wanted& wanted, const model::Bundle& bundle, Pairs metadata) {
  registry::BundleFiles files{.id = bundle.id, .files = {}};
  for (const model::Bundle::File& file : bundle.files) files.files.push_back({file.name, file.bytes});
  const std::unique_ptr<registry::Store> store = SLIPWAY_TRY(registry::open_store(wanted.store));
  registry::Catalog catalog(*store);
  return catalog.publish(wanted.name, files,
                         {.label = wanted.label, .metadata = std::move(metadata), .by = default_by()});
}

Result<std::vector<importer::Source>> read_sources(const std::vector<std::string>& files) {
  constexpr std::size_t kFileLimit = std::size_t{2} << 30;
  std::vector<importer::Source> out;
  for (const std::string& file : files) {
    FileBytes bytes = SLIPWAY_TRY(FileBytes::open(file, kFileLimit));
    out.push_back({file, std::move(bytes)});
  }
  return out;
}

Result<int> run(Wanted wanted) {
  if (wanted.files.empty()) return fail(Code::kUsage, "no file was named", "slipway import churn.pkl --name churn");
  if (wanted.name.empty()) wanted.name = file_stem(wanted.files.front());
  SLIPWAY_TRY(registry::check_name(wanted.name));
  if (!wanted.label.empty()) SLIPWAY_TRY(registry::check_label(wanted.label));
  model::Extras extras{.importer_version = std::string(kVersion), .keep_sources = !wanted.no_source};
  extras.serving = SLIPWAY_TRY(serving_of(wanted));
  Pairs metadata = SLIPWAY_TRY(metadata_of(wanted));
  const std::vector<importer::Source> sources = SLIPWAY_TRY(read_sources(wanted.files));
  for (const importer::Source& source : sources) extras.sources.push_back(source.bytes);
  model::Model imported = SLIPWAY_TRY(importer::import_files(sources, wanted.pieces));
  const engine::Plan plan = SLIPWAY_TRY(engine::Plan::compile(std::move(imported)));
  const Proof proof = SLIPWAY_TRY(make_proof(plan, wanted));
  const Locked locked = find_locked(wanted.files.front());
  extras.proof_level = proof.level;
  extras.proof = proof.lines;
  Imported done;
  if (const auto rows = find_rows(wanted.files.front(), "train")) {
    const monitor::Profile profile = SLIPWAY_TRY(profile_rows(plan, *rows));
    extras.profile = monitor::to_json(profile);
    done.profiled = *rows;
    done.profiled_rows = profile.rows;
    if (std::string note = empty_fields(profile); !note.empty()) done.notes.push_back(*rows + note);
  }
  extras.locked = locked.packages;
  const model::Bundle bundle = SLIPWAY_TRY(model::encode(plan.model(), extras));
  for (const model::Bundle::File& file : bundle.files) done.bytes += file.bytes.size();
  const model::Provenance& provenance = plan.model().provenance();
  if (std::string note = stale(locked, provenance.library, provenance.versions); !note.empty()) {
    done.notes.push_back(std::move(note));
  }
  done.version = SLIPWAY_TRY(publish(wanted, bundle, std::move(metadata)));
  print(wanted, plan.model(), proof, done);
  return 0;
}

}  // namespace

int import_model(const Command& command, std::span<const char* const> arguments) {
  Options options(command);
  Wanted wanted;
  wanted.require_proof = "none";
  options.positional("FILE...", wanted.files, "the model's file, or the files of its pieces");
  options.option("name", wanted.name, "of the model in the store; default: the file's");
  options.option("label", wanted.label, "another name for this version: v1.2.3");
  options.list("metadata", wanted.metadata, "notes for people: owner=ana,ticket=ML-12");
  options.option("samples", wanted.samples, "rows, for the proof; default: X.samples.csv or .jsonl beside the file");
  options.option("expected", wanted.expected, "what the library answered to them; default: X.expected.csv or .jsonl");
  options.option("require_proof", wanted.require_proof, "refuse less: none, self or library");
  options.list("response", wanted.response, "names in the answer: churn_probability=probability,churn=positive");
  options.option("input_key", wanted.input_key, "the record stands under this key of the body");
  options.option("positive_class", wanted.positive_class, "the label whose probability is \"probability\"");
  options.option("threshold", wanted.threshold, "\"positive\" is: probability >= this");
  pieces_options(options, wanted.pieces);
  options.flag("no_source", wanted.no_source, "keep the digest of the file in the bundle, not the file");
  store_option(options, wanted.store);
  options.flag("json", wanted.json, "print one JSON object");
  int exit_code = 0;
  if (!options.parse(arguments, exit_code)) return exit_code;
  const Result<int> done = run(std::move(wanted));
  return done ? *done : report(done.error());
}

}  // namespace slipway::cli
