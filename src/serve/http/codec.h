// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 as a pure function of bytes: no sockets, no clock, no threads. Stricter than the RFC allows where leniency
// has let requests be smuggled: bare LF, obs-fold, Transfer-Encoding with Content-Length, repeated lengths or hosts,
// and any transfer coding but a single "chunked" are errors. Fuzzed by fuzz/http_fuzz.cc.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "serve/http/message.h"

namespace slipway::serve::http {

struct CodecLimits {
  std::uint32_t header_bytes = 16 * 1024;
  std::uint32_t header_fields = 100;
  std::uint32_t uri_bytes = 8 * 1024;
  std::uint64_t body_bytes = 8 * 1024 * 1024;
};

// One side of one connection: bytes in, requests out.
class Parser {
 public:
  explicit Parser(const CodecLimits& limits);
  ~Parser();

  // Where the next bytes from the peer go; at least one. Growing happens only for heads and bodies larger than any
  // before on this connection.
  struct Space {
    char* data;
    std::size_t size;
  };
  Space space();
  // `size` bytes have been put there.
  void commit(std::size_t size);

  enum class State : std::uint8_t {
    kNeedHead,      // inside, or before, a head
    kNeedContinue,  // the head asks for "100 Continue" and waits
    kNeedBody,
    kComplete,  // request() is whole
  };
  // Reads on as far as the bytes go. Errors are final: answer, then close. Codes: kInvalid, kHeadersTooLarge,
  // kUriTooLong, kTooLarge, kHttpVersion, kUnsupported (a transfer coding), kExpectationFailed.
  Result<State> parse();

  // REQUIRES: kComplete (all of it) or an error (what is known). Valid until next().
  const Request& request() const;
  bool keep_alive() const;
  bool is_http_10() const;

  // Forgets the request and starts on what is behind it: pipelining.
  void next();

  // True between requests with no byte of the next one: the peer may close here.
  bool idle() const;
  // True if kComplete and bytes have been received behind the request.
  bool more_behind() const;
  // Gives the buffer back if idle(); the next space() makes a new one. capacity() is its size.
  void release();
  std::size_t capacity() const;
  // Body bytes received so far, for the progress limit.
  std::uint64_t body_received() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Appends the response; HEAD, 204 and 304 get the headers only. No Date header if `date` (29 characters, IMF-fixdate)
// is empty. Does not allocate while `out` has room.
void append_response(std::string& out, const Response& response, Method method, bool http_10, bool keep_alive,
                     std::string_view date = {});

// The Date header's value, written at most once a second. One thread.
class DateText {
 public:
  std::string_view at(std::chrono::system_clock::time_point now);

 private:
  std::int64_t second_ = -1;
  char text_[32] = {};
};

}  // namespace slipway::serve::http
