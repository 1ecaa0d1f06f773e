// SPDX-License-Identifier: Apache-2.0
// The idea: a ring of borrowed jobs under one mutex. Nothing is allocated after the start.
#include "serve/http/pool.h"

#include <algorithm>
#include <utility>

namespace slipway::serve::http {

Bench::Bench(const std::vector<const Handler*>& all) : handlers(all) {
  for (const Handler* handler : handlers) workers.push_back(handler->make_worker());
}

void Bench::refresh() {
  for (std::size_t i = 0; i < workers.size(); ++i) handlers[i]->refresh(*workers[i]);
}

Pool::Pool(unsigned threads, unsigned queue, const std::vector<const Handler*>& handlers) : ring_(std::max(1U, queue)) {
  for (unsigned i = 0; i < std::max(1U, threads); ++i)
    threads_.emplace_back([this, &handlers] {
      Bench bench(handlers);
      work(bench);
    });
}

Pool::~Pool() { stop(); }

bool Pool::submit(Job& job) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || waiting_ == ring_.size()) return false;
    ring_[(first_ + waiting_++) % ring_.size()] = &job;
  }
  wake_.notify_one();
  return true;
}

void Pool::refresh() {
  {
    const std::lock_guard lock(mutex_);
    ++refreshes_;
  }
  wake_.notify_all();
}

void Pool::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  threads_.clear();
}

void Pool::work(Bench& bench) {
  std::uint64_t refreshed = 0;
  for (;;) {
    Job* job = nullptr;
    bool refresh = false;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return stopping_ || waiting_ != 0 || refreshed != refreshes_; });
      if (stopping_) return;
      refresh = std::exchange(refreshed, refreshes_) != refreshes_;
      if (waiting_ != 0) {
        job = ring_[first_];
        first_ = (first_ + 1) % ring_.size();
        --waiting_;
      }
    }
    if (refresh) bench.refresh();
    if (job != nullptr) job->run(bench);
  }
}

}  // namespace slipway::serve::http
