// SPDX-License-Identifier: Apache-2.0
// The catalogue's objects: their keys, and their text, which is JSON. What is read is foreign: lengths, depth, types
// and names are checked, fields that are not known are passed over. Errors name the object.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "registry/store.h"
#include "registry/version.h"

namespace slipway::registry {

inline constexpr std::size_t kObjectBytes = std::size_t{64} << 10;  // of a version, an entry, a tombstone
inline constexpr std::uint32_t kHighestNumber = 999'999'999;
inline constexpr std::string_view kManifest = "manifest.json";

bool is_bundle_id(std::string_view id);
std::string bundle_folder(std::string_view id);                                              // "bundles/<id>"
std::string lock_folder(std::string_view id);                                                // "locks/<id>"
std::string version_folder(std::string_view name);                                           // "models/churn/versions"
std::string alias_folder(std::string_view name);                                             // "models/churn/aliases"
std::string version_key(std::string_view name, std::uint32_t number);                        // ".../3.json"
std::string tombstone_key(std::string_view name, std::uint32_t number);                      // ".../3.removed.json"
std::string entry_key(std::string_view name, std::string_view alias, std::uint32_t number);  // ".../000007.json"

// What the names in versions/ come to.
struct VersionNames {
  struct Item {
    std::optional<Store::Entry> version;
    bool removed = false;
    bool live() const { return version && !removed; }
  };
  std::map<std::uint32_t, Item> items;
  std::vector<Error> problems;  // names that mean nothing
  std::uint32_t highest() const { return items.empty() ? 0 : items.rbegin()->first; }
  std::uint32_t newest() const;  // the highest that is live, or 0
};
Result<VersionNames> list_versions(const Store& store, std::string_view name);

// What the names in an alias's folder come to.
struct EntryNames {
  std::map<std::uint32_t, Store::Entry> items;
  std::vector<Error> problems;
  std::uint32_t highest() const { return items.empty() ? 0 : items.rbegin()->first; }
};
Result<EntryNames> list_entries(const Store& store, std::string_view name, std::string_view alias);

// kNotFound, kCorrupt, kTooLarge, kIo.
Result<Version> read_version(const Store& store, std::string_view name, std::uint32_t number);
Result<Entry> read_entry(const Store& store, std::string_view name, std::string_view alias, std::uint32_t number);

std::string version_json(const Version& version);
std::string entry_json(const Entry& entry);
std::string tombstone_json(std::string_view at, std::string_view by, std::string_view why);

}  // namespace slipway::registry
