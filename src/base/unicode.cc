// SPDX-License-Identifier: Apache-2.0
// ASCII is answered here, the rest by utf8proc's tables. What those do not have is Python's own: the spaces (by
// bidirectional class), and the two places where lower() looks further than one code point.
#include "base/unicode.h"

#include <utf8proc.h>

#include <algorithm>

namespace slipway::unicode {
namespace {

constexpr char32_t kBroken = 0xFFFD;
constexpr char32_t kCapitalSigma = 0x3A3, kSigma = 0x3C3, kFinalSigma = 0x3C2;

std::uint32_t length_of(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  return lead >= 0xF0 && lead < 0xF5 ? 4 : 0;
}

utf8proc_category_t category(char32_t code) { return utf8proc_category(static_cast<utf8proc_int32_t>(code)); }

// Cased and Case_Ignorable of DerivedCoreProperties.txt, by what utf8proc knows: the categories, and the few characters
// that have the property without the category.
bool is_cased(char32_t code) {
  if (code < 0x80) return (code | 0x20) >= 'a' && (code | 0x20) <= 'z';
  switch (category(code)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
      return true;
    default:
      break;
  }
  const auto in = [code](char32_t first, char32_t last) { return code >= first && code <= last; };
  return code == 0xAA || code == 0xBA || in(0x2B0, 0x2B8) || code == 0x2C0 || code == 0x2C1 || in(0x2E0, 0x2E4) ||
         code == 0x345 || code == 0x37A || in(0x1D2C, 0x1D6A) || code == 0x1D78 || in(0x1D9B, 0x1DBF) ||
         code == 0x2071 || code == 0x207F || in(0x2090, 0x209C) || in(0x2160, 0x217F) || in(0x24B6, 0x24E9) ||
         in(0x2C7C, 0x2C7D) || in(0xA69C, 0xA69D) || code == 0xA770 || in(0xA7F8, 0xA7F9) || in(0xAB5C, 0xAB5F) ||
         code == 0x10780 || in(0x10783, 0x10785) || in(0x10787, 0x107B0) || in(0x107B2, 0x107BA) ||
         in(0x1F130, 0x1F149) || in(0x1F150, 0x1F169) || in(0x1F170, 0x1F189);
}

bool is_case_ignorable(char32_t code) {
  switch (code) {
    case '\'':
    case '.':
    case ':':
    case 0xB7:
    case 0x387:
    case 0x55F:
    case 0x5F4:
    case 0x2018:
    case 0x2019:
    case 0x2024:
    case 0x2027:
    case 0xFE13:
    case 0xFE52:
    case 0xFE55:
    case 0xFF07:
    case 0xFF0E:
    case 0xFF1A:
      return true;
    default:
      break;
  }
  switch (category(code)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK:
      return true;
    default:
      return false;
  }
}

// Python's handle_capital_sigma: after a cased letter, and none after it, looking over what is ignorable. `at`: of the
// sigma, which has two bytes.
bool is_final_sigma(std::string_view text, std::size_t at) {
  std::size_t before = at;
  bool cased = false;
  while (before > 0) {
    --before;
    while (before > 0 && (static_cast<unsigned char>(text[before]) & 0xC0) == 0x80) --before;
    const char32_t code = decode(text, before).code;
    if (is_case_ignorable(code)) continue;
    cased = is_cased(code);
    break;
  }
  if (!cased) return false;
  for (std::size_t after = at + 2; after < text.size();) {
    const Decoded next = decode(text, after);
    if (!is_case_ignorable(next.code)) return !is_cased(next.code);
    after += next.size;
  }
  return true;
}

// A set of flags, which the library calls an enum. NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange)
const auto kDecompose = static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT);
constexpr std::size_t kLongest = 32;  // code points that one may decompose to: 18 in Unicode 15

struct Decomposed {
  utf8proc_int32_t codes[kLongest];
  std::size_t size = 0;
};
Decomposed decompose(char32_t code) {
  Decomposed out;
  int last_class = 0;
  const utf8proc_ssize_t size =
      utf8proc_decompose_char(static_cast<utf8proc_int32_t>(code), out.codes, kLongest, kDecompose, &last_class);
  if (size < 0 || size > utf8proc_ssize_t(kLongest)) {
    out.codes[0] = static_cast<utf8proc_int32_t>(code);
    out.size = 1;
  } else {
    out.size = static_cast<std::size_t>(size);
  }
  return out;
}

int combining(utf8proc_int32_t code) { return utf8proc_get_property(code)->combining_class; }

}  // namespace

