// SPDX-License-Identifier: Apache-2.0
// The idea: one flat buffer a connection, [start, end) not yet done with. A head is checked line by line as it comes
// and parsed once, when it is whole (head.cc). A body with a length is left where it was received; a chunked body is
// pulled together in place, behind its head: `write` runs after `read` in the same buffer. So no byte is copied of a
// request that arrives whole, and nothing depends on how the bytes were split.
#include "serve/http/codec.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "serve/http/head.h"

namespace slipway::serve::http {
namespace {

constexpr std::size_t kPadding = 64;  // readable behind a body, for simdjson
constexpr std::size_t kFirstBuffer = 2048;
constexpr std::size_t kChunkLine = 256;    // longest size-and-extension line of a chunk
constexpr std::size_t kExtensions = 4096;  // all extensions of a body together
constexpr std::size_t kTrailers = 4096;

struct Free {
  void operator()(char* p) const { std::free(p); }
};

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string_view method_name(Method method) {
  static constexpr std::string_view kNames[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "OTHER"};
  static_assert(std::size(kNames) == std::size_t(Method::kOther) + 1);
  return kNames[std::size_t(method)];
}

struct Parser::Impl {
  enum class Step : std::uint8_t { kHead, kContinue, kBody, kChunkLine, kChunkData, kChunkEnd, kTrailer, kComplete };

  explicit Impl(const CodecLimits& given) : limits(given) {}

  CodecLimits limits;
  std::unique_ptr<char[], Free> buffer;
  std::size_t capacity = 0;
  std::size_t start = 0;  // of the request
  std::size_t end = 0;    // of what was received
  std::size_t line = 0;   // of the first line that is not checked yet (heads)
  std::size_t body = 0;   // behind the head
  std::size_t read = 0;   // behind what has been taken of the body (and of its chunk framing)
  std::size_t write = 0;  // behind the body so far
  std::uint64_t chunk_left = 0;
  std::uint32_t fields = 0;
  std::uint32_t framing = 0;  // bytes of extensions, then of trailers
  Step step = Step::kHead;
  bool skipped_blank = false;
  bool head_known = false;
  Head head;
  Request request;

  void reset() {
    line = body = read = write = start;
    fields = framing = 0;
    step = Step::kHead;
    skipped_blank = head_known = false;
    head = {};
  }

  void grow(std::size_t want) {
    const std::size_t size = std::max(kFirstBuffer, std::min(want, capacity * 4));
    char* bigger = static_cast<char*>(std::realloc(buffer.get(), size));
    if (bigger == nullptr) throw std::bad_alloc();
    std::ignore = buffer.release();
    buffer.reset(bigger);
    capacity = size;
  }

  // Moves the unread rest down to where it belongs: to the front between and inside heads, behind the body inside one.
  void compact() {
    const bool in_head = step == Step::kHead;
    const std::size_t from = in_head ? start : read;
    const std::size_t to = in_head ? 0 : write;
    if (from == to || step == Step::kBody || step == Step::kContinue || step == Step::kComplete) return;
    std::memmove(buffer.get() + to, buffer.get() + from, end - from);
    end -= from - to;
    if (in_head) {
      line -= start;
      start = 0;
      body = read = write = 0;
    } else {
      read = to;
    }
  }

  std::size_t room() const { return capacity < end + kPadding ? 0 : capacity - end - kPadding; }

  Space space() {
    if (start == end && step == Step::kHead) start = end = line = body = read = write = 0;
    if (room() < 256) compact();
    if (room() == 0) {
      // A body is at most as long as promised or allowed; the buffer follows what really arrives, four times at most.
      std::size_t want = end + limits.header_bytes + kPadding;
      if (step == Step::kBody || step == Step::kContinue)
        want = body + std::size_t(*head.content_length) + kPadding;
      else if (step != Step::kHead)
        want = end + std::size_t(std::min<std::uint64_t>(chunk_left, limits.body_bytes)) + kFirstBuffer;
      grow(want);
    }
    return {buffer.get() + end, room()};
  }

  // The next line from `from`, without its CRLF; nothing if it is not whole within `limit` bytes. A bare LF is an
  // error. A CR inside is for the caller to find, with the other control characters. The limit makes the outcome the
  // same however much has been received behind it.
  Result<std::optional<std::string_view>> next_line(std::size_t from, std::size_t limit) const {
    const char* first = buffer.get() + from;
    const std::size_t size = std::min(end - from, limit);
    const auto* lf = size == 0 ? nullptr : static_cast<const char*>(std::memchr(first, '\n', size));
    if (lf == nullptr) return std::nullopt;
    if (lf == first || lf[-1] != '\r') return fail(Code::kInvalid, "a line ends with LF alone", "end lines with CRLF");
    return std::string_view(first, std::size_t(lf - 1 - first));
  }

