// SPDX-License-Identifier: Apache-2.0
#include "serve/store_source.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"

namespace slipway::serve {

using registry::Catalog;
using registry::ModelState;
using registry::Version;

Result<std::unique_ptr<StoreSource>> StoreSource::create(Catalog& catalog, Options options) {
  std::set<std::string_view> seen;
  for (const std::string& reference : options.references) {
    SLIPWAY_TRY(registry::parse_reference(reference));
    if (!seen.insert(reference).second) {
      return fail(Code::kUsage, printable(reference) + " stands twice among the models to serve");
    }
  }
  return std::unique_ptr<StoreSource>(new StoreSource(catalog, std::move(options)));
}

WantedModel StoreSource::resolve(const std::string& reference) {
  WantedModel out;
  out.wanted = reference;
  const auto parsed = registry::parse_reference(reference);
  if (parsed) out.name = parsed->name;
  const auto problem = [&](const Error& error) {
    out.problem = error;
    return out;
  };
  const Result<Version> version = catalog_.resolve(reference);
  if (!version) return problem(version.error());
  const Result<ModelState> state = catalog_.model(version->name);
  if (!state) return problem(state.error());
  out.version = std::to_string(version->number);
  for (const registry::Alias& alias : state->aliases) {
    if (alias.entry.version == version->number) out.aliases.push_back(alias.name);
  }
  return out;
}

// Without references: every name of the store that has a version.
Result<std::vector<WantedModel>> StoreSource::wanted() {
  std::vector<WantedModel> out;
  for (const std::string& reference : options_.references) out.push_back(resolve(reference));
  if (!options_.references.empty()) return out;
  const std::vector<ModelState> states = SLIPWAY_TRY(catalog_.models());
  for (const ModelState& state : states) {
    if (!state.versions.empty() || !state.aliases.empty()) out.push_back(resolve(state.name));
  }
  return out;
}

Result<void> StoreSource::check(const WantedModel& wanted) {
  const Version version = SLIPWAY_TRY(catalog_.resolve(wanted.name + ":" + wanted.version));
  const auto open = [&](std::string_view name, std::size_t limit) {
    return catalog_.bundle_file(version.bundle, name, limit);
  };
  const FileBytes bytes = SLIPWAY_TRY(open(model::kManifestFile, model::kManifestLimit));
  const model::Manifest manifest = SLIPWAY_TRY(model::read_manifest(bytes.bytes(), version.bundle));
  return model::verify_rest(open, manifest);
}

Result<std::shared_ptr<const ServedModel>> StoreSource::load(const WantedModel& wanted) {
  const Version version = SLIPWAY_TRY(catalog_.resolve(wanted.name + ":" + wanted.version));
  const auto open = [&](std::string_view name, std::size_t limit) {
    return catalog_.bundle_file(version.bundle, name, limit);
  };
  model::LoadedBundle bundle = SLIPWAY_TRY(model::load(open, version.bundle));
  const model::Manifest& manifest = bundle.manifest;
  if (manifest.proof_level < options_.require_proof) {
    return fail(Code::kRefused, "its proof is \"" + std::string(model::proof_name(manifest.proof_level)) +
                                    "\", and \"" + std::string(model::proof_name(options_.require_proof)) +
                                    "\" is required");
  }
  engine::Plan plan = SLIPWAY_TRY(engine::Plan::compile(std::move(bundle.model)));
  SLIPWAY_TRY(options_.prove(plan, manifest, bundle.proof));
  return ServedModel::create(std::move(plan), {.name = version.name,
                                               .version = wanted.version,
                                               .label = version.info.label,
                                               .bundle = version.bundle,
                                               .proof = manifest.proof_level,
                                               .proof_rows = manifest.proof_rows,
                                               .serving = manifest.serving});
}

}  // namespace slipway::serve
