// SPDX-License-Identifier: Apache-2.0
// Where HTTP ends and the product begins. A handler is synchronous; where it runs is decided per request.
#pragma once

#include <memory>

#include "base/error.h"
#include "serve/http/message.h"

namespace slipway::serve::http {

// What one thread needs to answer: scratch buffers, its shard of the counters. Made once a thread, never shared.
class Worker {
 public:
  virtual ~Worker() = default;
};

enum class Place : std::uint8_t {
  kLoop,  // now, on the connection's loop: short and never waits
  kPool,  // on a thread of the pool: long
};

class Handler {
 public:
  virtual ~Handler() = default;

  // Called once for each loop and pool thread, before the first request.
  virtual std::unique_ptr<Worker> make_worker() const = 0;

  // Cheap, on the loop, with the loop's worker.
  virtual Place place(const Request& request, Worker& worker) const = 0;

  // Once for each Server::refresh(), between two requests, on the thread that the worker belongs to: the moment to take
  // up what has changed elsewhere. Several in a row may come as one.
  virtual void refresh(Worker&) const {}

  // Never throws. The response's views may point into the request and the worker.
  virtual Response respond(const Request& request, Worker& worker) const = 0;

  // The answer to what never became a request (malformed, too large, too slow) or could not be taken (the pool is
  // full). `request` holds what is known, possibly nothing but the client. The connection closes after all but kBusy.
  virtual Response refuse(const Request& request, const Error& error, Worker& worker) const = 0;
};

}  // namespace slipway::serve::http
