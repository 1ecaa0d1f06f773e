// SPDX-License-Identifier: Apache-2.0
// Keeps a service at what its source wants: new versions are made ready beside those that answer and are swapped in
// whole; one that fails leaves the one before in its place. Loading and freeing happen on a thread of low priority, so
// that they take the processor from nobody who answers.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "serve/model_source.h"
#include "serve/service.h"

namespace slipway::serve {

class Watcher {
 public:
  using Clock = std::chrono::steady_clock;
  struct Options {
    std::string default_model;  // as Snapshot takes it
    std::chrono::milliseconds every{250};
    // A version that failed is tried again after this, then after twice that, and so on up to retry_most.
    std::chrono::milliseconds retry_first{5'000};
    std::chrono::milliseconds retry_most{300'000};
  };
  // Both outlive the watcher.
  Watcher(ModelSource& source, Service& service, Options options);
  ~Watcher();  // waits for the load that runs

  // One look: loads what is new, publishes what has changed, frees what is over. True if something was published. For
  // the start, and for tests; not while the thread runs.
  bool step(Clock::time_point now = Clock::now());

  // Looks every `every` from now on, on a thread of its own.
  void start();

 private:
  struct Failure {
    std::string version;
    std::string why;
    Clock::time_point again;
    std::chrono::milliseconds pause;
  };

  bool is_due(Clock::time_point now) const;
  std::vector<Slot> slots_for(std::vector<WantedModel> wanted, Clock::time_point now);
  std::shared_ptr<const ServedModel> ready(const WantedModel& wanted, const std::vector<Slot>& made,
                                           Clock::time_point now);
  Slot fail_slot(const WantedModel& wanted, std::string why);
  void report(const Slot& slot, const Slot* before);
  void check_one();
  void free_retired();

  ModelSource& source_;
  Service& service_;
  const Options options_;
  std::optional<std::uint64_t> generation_;  // that was looked at last
  std::string away_;                         // why the source could not be asked; "" when it could
  std::map<std::string, Failure> failures_;  // by Slot::wanted
  std::vector<WantedModel> unchecked_;       // served since the start, before their large files were read

  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;  // last: it uses the rest
};

}  // namespace slipway::serve
