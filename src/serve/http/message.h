// SPDX-License-Identifier: Apache-2.0
// A request and a response, as the handlers see them. Views borrow from the connection's buffers: they live until the
// handler returns.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace slipway::serve::http {

enum class Method : std::uint8_t { kGet, kHead, kPost, kPut, kDelete, kPatch, kOptions, kOther };
std::string_view method_name(Method method);

using Clock = std::chrono::steady_clock;

struct Request {
  Method method = Method::kGet;
  std::string_view path;   // of the target, before '?'; not decoded
  std::string_view query;  // after '?', without it; not decoded
  std::string_view host;   // without its port, lower case, [::1] with its brackets; "" if there was none (HTTP/1.0)
  std::string_view origin;
  std::string_view content_type;
  std::string_view content_encoding;
  std::string_view accept;
  std::string_view request_id;  // X-Request-Id, if it is 1 to 128 characters of [A-Za-z0-9._-]
  std::string_view body;        // dechunked. 64 bytes behind its end may be read (simdjson)
  std::string_view client;      // the peer's address
  Clock::time_point received;   // when the loop learned of its last byte
};

struct Response {
  int status = 200;
  std::string_view content_type = "application/json";
  std::string_view body;            // lives until the next call on the same Worker
  std::string_view allow;           // the Allow header of a 405
  std::string_view request_id;      // echoed as X-Request-Id when not empty
  std::uint32_t retry_after_s = 0;  // a 503's Retry-After
};

}  // namespace slipway::serve::http
