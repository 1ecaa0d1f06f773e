// SPDX-License-Identifier: Apache-2.0
// The manifest to JSON and back. Members stand in one fixed order; what is empty is left out of the serving contract
// only. Nothing in it depends on the day, the machine, or the name of a file.
#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "base/sha256.h"
#include "base/text.h"
#include "model/bundle_parts.h"

namespace slipway::model {
namespace {

namespace dom = simdjson::dom;

using Pairs = std::vector<std::pair<std::string, std::string>>;

void write_texts(JsonWriter& json, std::string_view key, const std::vector<std::string>& texts) {
  json.key(key).begin_array();
  for (const std::string& text : texts) json.value(std::string_view(text));
  json.end_array();
}

void write_pairs(JsonWriter& json, std::string_view key, const Pairs& pairs) {
  json.key(key).begin_array();
  for (const auto& [name, value] : pairs) {
    json.begin_array().value(std::string_view(name)).value(std::string_view(value)).end_array();
  }
  json.end_array();
}

void write_serving(JsonWriter& json, const Serving& serving) {
  json.key("serving").begin_object();
  if (!serving.response.empty()) {
    Pairs pairs;
    for (const Serving::Response& it : serving.response) pairs.emplace_back(it.name, it.what);
    write_pairs(json, "response", pairs);
  }
  if (!serving.input_key.empty()) json.member("input_key", std::string_view(serving.input_key));
  if (!serving.positive_class.empty()) json.member("positive_class", std::string_view(serving.positive_class));
  if (serving.threshold) json.member("threshold", *serving.threshold);
  json.end_object();
}

void write_provenance(JsonWriter& json, const Manifest& manifest) {
  json.key("provenance").begin_object();
  json.member("library", std::string_view(manifest.provenance.library));
  write_texts(json, "versions", manifest.provenance.versions);
  write_texts(json, "chain", manifest.provenance.chain);
  json.key("sources").begin_array();
  for (const Manifest::Source& source : manifest.sources) {
    json.begin_object().member("bytes", source.bytes).member("sha256", std::string_view(source.sha256)).end_object();
  }
  json.end_array();
  write_pairs(json, "locked", manifest.locked);
  json.end_object();
}

Result<std::vector<std::string>> read_texts(JsonMembers& json, std::string_view key) {
  std::vector<std::string> out;
  const dom::array list = SLIPWAY_TRY(json.list(key));
  for (const dom::element element : list) {
    std::string_view text;
    if (element.get(text) != simdjson::SUCCESS) return fail(Code::kCorrupt, fmt::format("\"{}\" holds no text", key));
    out.emplace_back(text);
  }
  return out;
}

Result<Pairs> read_pairs(JsonMembers& json, std::string_view key) {
  Pairs out;
  const dom::array list = SLIPWAY_TRY(json.list(key));
  for (const dom::element element : list) {
    dom::array pair;
    std::string_view name, value;
    if (element.get(pair) != simdjson::SUCCESS || pair.size() != 2 || pair.at(0).get(name) != simdjson::SUCCESS ||
        pair.at(1).get(value) != simdjson::SUCCESS) {
      return fail(Code::kCorrupt, fmt::format("\"{}\" holds no pair of texts", key));
    }
    out.emplace_back(name, value);
  }
  return out;
}

Result<Serving> read_serving(dom::element element) {
  Serving out;
  JsonMembers json = SLIPWAY_TRY(JsonMembers::of(element));
  if (json.has("response")) {
    Pairs pairs = SLIPWAY_TRY(read_pairs(json, "response"));
    for (auto& [name, what] : pairs) out.response.push_back({std::move(name), std::move(what)});
  }
  if (json.has("input_key")) out.input_key = SLIPWAY_TRY(json.text("input_key"));
  if (json.has("positive_class")) out.positive_class = SLIPWAY_TRY(json.text("positive_class"));
  if (json.has("threshold")) out.threshold = SLIPWAY_TRY(json.real("threshold"));
  SLIPWAY_TRY(json.finish());
  return out;
}

Result<std::string> read_digest(JsonMembers& json) {
  std::string out = SLIPWAY_TRY(json.text("sha256"));
  if (!is_sha256_hex(out)) return fail(Code::kCorrupt, "\"sha256\" is no digest");
  return out;
}

Result<void> read_provenance(dom::element element, Manifest& out) {
  JsonMembers json = SLIPWAY_TRY(JsonMembers::of(element));
  out.provenance.library = SLIPWAY_TRY(json.text("library"));
  out.provenance.versions = SLIPWAY_TRY(read_texts(json, "versions"));
  out.provenance.chain = SLIPWAY_TRY(read_texts(json, "chain"));
  out.locked = SLIPWAY_TRY(read_pairs(json, "locked"));
  const dom::array sources = SLIPWAY_TRY(json.list("sources"));
  for (const dom::element it : sources) {
    JsonMembers source = SLIPWAY_TRY(JsonMembers::of(it));
    Manifest::Source read;
    read.bytes = SLIPWAY_TRY(source.u64("bytes"));
    read.sha256 = SLIPWAY_TRY(read_digest(source));
    SLIPWAY_TRY(source.finish());
    out.sources.push_back(std::move(read));
  }
  return json.finish();
}

bool is_bundle_file(std::string_view name) {
  for (std::size_t i = 0; i < kMaxSources; ++i) {
    if (name == source_name(i)) return true;
  }
  return name == kModelFile || name == kProfileFile || name == kProofFile || name == kWeightsFile;
}

Result<void> read_files(JsonMembers& json, Manifest& out) {
  const dom::array files = SLIPWAY_TRY(json.list("files"));
  for (const dom::element it : files) {
    JsonMembers members = SLIPWAY_TRY(JsonMembers::of(it));
    Manifest::File file;
    file.name = SLIPWAY_TRY(members.text("name"));
    file.bytes = SLIPWAY_TRY(members.u64("bytes"));
    file.sha256 = SLIPWAY_TRY(read_digest(members));
    SLIPWAY_TRY(members.finish());
    if (!is_bundle_file(file.name)) {
      return fail(Code::kUnsupported, fmt::format("the file \"{}\" is not known here", printable(file.name)),
                  std::string(kNewerHint));
    }
    if (!out.files.empty() && out.files.back().name >= file.name) {
      return fail(Code::kCorrupt, "the files are not sorted by name");
    }
    out.files.push_back(std::move(file));
  }
  return {};
}

Result<void> read_format(JsonMembers& json) {
  const std::string format = SLIPWAY_TRY(json.text("format"));
  if (format != kFormat) return fail(Code::kCorrupt, fmt::format("is no \"{}\"", kFormat));
  const std::uint32_t version = SLIPWAY_TRY(json.u32("format_version"));
  if (version == kFormatVersion) return {};
  return fail(Code::kUnsupported, fmt::format("has format_version {}, this Slipway reads {}", version, kFormatVersion),
              std::string(kNewerHint));
}

Result<void> read_proof(dom::element element, Manifest& out) {
  JsonMembers json = SLIPWAY_TRY(JsonMembers::of(element));
  const std::string level = SLIPWAY_TRY(json.text("level"));
  for (const ProofLevel known : {ProofLevel::kNone, ProofLevel::kSelf, ProofLevel::kLibrary}) {
    if (proof_name(known) == level) out.proof_level = known;
  }
  if (proof_name(out.proof_level) != level) return fail(Code::kCorrupt, "\"level\" is no level of proof");
  out.proof_rows = SLIPWAY_TRY(json.u32("rows"));
  return json.finish();
}

Result<Manifest> parse_manifest(std::string_view bytes) {
  dom::parser parser;
  const dom::element root = SLIPWAY_TRY(parse_json(parser, bytes));
  JsonMembers json = SLIPWAY_TRY(JsonMembers::of(root));
  SLIPWAY_TRY(read_format(json));
  Manifest out;
  out.importer_version = SLIPWAY_TRY(json.text("importer_version"));
  const dom::element provenance = SLIPWAY_TRY(json.any("provenance"));
  SLIPWAY_TRY(read_provenance(provenance, out));
  const dom::element proof = SLIPWAY_TRY(json.any("proof"));
  SLIPWAY_TRY(read_proof(proof, out));
  const dom::element serving = SLIPWAY_TRY(json.any("serving"));
  out.serving = SLIPWAY_TRY(read_serving(serving));
  SLIPWAY_TRY(read_files(json, out));
  SLIPWAY_TRY(json.finish());
  const bool has_proof = std::ranges::find(out.files, kProofFile, &Manifest::File::name) != out.files.end();
  if (has_proof != (out.proof_level != ProofLevel::kNone)) {
    return fail(Code::kCorrupt, fmt::format("the level of proof is {}, and {} is {}listed", proof_name(out.proof_level),
                                            kProofFile, has_proof ? "" : "not "));
  }
  return out;
}

}  // namespace

std::string source_name(std::size_t index) { return std::string(kSourceFolder) + std::to_string(index + 1); }

Result<std::string> write_manifest(const Manifest& manifest) {
  JsonWriter json;
  json.begin_object().member("format", kFormat).member("format_version", kFormatVersion);
  json.member("importer_version", std::string_view(manifest.importer_version));
  write_provenance(json, manifest);
  json.key("proof").begin_object().member("level", proof_name(manifest.proof_level));
  json.member("rows", manifest.proof_rows).end_object();
  write_serving(json, manifest.serving);
  json.key("files").begin_array();
  for (const Manifest::File& file : manifest.files) {
    json.begin_object().member("name", std::string_view(file.name)).member("bytes", file.bytes);
    json.member("sha256", std::string_view(file.sha256)).end_object();
  }
  json.end_array().end_object();
  std::string out = json.take() + "\n";
  if (out.size() < kManifestLimit) return out;
  return fail(Code::kTooLarge, fmt::format("the manifest has {} bytes, it may have {}", out.size(), kManifestLimit - 1),
              "Shorten what --response or the names of the steps bring into it");
}

Result<Manifest> read_manifest(std::string_view bytes, std::string_view id) {
  const auto where = [](Error error) { return fail(std::move(error).within(kManifestFile)); };
  if (bytes.size() >= kManifestLimit) return where({Code::kTooLarge, "has more bytes than a manifest may have"});
  if (!id.empty() && sha256_hex(bytes) != id) {
    return where({Code::kCorrupt, fmt::format("is not the manifest of {}: its digest is another", id.substr(0, 12)),
                  "The bundle was changed after it was stored: publish it again, or restore the store"});
  }
  auto manifest = parse_manifest(bytes);
  if (!manifest) return where(std::move(manifest).error());
  return manifest;
}

Result<void> check_serving(const Serving& serving, const Model& model) {
  const auto labels = model.labels();
  std::set<std::string_view> names;
  for (const Serving::Response& it : serving.response) {
    const std::string shown = fmt::format("--response {}={}", printable(it.name), printable(it.what));
    if (it.name.empty() || !is_utf8(it.name)) return fail(Code::kUsage, shown + ": has no name that JSON can say");
    if (!names.insert(it.name).second) return fail(Code::kUsage, shown + ": the name stands twice");
    if (std::ranges::find(Serving::kAnswers, it.what) == std::end(Serving::kAnswers)) {
      return fail(Code::kUsage, shown + ": there is no such answer",
                  "An answer is " + join_and(std::span<const std::string_view>(Serving::kAnswers)));
    }
  }
  if (!is_utf8(serving.input_key)) return fail(Code::kUsage, "--input-key is not UTF-8");
  const auto positive = [&](const Label& label) { return label_text(label) == serving.positive_class; };
  if (!serving.positive_class.empty() && std::ranges::none_of(labels, positive)) {
    std::vector<std::string> texts;
    for (const Label& label : labels.first(std::min<std::size_t>(labels.size(), 10)))
      texts.push_back(label_text(label));
    const std::vector<std::string_view> shown(texts.begin(), texts.end());
    return fail(Code::kUsage, fmt::format("--positive-class {} is no label", printable(serving.positive_class)),
                labels.empty() ? "The model has no labels" : "The labels are " + join_and(shown));
  }
  if (!serving.threshold) return {};
  if (!(*serving.threshold >= 0 && *serving.threshold <= 1)) return fail(Code::kUsage, "--threshold is not in 0 to 1");
  if (model.output(OutputKind::kProbability) != nullptr && labels.size() == 2) return {};
  return fail(Code::kUsage, "--threshold needs a model of two labels with probabilities");
}

}  // namespace slipway::model
