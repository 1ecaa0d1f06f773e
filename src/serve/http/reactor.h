// SPDX-License-Identifier: Apache-2.0
// What one thread waits for: descriptors, points in time, and what other threads hand over. Internal to the server.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include "serve/http/message.h"

namespace slipway::serve::http {

class Reactor {
 public:
  // Is told of what happens to a descriptor.
  class Source {
   public:
    // EPOLLIN and so on, possibly of a moment before the descriptor was closed.
    virtual void on_events(std::uint32_t events) = 0;

   protected:
    ~Source() = default;
  };

  // Is called once for each time it is handed over. In one list at a time.
  class Task {
   public:
    virtual void run_task() = 0;

   protected:
    ~Task() = default;

   private:
    friend class Reactor;
    Task* next_ = nullptr;
  };

  // Fires once, some time after `at`; may be set again then.
  struct Timer {
    static constexpr auto kNever = Clock::time_point::max();
    std::function<void()> fire;
    Clock::time_point at = kNever;
  };

  // Throws std::system_error if descriptors have run out.
  Reactor();
  ~Reactor();
  Reactor(const Reactor&) = delete;

  // Any thread. Does not allocate.
  void post(Task& task);
  // Any thread. Called in order, before any task that is posted later.
  void post(std::function<void()> function);

  // Waits and calls until stop(). What has been handed over and not called by then never is.
  void run();

  // From here on: the thread of run(), or before it. Nothing is owned. All the callbacks may do all of this; a Source
  // is destroyed from a Timer at the earliest, because an event of it may already be at hand.
  void stop() { stopped_ = true; }
  // False if the kernel refuses. EPOLLET is up to the caller. Closing the descriptor removes it too.
  bool add(int descriptor, std::uint32_t events, Source& source);
  void remove(int descriptor);
  void add(Timer& timer) { timers_.push_back(&timer); }
  // Calls the task when the others that wait now have had their turn.
  void later(Task& task) { ready_.push(task); }
  // Called in each round when the events have been handled, before anything else. May be empty.
  std::function<void()> after_events;
  // When the events being handled were learned of.
  Clock::time_point now() const { return now_; }

 private:
  struct List {
    Task* first = nullptr;
    Task* last = nullptr;
    void push(Task& task);
  };
  static void run(List& list);
  void run_posted();
  void run_timers();
  void wake(std::unique_lock<std::mutex>& lock);
  int wait_ms() const;

  int epoll_ = -1;
  int wake_ = -1;  // an eventfd
  bool stopped_ = false;
  Clock::time_point now_;
  List ready_;
  std::vector<Timer*> timers_;
  std::mutex mutex_;  // guards the rest
  List posted_;
  std::vector<std::function<void()>> functions_;
  bool woken_ = false;
};

}  // namespace slipway::serve::http
