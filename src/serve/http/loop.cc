// SPDX-License-Identifier: Apache-2.0
// The idea: a loop owns its connections in a plain vector and walks it a few times a second for deadlines; a request
// starts no timer. Closed connections wait in a second list for their last operation to come back.
#include "serve/http/loop.h"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "serve/http/connection.h"

namespace slipway::serve::http {
namespace {

constexpr std::chrono::milliseconds kSweepEvery{250};
constexpr std::chrono::milliseconds kSweepEveryDraining{20};
constexpr std::size_t kKeptOut = 1024 * 1024;

}  // namespace

Loop::Loop(Shared& all, Pool& threads)
    : shared(all),
      pool(threads),
      io(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO),  // sockets are touched by this loop's thread only; post() is safe
      bench(all.handlers),
      now(Clock::now()),
      waste(16 * 1024),
      timer_(io) {
  schedule_sweep();
}

Loop::~Loop() = default;

void Loop::start() {
  thread_ = std::jthread([this] { io.run(); });
}

void Loop::stop() {
  asio::post(io, [this] {
    timer_.cancel();
    io.stop();
  });
  if (thread_.joinable()) thread_.join();
  connections_.clear();
  closed_.clear();
}

void Loop::adopt(const Arrival& arrival) {
  load_.fetch_add(1, std::memory_order_relaxed);
  asio::dispatch(io, [this, arrival] { open(arrival); });
}

void Loop::open(const Arrival& arrival) {
  now = Clock::now();
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
}

void Loop::cut_all() {
  asio::post(io, [this] {
    while (!connections_.empty()) connections_.back()->close();
  });
}

void Loop::schedule_sweep() {
  timer_.expires_after(shared.draining.load() ? kSweepEveryDraining : kSweepEvery);
  timer_.async_wait([this](const boost::system::error_code& ec) {
    if (!ec) sweep();
  });
}

void Loop::sweep() {
  now = Clock::now();
  // Backwards: a connection that closes takes the last one into its place, which has been looked at.
  for (std::size_t i = connections_.size(); i-- > 0;) connections_[i]->sweep();
  std::erase_if(closed_, [](const auto& connection) { return connection->is_over(); });
  if (out.capacity() > kKeptOut) std::string().swap(out);
  schedule_sweep();
}

}  // namespace slipway::serve::http
