// SPDX-License-Identifier: Apache-2.0
// One connection: read, parse, handle, write, with a deadline for each. Lives on one loop's thread; only run() is
// called on another, while the connection waits for it.
#pragma once

#include <cstdint>
#include <string>

#include "serve/http/loop.h"

namespace slipway::serve::http {

class Connection final : private Pool::Job, private Reactor::Source, private Reactor::Task {
 public:
  Connection(Loop& loop, const Arrival& arrival);
  ~Connection();

  // Waits for requests; or, over the limit, answers 503 and goes.
  void start(bool over_limit);
  // Looks at the deadlines.
  void sweep();
  // What it gave to Loop::hold(). Called in the same round.
  void send_held(std::string_view text);
  // Ends it now, whatever the peer has not got yet.
  void close();
  // True when closed and nobody else holds on to it. An event of it may still be at hand until the batch is over.
  std::size_t listener() const { return listener_; }
  bool is_over() const { return closed_ && !handed_over_; }

  std::size_t position = 0;  // in the loop's list

 private:
  enum class Phase : std::uint8_t { kIdle, kHead, kBody, kPool, kLinger };

  void on_events(std::uint32_t events) override;
  void run_task() override;
  void go_on();
  bool read();
  bool serve();
  bool answer();
  void refuse(const Error& error);
  bool keeps_alive();
  bool flush(std::string_view out);
  void write_rest();
  void note(Parser::State state);
  void time_out(std::string_view what);
  void leave(bool at_once);
  bool has_unread() const;
  void run(Bench& bench) override;
  bool on_answered();
  const Handler& handler() const { return *loop_.shared.handlers[listener_]; }
  Worker& worker() { return *loop_.bench.workers[listener_]; }

  Loop& loop_;
  const int descriptor_;
  Parser parser_;
  std::size_t listener_;
  Phase phase_ = Phase::kIdle;
  bool readable_ = false;     // there may be something to read: no event will say so again
  bool peer_ended_ = false;   // so the end of the stream, or an error, is there to be read
  bool writing_ = false;      // unsent_; goes on when there is room
  bool handed_over_ = false;  // to the pool (kPool) or to the back of the loop's queue; run_task() comes
  bool in_event_ = false;     // so the round is not over
  bool closed_ = false;
  bool closing_ = false;           // after what is being written
  bool keep_ = true;               // what the pool decided
  Clock::time_point since_;        // when the phase began, or was last seen to go on
  Clock::time_point write_begun_;  // when a write began to wait for its reader
  Clock::time_point write_since_;  // its last progress
  Clock::time_point left_;         // when kLinger began
  std::uint64_t discarded_ = 0;
  std::string unsent_;  // what the socket did not take
  std::size_t sent_ = 0;
  std::string answer_;  // made on the pool
  Request request_;
  char client_[48];
};

}  // namespace slipway::serve::http
