// SPDX-License-Identifier: Apache-2.0
// Threads for what would hold up a loop, behind a bounded queue. Internal to the server.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "serve/http/codec.h"
#include "serve/http/handler.h"

namespace slipway::serve::http {

// One worker for each listener's handler, of one thread, with that thread's Date.
struct Bench {
  // The handlers outlive the bench.
  explicit Bench(const std::vector<const Handler*>& handlers);
  // As Handler::refresh(), for each of the workers.
  void refresh();

  const std::vector<const Handler*>& handlers;
  std::vector<std::unique_ptr<Worker>> workers;
  DateText date;
};

class Pool {
 public:
  class Job {
   public:
    virtual void run(Bench& bench) = 0;

   protected:
    ~Job() = default;
  };

  // The handlers outlive the pool.
  Pool(unsigned threads, unsigned queue, const std::vector<const Handler*>& handlers);
  ~Pool();  // as stop()

  // False if the queue is full. The job is borrowed until it has run or stop() has returned. Any thread.
  bool submit(Job& job);

  // Each thread refreshes its bench, before its next job. Any thread.
  void refresh();

  // Waits for the jobs that run, drops the others, ends the threads.
  void stop();

 private:
  void work(Bench& bench);

  std::mutex mutex_;  // guards the ring, refreshes_ and stopping_
  std::condition_variable wake_;
  std::vector<Job*> ring_;
  std::size_t first_ = 0, waiting_ = 0;
  std::uint64_t refreshes_ = 0;
  bool stopping_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace slipway::serve::http
