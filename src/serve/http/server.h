// SPDX-License-Identifier: Apache-2.0
// Listening sockets, event loops, connections, the pool, drain. Knows no route.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "serve/http/codec.h"
#include "serve/http/handler.h"

namespace slipway::serve::http {

struct ServerOptions {
  unsigned loops = 1;  // event loops, one thread each
  unsigned pool_threads = 1;
  unsigned pool_queue = 64;       // requests waiting for the pool; more get 503
  unsigned connections = 10'000;  // on each listener, so that a crowd on one leaves the other; more are answered 503
  CodecLimits codec;
  std::chrono::milliseconds header_timeout{10'000};  // from a head's first byte to its last
  std::chrono::milliseconds idle_timeout{60'000};    // between requests
  std::uint32_t body_bytes_per_s = 1024;             // slower bodies are cut off,
  std::chrono::milliseconds body_grace{5'000};       // after this long
  std::chrono::milliseconds write_timeout{30'000};   // without progress; and the grace before
  std::uint32_t write_bytes_per_s = 16 * 1024;       // readers slower than this are cut off
  std::chrono::milliseconds drain_delay{0};          // accept on after drain() this long
  std::chrono::milliseconds drain_quiet{500};        // then connections that are idle this long are closed
  std::chrono::milliseconds drain_timeout{30'000};   // and at last what still runs is cut off
};

struct ListenerOptions {
  std::string address;     // "127.0.0.1", "0.0.0.0", "::1"
  std::uint16_t port;      // 0: any free one
  const Handler* handler;  // outlives the server
};

struct ServerCounts {  // a snapshot, for /metrics
  std::uint64_t accepted = 0, refused = 0, open = 0, timeouts = 0, resets = 0, accept_errors = 0, pool_rejections = 0;
};

class Server {
 public:
  // Binds and starts. Errors: kIo with address and reason ("address already in use": who else may be there).
  static Result<std::unique_ptr<Server>> start(const std::vector<ListenerOptions>& listeners,
                                               const ServerOptions& options);
  ~Server();  // cuts off what is left

  std::uint16_t port(std::size_t listener) const;
  ServerCounts counts() const;  // any thread

  // Has Handler::refresh() called for every worker, on the worker's own thread and soon: at once where nothing runs,
  // else behind the request that does. Returns at once; any thread.
  void refresh();

  // Begins to drain: answers say "Connection: close", idle connections close, listeners close after drain_delay.
  // Returns at once; any thread; `done` is called once, on a loop's thread, when the last connection has ended or
  // drain_timeout is over. It must not destroy the server.
  void drain(std::function<void()> done);
  bool draining() const;

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace slipway::serve::http
