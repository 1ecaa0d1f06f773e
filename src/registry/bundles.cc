// SPDX-License-Identifier: Apache-2.0
// Order is everything here. An importer: lock, look for removers, files, manifest, (the caller: version), unlock. A
// remover: lock, (the caller: tombstone), look for importers, look for versions, delete the manifest, delete the
// files, unlock. Whatever is cut off leaves a bundle that a version names whole, and a lock by which the rest is found.
#include "registry/bundles.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "registry/objects.h"
#include "registry/reference.h"

namespace slipway::registry {
namespace {

constexpr std::string_view kImporting = "importing-";
constexpr std::string_view kRemoving = "removing-";
constexpr auto kPatience = std::chrono::seconds(3);
constexpr auto kStep = std::chrono::milliseconds(50);
constexpr std::size_t kMostFiles = 10'000;

std::int64_t lease_ms(Work work) { return work == Work::kImporting ? kImportingLeaseMs : kRemovingLeaseMs; }

}  // namespace

Result<Bundles::Lock> Bundles::lock(std::string_view id, Work work) {
  Lock out{.key = {}, .taken_ms = now_(), .work = work};
  for (;;) {
    out.key = fmt::format("{}/{}{:08x}{:08x}", lock_folder(id), work == Work::kImporting ? kImporting : kRemoving,
                          ::arc4random(), ::arc4random());
    // Empty: it finds a place on a disk that is full, where half an import must be deleted again.
    const bool taken = SLIPWAY_TRY(store_.put_if_absent(out.key, ""));
    if (taken) return out;
  }
}

void Bundles::unlock(const Lock& lock) { [[maybe_unused]] const auto removed = store_.remove(lock.key); }

Result<void> Bundles::check_in_time(const Lock& lock) const {
  if (now_() - lock.taken_ms < lease_ms(lock.work) / 2) return {};
  return fail(Code::kTimeout, "this took longer than others wait for it", "Run it again");
}

Result<Bundles::Locks> Bundles::locks(std::string_view id) const {
  const std::string folder = lock_folder(id);
  const std::vector<Store::Entry> entries = SLIPWAY_TRY(store_.list(folder));
  Locks out;
  for (const Store::Entry& entry : entries) {
    const bool removing = entry.name.starts_with(kRemoving);
    if (entry.kind != Store::Kind::kObject || (!removing && !entry.name.starts_with(kImporting))) continue;
    if (now_() - entry.modified_ms > lease_ms(removing ? Work::kRemoving : Work::kImporting)) {
      out.stale.push_back(folder + "/" + entry.name);
    } else {
      (removing ? out.removing : out.importing) = true;
    }
  }
  return out;
}

Result<void> Bundles::wait_for_removers(std::string_view id) const {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    const Locks found = SLIPWAY_TRY(locks(id));
    if (!found.removing) return {};
    if (std::chrono::steady_clock::now() > until) {
      return fail(Code::kBusy, "the same bundle is being removed at this moment",
                  "Try again in a minute. If that removal was cut short, repeat it, or delete what is in " +
                      store_.locate(lock_folder(id)) + "; it stops counting after ten minutes");
    }
    std::this_thread::sleep_for(kStep);
  }
}

Result<void> Bundles::put(const BundleFiles& bundle, const Lock& lock) {
  const auto put_one = [&](const BundleFiles::File& file) -> Result<void> {
    SLIPWAY_TRY(check_in_time(lock));
    const std::string key = bundle_folder(bundle.id) + "/" + file.name;
    const bool written = SLIPWAY_TRY(store_.put_if_absent(key, file.bytes));
    if (written) return {};
    // From an import that was cut short, or of another model with the same bytes.
    const Result<FileBytes> there = store_.get(key, file.bytes.size());
    if (there && file.bytes == there->bytes()) return {};
    if (!there && there.error().code() != Code::kTooLarge) return fail(there.error());
    return fail(Code::kCorrupt, store_.locate(key) + " is not what its bundle's id promises",
                "Move " + store_.locate(bundle_folder(bundle.id)) + " out of the store and import again");
  };
  const BundleFiles::File* manifest = nullptr;
  for (const BundleFiles::File& file : bundle.files) {
    if (file.name == kManifest) {
      manifest = &file;
    } else {
      SLIPWAY_TRY(put_one(file));
    }
  }
  SLIPWAY_ASSERT(manifest != nullptr);
  return put_one(*manifest);
}

