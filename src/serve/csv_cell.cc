// SPDX-License-Identifier: Apache-2.0
// Numbers of up to 18 digits are read in one pass: the digits as an integer, divided by a power of ten. Both are exact
// doubles below 2^53 and 10^22, so the quotient is the correctly rounded one (Clinger, 1990). All others are left to
// std::from_chars, which rounds correctly too.
#include "serve/csv_cell.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
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

bool is_missing_text(std::string_view text) { return text.size() <= 8 && std::ranges::binary_search(kMissing, text); }

bool read_number(std::string_view text, Cell& cell) {
  if (text.empty()) return false;
  if (is_blank(text.front()) || is_blank(text.back())) text = without_blanks(text);
  const bool sign = !text.empty() && (text.front() == '-' || text.front() == '+');
  const bool negative = sign && text.front() == '-';
  if (sign) text.remove_prefix(1);
  if (text.empty()) return false;
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
