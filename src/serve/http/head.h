// SPDX-License-Identifier: Apache-2.0
// One request head, whole and already cut out of the stream. Internal to the codec. Everything found is an offset from
// the head's first byte, because the buffer may move while the body arrives.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "serve/http/codec.h"

namespace slipway::serve::http {

struct Piece {
  std::uint32_t at = 0, size = 0;
  std::string_view in(const char* head) const { return {head + at, size}; }
};

struct Head {
  Method method = Method::kGet;
  Piece path, query, host, origin, content_type, content_encoding, accept, request_id;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool expects_continue = false;
  bool http_10 = false;
  bool keep_alive = false;
};

// Line by line, as they arrive: what Beast lets pass and we do not (obs-fold, blanks before the colon, control
// characters). `line` comes without its CRLF.
Result<void> check_request_line(std::string_view line, std::uint32_t uri_limit);
Result<void> check_field_line(std::string_view line);

// For a CR inside a line.
Error stray_cr();

// REQUIRES: every line has been checked; `head` ends with its empty line. Lower-cases the host in place. What is known
// when an error is found stands in `out`. Errors: kInvalid, kUnsupported, kExpectationFailed.
Result<void> parse_head(char* head, std::size_t size, Head& out);

}  // namespace slipway::serve::http
