// SPDX-License-Identifier: Apache-2.0
// Numbers of up to 18 digits are read in one pass: the digits as an integer, divided by a power of ten. Both are exact
// doubles below 2^53 and 10^22, so the quotient is the correctly rounded one (Clinger, 1990). All others are left to
// std::from_chars, which rounds correctly too.
#include "serve/csv_cell.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>

namespace slipway::serve {

using model::Cell;

namespace {

// pandas 3.1, pandas._libs.parsers.STR_NA_VALUES, sorted.
constexpr std::string_view kMissing[] = {
    "",     "#N/A", "#N/A N/A", "#NA",  "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
    "<NA>", "N/A",  "NA",       "NULL", "NaN",     "None",     "n/a",  "nan",  "null",
};
static_assert(std::ranges::is_sorted(kMissing));

// The lengths, a bit each, of those that begin with a character: nearly every text is told apart by it.
constexpr std::array<std::uint16_t, 256> kLengths = [] {
  std::array<std::uint16_t, 256> lengths{};
  for (const std::string_view text : kMissing) {
    if (!text.empty()) lengths[static_cast<unsigned char>(text[0])] |= std::uint16_t(1U << text.size());
  }
  return lengths;
}();

constexpr std::array<double, 23> kPowers = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                            1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

bool is_digit(char c) { return unsigned(c - '0') < 10; }

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  return std::ranges::equal(text, lower, [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

// The first `size` bytes, the first of them lowest, as two loads that overlap. REQUIRES: 1 to 8.
std::uint64_t load(const char* at, std::size_t size) {
  static_assert(std::endian::native == std::endian::little);
  if (size >= 4) {
    std::uint32_t first = 0, last = 0;
    std::memcpy(&first, at, 4);
    std::memcpy(&last, at + size - 4, 4);
    return first | std::uint64_t{last} << 8 * (size - 4);
  }
  const auto byte = [&](std::size_t i) { return std::uint64_t{static_cast<unsigned char>(at[i])} << 8 * i; };
  return byte(0) | byte(size / 2) | byte(size - 1);
}

// The shortest way: up to eight characters in one word, digits and perhaps a point, which is taken out. Three
// multiplications make the digits a number: pairs, fours, all eight.
bool read_word(const char* at, std::size_t size, bool negative, Cell& cell) {
  constexpr std::uint64_t kEach = 0x0101010101010101, kHigh = 0x80 * kEach;
  std::uint64_t word = load(at, size);
  const std::uint64_t other = word ^ kEach * '.';
  const std::uint64_t points = (other - kEach) & ~other & kHigh;  // the lowest is exact
  std::size_t decimals = 0;
  if (points != 0) {
    const auto bits = unsigned(std::countr_zero(points)) & ~7U;
    const std::uint64_t before = (std::uint64_t{1} << bits) - 1;
    word = (word & before) | (word >> 8 & ~before);
    decimals = --size - bits / 8;
    if (size == 0) return false;
  }
  word = (word ^ kEach * '0') << 8 * (8 - size);  // to the right, zeros before
  if (((word + kEach * 0x76) | word) & kHigh) return false;
  word = word * 10 + (word >> 8);
  constexpr std::uint64_t kPairs = 0x000000FF000000FF;
  word = ((word & kPairs) * 0x000F424000000064 + (word >> 16 & kPairs) * 0x0000271000000001) >> 32;
  if (points == 0) {
    cell = Cell::of(negative ? -std::int64_t(word) : std::int64_t(word));
  } else {
    const double value = double(word) / kPowers[decimals];
    cell = Cell::of(negative ? -value : value);
  }
  return true;
}

// The short way: at most 18 digits, perhaps a point. False if the text is anything else.
bool read_plain(const char* at, const char* end, bool negative, Cell& cell) {
  constexpr std::ptrdiff_t kDigits = 18;
  if (end - at > kDigits + 1) return false;
  std::uint64_t value = 0;
  const char* begin = at;
  for (; at != end && is_digit(*at); ++at) value = value * 10 + std::uint64_t(*at - '0');
  if (at == end) {
    if (at == begin || end - begin > kDigits) return false;
    cell = Cell::of(negative ? -std::int64_t(value) : std::int64_t(value));
    return true;
  }
  if (*at != '.') return false;
  const char* point = at++;
  for (; at != end && is_digit(*at); ++at) value = value * 10 + std::uint64_t(*at - '0');
  if (at != end || end - begin < 2 || value > (std::uint64_t{1} << 53)) return false;
  const double result = double(value) / kPowers[std::size_t(end - point - 1)];
  cell = Cell::of(negative ? -result : result);
  return true;
}

bool read_by_library(std::string_view text, bool negative, Cell& cell) {
  if (!std::ranges::any_of(text, [](char c) { return !is_digit(c); })) {
    std::int64_t integer = 0;
    const std::string_view all(text.data() - (negative ? 1 : 0), text.size() + (negative ? 1 : 0));
    if (std::from_chars(all.data(), all.data() + all.size(), integer).ec == std::errc()) {
      cell = Cell::of(integer);
      return true;
    }
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument || std::isnan(value)) return false;
  if (error == std::errc::result_out_of_range) value = std::strtod(std::string(text).c_str(), nullptr);
  cell = Cell::of(negative ? -value : value);
  return true;
}

}  // namespace

bool is_missing_text(std::string_view text) {
  if (text.empty()) return true;
  if (text.size() > 8 || (kLengths[static_cast<unsigned char>(text[0])] >> text.size() & 1) == 0) return false;
  return std::ranges::binary_search(kMissing, text);
}

bool read_number(std::string_view text, Cell& cell) {
  if (text.empty()) return false;
  if (is_blank(text.front()) || is_blank(text.back())) text = without_blanks(text);
  const bool sign = !text.empty() && (text.front() == '-' || text.front() == '+');
  const bool negative = sign && text.front() == '-';
  if (sign) text.remove_prefix(1);
  if (text.empty()) return false;
  if (text.size() <= 8 && read_word(text.data(), text.size(), negative, cell)) return true;
  if (read_plain(text.data(), text.data() + text.size(), negative, cell)) return true;
  if (text.front() == '-') return false;
  return read_by_library(text, negative, cell);
}

Cell csv_cell(const engine::Plan& plan, std::uint32_t index, std::string_view text) {
  const model::Field& field = plan.model().schema().fields()[index];
  Cell cell;
  if (field.takes_number && read_number(text, cell)) return cell;
  if (is_missing_text(text)) {
    const bool category = field.takes_text && !field.categories.empty() && !plan.unseen(index, text);
    return category ? Cell::of(text) : Cell::null();
  }
  if (!field.takes_text) {
    if (equals_ignoring_case(text, "true")) return Cell::of(true);
    if (equals_ignoring_case(text, "false")) return Cell::of(false);
  }
  return Cell::of(text);
}

Cell csv_cell(std::string_view text) {
  Cell cell;
  if (read_number(text, cell)) return cell;
  return is_missing_text(text) ? Cell::null() : Cell::of(text);
}

}  // namespace slipway::serve
