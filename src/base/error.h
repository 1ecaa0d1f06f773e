// SPDX-License-Identifier: Apache-2.0
// What went wrong, in one type. The code says what a caller should do; the message says what happened, where and why;
// the hint says what to do next. One table maps a code to its HTTP status, exit code and problem type.
#pragma once

#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

namespace slipway {

enum class Code : std::uint8_t {
  kInvalid,            // malformed: the caller must change the bytes
  kUsage,              // the command line is wrong
  kContract,           // well formed, but not what the model takes
  kNotFound,           // no such route, file or model
  kMethodNotAllowed,   // the route exists under another method
  kTimeout,            // the peer was too slow
  kTooLarge,           // a body, a file or a count above its limit
  kUriTooLong,         //
  kHeadersTooLarge,    //
  kUnsupportedMedia,   // a content coding or charset that we do not read
  kExpectationFailed,  //
  kMisdirected,        // a Host or Origin that this listener does not answer
  kHttpVersion,        // a version of the protocol that we do not speak
  kUnsupported,        // a model or protocol feature that we know and do not serve
  kCorrupt,            // a file that breaks its own format
  kRefused,            // a file that asks for code to be run, or is no model at all
  kBusy,               // try again later
  kIo,                 // the operating system said no
  kInternal,           // our own bug
};

struct CodeInfo {
  std::string_view name;   // also the last part of the problem type: /problems/<name>
  std::string_view title;  // RFC 9457 "title"
  int http;
  int exit;
};

inline constexpr CodeInfo kCodes[] = {
    // indexed by Code: the only such mapping in the program
    {"invalid", "Request is not well formed", 400, 2},
    {"usage", "Command line is not understood", 400, 2},
    {"contract", "Input does not match the model", 422, 4},
    {"not_found", "Not found", 404, 3},
    {"method_not_allowed", "Method not allowed", 405, 2},
    {"timeout", "Too slow", 408, 7},
    {"too_large", "Too large", 413, 6},
    {"uri_too_long", "Request target too long", 414, 6},
    {"headers_too_large", "Request headers too large", 431, 6},
    {"unsupported_media", "Encoding not supported", 415, 4},
    {"expectation_failed", "Expectation failed", 417, 2},
    {"misdirected", "Host is not served here", 421, 2},
    {"http_version", "HTTP version not supported", 505, 4},
    {"unsupported", "Not supported", 501, 4},
    {"corrupt", "File is damaged", 422, 5},
    {"refused", "File is refused", 422, 4},
    {"busy", "Busy", 503, 7},
    {"io", "Operating system error", 500, 8},
    {"internal", "Internal error", 500, 70},
};
static_assert(std::size(kCodes) == std::size_t(Code::kInternal) + 1);

constexpr const CodeInfo& info(Code code) { return kCodes[std::size_t(code)]; }

class [[nodiscard]] Error {
 public:
  Error(Code code, std::string message, std::string hint = {})
      : code_(code), message_(std::move(message)), hint_(std::move(hint)) {}

  Code code() const { return code_; }
  const std::string& message() const { return message_; }  // what, where and why; one line
  const std::string& hint() const { return hint_; }        // what to do next; may be empty

  // The same error, seen from further out: "where: message". An empty `where` changes nothing.
  Error within(std::string_view where) &&;
  Error within(std::string_view where) const&;
  // The same error with the next step set, if it had none.
  Error or_hint(std::string_view hint) &&;

  // Message and, on a second line, the hint.
  std::string to_string() const;

 private:
  Code code_;
  std::string message_;
  std::string hint_;
};

// The error of a failed system call: "what: strerror(number)", with a hint for a full or read-only disk. Thread-safe.
Error system_error(std::string_view what, int number);

}  // namespace slipway
