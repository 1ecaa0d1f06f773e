// SPDX-License-Identifier: Apache-2.0
// Each function follows one CPython decoder: int(), float(), codecs.escape_decode, raw-unicode-escape, UTF-8 with
// surrogatepass. Where Python is lenient in a way that no pickler uses, we are strict.
#include "format/pickle/text_forms.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <system_error>
#include <vector>

#include "base/text.h"

namespace slipway::pickle {
namespace {

bool all_digits(std::string_view text) {
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
  }
  return !text.empty();
}

// Decimal digits to little-endian two's complement, with room for the sign.
std::string big_integer(std::string_view digits, bool negative) {
  constexpr std::size_t kDigits = 9;  // a step: times 10^9 plus 9 digits, in 32-bit limbs
  std::vector<std::uint32_t> limbs;
  while (!digits.empty()) {
    const std::size_t size = digits.size() % kDigits == 0 ? kDigits : digits.size() % kDigits;
    std::uint64_t carry = 0;
    std::from_chars(digits.data(), digits.data() + size, carry);
    digits.remove_prefix(size);
    for (std::uint32_t& limb : limbs) {
      carry += std::uint64_t{limb} * 1'000'000'000U;
      limb = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
    if (carry != 0) limbs.push_back(static_cast<std::uint32_t>(carry));
  }
  limbs.push_back(0);
  std::string bytes;
  std::uint64_t carry = 1;
  for (std::uint32_t limb : limbs) {
    if (negative) {
      carry += static_cast<std::uint32_t>(~limb);
      limb = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
    for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(limb >> shift);
  }
  return std::string(trim_long(bytes));
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// `count` hexadecimal digits at the start of `text`.
std::optional<std::uint32_t> hex(std::string_view text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const int digit = hex_digit(text[i]);
    if (digit < 0) return std::nullopt;
    value = value * 16 + static_cast<std::uint32_t>(digit);
  }
  return value;
}

// The escape after a backslash at text[0]; returns how many bytes it took, 0 if it is malformed.
std::size_t string_escape(std::string_view text, std::string& out) {
  constexpr std::string_view kNames = "\\'\"bftnrva";
  constexpr std::string_view kValues = "\\'\"\b\f\t\n\r\v\a";
  const char c = text[0];
  if (c == '\n') return 1;
  if (const std::size_t at = kNames.find(c); at != kNames.npos) {
    out += kValues[at];
    return 1;
  }
  if (c == 'x') {
    const auto value = hex(text.substr(1), 2);
    if (!value) return 0;
    out += static_cast<char>(*value);
    return 3;
  }
  if (c >= '0' && c <= '7') {
    unsigned value = 0;
    std::size_t length = 0;
    while (length < 3 && length < text.size() && text[length] >= '0' && text[length] <= '7') {
      value = value * 8 + unsigned(text[length++] - '0');
    }
    out += static_cast<char>(value);
    return length;
  }
  out += '\\';
  out += c;
  return 1;
}

}  // namespace

std::optional<Integer> parse_integer(std::string_view text) {
  if (!text.empty() && text.back() == 'L') text.remove_suffix(1);
  std::string_view digits = text;
  const bool negative = !digits.empty() && digits.front() == '-';
  if (negative) digits.remove_prefix(1);
  if (!all_digits(digits) || (digits.size() > 1 && digits.front() == '0')) return std::nullopt;
  std::int64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec == std::errc()) return value;
  return big_integer(digits, negative);
}

std::string_view trim_long(std::string_view bytes) {
  while (bytes.size() > 1) {
    const auto last = static_cast<unsigned char>(bytes.back());
    const bool sign = (static_cast<unsigned char>(bytes[bytes.size() - 2]) & 0x80) != 0;
    if (last != (sign ? 0xFF : 0)) break;
    bytes.remove_suffix(1);
  }
  return bytes;
}

std::int64_t small_long(std::string_view bytes) {
  if (bytes.empty()) return 0;
  std::uint64_t value = (bytes.back() & 0x80) != 0 ? ~std::uint64_t{0} : 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return static_cast<std::int64_t>(value);
}

std::optional<double> parse_float(std::string_view text) {
  if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (text == "inf") return std::numeric_limits<double>::infinity();
  if (text == "-inf") return -std::numeric_limits<double>::infinity();
  const std::size_t first = text.starts_with('-') ? 1 : 0;
  if (first == text.size() || text.find_first_not_of("0123456789.eE+-") != text.npos) return std::nullopt;
  double value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ptr != text.data() + text.size()) return std::nullopt;
  if (parsed.ec == std::errc::result_out_of_range) {
    value = std::strtod(std::string(text).c_str(), nullptr);
    if (std::isinf(value)) return std::nullopt;  // one of Python's readers says inf, the other refuses
    return value;
  }
  if (parsed.ec != std::errc()) return std::nullopt;
  return value;
}

std::optional<std::string> decode_string_escapes(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c != '\\') {
      out += c;
      continue;
    }
    if (text.empty()) return std::nullopt;
    const std::size_t taken = string_escape(text, out);
    if (taken == 0) return std::nullopt;
    text.remove_prefix(taken);
  }
  return out;
}

std::optional<std::string> decode_raw_unicode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const char c = text.front();
    const char next = text.size() > 1 ? text[1] : '\0';
    if (c != '\\' || (next != 'u' && next != 'U')) {
      append_utf8(out, static_cast<unsigned char>(c));
      text.remove_prefix(1);
      if (c == '\\' && !text.empty()) {  // the pair stands for itself, so that \\u is no escape
        append_utf8(out, static_cast<unsigned char>(text.front()));
        text.remove_prefix(1);
      }
      continue;
    }
    const std::size_t digits = next == 'u' ? 4 : 8;
    const auto value = hex(text.substr(2), digits);
    if (!value || *value > 0x10FFFF) return std::nullopt;
    append_utf8(out, *value);
    text.remove_prefix(2 + digits);
  }
  return out;
}

bool is_python_utf8(std::string_view text) {
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, 8);
    if ((word & 0x8080808080808080U) != 0) break;
  }
  text.remove_prefix(i);
  if (is_utf8(text)) return true;
  // Not strict UTF-8: legal only if what is wrong are surrogates, ED A0..BF xx.
  std::string strict;
  strict.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = [&](std::size_t n) { return static_cast<unsigned char>(text[at + n]); };
    const bool surrogate = at + 2 < text.size() && byte(0) == 0xED && byte(1) >= 0xA0 && byte(1) <= 0xBF &&
                           byte(2) >= 0x80 && byte(2) <= 0xBF;
    strict += surrogate ? '?' : text[at];
    at += surrogate ? 3 : 1;
  }
  return is_utf8(strict);
}

void append_utf8(std::string& out, std::uint32_t code_point) {
  if (code_point < 0x80) {
    out += static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    out += static_cast<char>(0xC0 | code_point >> 6);
    out += static_cast<char>(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    out += static_cast<char>(0xE0 | code_point >> 12);
    out += static_cast<char>(0x80 | (code_point >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code_point & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | code_point >> 18);
    out += static_cast<char>(0x80 | (code_point >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (code_point >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code_point & 0x3F));
  }
}

}  // namespace slipway::pickle
