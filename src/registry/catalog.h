// SPDX-License-Identifier: Apache-2.0
// Names, versions and aliases over a store. A version never changes and its number is never used twice; an alias is
// the highest entry of its journal. Whatever is cut short leaves the old state or the new one (docs/store.md says
// why), and can be done again. Any call from any thread; several processes may work on one store at once.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "registry/reference.h"
#include "registry/store.h"
#include "registry/version.h"

namespace slipway::registry {

// What a bare name means, if there is this alias.
inline constexpr std::string_view kDefaultAlias = "production";

struct Promotion {
  std::uint32_t from = 0;  // the version before; 0 if the alias is new
  std::uint32_t to = 0;
  std::uint32_t entry = 0;
  bool moved = false;  // false: it stood there already, nothing was written
};

struct Removal {
  bool already = false;      // it was removed before
  bool bundle_gone = false;  // its files are deleted
  std::string kept_because;  // else: who still needs them, or what could not be read
};

class Catalog {
 public:
  using Now = std::function<std::int64_t()>;  // milliseconds since 1970
  // Borrows the store.
  explicit Catalog(Store& store, Now now = unix_ms_now) : store_(store), now_(std::move(now)) {}

  // Stores the bundle (what of it is there already is compared, not written again) and gives it the next number. The
  // same bundle under the same label is the version that has it already. kUsage for names; kInvalid if the label
  // belongs to another bundle; kCorrupt if other bytes stand under this id; kBusy while the same bundle is being
  // deleted; kIo. After an error the version is not there; what was written of the bundle is deleted, now or later.
  Result<Version> publish(std::string_view name, const BundleFiles& bundle, const VersionInfo& info);

  // kNotFound with the nearest name, label or alias. "churn" is churn@production if there is that alias, else the
  // newest version. kCorrupt if the object that decides cannot be read: an older one is never taken instead.
  Result<Version> resolve(std::string_view reference);
  Result<Version> resolve(const Reference& reference);

  // Everything, by name; a broken model has problems and costs the others nothing. kNotFound, kIo: the store is away.
  Result<std::vector<ModelState>> models();
  Result<ModelState> model(std::string_view name);  // kNotFound with the nearest name

  // Equal numbers: models() would answer the same. Reads names, no object: for a watcher that asks every second.
  Result<std::uint64_t> generation();

  // Points the alias at what `reference` names. kNotFound, also if its bundle is not there.
  Result<Promotion> promote(std::string_view reference, std::string_view alias, std::string_view by,
                            std::string_view why);
  // Points the alias at the version it meant before; once more, at the one before that. kNotFound; kInvalid if there
  // is none that is not removed; kBusy if somebody moves the alias at the same moment.
  Result<Promotion> rollback(std::string_view name, std::string_view alias, std::string_view by, std::string_view why);
  // The journal of an alias, oldest first. kNotFound; kCorrupt if an entry cannot be read.
  Result<std::vector<Entry>> history(std::string_view name, std::string_view alias);

  struct RemoveOptions {
    bool force = false;  // also if an alias points at it, or it cannot be read
    std::string by, why;
  };
  // Leaves a tombstone, then deletes the bundle if no other version uses it. `name:version` or `name:label`.
  // kNotFound; kInvalid if an alias points at it. Again: finishes what was cut short.
  Result<Removal> remove(std::string_view reference, const RemoveOptions& options);

  // A bundle's files and sizes, "manifest.json" among them; kNotFound if the bundle is not whole.
  Result<std::vector<std::pair<std::string, std::uint64_t>>> bundle_files(std::string_view id) const;
  Result<FileBytes> bundle_file(std::string_view id, std::string_view name, std::size_t limit) const;

 private:
  template <class T>
  struct Remembered {
    std::int64_t modified_ms;
    std::uint64_t bytes;
    T value;
  };
  template <class T>
  using Memory = std::map<std::string, Remembered<T>, std::less<>>;  // by key
  Result<ModelState> read_model(std::string_view name);
  void read_aliases(ModelState& state);
  Result<void> check_model(std::string_view name) const;
  Result<void> check_no_alias(std::string_view name, std::uint32_t number);
  Result<std::optional<Version>> find_label(std::string_view name, std::string_view label);
  Result<Version> put_version(Version version);
  Result<void> put_tombstone(const Version& version, const RemoveOptions& options);
  Result<Version> resolve_number(std::string_view name, std::uint32_t number);
  Result<Version> resolve_label(std::string_view name, std::string_view label);
  Result<Version> resolve_alias(std::string_view name, std::string_view alias);

  Store& store_;
  const Now now_;
  std::mutex mutex_;  // guards what follows: objects that models() has read, as they were when it did
  Memory<Version> versions_;
  Memory<Entry> entries_;
};

}  // namespace slipway::registry
