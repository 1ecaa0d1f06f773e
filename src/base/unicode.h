// SPDX-License-Identifier: Apache-2.0
// Code points as Python sees them: what it calls a letter, a space, a digit; its str.lower(). The tables are utf8proc's
// (Unicode 15.0); Python has those of its own version. Bytes that are not UTF-8 count as one U+FFFD each. Any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace slipway::unicode {

struct Decoded {
  char32_t code = 0;
  std::uint32_t size = 1;  // bytes
};
// The code point at `at`. REQUIRES: at < text.size().
Decoded decode(std::string_view text, std::size_t at);
void append(std::string& out, char32_t code);

bool is_ascii(std::string_view text);
// Python's \w: str.isalnum() or "_".
bool is_word(char32_t code);
// Python's \s and str.isspace().
bool is_space(char32_t code);
// Python's \d: str.isdecimal().
bool is_decimal(char32_t code);

// Replaces `out` by `text`, what is broken in it by U+FFFD.
void copy(std::string_view text, std::string& out);
// Replaces `out` by str.lower() of `text`: the full mapping, and of a capital sigma at the end of a word the final one.
void lower(std::string_view text, std::string& out);

// The library's strip_accents_unicode and strip_accents_ascii (sklearn.feature_extraction.text): replaces `out` by the
// text decomposed (NFKD) without what combines, or without all that is not ASCII.
void strip_accents(std::string_view text, std::string& out);
void strip_to_ascii(std::string_view text, std::string& out);
// True if NFKD leaves the text as it is.
bool is_decomposed(std::string_view text);

// A set of code points as a regular expression writes it.
struct Characters {
  enum Escape : std::uint32_t { kWord = 1, kNotWord = 2, kDecimal = 4, kNotDecimal = 8, kSpace = 16, kNotSpace = 32 };
  std::uint32_t escapes = 0;  // Escape values, or'ed
  bool negated = false;
  std::span<const std::uint32_t> ranges;  // first, last, first, last, ...

  bool contains(char32_t code) const;
};

}  // namespace slipway::unicode
