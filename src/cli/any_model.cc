// SPDX-License-Identifier: Apache-2.0
#include "cli/any_model.h"

#include <sys/stat.h>

#include <memory>
#include <span>
#include <utility>

#include "importer/import.h"
#include "registry/store.h"

namespace slipway::cli {
namespace {

Result<AnyModel> import_one(const std::string& path) {
  constexpr std::size_t kFileLimit = std::size_t{2} << 30;
  FileBytes bytes = SLIPWAY_TRY(FileBytes::open(path, kFileLimit));
  const importer::Source source{path, std::move(bytes)};
  model::Model model = SLIPWAY_TRY(importer::import_files(std::span(&source, 1)));
  return AnyModel{.title = path,
                  .bundle = {},
                  .manifest = std::nullopt,
                  .model = std::move(model),
                  .proof = FileBytes::of({}),
                  .profile = FileBytes::of({})};
}

AnyModel from_bundle(std::string title, model::LoadedBundle bundle) {
  return {.title = std::move(title),
          .bundle = std::move(bundle.id),
          .manifest = std::move(bundle.manifest),
          .model = std::move(bundle.model),
          .proof = std::move(bundle.proof),
          .profile = std::move(bundle.profile)};
}

}  // namespace

model::OpenFile open_in(const registry::Catalog& catalog, std::string id) {
  return [&catalog, id = std::move(id)](std::string_view name, std::size_t limit) {
    return catalog.bundle_file(id, name, limit);
  };
}

Result<AnyModel> load_any(const std::string& what, const std::string& store, model::Verify verify) {
  struct stat status{};
  const bool there = ::stat(what.c_str(), &status) == 0;
  if (there && !S_ISDIR(status.st_mode)) return import_one(what);
  if (there && ::stat((what + "/" + std::string(model::kManifestFile)).c_str(), &status) == 0) {
    auto bundle = model::load(model::open_in(what), "", verify);
    if (!bundle) return fail(std::move(bundle).error().within(what));
    return from_bundle(what, std::move(*bundle));
  }
  std::unique_ptr<registry::Store> opened = SLIPWAY_TRY(registry::open_store(store));
  registry::Catalog catalog(*opened);
  const registry::Version version = SLIPWAY_TRY(catalog.resolve(what));
  auto bundle = model::load(open_in(catalog, version.bundle), version.bundle, verify);
  if (!bundle) return fail(std::move(bundle).error().within(version.text()));
  return from_bundle(version.text(), std::move(*bundle));
}

}  // namespace slipway::cli
