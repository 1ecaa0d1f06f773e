// SPDX-License-Identifier: Apache-2.0
// Two passes over some kilobytes at a time. The first notes where the delimiters and line ends are, 64 bytes at once;
// so the second, which reads the cells, never waits for one to be read to know where the next begins. A number is read
// from one load of 32 bytes: a mask of what is no digit says where the point is, and no branch depends on how many
// digits there are. Sixteen decimals become an integer by four multiplications side by side. An integer of at most 15
// digits divided by a power of ten is the correctly rounded quotient (Clinger, 1990); longer ones are rounded by
// fast_float (Eisel and Lemire). Where the processor has AVX-512 and a row some columns of numbers, plain_avx512.h does
// both passes, and what it leaves is read as here.
#include "serve/plain_rows.h"

#include <fast_float/fast_float.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "serve/csv_cell.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace slipway::serve {

using model::Cell;

namespace {

constexpr std::ptrdiff_t kWorthWhile = 6;  // columns of numbers, for AVX-512

}  // namespace

PlainRows::Level PlainRows::best_level(char delimiter) {
#if defined(__x86_64__)
  if (avx512::available(delimiter)) return Level::kAvx512;
  if (__builtin_cpu_supports("x86-64-v3")) return Level::kAvx2;
#endif
  return Level::kNone;
}

PlainRows::PlainRows(const engine::Plan& plan, std::vector<Column> columns, char delimiter, Level level)
    : plan_(plan), columns_(std::move(columns)), delimiter_(delimiter), level_(level) {
  index_.stop_at.resize(1);
  const auto numbers = std::ranges::count(columns_, Kind::kNumber, &Column::kind);
  if (level == Level::kAvx512 && numbers < kWorthWhile) level_ = Level::kAvx2;
  if (level_ == Level::kNone) return;
  for (std::uint32_t i = 0; i < columns_.size(); ++i) {
    const std::uint32_t field = columns_[i].field;
    if (columns_[i].kind == Kind::kText)
      texts_.push_back({i, field, KnownTexts(plan.model().schema().fields()[field].categories)});
    if (columns_[i].kind != Kind::kNumber) continue;
    if (level_ == Level::kAvx2) {
      numbers_.push_back({i, field});
    } else if (groups_.empty() || !groups_.back().add(i, field)) {
      groups_.emplace_back().add(i, field);
    }
  }
}

std::size_t PlainRows::read(std::string_view text, std::span<Cell> cells) {
  if (level_ == Level::kNone) return 0;
  if (text.data() != expected_) index(text.substr(0, kWindow));
  const char* const end = text.data() + text.size();
  while (index_.stops - next_row_ <= columns_.size() && index_.begin + index_.size < end) {
    index(text.substr(0, text.data() == index_.begin ? index_.size * 2 : kWindow));
  }
  expected_ = nullptr;
  row_ = next_row_;
  if (index_.stops - row_ < columns_.size()) return 0;
  sound_ = true;
  const bool whole = level_ == Level::kAvx512 ? read_groups(cells) : read_columns(cells);
  const std::size_t size = whole ? end_row(text) : 0;
  if (size != 0) expected_ = text.data() + size;
  return size;
}

void PlainRows::index(std::string_view text) {
  next_row_ = 1;
  level_ == Level::kAvx512 ? avx512::index(text, delimiter_, index_) : index_narrow(text);
}

// The size of the row with its line end; 0 if there is none where its columns end.
std::size_t PlainRows::end_row(std::string_view text) {
  const std::size_t stop = row_ + columns_.size() - 1;
  const char* const last = index_.begin + index_.at(stop);
  const auto size = std::size_t(last + 1 - text.data());
  next_row_ = stop + 1;
  if (*last == '\n') return size;
  if (*last != '\r' || size >= text.size() || last[1] != '\n') return 0;
  ++next_row_;
  return size + 1;
}

// What is no plain number, and no text that is known.
void PlainRows::read_other(std::string_view text, std::uint32_t index, Cell& cell) {
  const model::Field& field = plan_.model().schema().fields()[index];
  if (!field.takes_number && !is_missing_text(text)) {
    cell = Cell::of(text);
    return;
  }
  cell = csv_cell(plan_, index, text);
  sound_ &= cell.kind == Cell::Kind::kText ? field.takes_text : !cell.missing();
}

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt"))), apply_to = function)

namespace {

constexpr double kPowers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
constexpr std::size_t kBlock = 64;

// A bit for each of 64 bytes that is a delimiter, a line end or a quote.
std::uint64_t specials(const char* at, char delimiter) {
  const auto half = [&](const char* from) {
    const auto text = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    const auto is = [&](char c) { return _mm256_cmpeq_epi8(text, _mm256_set1_epi8(c)); };
    const auto any = _mm256_or_si256(_mm256_or_si256(is(delimiter), is('"')), _mm256_or_si256(is('\n'), is('\r')));
    return std::uint64_t{std::uint32_t(_mm256_movemask_epi8(any))};
  };
  return half(at) | half(at + 32) << 32;
}

// 32 bytes that are zero, then 32 that are not: read from 32 - n, they keep the last n bytes of 32.
alignas(64) constexpr std::array<char, 64> kLast = [] {
  std::array<char, 64> out{};
  std::fill(out.begin() + 32, out.end(), char(-1));
  return out;
}();

__m256i load(const char* at) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)); }
__m256i last(std::uint32_t n) { return load(kLast.data() + n); }

