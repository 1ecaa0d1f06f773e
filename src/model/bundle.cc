// SPDX-License-Identifier: Apache-2.0
// Encoding. Three kinds of knowledge go to three files: arrays and tables to weights.safetensors, what connects them to
// model.json (a stack of thousands of steps is large, a manifest is not), and what names them all to manifest.json,
// which is written last because it holds the digests of the others.
#include "model/bundle.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/sha256.h"
#include "base/text.h"
#include "model/bundle_parts.h"

namespace slipway::model {
namespace {

Result<std::string> write_model(const Model& model, TensorWriter& tensors) {
  JsonWriter json;
  json.begin_object().member("records_only", model.schema().records_only()).key("steps").begin_array();
  for (std::size_t i = 0; i < model.steps().size(); ++i) {
    const Step& step = model.steps()[i];
    auto written = write_step(step.op, step.inputs, fmt::format("steps.{}.", i), json, tensors);
    if (!written) return fail(std::move(written).error().within(fmt::format("step {}", i)));
  }
  json.end_array().key("outputs").begin_array();
  for (const Output& output : model.outputs()) {
    json.begin_object().member("output", output_name(output.kind));
    json.member("slot", output.slot).member("target", output.target).end_object();
  }
  json.end_array().end_object();
  return json.take();
}

void write_tables(const Model& model, TensorWriter& tensors) {
  const SchemaTables schema = tables_of(model.schema());
  tensors.add(std::string(kFieldNames), schema.names);
  tensors.add(std::string(kFieldFlags), schema.flags);
  tensors.add(std::string(kFieldTypical), schema.typical);
  tensors.add(std::string(kFieldCategoryCounts), schema.category_counts);
  tensors.add(std::string(kFieldCategories), schema.categories);
  const TargetTables targets = tables_of(model.targets());
  tensors.add(std::string(kTargetNames), targets.names);
  tensors.add(std::string(kTargetLabelCounts), targets.label_counts);
  tensors.add(std::string(kTargetLabels), targets.labels);
}

Manifest describe(const Model& model, const Extras& extras, const std::vector<Bundle::File>& files) {
  Manifest out{.importer_version = extras.importer_version,
               .provenance = model.provenance(),
               .sources = {},
               .locked = extras.locked,
               .proof_level = extras.proof_level,
               .proof_rows = static_cast<std::uint32_t>(std::ranges::count(extras.proof, '\n')),
               .serving = extras.serving,
               .files = {}};
  if (out.provenance.chain.size() > Manifest::kChainShown) {
    out.provenance.chain.resize(Manifest::kChainShown);
    out.provenance.chain.emplace_back("...");
  }
  for (const FileBytes& source : extras.sources) {
    out.sources.push_back({source.bytes().size(), sha256_hex(source.bytes())});
  }
  for (const Bundle::File& file : files) {
    const bool source = file.name.starts_with(kSourceFolder);
    const std::size_t number = source ? std::size_t(file.name.back() - '1') : 0;
    out.files.push_back({file.name, file.bytes.size(), source ? out.sources[number].sha256 : sha256_hex(file.bytes)});
  }
  return out;
}

}  // namespace

std::string_view proof_name(ProofLevel level) {
  constexpr std::string_view kNames[] = {"none", "self", "library"};
  return kNames[std::size_t(level)];
}

Result<Bundle> encode(const Model& model, const Extras& extras) {
  SLIPWAY_TRY(check_serving(extras.serving, model));
  if (extras.sources.size() > kMaxSources) {
    return fail(Code::kUsage, fmt::format("{} files, at most {} make one model", extras.sources.size(), kMaxSources));
  }
  SLIPWAY_ASSERT(extras.proof.empty() == (extras.proof_level == ProofLevel::kNone));
  TensorWriter tensors;
  std::string steps = SLIPWAY_TRY(write_model(model, tensors));
  write_tables(model, tensors);
  Bundle out;
  const auto add = [&](std::string_view name, Rope bytes) {
    if (!bytes.empty()) out.files.push_back({std::string(name), std::move(bytes)});
  };
  add(kModelFile, Rope::of(std::move(steps)));
  add(kProfileFile, Rope::of(extras.profile));
  add(kProofFile, Rope::of(extras.proof));
  for (std::size_t i = 0; extras.keep_sources && i < extras.sources.size(); ++i) {
    const auto source = std::make_shared<const FileBytes>(extras.sources[i]);
    out.files.push_back({source_name(i), {}});
    out.files.back().bytes.add(source->bytes(), source);
  }
  add(kWeightsFile, safetensors::write(tensors.tensors()));
  std::string manifest = SLIPWAY_TRY(write_manifest(describe(model, extras, out.files)));
  out.id = sha256_hex(manifest);
  add(kManifestFile, Rope::of(std::move(manifest)));
  return out;
}

}  // namespace slipway::model