Decoded decode(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  if (lead < 0x80) return {lead, 1};
  const std::uint32_t size = length_of(lead);
  if (size == 0 || text.size() - at < size) return {kBroken, 1};
  char32_t code = lead & (0xFFU >> (size + 1));
  for (std::uint32_t i = 1; i < size; ++i) {
    const auto next = static_cast<unsigned char>(text[at + i]);
    if ((next & 0xC0) != 0x80) return {kBroken, 1};
    code = code << 6 | (next & 0x3F);
  }
  const bool too_long = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  if (too_long || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return {kBroken, 1};
  return {code, size};
}

void append(std::string& out, char32_t code) {
  utf8proc_uint8_t bytes[4];
  const utf8proc_ssize_t size = utf8proc_encode_char(static_cast<utf8proc_int32_t>(code), bytes);
  for (utf8proc_ssize_t i = 0; i < size; ++i) out.push_back(static_cast<char>(bytes[i]));
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool is_word(char32_t code) {
  if (code < 0x80) {
    return (code >= '0' && code <= '9') || ((code | 0x20) >= 'a' && (code | 0x20) <= 'z') || code == '_';
  }
  switch (category(code)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return true;
    default:
      return false;
  }
}

bool is_space(char32_t code) {
  if (code < 0x80) return code == ' ' || (code >= 9 && code <= 13) || (code >= 28 && code <= 31);
  return code == 0x85 || code == 0xA0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200A) || code == 0x2028 ||
         code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
}

bool is_decimal(char32_t code) {
  if (code < 0x80) return code >= '0' && code <= '9';
  return category(code) == UTF8PROC_CATEGORY_ND;
}

void copy(std::string_view text, std::string& out) {
  out.clear();
  for (std::size_t at = 0; at < text.size();) {
    const Decoded next = decode(text, at);
    append(out, next.code);
    at += next.size;
  }
}

void lower(std::string_view text, std::string& out) {
  out.clear();
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x80) {
      out.push_back(byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte | 0x20) : static_cast<char>(byte));
      ++at;
      continue;
    }
    const Decoded next = decode(text, at);
    if (next.code == 0x130) {
      out += "i\xCC\x87";  // the one code point whose lower case is two
    } else if (next.code == kCapitalSigma) {
      append(out, is_final_sigma(text, at) ? kFinalSigma : kSigma);
    } else {
      const auto code = static_cast<utf8proc_int32_t>(next.code);
      append(out, static_cast<char32_t>(utf8proc_tolower(code)));
    }
    at += next.size;
  }
}

void strip_accents(std::string_view text, std::string& out) {
  out.clear();
  for (std::size_t at = 0; at < text.size();) {
    const Decoded next = decode(text, at);
    at += next.size;
    const Decomposed parts = decompose(next.code);
    for (std::size_t i = 0; i < parts.size; ++i) {
      if (combining(parts.codes[i]) == 0) append(out, static_cast<char32_t>(parts.codes[i]));
    }
  }
}

void strip_to_ascii(std::string_view text, std::string& out) {
  out.clear();
  for (std::size_t at = 0; at < text.size();) {
    const Decoded next = decode(text, at);
    at += next.size;
    const Decomposed parts = decompose(next.code);
    for (std::size_t i = 0; i < parts.size; ++i) {
      if (parts.codes[i] < 0x80) out.push_back(static_cast<char>(parts.codes[i]));
    }
  }
}

bool is_decomposed(std::string_view text) {
  int last = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Decoded next = decode(text, at);
    at += next.size;
    const auto code = static_cast<utf8proc_int32_t>(next.code);
    const Decomposed parts = decompose(next.code);
    if (parts.size != 1 || parts.codes[0] != code) return false;
    const int order = combining(code);
    if (order != 0 && order < last) return false;  // would be sorted
    last = order;
  }
  return true;
}

bool Characters::contains(char32_t code) const {
  bool in = false;
  if ((escapes & (kWord | kNotWord)) != 0) in |= (escapes & (is_word(code) ? kWord : kNotWord)) != 0;
  if ((escapes & (kDecimal | kNotDecimal)) != 0) in |= (escapes & (is_decimal(code) ? kDecimal : kNotDecimal)) != 0;
  if ((escapes & (kSpace | kNotSpace)) != 0) in |= (escapes & (is_space(code) ? kSpace : kNotSpace)) != 0;
  for (std::size_t i = 0; !in && i + 1 < ranges.size(); i += 2) in = code >= ranges[i] && code <= ranges[i + 1];
  return in != negated;
}

}  // namespace slipway::unicode
