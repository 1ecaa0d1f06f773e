// SPDX-License-Identifier: Apache-2.0
// The idea: edge-triggered epoll, asked once for all that has happened since. One look at the clock serves the whole
// batch. The order in a round is events, what was posted, what was put back, timers: so whatever a timer destroys is no
// longer spoken of.
#include "serve/http/reactor.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace slipway::serve::http {
namespace {

constexpr std::size_t kEventsATurn = 256;

}  // namespace

Reactor::Reactor() : now_(Clock::now()) {
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  // Every write is an edge, so the eventfd is never read.
  epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.ptr = nullptr}};
  if (epoll_ >= 0 && wake_ >= 0 && ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event) == 0) return;
  const int number = errno;
  ::close(epoll_);
  ::close(wake_);
  throw std::system_error(number, std::generic_category());
}

Reactor::~Reactor() {
  ::close(epoll_);
  ::close(wake_);
}

void Reactor::List::push(Task& task) {
  task.next_ = nullptr;
  (first == nullptr ? first : last->next_) = &task;
  last = &task;
}

void Reactor::wake(std::unique_lock<std::mutex>& lock) {
  const bool asleep = !std::exchange(woken_, true);
  lock.unlock();
  if (!asleep) return;
  const std::uint64_t one = 1;
  std::ignore = ::write(wake_, &one, sizeof one);
}

void Reactor::post(Task& task) {
  std::unique_lock lock(mutex_);
  posted_.push(task);
  wake(lock);
}

void Reactor::post(std::function<void()> function) {
  std::unique_lock lock(mutex_);
  functions_.push_back(std::move(function));
  wake(lock);
}

bool Reactor::add(int descriptor, std::uint32_t events, Source& source) {
  epoll_event event{.events = events, .data = {.ptr = &source}};
  return ::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void Reactor::remove(int descriptor) { ::epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr); }

void Reactor::run() {
  std::array<epoll_event, kEventsATurn> events;
  while (!stopped_) {
    // Not epoll_wait(): glibc's is a cancellation point, two atomic operations each. No thread here is ever cancelled.
    const long count = ::syscall(SYS_epoll_pwait, epoll_, events.data(), int(events.size()), wait_ms(), nullptr, 0);
    now_ = Clock::now();
    bool posted = false;
    for (long i = 0; i < count; ++i) {
      const epoll_event& event = events[std::size_t(i)];
      if (event.data.ptr == nullptr)
        posted = true;
      else
        static_cast<Source*>(event.data.ptr)->on_events(event.events);
    }
    if (after_events) after_events();
    if (posted) run_posted();
    if (ready_.first != nullptr) run(ready_);
    if (!stopped_) run_timers();
  }
}

// Those that are in the list now, not those that they put there.
void Reactor::run(List& list) {
  for (Task* task = std::exchange(list, {}).first; task != nullptr;)
    std::exchange(task, task->next_)->run_task();  // it may be in the list again before this returns
}

void Reactor::run_posted() {
  List tasks;
  std::vector<std::function<void()>> functions;
  {
    const std::lock_guard lock(mutex_);
    tasks = std::exchange(posted_, {});
    functions.swap(functions_);
    woken_ = false;
  }
  for (const auto& function : functions) function();
  run(tasks);
}

void Reactor::run_timers() {
  for (std::size_t i = 0; i < timers_.size(); ++i) {
    if (timers_[i]->at > now_) continue;
    timers_[i]->at = Timer::kNever;
    timers_[i]->fire();
  }
}

int Reactor::wait_ms() const {
  if (ready_.first != nullptr) return 0;
  auto next = Timer::kNever;
  for (const Timer* timer : timers_) next = std::min(next, timer->at);
  if (next == Timer::kNever) return -1;
  return int(std::clamp<std::int64_t>(std::chrono::ceil<std::chrono::milliseconds>(next - now_).count(), 0, 60'000));
}

}  // namespace slipway::serve::http
