// SPDX-License-Identifier: Apache-2.0
// Loading. The manifest says which files there are, how long they are and what their digests are; nothing else is
// opened. Digests come first, then the reading, then Model::create(), on which everything that runs a model relies: a
// wrong digest is a damaged bundle, and a right one proves nothing about who wrote it.
#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/sha256.h"
#include "base/text.h"
#include "model/bundle_parts.h"

namespace slipway::model {
namespace {

namespace dom = simdjson::dom;

Result<FileBytes> open_checked(const OpenFile& open, const Manifest::File& file, Verify verify) {
  FileBytes bytes = SLIPWAY_TRY(open(file.name, file.bytes));
  const std::string_view have = bytes.bytes();
  const std::string hint = "The bundle was changed after it was stored: publish it again, or restore the store";
  if (have.size() != file.bytes) {
    return fail(Code::kCorrupt,
                fmt::format("{}: has {} bytes, its manifest says {}", file.name, have.size(), file.bytes), hint);
  }
  const bool hash = verify == Verify::kAll || have.size() <= kHashedAtLoad;
  if (hash && sha256_hex(have) != file.sha256) {
    return fail(Code::kCorrupt, file.name + ": its digest is not the one in its manifest", hint);
  }
  return bytes;
}

Result<std::vector<Step>> read_steps(JsonMembers& json, TensorReader& tensors) {
  const dom::array list = SLIPWAY_TRY(json.list("steps"));
  std::vector<Step> out;
  for (const dom::element element : list) {
    auto step = read_step(element, fmt::format("steps.{}.", out.size()), tensors);
    if (!step) return fail(std::move(step).error().within(fmt::format("step {}", out.size())));
    out.push_back({std::move(step->op), std::move(step->inputs)});
  }
  return out;
}

Result<OutputKind> kind_of(std::string_view name) {
  for (std::size_t i = 0; i < kOutputKinds; ++i) {
    if (output_name(static_cast<OutputKind>(i)) == name) return static_cast<OutputKind>(i);
  }
  return fail(Code::kUnsupported, fmt::format("the output \"{}\" is not known here", printable(name)),
              std::string(kNewerHint));
}

Result<std::vector<Output>> read_outputs(JsonMembers& json) {
  const dom::array list = SLIPWAY_TRY(json.list("outputs"));
  std::vector<Output> out;
  for (const dom::element element : list) {
    JsonMembers members = SLIPWAY_TRY(JsonMembers::of(element));
    Output output;
    const std::string name = SLIPWAY_TRY(members.text("output"));
    output.kind = SLIPWAY_TRY(kind_of(name));
    output.slot = SLIPWAY_TRY(members.u32("slot"));
    output.target = SLIPWAY_TRY(members.u32("target"));
    SLIPWAY_TRY(members.finish());
    out.push_back(output);
  }
  return out;
}

Result<Model::Parts> read_parts(std::string_view text, TensorReader& tensors) {
  Model::Parts out;
  dom::parser parser;
  const dom::element root = SLIPWAY_TRY(parse_json(parser, text));
  JsonMembers json = SLIPWAY_TRY(JsonMembers::of(root));
  const bool records_only = SLIPWAY_TRY(json.flag("records_only"));
  out.steps = SLIPWAY_TRY(read_steps(json, tensors));
  out.outputs = SLIPWAY_TRY(read_outputs(json));
  SLIPWAY_TRY(json.finish());
  SchemaTables schema;
  SLIPWAY_TRY(tensors.read(std::string(kFieldNames), schema.names));
  SLIPWAY_TRY(tensors.read(std::string(kFieldFlags), schema.flags));
  SLIPWAY_TRY(tensors.read(std::string(kFieldTypical), schema.typical));
  SLIPWAY_TRY(tensors.read(std::string(kFieldCategoryCounts), schema.category_counts));
  SLIPWAY_TRY(tensors.read(std::string(kFieldCategories), schema.categories));
  out.schema = SLIPWAY_TRY(schema_of(schema, records_only));
  TargetTables targets;
  SLIPWAY_TRY(tensors.read(std::string(kTargetNames), targets.names));
  SLIPWAY_TRY(tensors.read(std::string(kTargetLabelCounts), targets.label_counts));
  SLIPWAY_TRY(tensors.read(std::string(kTargetLabels), targets.labels));
  out.targets = SLIPWAY_TRY(targets_of(targets));
  SLIPWAY_TRY(tensors.finish());
  return out;
}

Result<Model> make_model(FileBytes weights, const FileBytes& steps, const Provenance& provenance) {
  auto file = safetensors::File::parse(std::move(weights));
  if (!file) return fail(std::move(file).error().within(kWeightsFile));
  TensorReader tensors(std::move(*file));
  auto parts = read_parts(steps.bytes(), tensors);
  if (!parts) return fail(std::move(parts).error().within(kModelFile));
  parts->provenance = provenance;
  auto model = Model::create(std::move(*parts));
  if (!model) return fail(std::move(model).error().within(kModelFile));
  return model;
}

// By every load; the others only to verify them.
bool is_opened(std::string_view name) {
  return name == kWeightsFile || name == kModelFile || name == kProofFile || name == kProfileFile;
}

const Manifest::File* listed(const Manifest& manifest, std::string_view name) {
  const auto found = std::ranges::find(manifest.files, name, &Manifest::File::name);
  return found == manifest.files.end() ? nullptr : &*found;
}

Result<FileBytes> open_listed(const OpenFile& open, const Manifest& manifest, std::string_view name, Verify verify) {
  const Manifest::File* file = listed(manifest, name);
  if (file != nullptr) return open_checked(open, *file, verify);
  return fail(Code::kCorrupt, fmt::format("{}: does not list {}", kManifestFile, name));
}

}  // namespace

OpenFile open_in(std::string directory) {
  return [directory = std::move(directory)](std::string_view name, std::size_t limit) {
    return FileBytes::open(directory + "/" + std::string(name), limit);
  };
}

Result<LoadedBundle> load(const OpenFile& open, std::string_view id, Verify verify) {
  const FileBytes written = SLIPWAY_TRY(open(kManifestFile, kManifestLimit));
  Manifest manifest = SLIPWAY_TRY(read_manifest(written.bytes(), id));
  FileBytes weights = SLIPWAY_TRY(open_listed(open, manifest, kWeightsFile, verify));
  const FileBytes steps = SLIPWAY_TRY(open_listed(open, manifest, kModelFile, verify));
  const auto optional = [&](std::string_view name) -> Result<FileBytes> {
    if (listed(manifest, name) == nullptr) return FileBytes::of({});
    return open_listed(open, manifest, name, verify);
  };
  FileBytes proof = SLIPWAY_TRY(optional(kProofFile));
  FileBytes profile = SLIPWAY_TRY(optional(kProfileFile));
  for (const Manifest::File& file : manifest.files) {
    if (verify == Verify::kAll && !is_opened(file.name)) SLIPWAY_TRY(open_checked(open, file, verify));
  }
  Model model = SLIPWAY_TRY(make_model(std::move(weights), steps, manifest.provenance));
  auto serving = check_serving(manifest.serving, model);
  if (!serving) return fail(Error(Code::kCorrupt, serving.error().message()).within(kManifestFile));
  return LoadedBundle{.id = sha256_hex(written.bytes()),
                      .manifest = std::move(manifest),
                      .model = std::move(model),
                      .proof = std::move(proof),
                      .profile = std::move(profile)};
}

Result<void> verify_rest(const OpenFile& open, const Manifest& manifest) {
  for (const Manifest::File& file : manifest.files) {
    const bool hashed = file.bytes <= kHashedAtLoad;
    if (is_opened(file.name) && !hashed) SLIPWAY_TRY(open_checked(open, file, Verify::kAll));
  }
  return {};
}

}  // namespace slipway::model
