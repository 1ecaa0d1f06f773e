// SPDX-License-Identifier: Apache-2.0
// The idea: lines are checked strictly first, then Boost.Beast splits the head into a request line and fields, and the
// few fields that matter here are interpreted below, each of them once and by the letter. Beast's own reading of
// Content-Length (it takes lists) and Transfer-Encoding (it ignores codings that it does not know) is not relied on.
#include "serve/http/head.h"

#include <algorithm>
#include <array>
#include <boost/beast/http/basic_parser.hpp>
#include <cstring>

#include "base/text.h"

namespace slipway::serve::http {
namespace {

namespace beast = boost::beast;
using Verb = beast::http::verb;
using Field = beast::http::field;
using BeastView = beast::string_view;

std::string_view view(BeastView text) { return {text.data(), text.size()}; }

bool digit(char c) { return c >= '0' && c <= '9'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? char(c + ('a' - 'A')) : c; }

bool equals_ignoring_case(std::string_view text, std::string_view lower_case) {
  return std::ranges::equal(text, lower_case, [](char a, char b) { return lower(a) == b; });
}

constexpr std::array<bool, 256> characters(std::string_view extra) {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[c] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[c] = table[c - 'a' + 'A'] = true;
  for (const char c : extra) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr auto kHostCharacters = characters("-._~!$&'()*+,;=%");
constexpr auto kAddressCharacters = characters(":.");
constexpr auto kIdCharacters = characters("-._");

bool all_of(std::string_view text, const std::array<bool, 256>& table) {
  return std::ranges::all_of(text, [&](char c) { return table[static_cast<unsigned char>(c)]; });
}

Method method_of(Verb verb) {
  switch (verb) {
    case Verb::get:
      return Method::kGet;
    case Verb::head:
      return Method::kHead;
    case Verb::post:
      return Method::kPost;
    case Verb::put:
      return Method::kPut;
    case Verb::delete_:
      return Method::kDelete;
    case Verb::patch:
      return Method::kPatch;
    case Verb::options:
      return Method::kOptions;
    default:
      return Method::kOther;
  }
}

// "host", "host:port", "[::1]:port" -> the host alone; nullopt if it is none of these.
std::optional<std::string_view> host_of(std::string_view authority) {
  std::size_t end = 0;
  if (authority.starts_with('[')) {
    end = authority.find(']');
    if (end == std::string_view::npos || end < 3) return std::nullopt;
    if (!all_of(authority.substr(1, end - 1), kAddressCharacters)) return std::nullopt;
    ++end;
  } else {
    end = std::min(authority.find(':'), authority.size());
    if (!all_of(authority.substr(0, end), kHostCharacters)) return std::nullopt;
  }
  const std::string_view port = authority.substr(end);
  if (port.empty()) return authority.substr(0, end);
  if (port[0] != ':' || port.size() > 6 || !std::ranges::all_of(port.substr(1), digit)) return std::nullopt;
  return authority.substr(0, end);
}

// Gathers what Beast finds. An error of ours is kept in `problem`; Beast is only told to stop.
class HeadParser final : public beast::http::basic_parser<true> {
 public:
  HeadParser(char* head, Head& out) : head_(head), out_(out) {}

  std::optional<Error> problem;

  Result<void> finish() {
    if (!out_.http_10 && !seen(kHost))
      return fail(Code::kInvalid, "the request has no Host header", "HTTP/1.1 demands exactly one");
    if (out_.chunked && out_.content_length)
      return fail(Code::kInvalid, "the request has both Transfer-Encoding and Content-Length",
                  "send one of them; together they are a way to smuggle requests");
    if (out_.chunked && out_.http_10)
      return fail(Code::kInvalid, "Transfer-Encoding is not part of HTTP/1.0", "send Content-Length, or HTTP/1.1");
    if (unknown_expectation_)
      return fail(Code::kExpectationFailed, "the only expectation known here is 100-continue",
                  "leave the Expect header out");
    out_.keep_alive = keep_alive();
    return {};
  }

 private:
  enum Seen : unsigned {
    kHost = 1,
    kLength = 2,
    kCoding = 4,
    kExpect = 8,
    kOrigin = 16,
    kType = 32,
    kContentCoding = 64,
    kId = 128,
    kAccept = 256
  };
  bool seen(Seen what) const { return (seen_ & what) != 0; }

  Piece piece(std::string_view text) const {
    return {text.empty() ? 0 : std::uint32_t(text.data() - head_), std::uint32_t(text.size())};
  }

  void stop(beast::error_code& ec, std::string message, std::string hint = {}, Code code = Code::kInvalid) {
    problem.emplace(code, std::move(message), std::move(hint));
    ec = beast::http::error::bad_value;
  }

  // Notes that a field is there; false, and stopped, if it was there before.
  bool once(Seen what, std::string_view name, beast::error_code& ec) {
    if (seen(what)) {
      stop(ec, "the request has more than one " + std::string(name) + " header", "send exactly one");
      return false;
    }
    seen_ |= what;
    return true;
  }

  void set_host(std::string_view host) {
    out_.host = piece(host);
    for (char *c = head_ + out_.host.at, *end = c + host.size(); c != end; ++c) *c = lower(*c);
  }

  void on_request_impl(Verb verb, BeastView, BeastView target, int version, beast::error_code& ec) override {
    out_.method = method_of(verb);
    out_.http_10 = version == 10;
    std::string_view rest = view(target);
    if (rest.size() > 7 && equals_ignoring_case(rest.substr(0, 7), "http://")) {  // absolute-form, as to a proxy
      rest.remove_prefix(7);
      const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
      const auto host = host_of(authority);
      if (!host || host->empty()) return stop(ec, "the request target names no valid host");
      set_host(*host);
      absolute_ = true;
      rest.remove_prefix(authority.size());
    } else if (rest[0] != '/' && !(rest == "*" && out_.method == Method::kOptions)) {
      return stop(ec, "the request target must begin with '/'");
    }
    if (rest.find('#') != std::string_view::npos) return stop(ec, "the request target has a fragment ('#')");
    const std::size_t mark = std::min(rest.find('?'), rest.size());
    out_.path = piece(rest.substr(0, mark));
    if (mark < rest.size()) out_.query = piece(rest.substr(mark + 1));
  }

  void on_field_impl(Field name, BeastView name_text, BeastView beast_value, beast::error_code& ec) override {
    const std::string_view value = view(beast_value);
    switch (name) {
      case Field::host:
        return take_host(value, ec);
      case Field::content_length:
        return take_length(value, ec);
      case Field::transfer_encoding:
        return take_coding(value, ec);
      case Field::expect:
        return take_expectation(value, ec);
      case Field::origin:
        if (once(kOrigin, "Origin", ec)) out_.origin = piece(value);
        return;
      case Field::content_type:
        if (once(kType, "Content-Type", ec)) out_.content_type = piece(value);
        return;
      case Field::content_encoding:
        if (once(kContentCoding, "Content-Encoding", ec)) out_.content_encoding = piece(value);
        return;
      case Field::accept:
        if (!seen(kAccept)) out_.accept = piece(value);
        seen_ |= kAccept;
        return;
      case Field::unknown:
        if (name_text.size() == 12 && equals_ignoring_case(view(name_text), "x-request-id")) take_id(value);
        return;
      default:
        return;
    }
  }

  void take_host(std::string_view value, beast::error_code& ec) {
    if (!once(kHost, "Host", ec)) return;
    const auto host = host_of(value);
    if (!host || host->size() > 255) return stop(ec, "the Host header " + printable(value) + " is not a host and port");
    if (!absolute_) set_host(*host);  // the target's own authority wins, RFC 9112 3.2.2
  }

  void take_length(std::string_view value, beast::error_code& ec) {
    if (!once(kLength, "Content-Length", ec)) return;
    if (value.empty() || value.size() > 18 || !std::ranges::all_of(value, digit))
      return stop(ec, "Content-Length " + printable(value) + " is not a plain number");
    std::uint64_t length = 0;
    for (const char c : value) length = length * 10 + std::uint64_t(c - '0');
    out_.content_length = length;
  }

  void take_coding(std::string_view value, beast::error_code& ec) {
    if (!once(kCoding, "Transfer-Encoding", ec)) return;
    if (!equals_ignoring_case(value, "chunked"))
      return stop(ec, "Transfer-Encoding " + printable(value) + " is not supported", "only \"chunked\" is",
                  Code::kUnsupported);
    out_.chunked = true;
  }

  void take_expectation(std::string_view value, beast::error_code& ec) {
    if (!once(kExpect, "Expect", ec)) return;
    if (equals_ignoring_case(value, "100-continue"))
      out_.expects_continue = !out_.http_10;
    else
      unknown_expectation_ = true;
  }

  void take_id(std::string_view value) {
    if (seen(kId)) return;
    seen_ |= kId;
    if (!value.empty() && value.size() <= 128 && all_of(value, kIdCharacters)) out_.request_id = piece(value);
  }

  void on_header_impl(beast::error_code&) override {}
  void on_finish_impl(beast::error_code&) override {}
  // Never called: only heads are put here, and no response.
  void on_response_impl(int, BeastView, int, beast::error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, beast::error_code&) override {}
  std::size_t on_body_impl(BeastView, beast::error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, BeastView, beast::error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, BeastView, beast::error_code&) override { return 0; }

  char* head_;
  Head& out_;
  unsigned seen_ = 0;
  bool absolute_ = false;
  bool unknown_expectation_ = false;
};

// What Beast objects to before our own rules see it.
Error beast_error(const beast::error_code& ec) {
  using Problem = beast::http::error;
  if (ec == Problem::bad_method) return {Code::kInvalid, "the request line has no valid method"};
  if (ec == Problem::bad_target) return {Code::kInvalid, "the request line has no valid target"};
  if (ec == Problem::bad_version) return {Code::kInvalid, "the request line has no valid HTTP version"};
  if (ec == Problem::bad_field) return {Code::kInvalid, "a header name has a character that is not allowed in it"};
  if (ec == Problem::bad_content_length || ec == Problem::multiple_content_length)
    return {Code::kInvalid, "the request has no single, plain Content-Length",
            "send one Content-Length, a plain number, and no Transfer-Encoding with it"};
  if (ec == Problem::bad_transfer_encoding)
    return {Code::kInvalid, "the request repeats Transfer-Encoding or has Content-Length with it",
            "send one of them; together they are a way to smuggle requests"};
  return {Code::kInvalid, "the request head is malformed (" + ec.message() + ")"};
}

using Bytes [[gnu::vector_size(16)]] = unsigned char;

// 0xff for every byte that has no place in a line.
struct InField {
  static Bytes bad(Bytes b) { return Bytes(((b < 0x20) & (b != '\t')) | (b == 0x7f)); }
};
struct InRequestLine {
  static Bytes bad(Bytes b) { return Bytes((b < 0x20) | (b >= 0x7f)); }
};

// Sixteen at a time, the last ones once more rather than one by one: lines are short, and this sees every byte.
template <class Where>
bool has_bad_byte(std::string_view line) {
  const auto at = [&](std::size_t i) {
    Bytes bytes;
    std::memcpy(&bytes, line.data() + i, sizeof bytes);
    return Where::bad(bytes);
  };
  Bytes bad{};
  if (line.size() < sizeof bad) {
    Bytes bytes = bad + ' ';
    std::memcpy(&bytes, line.data(), line.size());
    bad = Where::bad(bytes);
  } else {
    for (std::size_t i = 0; i + sizeof bad < line.size(); i += sizeof bad) bad |= at(i);
    bad |= at(line.size() - sizeof bad);
  }
  std::uint64_t halves[2];
  std::memcpy(halves, &bad, sizeof bad);
  return (halves[0] | halves[1]) != 0;
}

std::unexpected<Error> bad_byte(std::string_view line, std::string message, std::string hint = {}) {
  if (line.find('\r') != std::string_view::npos) return fail(stray_cr());
  return fail(Code::kInvalid, std::move(message), std::move(hint));
}

}  // namespace

Error stray_cr() { return {Code::kInvalid, "a line has a CR that is not its end", "end lines with CRLF"}; }

Result<void> check_request_line(std::string_view line, std::uint32_t uri_limit) {
  const std::size_t first = line.find(' ');
  const std::size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
  const std::size_t uri_end = std::min(second, line.size());
  if (first != std::string_view::npos && uri_end - first - 1 > uri_limit)
    return fail(Code::kUriTooLong, "the request target is longer than " + std::to_string(uri_limit) + " bytes");
  if (has_bad_byte<InRequestLine>(line))
    return bad_byte(line, "the request line has a control character or a byte that is not ASCII",
                    "percent-encode such bytes of the target");
  if (second == std::string_view::npos || line.find(' ', second + 1) != std::string_view::npos)
    return fail(Code::kInvalid, "the request line is not \"METHOD target HTTP/1.1\"");
  const std::string_view version = line.substr(second + 1);
  if (version.size() == 8 && version.starts_with("HTTP/") && digit(version[5]) && version[6] == '.' &&
      digit(version[7]) && version != "HTTP/1.1" && version != "HTTP/1.0")
    return fail(Code::kHttpVersion, "HTTP version " + std::string(version.substr(5)) + " is not served here",
                "speak HTTP/1.1");
  return {};
}

Result<void> check_field_line(std::string_view line) {
  if (line[0] == ' ' || line[0] == '\t') return fail(Code::kInvalid, "a header line is folded (begins with a blank)");
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return fail(Code::kInvalid, "a header line has no colon");
  if (colon == 0) return fail(Code::kInvalid, "a header line has no name before its colon");
  if (line[colon - 1] == ' ' || line[colon - 1] == '\t')
    return fail(Code::kInvalid, "a header name is followed by a blank before its colon");
  if (has_bad_byte<InField>(line)) return bad_byte(line, "a header line has a control character");
  return {};
}

Result<void> parse_head(char* head, std::size_t size, Head& out) {
  HeadParser parser(head, out);
  parser.header_limit(std::uint32_t(size + 1));
  parser.body_limit(boost::none);
  parser.eager(false);
  beast::error_code ec;
  const std::size_t taken = parser.put(boost::asio::const_buffer(head, size), ec);
  if (parser.problem) return fail(std::move(*parser.problem));
  if (ec) return fail(beast_error(ec));
  SLIPWAY_ASSERT(taken == size);
  return parser.finish();
}

}  // namespace slipway::serve::http
