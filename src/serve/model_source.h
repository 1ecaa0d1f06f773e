// SPDX-License-Identifier: Apache-2.0
// Where served models come from, as the watcher sees it: what shall be served now, and one of these made ready.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "serve/served_model.h"

namespace slipway::serve {

// One thing that shall be served, and the version that it means at this moment.
struct WantedModel {
  std::string name;
  std::string wanted;                // as it was asked for: "churn@production"; unique in a list
  std::string version;               // "3"
  std::vector<std::string> aliases;  // that mean this version now
  std::optional<Error> problem;      // there is no telling which version; `version` and `aliases` are empty
};

// Called by one thread at a time.
class ModelSource {
 public:
  virtual ~ModelSource() = default;

  // Equal numbers: wanted() would answer the same. Cheap; asked several times a second. Errors: the store is away.
  virtual Result<std::uint64_t> generation() = 0;

  virtual Result<std::vector<WantedModel>> wanted() = 0;

  // Reads every byte of it that load() may leave to the moment when it is used, and checks it.
  virtual Result<void> check(const WantedModel& wanted) = 0;

  // Reads, checks, compiles and proves it. Takes its time; on a thread of low priority, as check().
  virtual Result<std::shared_ptr<const ServedModel>> load(const WantedModel& wanted) = 0;
};

}  // namespace slipway::serve