// The last 32 characters before `end`, less '0'.
__m256i digits_before(const char* end) { return _mm256_sub_epi8(load(end - 32), _mm256_set1_epi8('0')); }

// The integer of the last `count` digits before `end`, over a point that has `decimals` of them behind it. REQUIRES:
// count at most 19, below 2^64.
std::uint64_t integer_before(const char* end, __m256i digits, std::uint32_t count, std::uint32_t decimals) {
  const auto moved = _mm256_blendv_epi8(digits_before(end - 1), digits, last(decimals));  // the point is gone
  const auto ones = _mm256_and_si256(moved, last(count));
  const auto twos = _mm256_maddubs_epi16(ones, _mm256_set1_epi16(0x010A));
  const auto fours = _mm256_madd_epi16(twos, _mm256_set1_epi32(0x00010064));
  const auto eights = _mm256_madd_epi16(_mm256_packus_epi32(fours, fours), _mm256_set1_epi32(0x00012710));
  const auto high = std::uint64_t(_mm_cvtsi128_si64(_mm256_castsi256_si128(eights))) >> 32;
  const auto low = std::uint64_t(_mm_cvtsi128_si64(_mm256_extracti128_si256(eights, 1)));
  return high * 10'000'000'000'000'000 + (low & 0xFFFFFFFFU) * 100'000'000 + (low >> 32);
}

// What the library makes of what is rare below; kNone if it does not know.
constexpr std::uint64_t kNone = ~std::uint64_t{0};
[[gnu::noinline]] std::uint64_t rounded_by_library(std::uint64_t mantissa, std::int32_t exponent) {
  const auto parts = fast_float::compute_float<fast_float::binary_format<double>>(exponent, mantissa);
  return parts.power2 < 0 ? kNone : std::uint64_t(parts.power2) << 52 | parts.mantissa;
}

// mantissa * 10^exponent, correctly rounded, as the bits of a double: the usual case of fast_float's compute_float,
// with its table. What might be a tie is left to it. REQUIRES: an exponent of -200 to 200, so that no bit is lost.
std::uint64_t rounded(std::uint64_t mantissa, std::int32_t exponent) {
  constexpr int kBias = 1023 + 63, kDropped = 9;
  constexpr std::uint64_t kAll = (1U << kDropped) - 1;
  __extension__ using Wide = unsigned __int128;
  if (mantissa == 0) return 0;
  const int zeros = std::countl_zero(mantissa);
  const auto* power = fast_float::powers::power_of_five_128 +
                      std::ptrdiff_t{2} * (exponent - fast_float::powers::smallest_power_of_five);
  Wide product = Wide{mantissa << zeros} * power[0];
  if ((std::uint64_t(product >> 64) & kAll) == kAll) product += (Wide{mantissa << zeros} * power[1]) >> 64;
  const auto high = std::uint64_t(product >> 64), low = std::uint64_t(product);
  if (low + 1 <= 2) return rounded_by_library(mantissa, exponent);
  const auto upper = int(high >> 63);
  std::uint64_t bits = high >> (upper + kDropped);  // 54 bits, the last for rounding
  bits = (bits + (bits & 1)) >> 1;
  const int biased = ((217706 * exponent) >> 16) + kBias + upper - zeros;
  return bits + (std::uint64_t(biased - 1) << 52);  // the first bit counts as one
}

// Reads "e-05" at `at`. The sign is no branch: in a file of small and large numbers nobody can guess it.
bool read_exponent(const char* at, std::int32_t& exponent) {
  const std::uint32_t tens = std::uint32_t(at[2]) - '0', ones = std::uint32_t(at[3]) - '0';
  const std::uint32_t minus = std::uint32_t(at[1]) - '+';  // 0 of a plus, 2 of a minus
  if (*at != 'e' || (minus & ~2U) != 0 || tens > 9 || ones > 9) return false;
  exponent = std::int32_t(tens * 10 + ones) * (1 - std::int32_t(minus));
  return true;
}