Result<std::vector<std::pair<std::string, std::uint64_t>>> Bundles::files(std::string_view id) const {
  const std::string root = bundle_folder(id);
  std::vector<std::pair<std::string, std::uint64_t>> out;
  std::vector<std::string> folders = {""};  // "" or "source/"; keys end after eight components, and so does this
  while (!folders.empty()) {
    const std::string folder = std::move(folders.back());
    folders.pop_back();
    std::string key = root + "/" + folder;
    key.pop_back();
    if (!is_key(key)) continue;
    const std::vector<Store::Entry> entries = SLIPWAY_TRY(store_.list(key));
    for (const Store::Entry& entry : entries) {
      if (entry.kind == Store::Kind::kFolder) folders.push_back(folder + entry.name + "/");
      if (entry.kind == Store::Kind::kObject) out.emplace_back(folder + entry.name, entry.bytes);
    }
    if (out.size() + folders.size() > kMostFiles) {
      return fail(Code::kTooLarge, store_.locate(root) + " holds too many files for a bundle", "Look at it");
    }
  }
  std::ranges::sort(out);
  return out;
}

// "churn:3 uses it" if a version of the model does.
Result<std::string> Bundles::user_in(std::string_view name, std::string_view id) const {
  const VersionNames versions = SLIPWAY_TRY(list_versions(store_, name));
  for (const auto& [number, item] : versions.items) {
    if (!item.live()) continue;
    const Version version = SLIPWAY_TRY(read_version(store_, name, number));
    if (version.bundle == id) return version.text() + " uses it";
  }
  return std::string();
}

// `gone`: nobody needs it. What cannot be read may need it.
Result<Bundles::Collected> Bundles::user_of(std::string_view id) const {
  const std::vector<Store::Entry> models = SLIPWAY_TRY(store_.list("models"));
  for (const Store::Entry& model : models) {
    if (model.kind != Store::Kind::kFolder || !check_name(model.name)) continue;
    Result<std::string> user = user_in(model.name, id);
    if (!user) return Collected{.kept_because = "it may be in use: " + user.error().message()};
    if (!user->empty()) return Collected{.in_use = true, .kept_because = *std::move(user)};
  }
  return Collected{.gone = true, .kept_because = {}};
}

Result<Bundles::Collected> Bundles::collect(std::string_view id, const Lock& lock) {
  const Locks found = SLIPWAY_TRY(locks(id));
  if (found.importing) return Collected{.kept_because = "it is being imported at this moment"};
  Collected out = SLIPWAY_TRY(user_of(id));
  if (!out.gone) return out;
  const std::string root = bundle_folder(id);
  const auto remove_one = [&](std::string_view name) -> Result<void> {
    SLIPWAY_TRY(check_in_time(lock));
    return store_.remove(root + "/" + std::string(name));
  };
  SLIPWAY_TRY(remove_one(kManifest));
  const auto rest = SLIPWAY_TRY(files(id));
  for (const auto& [name, bytes] : rest) SLIPWAY_TRY(remove_one(name));
  for (const std::string& key : found.stale) SLIPWAY_TRY(store_.remove(key));
  return out;
}

void Bundles::collect_left() {
  const auto folders = store_.list("locks");
  if (!folders) return;
  for (const Store::Entry& folder : *folders) {
    if (folder.kind != Store::Kind::kFolder || !is_bundle_id(folder.name)) continue;
    const auto found = locks(folder.name);
    if (!found || found->stale.empty()) continue;
    const auto mine = lock(folder.name, Work::kRemoving);
    if (!mine) return;
    const auto kept = collect(folder.name, *mine);
    if (kept && kept->in_use) {
      for (const std::string& key : found->stale) {
        [[maybe_unused]] const auto removed = store_.remove(key);
      }
    }
    unlock(*mine);
  }
}

}  // namespace slipway::registry
