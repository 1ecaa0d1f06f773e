// SPDX-License-Identifier: Apache-2.0
// A pattern of one set of characters finds the longest runs of it: a repetition is greedy, and at the end of a run
// there is nothing to give back unless a \b says so. Where the set holds only word characters, \b stands nowhere inside
// a run, so that the run as a whole is taken or left.
#include "importer/sklearn/text_rules.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/unicode.h"

namespace slipway::importer::sklearn {
namespace {

using unicode::Characters;

struct Set {
  std::uint32_t escapes = 0;
  bool negated = false;
  std::vector<std::uint32_t> ranges;
};

struct Repeat {
  std::uint32_t least = 1;
  std::uint32_t most = 1;  // 0: any number
};

std::uint32_t escape_of(char letter) {
  switch (letter) {
    case 'w':
      return Characters::kWord;
    case 'W':
      return Characters::kNotWord;
    case 'd':
      return Characters::kDecimal;
    case 'D':
      return Characters::kNotDecimal;
    case 's':
      return Characters::kSpace;
    case 'S':
      return Characters::kNotSpace;
    default:
      return 0;
  }
}

// Reads the pattern from front to back. nullopt and false: something else stands there.
class Reader {
 public:
  explicit Reader(std::string_view pattern) : rest_(pattern) {}

  bool take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  bool done() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

  std::optional<Set> set() {
    if (rest_.size() >= 2 && rest_[0] == '\\' && escape_of(rest_[1]) != 0) {
      const std::uint32_t escape = escape_of(rest_[1]);
      rest_.remove_prefix(2);
      return Set{.escapes = escape, .negated = false, .ranges = {}};
    }
    if (!take("[")) return std::nullopt;
    Set out{.escapes = 0, .negated = take("^"), .ranges = {}};
    if (rest_.starts_with("]")) return std::nullopt;
    while (!take("]")) {
      if (!member(out)) return std::nullopt;
    }
    return out;
  }

  std::optional<Repeat> repeat() {
    Repeat out;
    if (take("+")) {
      out = {.least = 1, .most = 0};
    } else if (take("*")) {
      out = {.least = 0, .most = 0};
    } else if (take("{")) {
      const auto least = number();
      if (!least) return std::nullopt;
      out = {.least = *least, .most = *least};
      if (take(",")) {
        out.most = 0;
        if (!rest_.starts_with("}")) {
          const auto most = number();
          if (!most || *most == 0) return std::nullopt;
          out.most = *most;
        }
      }
      if (!take("}")) return std::nullopt;
    }
    if (rest_.starts_with("?") || rest_.starts_with("+") || rest_.starts_with("*")) return std::nullopt;
    return out;
  }

 private:
  std::optional<std::uint32_t> number() {
    std::uint32_t out = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), out);
    if (error != std::errc() || out > 1'000'000) return std::nullopt;
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return out;
  }

  // A character that stands for itself inside [].
  std::optional<char32_t> literal() {
    if (rest_.empty() || rest_[0] == '[' || rest_[0] == ']') return std::nullopt;
    if (take("\\")) {
      const bool sign = !rest_.empty() && static_cast<unsigned char>(rest_[0]) < 0x80 && rest_[0] > ' ' &&
                        !unicode::is_word(static_cast<unsigned char>(rest_[0]));
      if (!sign) return std::nullopt;
    }
    const unicode::Decoded next = unicode::decode(rest_, 0);
    rest_.remove_prefix(next.size);
    return next.code;
  }

  bool member(Set& out) {
    if (rest_.size() >= 2 && rest_[0] == '\\' && escape_of(rest_[1]) != 0) {
      out.escapes |= escape_of(rest_[1]);
      rest_.remove_prefix(2);
      return true;
    }
    const auto first = literal();
    if (!first) return false;
    char32_t last = *first;
    if (rest_.size() >= 2 && rest_[0] == '-' && rest_[1] != ']') {
      rest_.remove_prefix(1);
      const auto end = literal();
      if (!end || *end < *first) return false;
      last = *end;
    }
    out.ranges.push_back(*first);
    out.ranges.push_back(last);
    return out.ranges.size() <= 512;
  }

  std::string_view rest_;
};

bool only_word_characters(const Set& set) {
  const Characters characters{.escapes = set.escapes, .negated = set.negated, .ranges = set.ranges};
  for (char32_t code = 0; code <= 0x10FFFF; ++code) {
    if (characters.contains(code) && !unicode::is_word(code)) return false;
  }
  return true;
}

Result<void> refuse() {
  return fail(Code::kUnsupported, "is a regular expression other than runs of one set of characters",
              R"(patterns like (?u)\b\w\w+\b, \w+, [a-zA-Z]{3,} and \S+ are served)");
}

}  // namespace

Result<void> read_token_pattern(std::string_view pattern, model::CountText& op) {
  Reader reader(pattern);
  reader.take("(?u)");
  op.edge_before = reader.take("\\b");
  const std::string_view from = reader.rest();
  std::optional<Set> set = reader.set();
  if (!set) return refuse();
  const std::string_view atom = from.substr(0, from.size() - reader.rest().size());
  std::uint32_t atoms = 1;
  while (reader.take(atom)) {
    if (++atoms > 1000) return refuse();
  }
  const std::optional<Repeat> repeat = reader.repeat();
  if (!repeat) return refuse();
  op.edge_after = reader.take("\\b");
  if (!reader.done()) return refuse();
  op.token_size = atoms - 1 + repeat->least;
  op.token_most = repeat->most == 0 ? 0 : atoms - 1 + repeat->most;
  const bool bounded = op.token_most != 0;
  if (op.token_size == 0 || (bounded && op.token_most < op.token_size)) return refuse();
  if (bounded && !(op.edge_before && op.edge_after)) return refuse();
  if ((op.edge_before || op.edge_after) && !only_word_characters(*set)) return refuse();
  op.escapes = set->escapes;
  op.negated = set->negated;
  op.ranges = std::move(set->ranges);
  return {};
}

}  // namespace slipway::importer::sklearn
