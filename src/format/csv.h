// SPDX-License-Identifier: Apache-2.0
// CSV (RFC 4180), as Python's csv module and pandas read it: quotes, doubled quotes, line ends in quotes, CRLF, LF or
// CR, a byte order mark. Lines with nothing but blanks are skipped. A quote inside a field that does not begin with one
// is a character like others; text behind a closing quote belongs to the field. Streams: memory is bounded by the
// limits, and no row allocates once the buffers have grown to its size. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/stream.h"

namespace slipway::format {

struct CsvOptions {
  char delimiter = ',';                                // '\0': whichever of , ; tab | the first line has most of
  std::uint32_t line_bytes = std::uint32_t{16} << 20;  // without its end; of a row over several lines: of all of it
  std::uint32_t field_bytes = std::uint32_t{1} << 20;  // as it stands in the text, with its quotes
  std::uint32_t fields = std::uint32_t{1} << 20;       // in a line
};

// Where something stands in a text: both from 1; a column is a byte.
struct TextPlace {
  std::uint64_t line = 0, column = 0;
};

class CsvReader {
 public:
  // `source` must outlive the reader.
  CsvReader(Source& source, const CsvOptions& options);

  enum class Next : std::uint8_t { kRow, kBad, kEnd };
  // Reads the next row. kBad: a quote that is never closed, or a limit; problem() and problem_place() say what and
  // where, and next() goes on with the line behind the one where the bad row began. Errors: what the source gives;
  // kInvalid for UTF-16.
  Result<Next> next();

  // The row, until the next call.
  std::size_t size() const { return count_; }
  std::string_view operator[](std::size_t field) const { return {fields_[field].data, fields_[field].size}; }
  // Where a field of the row begins; the row itself if it has fewer. Slow: it looks for line ends.
  TextPlace place(std::size_t field) const;
  // Where a byte of the row stands.
  TextPlace place_of(const char* at) const;
  // The line where the row begins.
  std::uint64_t line() const { return line_; }

  const std::string& problem() const { return problem_; }
  TextPlace problem_place() const { return problem_place_; }

  // What has been read behind the row, for whoever can read some rows himself; kAround bytes before it and behind may
  // be looked at. take() makes the first `size` bytes of it the row; they must be a line with its end, and the row then
  // has no fields.
  static constexpr std::size_t kAround = 64;
  std::string_view ahead() const { return {next_, begun_ && !skipping_ ? std::size_t(end_ - next_) : 0}; }
  void take(std::size_t size);

  char delimiter() const { return delimiter_; }
  // Bytes read so far, the row's included.
  std::uint64_t bytes() const { return taken_ + std::uint64_t(next_ - front()); }

 private:
  struct Field {
    const char* data;
    std::uint32_t size;
    std::uint32_t at;  // where it begins in the row, its quote included
  };
  enum class Scan : std::uint8_t { kRow, kMore, kUnclosed, kTooMany };

  Result<void> begin();
  Result<void> fill();
  Result<Next> read_row();
  std::optional<Next> judge(Scan result);
  Scan scan();
  Scan scan_to_end(const char* field, bool stored);
  const char* scan_quoted(const char* field);
  Scan finish(const char* end);
  void store(const char* field, const char* data, std::size_t size);
  bool blank() const;
  Next bad(std::string problem, const char* at);
  Next too_long(const char* field);
  Result<void> skip_line();
  bool sniff();
  void resume_at(const char* at);
  std::uint64_t specials(const char* block) const;

  Source& source_;
  const CsvOptions options_;
  char delimiter_;
  bool begun_ = false, ended_ = false;  // ended_: the source has no more
  bool skipping_ = false;               // a bad row's first line is to be dropped
  bool taken_from_ = false;             // the next special character is to be looked for from next_

  // What is read begins behind kAround bytes and ends before as many.
  const char* front() const { return buffer_.data() + kAround; }
  std::vector<char> buffer_;
  const char* row_ = nullptr;    // where the row begins
  const char* next_ = nullptr;   // behind the row
  const char* end_ = nullptr;    // of what has been read
  std::uint64_t taken_ = 0;      // bytes that have left the buffer
  const char* block_ = nullptr;  // 64 bytes, and a bit for each special character in them that is still to be visited
  std::uint64_t mask_ = 0;

  std::vector<Field> fields_;
  std::size_t count_ = 0;
  std::string unescaped_;  // of the fields whose text is not as it stands in the buffer
  struct Moved {
    std::size_t field, at;
  };
  std::vector<Moved> moved_;  // those fields, and where in `unescaped_` they begin

  std::uint64_t line_ = 1;         // of the row
  std::uint64_t line_ends_ = 0;    // in the row
  const char* opened_ = nullptr;   // the field that scan() has stopped in
  const char* reached_ = nullptr;  // where it has stopped: at the line's end, if it was read
  std::string problem_;
  TextPlace problem_place_;
};

// Appends a field as Python's csv.writer does by default: in quotes only if it holds the delimiter, a quote or a line
// end.
void append_csv(std::string& out, std::string_view text, char delimiter = ',');

}  // namespace slipway::format
