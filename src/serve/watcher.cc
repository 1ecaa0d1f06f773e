// SPDX-License-Identifier: Apache-2.0
// The idea: a look compares what is wanted with the snapshot that is served. Models that are in it already are kept as
// they are; the rest is loaded, one after the other, so that memory never holds more than one that does not answer yet.
#include "serve/watcher.h"

#include <malloc.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace slipway::serve {
namespace {

constexpr int kNice = 10;  // of threads that load and free

// Runs it on a thread that gives way to every other of this process, and waits for it. The thread is a new one each
// time: a low priority cannot be taken back without a privilege.
template <class Work>
void in_background(Work work) {
  std::jthread([&work] {
    ::setpriority(PRIO_PROCESS, id_t(::syscall(SYS_gettid)), kNice);
    work();
  }).join();
}

const Slot* find(const std::vector<Slot>& slots, std::string_view wanted) {
  const auto at = std::ranges::find(slots, wanted, &Slot::wanted);
  return at == slots.end() ? nullptr : &*at;
}

bool is_same(const Slot& a, const Slot& b) {
  return a.name == b.name && a.wanted == b.wanted && a.model == b.model && a.aliases == b.aliases &&
         a.failed == b.failed && a.why == b.why;
}

// As WantedModel::version; what a file has none of is "".
std::string_view version_of(const Slot& slot) {
  return slot.model == nullptr ? std::string_view() : std::string_view(slot.model->options().version);
}

}  // namespace

Watcher::Watcher(ModelSource& source, Service& service, Options options)
    : source_(source), service_(service), options_(std::move(options)) {}

Watcher::~Watcher() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void Watcher::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, stop, options_.every, [] { return false; }) && !stop.stop_requested()) step();
  });
}

bool Watcher::is_due(Clock::time_point now) const {
  return std::ranges::any_of(failures_, [&](const auto& failure) { return failure.second.again <= now; });
}

bool Watcher::step(Clock::time_point now) {
  free_retired();
  check_one();
  const auto tell = [this](const Error& error) {
    if (std::exchange(away_, error.message()) == error.message()) return false;
    service_.log().note("error", "the store cannot be read; what is served stays: " + away_);
    return false;
  };
  const Result<std::uint64_t> generation = source_.generation();
  if (!generation) return tell(generation.error());
  if (generation_ == *generation && !is_due(now)) return false;
  Result<std::vector<WantedModel>> wanted = source_.wanted();
  if (!wanted) return tell(wanted.error());
  if (!std::exchange(away_, {}).empty()) service_.log().note("info", "the store can be read again");

  std::vector<Slot> slots = slots_for(std::move(*wanted), now);
  generation_ = *generation;  // from before wanted(): what came in between is found with the next look
  auto next = std::make_shared<const Snapshot>(std::move(slots), options_.default_model);
  const std::shared_ptr<const Snapshot> before = service_.current();
  if (std::ranges::equal(next->slots(), before->slots(), is_same)) return false;
  for (const Slot& slot : next->slots()) report(slot, find(before->slots(), slot.wanted));
  for (const Slot& slot : before->slots()) {
    if (find(next->slots(), slot.wanted) == nullptr) {
      service_.log().note("info", slot.wanted + " is not served any more: it is not wanted");
    }
  }
  service_.publish(std::move(next));
  return true;
}

std::vector<Slot> Watcher::slots_for(std::vector<WantedModel> wanted, Clock::time_point now) {
  std::erase_if(failures_, [&](const auto& failure) {
    return std::ranges::find(wanted, failure.first, &WantedModel::wanted) == wanted.end();
  });
  std::vector<Slot> slots;
  for (WantedModel& one : wanted) {
    if (one.problem) {
      slots.push_back(fail_slot(one, one.problem->message()));
      continue;
    }
    std::shared_ptr<const ServedModel> model = ready(one, slots, now);
    if (model == nullptr) {
      slots.push_back(fail_slot(one, failures_[one.wanted].why));
      continue;
    }
    failures_.erase(one.wanted);
    slots.push_back({.name = std::move(one.name),
                     .wanted = std::move(one.wanted),
                     .model = std::move(model),
                     .aliases = std::move(one.aliases),
                     .failed = {},
                     .why = {}});
  }
  return slots;
}

