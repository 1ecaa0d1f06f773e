// SPDX-License-Identifier: Apache-2.0
// Any bytes as an HTTP/1.1 stream. The first byte says how many cuts there are, then two bytes give each; the rest is
// the stream. Read whole and read in pieces must give the same requests and the same end, within the limits, without
// standing still while there is something to do.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "serve/http/codec.h"

namespace {

using slipway::serve::http::CodecLimits;
using slipway::serve::http::Parser;
using slipway::serve::http::Request;

// Small, so that the fuzzer reaches them.
constexpr CodecLimits kLimits{.header_bytes = 512, .header_fields = 10, .uri_bytes = 100, .body_bytes = 1000};

void require(bool holds) {
  if (!holds) std::abort();
}

struct Outcome {
  std::string requests;
  std::string end;
  bool operator==(const Outcome&) const = default;
};

void note_request(const Parser& parser, Outcome& outcome) {
  const Request& r = parser.request();
  require(r.body.size() <= kLimits.body_bytes);
  require(!r.path.empty() && r.path.size() <= kLimits.uri_bytes);
  require(r.request_id.size() <= 128 && r.host.size() <= 255);
  for (const std::string_view view :
       {r.path, r.query, r.host, r.origin, r.content_type, r.content_encoding, r.accept, r.request_id, r.body})
    outcome.requests.append(std::to_string(view.size())).append(":").append(view);
  outcome.requests += char('a' + int(r.method));
  outcome.requests += parser.keep_alive() ? '+' : '-';
  outcome.requests += parser.is_http_10() ? '0' : '1';
}

// False when the stream has ended in an error.
bool take(Parser& parser, Outcome& outcome) {
  for (int steps = 0;; ++steps) {
    require(steps < 10'000);  // each request takes at least 16 bytes of the input
    const auto state = parser.parse();
    if (!state) {
      require(!state.error().message().empty());
      outcome.end = "error " + std::to_string(int(state.error().code())) + state.error().message();
      return false;
    }
    if (*state == Parser::State::kNeedContinue) continue;
    if (*state != Parser::State::kComplete) {
      outcome.end = parser.idle() ? "idle" : *state == Parser::State::kNeedHead ? "head" : "body";
      const auto again = parser.parse();  // nothing new, so nothing new
      require(again && *again == *state);
      return true;
    }
    note_request(parser, outcome);
    require(parser.idle() == false);
    parser.next();
  }
}

Outcome read(std::string_view stream, const std::vector<std::size_t>& cuts) {
  Parser parser(kLimits);
  Outcome outcome{.requests = {}, .end = "idle"};
  std::size_t at = 0;
  for (std::size_t i = 0; i <= cuts.size(); ++i) {
    const std::size_t until = i < cuts.size() ? std::max(at, std::min(cuts[i], stream.size())) : stream.size();
    while (at < until) {
      const Parser::Space space = parser.space();
      require(space.size > 0);
      const std::size_t size = std::min(space.size, until - at);
      std::memcpy(space.data, stream.data() + at, size);
      parser.commit(size);
      at += size;
      if (!take(parser, outcome)) return outcome;
      require(parser.capacity() <= 64 * 1024);
    }
  }
  if (outcome.end == "idle") {
    parser.release();
    require(parser.capacity() == 0);
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::size_t count = data[0] % 8;
  if (size < 1 + 2 * count) return 0;
  std::vector<std::size_t> cuts;
  for (std::size_t i = 0; i < count; ++i) cuts.push_back(data[1 + 2 * i] | std::size_t(data[2 + 2 * i]) << 8);
  std::sort(cuts.begin(), cuts.end());
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1 + 2 * count, size - 1 - 2 * count);

  const Outcome whole = read(stream, {});
  require(read(stream, cuts) == whole);
  if (stream.size() <= 600) {
    std::vector<std::size_t> every;
    for (std::size_t i = 1; i < stream.size(); ++i) every.push_back(i);
    require(read(stream, every) == whole);
  }
  return 0;
}
