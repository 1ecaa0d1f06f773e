// SPDX-License-Identifier: Apache-2.0
// Expected values are CPython 3.11's. Over all code points (tried with it): those that its Unicode 14.0 has assigned
// are the same in all six functions.
#include "base/unicode.h"

#include <gtest/gtest.h>

#include "base/murmur3.h"

namespace slipway::unicode {
namespace {

std::string lowered(std::string_view text) {
  std::string out;
  lower(text, out);
  return out;
}

TEST(Unicode, LowerCaseIsPythons) {
  EXPECT_EQ(lowered("ABC xyz 1"), "abc xyz 1");
  EXPECT_EQ(lowered("ÄÖÜẞ"), "äöüß");
  EXPECT_EQ(lowered("\u0130I"), "i\u0307i");
  EXPECT_EQ(lowered("\U00010400\u01C5"), "\U00010428\u01C6");
}

TEST(Unicode, ASigmaAtTheEndOfAWordIsFinal) {
  EXPECT_EQ(lowered("ΟΔΥΣΣΕΥΣ ΟΔΟΣ."), "οδυσσευς οδος.");
  EXPECT_EQ(lowered("Σ"), "σ");
  EXPECT_EQ(lowered("ΑΣ'"), "ας'");
  EXPECT_EQ(lowered("ΑΣ'Α"), "ασ'α");
  EXPECT_EQ(lowered("'Σ"), "'σ");
}

TEST(Unicode, WordsAreWhatPythonCallsAlphanumeric) {
  for (const char32_t c : U"aZ0_é東ﬁ½²①Ⅻ١\U00010400ः") {
    if (c != 0) EXPECT_EQ(is_word(c), c != U'ः') << std::uint32_t(c);
  }
  for (const char32_t c : U" -'\u0301\u200D\u00A0😀٪") EXPECT_FALSE(is_word(c)) << std::uint32_t(c);
}

TEST(Unicode, SpacesAreWhatPythonSplitsAt) {
  for (const char32_t c : {0x09, 0x0D, 0x1C, 0x1F, 0x20, 0x85, 0xA0, 0x1680, 0x2003, 0x2028, 0x202F, 0x205F, 0x3000})
    EXPECT_TRUE(is_space(c)) << std::uint32_t(c);
  for (const char32_t c : {0x08, 0x0E, 0x180E, 0x200B, 0x2060, 0xFEFF}) EXPECT_FALSE(is_space(c)) << std::uint32_t(c);
}

TEST(Unicode, AccentsGo) {
  std::string out;
  strip_accents("éÅ ﬁ가½", out);
  EXPECT_EQ(out, "eA fi\u1100\u11611\u20442");
  strip_to_ascii("éÅ ﬁ가½ß", out);
  EXPECT_EQ(out, "eA fi12");
  EXPECT_TRUE(is_decomposed("e\u0301d\u0323\u0307"));
  EXPECT_FALSE(is_decomposed("d\u0307\u0323"));
  EXPECT_FALSE(is_decomposed("é"));
}

TEST(Unicode, BrokenBytesAreOneReplacementEach) {
  for (const std::string_view broken : {"\xC3", "\xED\xA0\x80", "\xC0\x80", "\xF5\x80\x80\x80", "\xE0\x80\x80"}) {
    const Decoded first = decode(broken, 0);
    EXPECT_EQ(first.code, 0xFFFDU);
    EXPECT_EQ(first.size, 1U);
  }
  EXPECT_EQ(lowered("A\xFF"), "a\uFFFD");
}

TEST(Unicode, ASetIsWhatItsPatternSays) {
  const std::uint32_t letters[] = {'a', 'c'};
  const Characters plain{.escapes = Characters::kDecimal, .negated = false, .ranges = letters};
  EXPECT_TRUE(plain.contains('b') && plain.contains('7'));
  EXPECT_FALSE(plain.contains('d'));
  const Characters negated{.escapes = Characters::kDecimal | Characters::kNotWord, .negated = true, .ranges = {}};
  EXPECT_TRUE(negated.contains('d') && negated.contains('_'));
  EXPECT_FALSE(negated.contains('7') || negated.contains('-'));
}

TEST(Murmur3, IsScikitLearnsSignedHash) {
  EXPECT_EQ(murmur3(""), 0);
  EXPECT_EQ(murmur3("foo"), -156908512);
  EXPECT_EQ(murmur3("hello world"), 1586663183);
  EXPECT_EQ(murmur3("Größe"), -479250386);
  EXPECT_EQ(hashed_column(-2147483647 - 1, 10), 8U);
  EXPECT_EQ(hashed_column(-7, 5), 2U);
}

}  // namespace
}  // namespace slipway::unicode
