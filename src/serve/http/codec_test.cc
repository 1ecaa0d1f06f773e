// SPDX-License-Identifier: Apache-2.0
// The tables say what each head or body must become; expected values come from RFC 9110 and 9112. Every case is also
// fed split in two at every byte and byte by byte, and must end the same.
#include "serve/http/codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

namespace slipway::serve::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// One line for each request that was read, then how it ended: "error invalid: ...", "head", "body" or "idle".
using Outcome = std::vector<std::string>;

std::string describe(const Parser& parser) {
  const Request& r = parser.request();
  std::string text(method_name(r.method));
  text.append(" ").append(r.path);
  if (!r.query.empty()) text.append("?").append(r.query);
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) text.append(" ").append(name).append("=").append(value);
  };
  add("host", r.host);
  add("origin", r.origin);
  add("type", r.content_type);
  add("encoding", r.content_encoding);
  add("accept", r.accept);
  add("id", r.request_id);
  add("body", r.body);
  text.append(parser.keep_alive() ? " keep" : " close").append(parser.is_http_10() ? " 1.0" : "");
  return text;
}

void give(Parser& parser, std::string_view bytes) {
  while (!bytes.empty()) {
    const Parser::Space space = parser.space();
    ASSERT_GE(space.size, 1U);
    const std::size_t size = std::min(space.size, bytes.size());
    std::memcpy(space.data, bytes.data(), size);
    parser.commit(size);
    bytes.remove_prefix(size);
  }
}

// Parses all that is there. False after an error.
bool take(Parser& parser, Outcome& outcome, std::string& end) {
  for (;;) {
    const auto state = parser.parse();
    if (!state) {
      EXPECT_FALSE(state.error().message().empty());
      end = "error " + std::string(info(state.error().code()).name) + ": " + state.error().message();
      return false;
    }
    if (*state == Parser::State::kNeedContinue) continue;
    if (*state != Parser::State::kComplete) {
      end = parser.idle() ? "idle" : *state == Parser::State::kNeedHead ? "head" : "body";
      return true;
    }
    const std::string_view body = parser.request().body;
    volatile char last = 0;  // the 64 bytes behind the body may be read: AddressSanitizer watches
    if (!body.empty())
      for (std::size_t i = 0; i < 64; ++i) last = body.data()[body.size() + i];
    (void)last;
    outcome.push_back(describe(parser));
    parser.next();
  }
}

Outcome read(const std::vector<std::string_view>& parts, const CodecLimits& limits = {}) {
  Parser parser(limits);
  Outcome outcome;
  std::string end = "idle";
  for (const std::string_view part : parts) {
    std::string_view rest = part;
    // As a connection does: what is there is parsed before more is read.
    while (!rest.empty()) {
      const Parser::Space space = parser.space();
      const std::size_t size = std::min(space.size, rest.size());
      std::memcpy(space.data, rest.data(), size);
      parser.commit(size);
      rest.remove_prefix(size);
      if (!take(parser, outcome, end)) {
        outcome.push_back(end);
        return outcome;
      }
    }
  }
  outcome.push_back(end);
  return outcome;
}

// The outcome, having checked that no split changes it.
Outcome read_every_way(std::string_view bytes, const CodecLimits& limits = {}) {
  Outcome whole = read({bytes}, limits);
  for (std::size_t i = 1; i < bytes.size(); ++i)
    EXPECT_EQ(read({bytes.substr(0, i), bytes.substr(i)}, limits), whole) << "split at " << i;
  std::vector<std::string_view> single;
  for (std::size_t i = 0; i < bytes.size(); ++i) single.push_back(bytes.substr(i, 1));
  EXPECT_EQ(read(single, limits), whole) << "byte by byte";
  return whole;
}

struct Case {
  const char* name;
  std::string bytes;
  Outcome want;
};

class Accepted : public testing::TestWithParam<Case> {};
TEST_P(Accepted, IsReadTheSameHoweverSplit) { EXPECT_EQ(read_every_way(GetParam().bytes), GetParam().want); }

std::string get(const std::string& lines) { return "GET /x HTTP/1.1\r\n" + lines + "\r\n"; }
std::string post(const std::string& lines, const std::string& body) {
  return "POST /x HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n" + body;
}

