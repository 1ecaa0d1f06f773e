// SPDX-License-Identifier: Apache-2.0
// The idea: a loop owns its connections in a plain vector and walks it a few times a second for deadlines; a request
// starts no timer. Closed connections wait in a second list for the next sweep: an event of them may be at
// hand, or a job on the pool.
#include "serve/http/loop.h"

#include <unistd.h>

#include <utility>

#include "serve/http/connection.h"

namespace slipway::serve::http {
namespace {

constexpr std::chrono::milliseconds kSweepEvery{250};
constexpr std::chrono::milliseconds kSweepEveryDraining{20};
constexpr std::size_t kKeptOut = 1024 * 1024;
constexpr std::chrono::microseconds kHeldAtMost{50};  // and the request that is being answered then

}  // namespace

Loop::Loop(Shared& all, Pool& threads)
    : shared(all),
      pool(threads),
      bench(all.handlers),
      waste(16 * 1024),
      sweep_{.fire = [this] { sweep(); }, .at = reactor.now() + kSweepEvery} {
  reactor.add(sweep_);
  reactor.after_events = [this] { send_held(); };
}

Loop::~Loop() = default;

void Loop::start() {
  thread_ = std::jthread([this] { reactor.run(); });
}

void Loop::stop() {
  reactor.post([this] {
    stopping_ = true;
    while (!connections_.empty()) connections_.back()->close();
    reactor.stop();
  });
  if (thread_.joinable())
    thread_.join();
  else
    reactor.run();  // never started
  closed_.clear();
}

void Loop::adopt(const Arrival& arrival, bool on_own_thread) {
  load_.fetch_add(1, std::memory_order_relaxed);
  if (on_own_thread) return open(arrival);
  reactor.post([this, arrival] { open(arrival); });
}

void Loop::open(const Arrival& arrival) {
  if (stopping_) {
    ::close(arrival.descriptor);
    return;
  }
  auto connection = std::make_unique<Connection>(*this, arrival);
  Connection& opened = *connection;
  opened.position = connections_.size();
  connections_.push_back(std::move(connection));
  opened.start(arrival.over_limit);
}

void Loop::forget(Connection& connection) {
  const std::size_t position = connection.position;
  closed_.push_back(std::move(connections_[position]));
  if (position + 1 != connections_.size()) {
    connections_[position] = std::move(connections_.back());
    connections_[position]->position = position;
  }
  connections_.pop_back();
  load_.fetch_sub(1, std::memory_order_relaxed);
  shared.open.fetch_sub(1);
  shared.open_on[connection.listener()].fetch_sub(1);
}

// Each send wakes the client that waits for it, which costs more than the send if the client has just gone to sleep.
// When they come together it has not, and the kernel's side of it stays in the cache.
void Loop::hold(Connection& connection, std::string_view text) {
  holders_.push_back({&connection, held_.size(), text.size()});
  held_.append(text);
  if (Clock::now() - reactor.now() > kHeldAtMost) send_held();
}

void Loop::send_held() {
  if (holders_.empty()) return;
  for (const Held& one : holders_) one.connection->send_held(std::string_view(held_).substr(one.at, one.size));
  holders_.clear();
  held_.clear();
}

void Loop::cut_all() {
  reactor.post([this] {
    while (!connections_.empty()) connections_.back()->close();
  });
}

void Loop::sweep() {
  // Backwards: a connection that closes takes the last one into its place, which has been looked at.
  for (std::size_t i = connections_.size(); i-- > 0;) connections_[i]->sweep();
  std::erase_if(closed_, [](const auto& connection) { return connection->is_over(); });
  if (out.capacity() > kKeptOut) std::string().swap(out);
  if (held_.capacity() > kKeptOut) std::string().swap(held_);
  sweep_.at = reactor.now() + (shared.draining.load() ? kSweepEveryDraining : kSweepEvery);
}

}  // namespace slipway::serve::http
