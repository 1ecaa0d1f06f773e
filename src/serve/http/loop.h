// SPDX-License-Identifier: Apache-2.0
// One event loop, its thread, and the connections that live on it. Internal to the server.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "serve/http/pool.h"
#include "serve/http/reactor.h"
#include "serve/http/server.h"

namespace slipway::serve::http {

class Connection;

// What all loops share.
struct Shared {
  ServerOptions options;
  std::vector<const Handler*> handlers;  // one a listener
  std::atomic<std::uint64_t> accepted{0}, refused{0}, open{0}, timeouts{0}, resets{0}, accept_errors{0},
      pool_rejections{0};
  std::unique_ptr<std::atomic<std::uint64_t>[]> open_on;  // a listener each; they add up to `open`
  std::atomic<bool> draining{false};                      // answers say close
  std::atomic<bool> close_idle{false};                    // and the listeners are closed, so idle connections are
};

struct Arrival {
  int descriptor = -1;
  std::size_t listener = 0;
  bool over_limit = false;  // to be answered 503
  char client[48] = {};
};

class Loop {
 public:
  Loop(Shared& shared, Pool& pool);
  ~Loop();  // after join()

  // Starts the thread.
  void start();
  // Cuts off every connection and ends the thread.
  void stop();

  // Any thread.
  void adopt(const Arrival& arrival, bool on_own_thread);
  void cut_all();
  unsigned load() const { return load_.load(std::memory_order_relaxed); }

  // From here on: the loop's thread only.
  // Sends the text for it before this round's other work, together with the others'. See Connection::send_held().
  void hold(Connection& connection, std::string_view text);
  void forget(Connection& connection);

  Shared& shared;
  Pool& pool;
  Reactor reactor;
  Bench bench;
  std::string out;          // answers being put together; empty between events
  std::vector<char> waste;  // where bytes go that nobody will read

 private:
  void open(const Arrival& arrival);
  void sweep();
  void send_held();

  struct Held {
    Connection* connection;
    std::size_t at, size;  // in held_
  };

  Reactor::Timer sweep_;
  std::string held_;
  std::vector<Held> holders_;
  bool stopping_ = false;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<std::unique_ptr<Connection>> closed_;  // until a sweep finds that nobody refers to them
  std::atomic<unsigned> load_{0};
  std::jthread thread_;
};

}  // namespace slipway::serve::http