  Result<State> parse_head_lines() {
    for (;;) {
      const bool first = line == start;
      const auto found = SLIPWAY_TRY(next_line(line, start + limits.header_bytes - line));
      if (!found) {
        if (end - start > limits.header_bytes) return too_large(first);
        return State::kNeedHead;
      }
      const std::string_view text = *found;
      const std::size_t line_end = line + text.size() + 2;
      if (text.empty() && first) {
        // One empty line before a request is forgiven (RFC 9112 2.2): old clients send it after a body.
        if (skipped_blank) return fail(Code::kInvalid, "the request begins with empty lines");
        skipped_blank = true;
        start = line = line_end;
        continue;
      }
      line = line_end;
      if (text.empty()) return whole_head();
      if (first) {
        SLIPWAY_TRY(check_request_line(text, limits.uri_bytes));
        continue;
      }
      if (++fields > limits.header_fields)
        return fail(Code::kHeadersTooLarge,
                    "the request has more than " + std::to_string(limits.header_fields) + " header fields");
      SLIPWAY_TRY(check_field_line(text));
    }
  }

  std::unexpected<Error> too_large(bool in_request_line) const {
    if (in_request_line) {
      const std::string_view text(buffer.get() + start, std::min<std::size_t>(end - start, limits.header_bytes));
      const std::size_t blank = text.find(' ');
      const std::size_t target = blank == std::string_view::npos ? text.size() : blank + 1;
      if (std::min(text.find(' ', target), text.size()) - target > limits.uri_bytes)
        return fail(Code::kUriTooLong,
                    "the request target is longer than " + std::to_string(limits.uri_bytes) + " bytes");
    }
    return fail(Code::kHeadersTooLarge,
                "the request head is longer than " + std::to_string(limits.header_bytes) + " bytes");
  }

  Result<State> whole_head() {
    body = read = write = line;
    head_known = true;
    SLIPWAY_TRY(parse_head(buffer.get() + start, body - start, head));
    const std::uint64_t length = head.content_length.value_or(0);
    if (length > limits.body_bytes) return body_too_large();
    if (head.chunked)
      step = Step::kChunkLine;
    else if (length != 0)
      step = Step::kBody;
    else
      return complete();
    if (head.expects_continue && end == body) {
      if (step == Step::kBody) step = Step::kContinue;
      return State::kNeedContinue;
    }
    return State::kNeedBody;
  }

  std::unexpected<Error> body_too_large() const {
    return fail(Code::kTooLarge, "the request body is larger than " + std::to_string(limits.body_bytes) + " bytes");
  }

  State complete() {
    step = Step::kComplete;
    return State::kComplete;
  }

  State parse_sized_body() {
    const std::size_t length = std::size_t(*head.content_length);
    write = std::min(end, body + length);
    read = write;
    return read - body == length ? complete() : State::kNeedBody;
  }

  // "1a;name=value\r\n". A blank behind the size is refused too: implementations disagree on it.
  Result<bool> parse_chunk_line() {
    const auto found = SLIPWAY_TRY(next_line(read, kChunkLine));
    if (!found) {
      if (end - read > kChunkLine) return fail(Code::kInvalid, "a chunk's size line is too long");
      return false;
    }
    const std::string_view text = *found;
    if (text.find('\r') != std::string_view::npos) return fail(stray_cr());
    std::size_t digits = 0;
    std::uint64_t length = 0;
    for (; digits < text.size() && hex_digit(text[digits]) >= 0; ++digits) {
      if (digits == 15) return fail(Code::kInvalid, "a chunk's size has too many digits");
      length = length * 16 + std::uint64_t(hex_digit(text[digits]));
    }
    const bool extended = digits < text.size();
    if (digits == 0 || (extended && text[digits] != ';'))
      return fail(Code::kInvalid, "a chunk does not begin with its size in hexadecimal digits");
    for (const char c : text.substr(digits))
      if (static_cast<unsigned char>(c) < 0x20 && c != '\t')
        return fail(Code::kInvalid, "a chunk's extension has a control character");
    framing += std::uint32_t(text.size() - digits);
    if (framing > kExtensions) return fail(Code::kInvalid, "the body's chunk extensions are too long");
    if (length > limits.body_bytes - (write - body)) return body_too_large();
    read += text.size() + 2;
    chunk_left = length;
    step = length == 0 ? Step::kTrailer : Step::kChunkData;
    if (length == 0) framing = 0;
    return true;
  }

