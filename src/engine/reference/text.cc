// SPDX-License-Identifier: Apache-2.0
// A text to counts as the library does it: a list of tokens, a list of n-grams, a dict of counts. By code points.
#include <cmath>
#include <map>
#include <set>
#include <string>

#include "base/murmur3.h"
#include "base/unicode.h"
#include "engine/blame.h"
#include "engine/reference/run.h"

namespace slipway::engine::reference {
namespace {

using model::CountText;
using Codes = std::u32string;

Codes codes_of(std::string_view text) {
  Codes out;
  for (std::size_t at = 0; at < text.size();) {
    const unicode::Decoded next = unicode::decode(text, at);
    out.push_back(next.code);
    at += next.size;
  }
  return out;
}

std::string bytes_of(const Codes& codes) {
  std::string out;
  for (const char32_t code : codes) unicode::append(out, code);
  return out;
}

Codes preprocess(const CountText& op, std::string_view cell) {
  std::string text = bytes_of(codes_of(cell)), next;
  if (op.lowercase) unicode::lower(cell, text);
  switch (op.accents) {
    case CountText::Accents::kKeep:
      return codes_of(text);
    case CountText::Accents::kStripUnlessDecomposed:
      if (unicode::is_decomposed(text)) return codes_of(text);
      [[fallthrough]];
    case CountText::Accents::kStrip:
      if (unicode::is_ascii(text)) return codes_of(text);
      unicode::strip_accents(text, next);
      return codes_of(next);
    case CountText::Accents::kAscii:
      unicode::strip_to_ascii(text, next);
      return codes_of(next);
  }
  return {};
}

// re.findall: at each place the longest run, if it is long enough and its edges are as wanted.
std::vector<Codes> tokens_of(const CountText& op, const Codes& text) {
  const auto in = [&](std::size_t i) { return i < text.size() && op.characters().contains(text[i]); };
  const auto word = [&](std::size_t i) { return i < text.size() && unicode::is_word(text[i]); };
  std::vector<Codes> out;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i;
    while (in(end)) ++end;
    const bool before = !op.edge_before || i == 0 || !word(i - 1);
    const bool after = !op.edge_after || !word(end);
    if (end > i && op.is_token_size(end - i) && before && after) out.push_back(text.substr(i, end - i));
    i = end > i ? end : i + 1;
  }
  return out;
}

std::vector<Codes> word_grams(const CountText& op, std::vector<Codes> tokens) {
  std::set<std::string_view> stop;
  for (const std::string_view word : op.stop_words.all()) stop.insert(word);
  std::erase_if(tokens, [&](const Codes& token) { return stop.contains(bytes_of(token)); });
  std::vector<Codes> out;
  for (std::size_t n = op.shortest; n <= op.longest; ++n) {
    for (std::size_t i = 0; i + n <= tokens.size(); ++i) {
      Codes gram = tokens[i];
      for (std::size_t k = 1; k < n; ++k) gram += U' ' + tokens[i + k];
      out.push_back(gram);
    }
  }
  return out;
}

// re.compile(r"\s\s+").sub(" ", text)
Codes join_spaces(const Codes& text) {
  Codes out;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i;
    while (end < text.size() && unicode::is_space(text[end])) ++end;
    if (end - i >= 2) {
      out += U' ';
      i = end;
    } else {
      out += text[i++];
    }
  }
  return out;
}

std::vector<Codes> char_grams(const CountText& op, const Codes& text) {
  std::vector<Codes> out;
  for (std::size_t n = op.shortest; n <= op.longest; ++n) {
    for (std::size_t i = 0; i + n <= text.size(); ++i) out.push_back(text.substr(i, n));
  }
  return out;
}

std::vector<Codes> char_grams_in_words(const CountText& op, const Codes& text) {
  std::vector<Codes> words, out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (unicode::is_space(text[i])) continue;
    if (i == 0 || unicode::is_space(text[i - 1])) words.emplace_back();
    words.back() += text[i];
  }
  for (const Codes& word : words) {
    const Codes padded = U' ' + word + U' ';
    for (std::size_t n = op.shortest; n <= op.longest; ++n) {
      std::size_t offset = 0;
      out.push_back(padded.substr(0, n));
      while (offset + n < padded.size()) out.push_back(padded.substr(++offset, n));
      if (offset == 0) break;
    }
  }
  return out;
}

std::vector<Codes> analyze(const CountText& op, std::string_view cell) {
  const Codes text = preprocess(op, cell);
  switch (op.analyzer) {
    case CountText::Analyzer::kWord:
      return word_grams(op, tokens_of(op, text));
    case CountText::Analyzer::kChar:
      return char_grams(op, join_spaces(text));
    case CountText::Analyzer::kCharInWord:
      return char_grams_in_words(op, join_spaces(text));
  }
  return {};
}

}  // namespace

Value run(const CountText& op, Step& step) {
  const std::span<const model::Cell> cells = step.slot_in() == 0 ? step.record.fields : std::span(step.in().cells);
  if (cells[0].kind != model::Cell::Kind::kText) {
    step.refuse(kNotText, field_of(step.model, step.slot_in(), 0));
    return {};
  }
  std::map<std::uint32_t, double> counts;
  std::map<std::string, double> grams;
  std::set<std::string, std::less<>> wanted;
  for (const Codes& gram : analyze(op, cells[0].text())) {
    const std::string name = bytes_of(gram);
    if (op.names.empty()) {
      const std::int32_t hash = murmur3(name);
      counts[hashed_column(hash, op.hashed)] += op.alternate_sign && hash < 0 ? -1 : 1;
    } else {
      grams[name] += 1;
      wanted.insert(name);
    }
  }
  for (const auto& [name, column] : columns_of(op.names, wanted)) counts[column] = grams[name];
  Value out;
  for (const auto& [column, count] : counts) out.hits.emplace_back(column, op.binary ? 1 : count);
  return out;
}

Value run(const model::LogCounts&, Step& step) {
  Value out = step.in();
  for (auto& [column, value] : out.hits) value = std::log(value) + 1;
  return out;
}

}  // namespace slipway::engine::reference