// The version that is wanted: from what is served, or loaded. nullptr, and a failure noted, if it cannot be had.
std::shared_ptr<const ServedModel> Watcher::ready(const WantedModel& wanted, const std::vector<Slot>& made,
                                                  Clock::time_point now) {
  const std::shared_ptr<const Snapshot> current = service_.current();
  for (const std::vector<Slot>* slots : {&made, &current->slots()}) {
    for (const Slot& slot : *slots) {
      if (slot.model != nullptr && slot.name == wanted.name && version_of(slot) == wanted.version) return slot.model;
    }
  }
  const auto failed = failures_.find(wanted.wanted);
  const bool known = failed != failures_.end() && failed->second.version == wanted.version;
  if (known && failed->second.again > now) return nullptr;

  Result<std::shared_ptr<const ServedModel>> loaded = fail(Code::kInternal, "it was not loaded");
  in_background([&] {
    // At the start nobody waits for large files to be read. Later nobody waits for anything: what a request would touch
    // first is in memory by the time it is served.
    if (const auto good = generation_ ? source_.check(wanted) : Result<void>(); !good) {
      loaded = fail(good.error());
    } else {
      loaded = source_.load(wanted);
    }
  });
  if (loaded && !generation_) unchecked_.push_back(wanted);
  if (loaded) return std::move(*loaded);
  const auto pause = known ? std::min(failed->second.pause * 2, options_.retry_most) : options_.retry_first;
  failures_[wanted.wanted] = {wanted.version, loaded.error().message(), now + pause, pause};
  return nullptr;
}

// What was served stays, with the aliases that it had: better an older version than none.
Slot Watcher::fail_slot(const WantedModel& wanted, std::string why) {
  Slot slot;
  const std::shared_ptr<const Snapshot> current = service_.current();
  if (const Slot* before = find(current->slots(), wanted.wanted)) slot = *before;
  slot.name = wanted.name;
  slot.wanted = wanted.wanted;
  slot.failed = wanted.version;
  slot.why = std::move(why);
  return slot;
}

void Watcher::report(const Slot& slot, const Slot* before) {
  Log& log = service_.log();
  const std::string was = before == nullptr ? "" : std::string(version_of(*before));
  if (!slot.why.empty() && (before == nullptr || before->why != slot.why || before->failed != slot.failed)) {
    const std::string what = slot.failed.empty() ? slot.wanted : slot.wanted + ": version " + slot.failed;
    const std::string kept = slot.model == nullptr ? "nothing answers for it" : slot.model->title() + " stays";
    return log.note("error", what + " is not served, " + kept + ": " + slot.why);
  }
  if (slot.model == nullptr || (before != nullptr && before->model == slot.model)) return;
  const std::string proof(model::proof_name(slot.model->options().proof));
  log.note("info", slot.wanted + ": " + slot.model->title() + " is served, proof " + proof +
                       (was.empty() ? "" : "; version " + was + " was"));
}

void Watcher::check_one() {
  if (unchecked_.empty()) return;
  const WantedModel one = std::move(unchecked_.back());
  unchecked_.pop_back();
  Result<void> good;
  in_background([&] { good = source_.check(one); });
  if (good) return;
  service_.log().note("error", one.name + ":" + one.version + " is served and damaged: " + good.error().message());
}

// glibc keeps what is freed, in the arena of the thread that allocated it; malloc_trim gives whole pages back.
void Watcher::free_retired() {
  std::vector<std::unique_ptr<Seat>> retired = service_.take_retired();
  if (retired.empty()) return;
  in_background([&] {
    retired.clear();
    ::malloc_trim(0);
  });
}

}  // namespace slipway::serve