  bool parse_chunk_data() {
    const std::size_t size = std::size_t(std::min<std::uint64_t>(chunk_left, end - read));
    if (read != write) std::memmove(buffer.get() + write, buffer.get() + read, size);
    read += size;
    write += size;
    chunk_left -= size;
    if (chunk_left != 0) return false;
    step = Step::kChunkEnd;
    return true;
  }

  Result<bool> parse_chunk_end() {
    const std::size_t have = std::min<std::size_t>(end - read, 2);
    if (std::string_view("\r\n", have) != std::string_view(buffer.get() + read, have))
      return fail(Code::kInvalid, "a chunk is longer than its size says");
    if (have < 2) return false;
    read += 2;
    step = Step::kChunkLine;
    return true;
  }

  // Trailers are checked like any header and then dropped: nothing in them may change what the head said.
  Result<bool> parse_trailer() {
    const auto found = SLIPWAY_TRY(next_line(read, kTrailers - framing));
    if (!found) {
      if (end - read > kTrailers - framing) return fail(Code::kHeadersTooLarge, "the request's trailers are too long");
      return false;
    }
    const std::string_view text = *found;
    read += text.size() + 2;
    framing += std::uint32_t(text.size() + 2);
    if (text.empty()) {
      step = Step::kComplete;
      return true;
    }
    SLIPWAY_TRY(check_field_line(text));
    return true;
  }

  Result<State> parse() {
    for (;;) {
      bool went_on = true;
      switch (step) {
        case Step::kHead: {
          const State state = SLIPWAY_TRY(parse_head_lines());
          if (state != State::kNeedBody) return state;
          break;
        }
        case Step::kContinue:
          step = Step::kBody;
          break;
        case Step::kBody:
          return parse_sized_body();
        case Step::kChunkLine:
          went_on = SLIPWAY_TRY(parse_chunk_line());
          break;
        case Step::kChunkData:
          went_on = parse_chunk_data();
          break;
        case Step::kChunkEnd:
          went_on = SLIPWAY_TRY(parse_chunk_end());
          break;
        case Step::kTrailer:
          went_on = SLIPWAY_TRY(parse_trailer());
          break;
        case Step::kComplete:
          return State::kComplete;
      }
      if (!went_on) return State::kNeedBody;
    }
  }

  void fill_request() {
    request = {};
    if (!head_known) return;
    const char* bytes = buffer.get() + start;
    request.method = head.method;
    request.path = head.path.in(bytes);
    if (head.path.size == 0) request.path = "/";  // "http://host" and "http://host?query"
    request.query = head.query.in(bytes);
    request.host = head.host.in(bytes);
    request.origin = head.origin.in(bytes);
    request.content_type = head.content_type.in(bytes);
    request.content_encoding = head.content_encoding.in(bytes);
    request.accept = head.accept.in(bytes);
    request.request_id = head.request_id.in(bytes);
    if (step == Step::kComplete) request.body = {buffer.get() + body, write - body};
  }
};

Parser::Parser(const CodecLimits& limits) : impl_(std::make_unique<Impl>(limits)) {}
Parser::~Parser() = default;

Parser::Space Parser::space() { return impl_->space(); }

void Parser::commit(std::size_t size) {
  SLIPWAY_ASSERT(size <= impl_->room());
  impl_->end += size;
}

Result<Parser::State> Parser::parse() {
  auto state = impl_->parse();
  if (!state || *state == State::kComplete) impl_->fill_request();
  return state;
}

const Request& Parser::request() const { return impl_->request; }
bool Parser::keep_alive() const { return impl_->head.keep_alive; }
bool Parser::is_http_10() const { return impl_->head.http_10; }

void Parser::next() {
  impl_->start = impl_->read;
  impl_->reset();
}

bool Parser::idle() const { return impl_->step == Impl::Step::kHead && impl_->start == impl_->end; }

bool Parser::more_behind() const { return impl_->step == Impl::Step::kComplete && impl_->read != impl_->end; }

void Parser::release() {
  if (!idle()) return;
  impl_->buffer.reset();
  impl_->capacity = impl_->start = impl_->end = 0;
  impl_->reset();
}

std::size_t Parser::capacity() const { return impl_->capacity; }

std::uint64_t Parser::body_received() const { return impl_->write - impl_->body; }

}  // namespace slipway::serve::http
