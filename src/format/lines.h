// SPDX-License-Identifier: Apache-2.0
// The lines of a text, one at a time, for JSON parsers that read a little behind the end. Memory is bounded by the
// longest line allowed; no line allocates once the buffer has grown to its size. One thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/stream.h"

namespace slipway::format {

class LineReader {
 public:
  static constexpr std::size_t kBehind = 64;  // bytes that may be read behind the end of a line

  // `source` must outlive the reader.
  LineReader(Source& source, std::size_t longest);

  enum class Next : std::uint8_t { kLine, kTooLong, kEnd };
  // Reads the next line; without its end, which is LF or CRLF. A byte order mark at the beginning is no part of it. A
  // line above the limit is skipped.
  Result<Next> next();
  // Until the next call.
  std::string_view text() const { return text_; }
  std::uint64_t line() const { return line_; }  // its number, from 1
  std::uint64_t bytes() const { return taken_ + at_; }

 private:
  Result<void> fill();

  Source& source_;
  const std::size_t longest_;
  std::vector<char> buffer_;
  std::size_t at_ = 0, end_ = 0;  // the rest of what has been read
  std::uint64_t taken_ = 0;       // bytes that have left the buffer
  bool ended_ = false;
  std::string_view text_;
  std::uint64_t line_ = 0;
};

}  // namespace slipway::format
