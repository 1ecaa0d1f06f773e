// SPDX-License-Identifier: Apache-2.0
// Sixty-four bytes at a time become a mask of the characters that mean something; the loop visits only those. A row is
// scanned from its beginning once it is whole in the buffer: at the buffer's end the row so far is moved to the front,
// more is read, and the row is scanned again. Fields with quotes go a slower way, byte by byte.
#include "format/csv.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "base/text.h"

namespace slipway::format {
namespace {

constexpr std::size_t kBlock = 64;
static_assert(kBlock <= CsvReader::kAround);
constexpr std::size_t kBuffer = std::size_t{256} << 10;
constexpr std::size_t kSniffed = std::size_t{64} << 10;

using Bytes = char __attribute__((vector_size(kBlock)));
using Mask = bool __attribute__((ext_vector_type(kBlock)));

bool is_line_end(char c) { return c == '\n' || c == '\r'; }

// The first line end at or behind `at`, or `end`.
const char* find_line_end(const char* at, const char* end) { return std::find_if(at, end, is_line_end); }

}  // namespace

CsvReader::CsvReader(Source& source, const CsvOptions& options)
    : source_(source), options_(options), delimiter_(options.delimiter), buffer_(kBuffer + 2 * kAround), fields_(64) {
  row_ = next_ = end_ = block_ = front();
}

// A bit for each of the 64 bytes from `block` that is a delimiter, a quote or a line end, as far as they have been
// read.
std::uint64_t CsvReader::specials(const char* block) const {
  Bytes bytes;
  std::memcpy(&bytes, block, sizeof bytes);
  const auto hits = (bytes == delimiter_) | (bytes == '"') | (bytes == '\n') | (bytes == '\r');
  auto mask = std::bit_cast<std::uint64_t>(__builtin_convertvector(hits, Mask));
  const auto left = std::size_t(end_ - block);
  if (left < kBlock) mask &= (std::uint64_t{1} << left) - 1;
  return mask;
}

// Makes `at` the place where the next special character is looked for.
void CsvReader::resume_at(const char* at) {
  const std::ptrdiff_t ahead = at - block_;
  if (ahead >= 0 && ahead < std::ptrdiff_t(kBlock) && mask_ != 0) {
    mask_ &= ~std::uint64_t{0} << unsigned(ahead);
    return;
  }
  block_ = at;
  mask_ = at < end_ ? specials(at) : 0;
}

inline void CsvReader::store(const char* field, const char* data, std::size_t size) {
  if (count_ == fields_.size()) fields_.resize(count_ * 2);
  fields_[count_++] = {data, std::uint32_t(size), std::uint32_t(field - row_)};
}

CsvReader::Scan CsvReader::scan() {
  count_ = 0;
  line_ends_ = 0;
  if (!moved_.empty()) {
    moved_.clear();
    unescaped_.clear();
  }
  const char* field = row_;
  bool stored = false;  // the field was in quotes and is stored already
  for (;;) {
    while (mask_ == 0) {
      block_ += kBlock;
      if (block_ >= end_) return scan_to_end(field, stored);
      mask_ = specials(block_);
    }
    const char* hit = block_ + std::countr_zero(mask_);
    mask_ &= mask_ - 1;
    if (*hit == delimiter_) {
      if (!stored) store(field, field, std::size_t(hit - field));
      stored = false;
      field = hit + 1;
      if (count_ >= options_.fields) {
        reached_ = hit;
        return Scan::kTooMany;
      }
    } else if (*hit == '"') {
      if (hit != field || stored) continue;
      const char* stop = scan_quoted(field);
      if (stop == nullptr) {
        reached_ = end_;
        return ended_ ? Scan::kUnclosed : Scan::kMore;
      }
      stored = true;
      resume_at(stop);
    } else {
      opened_ = field;
      reached_ = hit;
      if (*hit == '\r' && hit + 1 == end_ && !ended_) return Scan::kMore;
      if (!stored) store(field, field, std::size_t(hit - field));
      const bool two = *hit == '\r' && hit + 1 < end_ && hit[1] == '\n';
      if (two) resume_at(hit + 2);
      return finish(hit + (two ? 2 : 1));
    }
  }
}

CsvReader::Scan CsvReader::scan_to_end(const char* field, bool stored) {
  opened_ = field;
  reached_ = end_;
  if (!ended_) return Scan::kMore;
  if (!stored) store(field, field, std::size_t(end_ - field));
  return finish(end_);
}

// Stores the field, whose first character is a quote; where it ends, or nullptr if that has not been read.
const char* CsvReader::scan_quoted(const char* field) {
  opened_ = field;
  const char* from = field + 1;  // what has not been copied yet
  const std::size_t start = unescaped_.size();
  for (const char* at = from;;) {
    const auto* quote = static_cast<const char*>(std::memchr(at, '"', std::size_t(end_ - at)));
    if (quote == nullptr || (quote + 1 == end_ && !ended_)) return nullptr;
    if (quote + 1 < end_ && quote[1] == '"') {
      unescaped_.append(from, quote + 1);
      from = at = quote + 2;
      continue;
    }
    const char* stop = std::find_if(quote + 1, end_, [&](char c) { return c == delimiter_ || is_line_end(c); });
    if (stop == end_ && !ended_) return nullptr;
    line_ends_ += std::uint64_t(std::count(field, stop, '\n'));
    if (stop == quote + 1 && unescaped_.size() == start) {
      store(field, from, std::size_t(quote - from));
      return stop;
    }
    unescaped_.append(from, quote).append(quote + 1, stop);
    moved_.push_back({count_, start});
    store(field, nullptr, unescaped_.size() - start);
    return stop;
  }
}

CsvReader::Scan CsvReader::finish(const char* end) {
  next_ = end;
  ++line_ends_;
  for (const Moved& moved : moved_) fields_[moved.field].data = unescaped_.data() + moved.at;
  return Scan::kRow;
}

Result<CsvReader::Next> CsvReader::next() {
  if (!begun_) SLIPWAY_TRY(begin());
  if (std::exchange(taken_from_, false)) resume_at(next_);
  for (;;) {
    line_ += line_ends_;
    line_ends_ = 0;
    row_ = next_;
    if (skipping_) SLIPWAY_TRY(skip_line());
    if (row_ == end_) {
      if (ended_) return Next::kEnd;
      SLIPWAY_TRY(fill());
      continue;
    }
    const Next found = SLIPWAY_TRY(read_row());
    if (found == Next::kBad || !blank()) return found;
  }
}

void CsvReader::take(std::size_t size) {
  line_ += line_ends_;
  line_ends_ = 1;
  row_ = next_;
  next_ += size;
  count_ = 0;
  taken_from_ = true;
  mask_ = 0;
}

// Of what is wrong with the line as far as it has been read, the first: the byte that is too much is the same one
// however the text comes in pieces. No value: nothing yet.
std::optional<CsvReader::Next> CsvReader::judge(Scan result) {
  const char* wrong = nullptr;  // the byte
  const char* field = nullptr;  // that is too long
  if (std::size_t(reached_ - row_) > options_.field_bytes) {
    const bool whole = result == Scan::kRow || result == Scan::kTooMany;
    const bool open = !whole && (count_ == 0 || row_ + fields_[count_ - 1].at != opened_);  // one that is not stored
    const std::size_t count = count_ + (open ? 1 : 0);
    const auto begin_of = [&](std::size_t i) { return i < count_ ? row_ + fields_[i].at : opened_; };
    for (std::size_t i = 0; i < count && field == nullptr; ++i) {
      const char* const end = i + 1 < count ? begin_of(i + 1) - 1 : reached_;
      if (std::size_t(end - begin_of(i)) > options_.field_bytes) field = begin_of(i);
    }
    if (field != nullptr) wrong = field + options_.field_bytes;
  }
  const std::size_t line_bytes = options_.line_bytes;
  if (std::size_t(reached_ - row_) > line_bytes && (wrong == nullptr || row_ + line_bytes < wrong)) {
    return bad("the line is longer than " + std::to_string(line_bytes) + " bytes", row_);
  }
  if (field != nullptr) return too_long(field);
  if (result == Scan::kTooMany) {
    return bad("more than " + std::to_string(options_.fields) + " fields in a line", row_);
  }
  if (result == Scan::kUnclosed) return bad("the quote that opens here is never closed", opened_);
  return std::nullopt;
}

Result<CsvReader::Next> CsvReader::read_row() {
  for (;;) {
    const Scan result = scan();
    if (const auto problem = judge(result)) return *problem;
    if (result == Scan::kRow) return Next::kRow;
    SLIPWAY_TRY(fill());
  }
}

CsvReader::Next CsvReader::too_long(const char* field) {
  std::string message = "the field is longer than " + std::to_string(options_.field_bytes) + " bytes";
  if (*field == '"') message += "; is the quote that opens here ever closed?";
  return bad(std::move(message), field);
}

CsvReader::Next CsvReader::bad(std::string problem, const char* at) {
  problem_ = std::move(problem);
  problem_place_ = place_of(at);
  skipping_ = true;
  next_ = row_;
  mask_ = 0;  // what stands in this row's further lines has been visited, and will be again
  line_ends_ = 0;
  return Next::kBad;
}

// Drops the rest of the line where the row begins.
Result<void> CsvReader::skip_line() {
  for (;;) {
    const char* stop = find_line_end(row_, end_);
    const bool cut = stop != end_ && *stop == '\r' && stop + 1 == end_ && !ended_;
    if (stop != end_ && !cut) {
      row_ = stop + (*stop == '\r' && stop + 1 < end_ && stop[1] == '\n' ? 2 : 1);
      break;
    }
    row_ = stop;
    if (ended_) break;
    SLIPWAY_TRY(fill());
  }
  skipping_ = false;
  next_ = row_;
  ++line_;
  resume_at(row_);
  return {};
}

// Moves what has been read of the row to the front and reads on: at least half as much again, so that a long row is
// not scanned for every few bytes of a slow pipe.
Result<void> CsvReader::fill() {
  const auto kept = std::size_t(end_ - row_);
  taken_ += std::uint64_t(row_ - front());
  if (kept > 0) std::memmove(buffer_.data() + kAround, row_, kept);
  const std::size_t had = buffer_.size() - 2 * kAround;
  if (kept > had / 2) buffer_.resize(had * 2 + 2 * kAround);
  const std::span<char> all = std::span(buffer_).subspan(kAround, buffer_.size() - 2 * kAround);
  std::size_t size = kept;
  while (!ended_ && size <= kept + kept / 2) {
    const std::size_t got = SLIPWAY_TRY(source_.read(all.subspan(size)));
    ended_ = got == 0;
    size += got;
  }
  row_ = next_ = front();
  end_ = row_ + size;
  block_ = row_;
  mask_ = 0;
  resume_at(row_);
  return {};
}

Result<void> CsvReader::begin() {
  begun_ = true;
  while (!ended_ && end_ - row_ < 3) SLIPWAY_TRY(fill());
  const std::string_view text(row_, std::size_t(end_ - row_));
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    return fail(Code::kInvalid, "the text is UTF-16", "Save it as UTF-8, for example: iconv -f UTF-16 -t UTF-8");
  }
  if (text.starts_with("\xEF\xBB\xBF")) next_ = row_ += 3;
  if (delimiter_ == '\0') {
    while (!sniff() && !ended_ && std::size_t(end_ - row_) < kSniffed) SLIPWAY_TRY(fill());
  }
  mask_ = 0;
  resume_at(row_);
  return {};
}