// A number of at most 19 digits, perhaps with a point between them, perhaps with an exponent of two digits. False if
// the text is anything else.
bool read_plain(const char* at, const char* end, Cell& cell) {
  const std::uint64_t negative = *at == '-' ? 1 : 0;
  at += negative;
  std::int32_t exponent = 0;
  auto digits = digits_before(end);
  const auto others_of = [&] {
    const auto is_digit = _mm256_cmpeq_epi8(_mm256_min_epu8(digits, _mm256_set1_epi8(9)), digits);
    return ~std::uint32_t(_mm256_movemask_epi8(is_digit)) >> (32 - (end - at));
  };
  if (end - at > 24 || end == at) return false;
  std::uint32_t others = others_of();
  const bool scientific = (others & (others - 1)) != 0;
  if (scientific) {
    if (end - at <= 4 || !read_exponent(end - 4, exponent)) return false;
    end -= 4;
    digits = digits_before(end);
    others = others_of();
    if ((others & (others - 1)) != 0) return false;
  }
  const auto size = std::uint32_t(end - at);
  if (others == 0) {
    if (size > 18 || scientific) return false;
    const auto integer = std::int64_t(integer_before(end, digits, size, 32));
    cell = Cell::of(negative != 0 ? -integer : integer);
    return true;
  }
  const auto whole = std::uint32_t(std::countr_zero(others));
  const std::uint32_t count = size - 1, decimals = count - whole;
  if (at[whole] != '.' || count - 1 >= 19) return false;
  const std::uint64_t mantissa = integer_before(end, digits, count, decimals);
  std::uint64_t bits = 0;
  if (count <= 15 && exponent == 0) {
    bits = std::bit_cast<std::uint64_t>(double(std::int64_t(mantissa)) / kPowers[decimals]);
  } else {
    bits = rounded(mantissa, exponent - std::int32_t(decimals));
    if (bits == kNone) return false;
  }
  cell = Cell::of(std::bit_cast<double>(bits | negative << 63));
  return true;
}

}  // namespace

void PlainRows::index_narrow(std::string_view text) {
  index_.begin = text.data();
  index_.size = text.size();
  if (index_.stop_at.size() < text.size() + kBlock) index_.stop_at.resize(text.size() + kBlock);
  index_.stop_at[0] = ~std::uint32_t{0};
  std::uint32_t* out = index_.stop_at.data() + 1;
  for (std::uint32_t at = 0; at < text.size(); at += kBlock) {
    std::uint64_t mask = specials(text.data() + at, delimiter_);
    if (text.size() - at < kBlock) mask &= (std::uint64_t{1} << (text.size() - at)) - 1;
    const auto count = std::uint32_t(std::popcount(mask));
    for (std::uint32_t done = 0; done < count; done += 8) {  // eight at once, some of which may be too many
      for (std::uint32_t i = 0; i < 8; ++i) {
        out[done + i] = at + std::uint32_t(std::countr_zero(mask));
        mask &= mask - 1;
      }
    }
    out += count;
  }
  index_.stops = std::size_t(out - index_.stop_at.data());
}

bool PlainRows::read_columns(std::span<Cell> cells) {
  const std::uint32_t* stops = index_.stop_at.data() + row_;
  std::size_t delimiters = 0;
  for (std::size_t i = 0; i < columns_.size(); ++i) delimiters += index_.begin[stops[i]] == delimiter_ ? 1 : 0;
  if (delimiters + 1 != columns_.size() || index_.begin[stops[delimiters]] == delimiter_) return false;
  for (const Number& number : numbers_) {
    const char* at = index_.begin + std::uint32_t(stops[std::ptrdiff_t{number.column} - 1] + 1);
    const char* end = index_.begin + stops[number.column];
    Cell& cell = cells[number.field];
    if (!read_plain(at, end, cell)) read_other({at, std::size_t(end - at)}, number.field, cell);
  }
  read_texts(cells);
  return true;
}

bool PlainRows::read_groups(std::span<Cell> cells) {
  while (index_.ends[index_.next_end] < row_) ++index_.next_end;
  if (index_.ends[index_.next_end] != row_ + columns_.size() - 1) return false;
  avx512::read_numbers(index_, row_, groups_, cells.data());
  for (const avx512::NumberGroup& group : groups_) {
    for (std::uint32_t left = group.left; left != 0; left &= left - 1) {
      const auto lane = std::size_t(std::countr_zero(left));
      const std::string_view text = index_.field(row_ + group.columns[lane]);
      Cell& cell = cells[group.fields[lane]];
      if (!read_plain(text.data(), text.data() + text.size(), cell)) read_other(text, group.fields[lane], cell);
    }
  }
  read_texts(cells);
  return true;
}

void PlainRows::read_texts(std::span<Cell> cells) {
  for (const Text& column : texts_) {
    const std::string_view text = index_.field(row_ + column.column);
    Cell& cell = cells[column.field];
    const std::uint16_t known = column.known.find(text.data(), text.size());
    if (known == 0) {
      read_other(text, column.field, cell);
      continue;
    }
    cell = Cell::of(text);
    cell.known = known;
  }
}

#pragma clang attribute pop
#else

void PlainRows::index_narrow(std::string_view) {}
bool PlainRows::read_columns(std::span<Cell>) { return false; }
bool PlainRows::read_groups(std::span<Cell>) { return false; }
void PlainRows::read_texts(std::span<Cell>) {}

#endif

}  // namespace slipway::serve
