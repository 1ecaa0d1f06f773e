// SPDX-License-Identifier: Apache-2.0
// One event loop, its thread, and the connections that live on it. Internal to the server; the only headers that see
// Boost.Asio are this one and connection.h.
#pragma once

#include <atomic>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/wait_traits.hpp>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "serve/http/pool.h"
#include "serve/http/server.h"

namespace slipway::serve::http {

namespace asio = boost::asio;
using Executor = asio::io_context::executor_type;  // not any_io_executor: no virtual calls, no allocation
using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor>;

class Connection;

// What all loops share.
struct Shared {
  ServerOptions options;
  std::vector<const Handler*> handlers;  // one a listener
  std::atomic<std::uint64_t> accepted{0}, refused{0}, open{0}, timeouts{0}, resets{0}, accept_errors{0},
      pool_rejections{0};
  std::atomic<bool> draining{false};    // answers say close
  std::atomic<bool> close_idle{false};  // and the listeners are closed, so idle connections are
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
  void adopt(const Arrival& arrival);
  void cut_all();
  unsigned load() const { return load_.load(std::memory_order_relaxed); }

  // From here on: the loop's thread only.
  void forget(Connection& connection);

  Shared& shared;
  Pool& pool;
  asio::io_context io;
  Bench bench;
  std::string out;          // answers being put together; empty between events
  Clock::time_point now;    // of the event being handled
  std::vector<char> waste;  // where bytes go that nobody will read

 private:
  void open(const Arrival& arrival);
  void sweep();
  void schedule_sweep();

  Timer timer_;
  bool stopping_ = false;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<std::unique_ptr<Connection>> closed_;  // until the last of their operations has come back
  std::atomic<unsigned> load_{0};
  std::jthread thread_;
};

}  // namespace slipway::serve::http