// Counts each candidate outside of quotes in the first line, or in as much of it as is looked at; of equal counts the
// first. True if the line has been read whole.
bool CsvReader::sniff() {
  constexpr std::string_view kCandidates = ",;\t|";
  std::size_t counts[kCandidates.size()] = {};
  bool quoted = false;
  const char* const end = row_ + std::min(std::size_t(end_ - row_), kSniffed);
  const char* at = row_;
  for (; at != end && (quoted || !is_line_end(*at)); ++at) {
    if (*at == '"') quoted = !quoted;
    const std::size_t candidate = kCandidates.find(*at);
    if (!quoted && candidate != kCandidates.npos) ++counts[candidate];
  }
  delimiter_ = kCandidates[std::size_t(std::max_element(counts, counts + kCandidates.size()) - counts)];
  return at != end;
}

bool CsvReader::blank() const {
  if (count_ != 1) return false;
  const char* const end = find_line_end(row_, next_);
  return std::all_of(row_, end, [](char c) { return c == ' ' || c == '\t'; });
}

TextPlace CsvReader::place(std::size_t field) const {
  return place_of(row_ + (field < count_ ? fields_[field].at : 0));
}

TextPlace CsvReader::place_of(const char* at) const {
  TextPlace place{.line = line_, .column = 1};
  for (const char* c = row_; c != at; ++c) {
    ++place.column;
    if (*c == '\n') place = {.line = place.line + 1, .column = 1};
  }
  return place;
}

void append_csv(std::string& out, std::string_view text, char delimiter) {
  const bool plain =
      std::ranges::none_of(text, [&](char c) { return c == delimiter || c == '"' || c == '\n' || c == '\r'; });
  if (plain) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) out.append(c == '"' ? 2 : 1, c);
  out += '"';
}

}  // namespace slipway::format
