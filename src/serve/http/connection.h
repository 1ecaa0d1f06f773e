// SPDX-License-Identifier: Apache-2.0
// One connection: read, parse, handle, write, with a deadline for each. Lives on one loop's thread; only run() is
// called on another, while the connection waits for it.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "serve/http/loop.h"

namespace slipway::serve::http {

// Memory inside the connection for its one operation: a read, or the way back from the pool. Asio's own recycling keeps
// two pieces a thread, so connections that stop reading together (for the pool) would have it allocate.
template <class T>
struct OneSlot {
  using value_type = T;
  std::byte* memory;
  std::size_t size;

  OneSlot(std::byte* at, std::size_t bytes) : memory(at), size(bytes) {}
  template <class U>
  OneSlot(const OneSlot<U>& other) : memory(other.memory), size(other.size) {}
  T* allocate(std::size_t count) const {
    SLIPWAY_ASSERT(count * sizeof(T) <= size);
    return reinterpret_cast<T*>(memory);
  }
  void deallocate(T*, std::size_t) const {}
  template <class U>
  bool operator==(const OneSlot<U>& other) const {
    return memory == other.memory;
  }
};

class Connection final : private Pool::Job {
 public:
  Connection(Loop& loop, const Arrival& arrival);
  ~Connection();

  // Reads; or, over the limit, answers 503 and goes.
  void start(bool over_limit);
  // Looks at the deadlines.
  void sweep();
  // Ends it now, whatever the peer has not got yet.
  void close();
  // True when closed and no operation of it is still under way.
  bool is_over() const { return closed_ && pending_ == 0; }

  std::size_t position = 0;  // in the loop's list

 private:
  enum class Phase : std::uint8_t { kIdle, kHead, kBody, kPool, kLinger };

  void read();
  void receive(char* data, std::size_t size);
  void on_read(int error, std::size_t size);
  void serve();
  bool answer();
  void refuse(const Error& error);
  bool keeps_alive();
  bool flush(const std::string& out);
  void write_rest();
  void wait_writable();
  void note(Parser::State state);
  void time_out(std::string_view what);
  void leave(bool at_once);
  void discard();
  bool has_unread() const;
  void run(Bench& bench) override;
  void on_answered();
  const Handler& handler() const { return *loop_.shared.handlers[listener_]; }
  OneSlot<std::byte> slot() { return {memory_.data(), memory_.size()}; }
  Worker& worker() { return *loop_.bench.workers[listener_]; }

  Loop& loop_;
  Socket socket_;
  Parser parser_;
  std::size_t listener_;
  Phase phase_ = Phase::kIdle;
  bool reading_ = false, writing_ = false, closed_ = false;
  bool closing_ = false;           // after what is being written
  bool ending_ = false;            // idle for too long: unless something comes before its read is back
  bool keep_ = true;               // what the pool decided
  unsigned pending_ = 0;           // operations and jobs that hold a pointer to this
  Clock::time_point since_;        // when the phase began, or was last seen to go on
  Clock::time_point write_since_;  // the last progress of a write that waits
  Clock::time_point left_;         // when kLinger began
  std::uint64_t discarded_ = 0;
  std::string unsent_;  // what the socket did not take
  std::size_t sent_ = 0;
  std::string answer_;  // made on the pool
  Request request_;
  char client_[48];
  alignas(std::max_align_t) std::array<std::byte, 256> memory_;  // of slot()
};

}  // namespace slipway::serve::http
