// SPDX-License-Identifier: Apache-2.0
// From a text to a row of counts.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/array.h"
#include "base/result.h"
#include "base/unicode.h"
#include "model/slot.h"

namespace slipway::model {

// How often each name stands in a text: its one input is a record of one field, or one cell. A cell that is not text is
// refused. Gives CSR rows, columns ascending, one hit a column.
// Sources: sklearn.feature_extraction.text, _VectorizerMixin and CountVectorizer._count_vocab; _hashing_fast.transform.
struct CountText {
  static constexpr std::string_view kName = "count_text";
  static constexpr std::uint32_t kMaxGram = 64;  // bounds the work by the text's length

  // What is counted: the column of a name is its place. None: a text's column is its MurmurHash3 (32 bits, seed 0,
  // signed; the absolute value modulo `hashed`), and sums that are 0 stay in the row.
  Texts names;
  std::uint32_t hashed = 0;
  bool alternate_sign = false;  // a negative hash counts -1
  bool binary = false;          // 1 for what is there

  bool lowercase = true;
  enum class Accents : std::uint8_t {
    kKeep,
    kStrip,
    kStripUnlessDecomposed,  // of a text that NFKD would leave as it is nothing is stripped: scikit-learn before 0.22
    kAscii,
  } accents = Accents::kKeep;
  // Of tokens, of characters, of the characters of each word with a space before and after it.
  enum class Analyzer : std::uint8_t { kWord, kChar, kCharInWord } analyzer = Analyzer::kWord;
  std::uint32_t shortest = 1, longest = 1;  // of n-grams

  // Tokens: the longest runs of these characters (see unicode::Characters) of `token_size` to `token_most` (0: any)
  // code points, and, if so said, with no word character before or after.
  std::uint32_t escapes = unicode::Characters::kWord;
  bool negated = false;
  Array<std::uint32_t> ranges;
  std::uint32_t token_size = 2, token_most = 0;
  bool edge_before = true, edge_after = true;
  Texts stop_words;  // tokens that are left out

  template <class F>
  static void fields(F&& f) {
    f("names", &CountText::names);
    f("hashed", &CountText::hashed);
    f("alternate_sign", &CountText::alternate_sign);
    f("binary", &CountText::binary);
    f("lowercase", &CountText::lowercase);
    f("accents", &CountText::accents);
    f("analyzer", &CountText::analyzer);
    f("shortest", &CountText::shortest);
    f("longest", &CountText::longest);
    f("escapes", &CountText::escapes);
    f("negated", &CountText::negated);
    f("ranges", &CountText::ranges);
    f("token_size", &CountText::token_size);
    f("token_most", &CountText::token_most);
    f("edge_before", &CountText::edge_before);
    f("edge_after", &CountText::edge_after);
    f("stop_words", &CountText::stop_words);
  }
  // That no name stands twice is seen where the table is built.
  Result<Slot> shape(std::span<const Slot> in) const;

  bool is_token_size(std::uint64_t size) const { return size >= token_size && (token_most == 0 || size <= token_most); }
  // The characters of tokens. Borrows.
  unicode::Characters characters() const { return {.escapes = escapes, .negated = negated, .ranges = ranges.span()}; }
};

// y = log(x) + 1 of what a CSR row holds. Source: TfidfTransformer(sublinear_tf=True).
struct LogCounts {
  static constexpr std::string_view kName = "log_counts";
  template <class F>
  static void fields(F&&) {}
  Result<Slot> shape(std::span<const Slot> in) const;
};

}  // namespace slipway::model