const Case kAccepted[] = {
    {"Nothing", "", {"idle"}},
    {"PlainGet", get("Host: a\r\n"), {"GET /x host=a keep", "idle"}},
    {"HostWithPortAndCapitals", get("hOsT: ExAmple.COM:8080\r\n"), {"GET /x host=example.com keep", "idle"}},
    {"HostV6", get("Host: [::1]:9696\r\n"), {"GET /x host=[::1] keep", "idle"}},
    {"EmptyHost", get("Host:\r\n"), {"GET /x keep", "idle"}},
    {"BlanksAroundAValue", get("Host: \t a \t \r\n"), {"GET /x host=a keep", "idle"}},
    {"AllTheFields",
     get("Host: a\r\nOrigin: http://b\r\nContent-Type: text/csv\r\nContent-Encoding: gzip\r\nAccept: */*\r\n"
         "X-Request-ID: A.b_c-9\r\nCookie: no\r\n"),
     {"GET /x host=a origin=http://b type=text/csv encoding=gzip accept=*/* id=A.b_c-9 keep", "idle"}},
    {"RequestIdOfBadCharactersIsDropped", get("Host: a\r\nX-Request-Id: a b\r\n"), {"GET /x host=a keep", "idle"}},
    {"RequestIdTooLongIsDropped",
     get("Host: a\r\nX-Request-Id: " + std::string(129, 'a') + "\r\n"),
     {"GET /x host=a keep", "idle"}},
    {"ObsTextInAValue", get("Host: a\r\nUser-Agent: caf\xe9\r\n"), {"GET /x host=a keep", "idle"}},
    {"Query", "GET /a/b?c=%20&d HTTP/1.1\r\nHost: a\r\n\r\n", {"GET /a/b?c=%20&d host=a keep", "idle"}},
    {"AbsoluteTarget", "GET http://B:80/p?q HTTP/1.1\r\nHost: a\r\n\r\n", {"GET /p?q host=b keep", "idle"}},
    {"AbsoluteTargetWithoutPath", "GET HTTP://b?q HTTP/1.1\r\nHost: a\r\n\r\n", {"GET /?q host=b keep", "idle"}},
    {"OptionsStar", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", {"OPTIONS * host=a keep", "idle"}},
    {"OtherMethod", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n", {"OTHER / host=a keep", "idle"}},
    {"Close", get("Host: a\r\nConnection: x, Close\r\n"), {"GET /x host=a close", "idle"}},
    {"Http10", "GET / HTTP/1.0\r\n\r\n", {"GET / close 1.0", "idle"}},
    {"Http10KeepAlive", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", {"GET / keep 1.0", "idle"}},
    {"Body", post("Content-Length: 3\r\n", "abc"), {"POST /x host=a body=abc keep", "idle"}},
    {"BodyOfNothing", post("Content-Length: 0\r\n", ""), {"POST /x host=a keep", "idle"}},
    {"NoBody", post("", ""), {"POST /x host=a keep", "idle"}},
    {"LeadingZerosOfALength", post("Content-Length: 0003\r\n", "abc"), {"POST /x host=a body=abc keep", "idle"}},
    {"BodyInPart", post("Content-Length: 4\r\n", "abc"), {"body"}},
    {"HeadInPart", "GET / HTTP/1.1\r\nHost: a\r\n", {"head"}},
    {"OneEmptyLineBefore", "\r\n" + get("Host: a\r\n"), {"GET /x host=a keep", "idle"}},
    {"Pipelined",
     post("Content-Length: 1\r\n", "1") + get("Host: b\r\n") +
         post("Transfer-Encoding: chunked\r\n", "1\r\n2\r\n0\r\n\r\n") + "GET",
     {"POST /x host=a body=1 keep", "GET /x host=b keep", "POST /x host=a body=2 keep", "head"}},
    {"Chunked",
     post("Transfer-Encoding: Chunked\r\n", "3\r\nabc\r\n00A\r\n0123456789\r\n0\r\n\r\n"),
     {"POST /x host=a body=abc0123456789 keep", "idle"}},
    {"ChunkedOfNothing", post("Transfer-Encoding: chunked\r\n", "0\r\n\r\n"), {"POST /x host=a keep", "idle"}},
    {"ChunkExtensionsAndTrailersAreDropped",
     post("Transfer-Encoding: chunked\r\n",
          "1;a=b;c=\"d e\"\r\nx\r\n0;last\r\nContent-Length: 7\r\nConnection: close\r\nHost: evil\r\n\r\n"),
     {"POST /x host=a body=x keep", "idle"}},
    {"ExpectContinue",
     post("Expect: 100-Continue\r\nContent-Length: 2\r\n", "ok"),
     {"POST /x host=a body=ok keep", "idle"}},
    {"ExpectContinueChunked",
     post("Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n", "2\r\nok\r\n0\r\n\r\n"),
     {"POST /x host=a body=ok keep", "idle"}},
    {"ExpectContinueWithoutBody", post("Expect: 100-continue\r\n", ""), {"POST /x host=a keep", "idle"}},
};
INSTANTIATE_TEST_SUITE_P(, Accepted, testing::ValuesIn(kAccepted), [](const auto& c) { return c.param.name; });

struct Refusal {
  const char* name;
  std::string bytes;
  Code code;
  const char* says;
};

class Refused : public testing::TestWithParam<Refusal> {};
TEST_P(Refused, WithItsCodeHoweverSplit) {
  const Outcome outcome = read_every_way(GetParam().bytes);
  ASSERT_EQ(outcome.size(), 1U) << testing::PrintToString(outcome);
  EXPECT_THAT(outcome[0], HasSubstr("error " + std::string(info(GetParam().code).name) + ":"));
  EXPECT_THAT(outcome[0], HasSubstr(GetParam().says));
}

const std::string kChunked = "Transfer-Encoding: chunked\r\n";
using namespace std::string_literals;

const Refusal kRefused[] = {
    // Who ends where: two lengths, or a length and chunks.
    {"LengthThenCoding", post("Content-Length: 3\r\n" + kChunked, "0\r\n\r\n"), Code::kInvalid, "Transfer-Encoding"},
    {"CodingThenLength", post(kChunked + "Content-Length: 3\r\n", "0\r\n\r\n"), Code::kInvalid, "Content-Length"},
    {"TwoDifferentLengths", post("Content-Length: 3\r\nContent-Length: 4\r\n", "abcd"), Code::kInvalid,
     "Content-Length"},
    {"TwoEqualLengths", post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"), Code::kInvalid, "Content-Length"},
    {"AListOfLengths", post("Content-Length: 3, 3\r\n", "abc"), Code::kInvalid, "Content-Length"},
    {"SignedLength", post("Content-Length: +3\r\n", "abc"), Code::kInvalid, "Content-Length"},
    {"NegativeLength", post("Content-Length: -3\r\n", "abc"), Code::kInvalid, "Content-Length"},
    {"LengthWithBlank", post("Content-Length: 3 3\r\n", "abc"), Code::kInvalid, "Content-Length"},
    {"HexLength", post("Content-Length: 0x3\r\n", "abc"), Code::kInvalid, "Content-Length"},
    {"EmptyLength", post("Content-Length:\r\n", ""), Code::kInvalid, "Content-Length"},
    {"LengthWithComma", post("Content-Length: 3,\r\n", "abc"), Code::kInvalid, "Content-Length"},
    {"LengthOfTwentyDigits", post("Content-Length: 18446744073709551619\r\n", "abc"), Code::kInvalid, "Content-Length"},
    {"GzipCoding", post("Transfer-Encoding: gzip\r\n", ""), Code::kUnsupported, "gzip"},
    {"GzipThenChunked", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), Code::kUnsupported, "gzip"},
    {"ChunkedTwiceInAList", post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"), Code::kUnsupported,
     "chunked"},
    {"ChunkedTwice", post(kChunked + kChunked, "0\r\n\r\n"), Code::kInvalid, "Transfer-Encoding"},
    {"IdentityCoding", post("Transfer-Encoding: identity\r\n", ""), Code::kUnsupported, "identity"},
    {"XchunkedCoding", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), Code::kUnsupported, "xchunked"},
    {"QuotedChunkedCoding", post("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"), Code::kUnsupported, "chunked"},
    {"CodingWithParameter", post("Transfer-Encoding: chunked;q=1\r\n", "0\r\n\r\n"), Code::kUnsupported, "chunked"},
    {"EmptyCoding", post("Transfer-Encoding:\r\n", "0\r\n\r\n"), Code::kUnsupported, "Transfer-Encoding"},
    {"IdentityThenChunkedLines", post("Transfer-Encoding: identity\r\n" + kChunked, "0\r\n\r\n"), Code::kUnsupported,
     ""},
    {"CodingInHttp10", "POST / HTTP/1.0\r\n" + kChunked + "\r\n0\r\n\r\n", Code::kInvalid, "HTTP/1.0"},
    {"VerticalTabBeforeChunked", post("Transfer-Encoding: \vchunked\r\n", "0\r\n\r\n"), Code::kInvalid, "control"},
    // Lines.
    {"BareLf", "GET / HTTP/1.1\nHost: a\n\n", Code::kInvalid, "LF alone"},
    {"BareLfBetweenFields", get("Host: a\nX: y\r\n"), Code::kInvalid, "LF alone"},
    {"BareLfAsEnd", "GET / HTTP/1.1\r\nHost: a\r\n\n", Code::kInvalid, "LF alone"},
    {"BareCr", get("Host: a\rX: y\r\n"), Code::kInvalid, "CR"},
    {"CrCrLf", get("Host: a\r\r\n"), Code::kInvalid, "CR"},
    {"ObsFold", get("Host: a\r\nX: y\r\n z\r\n"), Code::kInvalid, "folded"},
    {"ObsFoldWithTab", get("Host: a\r\nX: y\r\n\tz: 1\r\n"), Code::kInvalid, "folded"},
    {"BlankBeforeTheFirstField", get(" Host: a\r\n"), Code::kInvalid, "folded"},
    {"BlankBeforeColon", get("Host: a\r\nTransfer-Encoding : chunked\r\n"), Code::kInvalid, "before its colon"},
    {"TabBeforeColon", get("Host: a\r\nTransfer-Encoding\t: chunked\r\n"), Code::kInvalid, "before its colon"},
    {"BlankInAName", get("Host: a\r\nContent Length: 3\r\n"), Code::kInvalid, "name"},
    {"NoColon", get("Host: a\r\nbroken\r\n"), Code::kInvalid, "no colon"},
    {"NoName", get("Host: a\r\n: b\r\n"), Code::kInvalid, "no name"},
    {"NulInAValue", get("Host: a\r\nX: a\0b\r\n"s), Code::kInvalid, "control"},
    {"NulInAName", get("Host: a\r\nX\0: b\r\n"s), Code::kInvalid, "control"},
    {"DeleteInAValue", get("Host: a\r\nX: a\x7f\r\n"), Code::kInvalid, "control"},
    {"HighByteInAName", get("Host: a\r\nX\xe9: b\r\n"), Code::kInvalid, "name"},
    {"TwoEmptyLinesBefore", "\r\n\r\n" + get("Host: a\r\n"), Code::kInvalid, "empty lines"},
    // Host.
    {"NoHost", get(""), Code::kInvalid, "no Host"},
    {"TwoHosts", get("Host: a\r\nHost: a\r\n"), Code::kInvalid, "more than one Host"},
    {"HostWithPath", get("Host: a/b\r\n"), Code::kInvalid, "Host"},
    {"HostWithUser", get("Host: u@a\r\n"), Code::kInvalid, "Host"},
    {"HostsWithComma", get("Host: a b\r\n"), Code::kInvalid, "Host"},
    {"HostWithBadPort", get("Host: a:8x\r\n"), Code::kInvalid, "Host"},
    {"HostV6Unclosed", get("Host: [::1\r\n"), Code::kInvalid, "Host"},
    // The request line.
    {"NoVersion", "GET /\r\n\r\n", Code::kInvalid, "request line"},
    {"TwoBlanks", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", Code::kInvalid, "request line"},
    {"BlankAtTheEnd", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", Code::kInvalid, "request line"},
    {"TabInTheRequestLine", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", Code::kInvalid, "control"},
    {"HighByteInTheTarget", "GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", Code::kInvalid, "not ASCII"},
    {"NulInTheTarget", "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"s, Code::kInvalid, "control"},
    {"Http2", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", Code::kHttpVersion, "2.0"},
    {"Http2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Code::kHttpVersion, "2.0"},
    {"Http12", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", Code::kHttpVersion, "1.2"},
    {"Http09", "GET / HTTP/0.9\r\n\r\n", Code::kHttpVersion, "0.9"},
    {"LowerCaseVersion", "GET / http/1.1\r\nHost: a\r\n\r\n", Code::kInvalid, "version"},
    {"LongVersion", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", Code::kInvalid, "version"},
    {"RelativeTarget", "GET x HTTP/1.1\r\nHost: a\r\n\r\n", Code::kInvalid, "'/'"},
    {"Connect", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", Code::kInvalid, "'/'"},
    {"GetStar", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", Code::kInvalid, "'/'"},
    {"Fragment", "GET /#a HTTP/1.1\r\nHost: a\r\n\r\n", Code::kInvalid, "fragment"},
    {"AbsoluteTargetWithUser", "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", Code::kInvalid, "host"},
    {"TlsHello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n"s, Code::kInvalid, "request line"},
    // Chunks.
    {"ChunkWithoutSize", post(kChunked, "\r\nabc\r\n0\r\n\r\n"), Code::kInvalid, "hexadecimal"},
    {"ChunkOfNoDigits", post(kChunked, "xyz\r\n"), Code::kInvalid, "hexadecimal"},
    {"ChunkWithSign", post(kChunked, "-1\r\n"), Code::kInvalid, "hexadecimal"},
    {"ChunkWith0x", post(kChunked, "0x1\r\na\r\n0\r\n\r\n"), Code::kInvalid, "hexadecimal"},
    {"ChunkWithBlankBehind", post(kChunked, "1 \r\na\r\n0\r\n\r\n"), Code::kInvalid, "hexadecimal"},
    {"ChunkWithBareLf", post(kChunked, "1\na\r\n0\r\n\r\n"), Code::kInvalid, "LF alone"},
    {"ChunkExtensionWithBareCr", post(kChunked, "1;\ra\r\na\r\n0\r\n\r\n"), Code::kInvalid, "CR"},
    {"ChunkExtensionWithBareLf", post(kChunked, "1;\na\r\na\r\n0\r\n\r\n"), Code::kInvalid, "LF alone"},
    {"ChunkExtensionWithNul", post(kChunked, "1;\0\r\na\r\n0\r\n\r\n"s), Code::kInvalid, "control"},
    {"ChunkLongerThanItsSize", post(kChunked, "1\r\nab\r\n0\r\n\r\n"), Code::kInvalid, "longer"},
    {"ChunkEndsWithLf", post(kChunked, "1\r\na\n0\r\n\r\n"), Code::kInvalid, "longer"},
    {"ChunkSizeThatOverflows", post(kChunked, "10000000000000001\r\na\r\n0\r\n\r\n"), Code::kInvalid,
     "too many digits"},
    {"ChunkLineTooLong", post(kChunked, "1;" + std::string(300, 'x') + "\r\n"), Code::kInvalid, "too long"},
    {"TrailerFolded", post(kChunked, "0\r\n a\r\n\r\n"), Code::kInvalid, "folded"},
    {"TrailerWithoutColon", post(kChunked, "0\r\nabc\r\n\r\n"), Code::kInvalid, "colon"},
    // Expectations and repeated fields.
    {"OtherExpectation", post("Expect: 200-ok\r\n", ""), Code::kExpectationFailed, "100-continue"},
    {"ExpectTwice", post("Expect: 100-continue\r\nExpect: 100-continue\r\n", ""), Code::kInvalid, "Expect"},
    {"OriginTwice", get("Host: a\r\nOrigin: b\r\nOrigin: c\r\n"), Code::kInvalid, "Origin"},
    {"TypeTwice", get("Host: a\r\nContent-Type: b\r\nContent-Type: c\r\n"), Code::kInvalid, "Content-Type"},
};
INSTANTIATE_TEST_SUITE_P(, Refused, testing::ValuesIn(kRefused), [](const auto& c) { return c.param.name; });

// Lines are looked at several bytes at a time: no length and no place may let one slip through.
TEST(ControlCharacters, AreRefusedAtEveryPlaceOfALineOfAnyLength) {
  for (int byte = 0; byte <= 0x7f; ++byte) {
    if ((byte >= 0x20 && byte != 0x7f) || byte == '\t') continue;
    for (std::size_t size = 1; size <= 40; ++size) {
      for (std::size_t at = 0; at < size; ++at) {
        std::string text(size, 'x');
        EXPECT_THAT(read({"GET /" + text + " HTTP/1.1\r\nHost: a\r\nX:" + text + "\r\n\r\n"}),
                    ElementsAre("GET /" + text + " host=a keep", "idle"));
        text[at] = char(byte);
        EXPECT_THAT(read({"GET / HTTP/1.1\r\nHost: a\r\nX:" + text + "\r\n\r\n"}),
                    ElementsAre(HasSubstr("error invalid")));
        EXPECT_THAT(read({"GET /" + text + " HTTP/1.1\r\nHost: a\r\n\r\n"}), ElementsAre(HasSubstr("error invalid")));
      }
    }
  }
}

TEST(Limits, AHeadOfExactlyTheLimitPassesAndOneByteMoreDoesNot) {
  const CodecLimits limits{.header_bytes = 200};
  const std::string start = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  const std::string fits = start + std::string(200 - start.size() - 4, 'x') + "\r\n\r\n";
  ASSERT_EQ(fits.size(), 200U);
  EXPECT_THAT(read_every_way(fits, limits), ElementsAre("GET / host=a keep", "idle"));
  const std::string more = start + std::string(200 - start.size() - 3, 'x') + "\r\n\r\n";
  EXPECT_THAT(read_every_way(more, limits), ElementsAre(HasSubstr("error headers_too_large")));
  // Also if its end never comes.
  EXPECT_THAT(read_every_way(start + std::string(300, 'x'), limits), ElementsAre(HasSubstr("error headers_too_large")));
}

TEST(Limits, AHundredFieldsPassAndAHundredAndOneDoNot) {
  std::string lines = "Host: a\r\n";
  for (int i = 1; i < 100; ++i) lines += "X: y\r\n";
  EXPECT_THAT(read({get(lines)}), ElementsAre("GET /x host=a keep", "idle"));
  EXPECT_THAT(read({get(lines + "X: y\r\n")}), ElementsAre(HasSubstr("error headers_too_large")));
}

TEST(Limits, ATargetTooLongIsToldApartFromAHeadTooLong) {
  const CodecLimits limits{.header_bytes = 400, .uri_bytes = 100};
  const auto target = [](std::size_t size) {
    return "GET /" + std::string(size - 1, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n";
  };
  EXPECT_THAT(read_every_way(target(100), limits), ElementsAre(HasSubstr("GET /xxx"), "idle"));
  EXPECT_THAT(read_every_way(target(101), limits), ElementsAre(HasSubstr("error uri_too_long")));
  EXPECT_THAT(read_every_way(target(1000), limits), ElementsAre(HasSubstr("error uri_too_long")));
  EXPECT_THAT(read_every_way("GET " + std::string(500, 'x'), limits), ElementsAre(HasSubstr("error uri_too_long")));
  EXPECT_THAT(read_every_way(std::string(500, 'x'), limits), ElementsAre(HasSubstr("error headers_too_large")));
}

TEST(Limits, ABodyTooLargeIsRefusedBeforeAByteOfItArrives) {
  const CodecLimits limits{.body_bytes = 10};
  EXPECT_THAT(read_every_way(post("Content-Length: 10\r\n", "0123456789"), limits),
              ElementsAre("POST /x host=a body=0123456789 keep", "idle"));
  EXPECT_THAT(read_every_way(post("Content-Length: 11\r\n", ""), limits), ElementsAre(HasSubstr("error too_large")));
  EXPECT_THAT(read_every_way(post("Content-Length: 999999999999999999\r\n", ""), limits),
              ElementsAre(HasSubstr("error too_large")));
  EXPECT_THAT(read_every_way(post("Expect: 100-continue\r\nContent-Length: 11\r\n", ""), limits),
              ElementsAre(HasSubstr("error too_large")));
}

TEST(Limits, AChunkedBodyIsRefusedAtTheChunkThatGoesOver) {
  const CodecLimits limits{.body_bytes = 10};
  EXPECT_THAT(read_every_way(post(kChunked, "5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n"), limits),
              ElementsAre("POST /x host=a body=0123456789 keep", "idle"));
  EXPECT_THAT(read_every_way(post(kChunked, "5\r\n01234\r\n6\r\n"), limits), ElementsAre(HasSubstr("error too_large")));
  EXPECT_THAT(read_every_way(post(kChunked, "ffffffffffffff\r\n"), limits), ElementsAre(HasSubstr("error too_large")));
}

TEST(Limits, ChunkExtensionsAndTrailersAreBounded) {
  std::string chunks;
  for (int i = 0; i < 30; ++i) chunks += "1;" + std::string(200, 'e') + "\r\nx\r\n";
  EXPECT_THAT(read({post(kChunked, chunks)}), ElementsAre(HasSubstr("extensions are too long")));
  std::string trailers = "0\r\n";
  for (int i = 0; i < 300; ++i) trailers += "X: " + std::string(20, 'e') + "\r\n";
  EXPECT_THAT(read({post(kChunked, trailers)}), ElementsAre(HasSubstr("trailers are too long")));
  EXPECT_THAT(read({post(kChunked, "0\r\nX: " + std::string(5000, 'e'))}),
              ElementsAre(HasSubstr("trailers are too long")));
}

TEST(Continue, IsAskedForOnceAndOnlyWhileTheBodyIsMissing) {
  for (const std::string& framing : {"Content-Length: 2\r\n"s, kChunked}) {
    Parser parser({});
    give(parser, post("Expect: 100-continue\r\n" + framing, ""));
    EXPECT_EQ(parser.parse().value(), Parser::State::kNeedContinue);
    EXPECT_EQ(parser.parse().value(), Parser::State::kNeedBody);
    give(parser, framing == kChunked ? "2\r\nok\r\n0\r\n\r\n" : "ok");
    EXPECT_EQ(parser.parse().value(), Parser::State::kComplete);
    EXPECT_EQ(parser.request().body, "ok");
  }
  Parser parser({});
  give(parser, post("Expect: 100-continue\r\nContent-Length: 2\r\n", "o"));
  EXPECT_EQ(parser.parse().value(), Parser::State::kNeedBody);
  Parser old({});
  give(old, "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(old.parse().value(), Parser::State::kNeedBody);
}

TEST(Parser, AnErrorTellsWhatIsKnownOfTheRequest) {
  Parser parser({.body_bytes = 1});
  give(parser, "PUT /big?x HTTP/1.1\r\nHost: A\r\nX-Request-Id: r1\r\nContent-Length: 2\r\n\r\n");
  ASSERT_FALSE(parser.parse().has_value());
  EXPECT_EQ(describe(parser), "PUT /big?x host=a id=r1 keep");
}

TEST(Parser, TheBufferFollowsWhatArrivesNotWhatIsPromised) {
  Parser parser({});
  give(parser, post("Content-Length: 8000000\r\n", std::string(3000, 'x')));
  EXPECT_EQ(parser.parse().value(), Parser::State::kNeedBody);
  EXPECT_EQ(parser.body_received(), 3000U);
  EXPECT_LE(parser.capacity(), 32768U);
}

TEST(Parser, ReleaseGivesTheBufferBackOnlyWhenIdle) {
  Parser parser({});
  give(parser, post("Content-Length: 5000\r\n", std::string(5000, 'x')));
  EXPECT_EQ(parser.parse().value(), Parser::State::kComplete);
  EXPECT_FALSE(parser.more_behind());
  parser.release();
  EXPECT_EQ(parser.request().body.size(), 5000U);
  EXPECT_GE(parser.capacity(), 5000U);
  parser.next();
  EXPECT_TRUE(parser.idle());
  parser.release();
  EXPECT_EQ(parser.capacity(), 0U);
  give(parser, get("Host: a\r\n"));
  EXPECT_EQ(parser.parse().value(), Parser::State::kComplete);
}

// Random streams of good requests, with bodies of all sizes, cut at random: the same requests come out.
TEST(Property, AnySplitOfAnyStreamGivesTheSameRequests) {
  std::mt19937 random(20261122);
  const auto up_to = [&](std::size_t most) { return std::uniform_int_distribution<std::size_t>(0, most)(random); };
  for (int round = 0; round < 300; ++round) {
    std::string stream;
    Outcome want;
    for (std::size_t i = 0; i <= up_to(6); ++i) {
      const std::size_t size = up_to(3) == 0 ? up_to(100'000) : up_to(200);
      std::string body(size, ' ');
      for (char& c : body) c = char(up_to(255));
      if (up_to(1) == 0) {
        stream += post("Content-Length: " + std::to_string(size) + "\r\n", body);
      } else {
        stream += post(kChunked, "");
        for (std::size_t at = 0; at < size;) {
          const std::size_t part = std::min(size - at, 1 + up_to(up_to(1) == 0 ? 10 : 20'000));
          char line[32];
          std::snprintf(line, sizeof line, up_to(1) == 0 ? "%zx\r\n" : "%zX;e=1\r\n", part);
          stream += line + body.substr(at, part) + "\r\n";
          at += part;
        }
        stream += "0\r\n\r\n";
      }
      want.push_back("POST /x host=a" + (size == 0 ? "" : " body=" + body) + " keep");
    }
    want.emplace_back("idle");
    std::vector<std::string_view> parts;
    const std::size_t longest = 1 + up_to(up_to(1) == 0 ? 50 : 50'000);
    for (std::size_t at = 0; at < stream.size();) {
      const std::size_t part = std::min(stream.size() - at, 1 + up_to(longest));
      parts.push_back(std::string_view(stream).substr(at, part));
      at += part;
    }
    ASSERT_TRUE(read(parts) == want) << "round " << round;
  }
}

TEST(Response, IsWrittenByTheBook) {
  std::string out = "before|";
  append_response(out, {.body = "{}"}, Method::kPost, false, true, "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(out,
            "before|HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n{}");
  out.clear();
  append_response(out,
                  {.status = 405, .content_type = "text/plain", .body = "no", .allow = "GET, HEAD", .request_id = "r"},
                  Method::kHead, false, false);
  EXPECT_EQ(out,
            "HTTP/1.1 405 Method Not Allowed\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nConnection: close\r\n"
            "X-Request-Id: r\r\nAllow: GET, HEAD\r\n\r\n");
  out.clear();
  append_response(out, {.status = 503, .retry_after_s = 7}, Method::kGet, true, true);
  EXPECT_EQ(
      out, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: keep-alive\r\nRetry-After: 7\r\n\r\n");
  out.clear();
  append_response(out, {.status = 304, .body = "x"}, Method::kGet, false, true);
  EXPECT_EQ(out, "HTTP/1.1 304 Not Modified\r\n\r\n");
}

TEST(Response, EveryStatusOfTheErrorTableHasAReason) {
  for (const CodeInfo& code : kCodes) {
    std::string out;
    append_response(out, {.status = code.http}, Method::kGet, false, true);
    EXPECT_THAT(out, testing::Not(HasSubstr(" Status\r\n"))) << code.http;
  }
}

TEST(DateText, IsTheExampleOfTheRfc) {
  DateText date;
  using std::chrono::system_clock;
  EXPECT_EQ(date.at(system_clock::from_time_t(784111777)), "Sun, 06 Nov 1994 08:49:37 GMT");  // RFC 9110 5.6.7
  EXPECT_EQ(date.at(system_clock::from_time_t(951782400)), "Tue, 29 Feb 2000 00:00:00 GMT");
}

}  // namespace
}  // namespace slipway::serve::http
