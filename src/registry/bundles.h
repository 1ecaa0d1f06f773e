// SPDX-License-Identifier: Apache-2.0
// The files of bundles: stored by importers, deleted when no version uses them. One bundle may be both at once: an
// importer finds the files there and relies on them while somebody removes the last version that used them. Each says
// first what it is about to do, in an object under locks/<id>/, and only then looks for the other: whoever comes
// second sees the first. A lock of somebody who was killed counts for a time only, and tells later calls where to
// clean up.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "registry/store.h"
#include "registry/version.h"

namespace slipway::registry {

enum class Work : std::uint8_t { kImporting, kRemoving };

// How long a lock counts. Its owner gives up at half of that.
inline constexpr std::int64_t kImportingLeaseMs = std::int64_t{24} * 3600 * 1000;
inline constexpr std::int64_t kRemovingLeaseMs = std::int64_t{10} * 60 * 1000;

class Bundles {
 public:
  using Now = std::function<std::int64_t()>;
  Bundles(Store& store, const Now& now) : store_(store), now_(now) {}

  struct Lock {
    std::string key;
    std::int64_t taken_ms = 0;
    Work work = Work::kImporting;
  };
  Result<Lock> lock(std::string_view id, Work work);
  void unlock(const Lock& lock);  // one that cannot be deleted runs out
  // kTimeout if others may soon take the lock for one of the dead.
  Result<void> check_in_time(const Lock& lock) const;

  // Waits some seconds while the bundle is being deleted: kBusy.
  Result<void> wait_for_removers(std::string_view id) const;

  // REQUIRES: an importing lock. The manifest goes last. kCorrupt if other bytes stand there.
  Result<void> put(const BundleFiles& bundle, const Lock& lock);

  struct Collected {
    bool gone = false;
    bool in_use = false;       // a version has been seen that uses it
    std::string kept_because;  // "" if it is gone
  };
  // REQUIRES: a removing lock. Deletes the files if nobody needs them.
  Result<Collected> collect(std::string_view id, const Lock& lock);

  // Finishes what those have left whose locks have run out. Best effort: an error here is nobody's.
  void collect_left();

  // Every file under bundles/<id>, by name, with its size; whole or not.
  Result<std::vector<std::pair<std::string, std::uint64_t>>> files(std::string_view id) const;

 private:
  struct Locks {
    bool importing = false;  // by somebody who may be alive
    bool removing = false;
    std::vector<std::string> stale;  // keys
  };
  Result<Locks> locks(std::string_view id) const;
  Result<Collected> user_of(std::string_view id) const;
  Result<std::string> user_in(std::string_view name, std::string_view id) const;

  Store& store_;
  const Now& now_;
};

}  // namespace slipway::registry
