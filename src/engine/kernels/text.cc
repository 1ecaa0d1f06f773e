// SPDX-License-Identifier: Apache-2.0
// A text to counts, in one pass over bytes. Tokens are put side by side with one space between, so that every n-gram
// is a piece of that buffer and nothing is put together to be looked up. Characters of ASCII are answered by a table.
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/murmur3.h"
#include "base/unicode.h"
#include "engine/blame.h"
#include "engine/kernels/ops.h"
#include "model/name_table.h"

namespace slipway::engine::kernels {
namespace {

using model::CountText;
using model::NameTable;

constexpr std::uint32_t kNames = 0, kStopWords = 1;  // groups of the table

struct Piece {
  std::uint32_t start = 0, end = 0;  // in the buffer
};

// One thread's memory. None of it is given back, so that a warm one does not allocate.
struct TextRoom : KernelRoom {
  std::string text, other;          // prepared; what a preparation writes
  std::vector<Piece> pieces;        // tokens, words or characters of `text`
  std::vector<std::uint64_t> hits;  // column << 1 | negative
};

class Counter : public Kernel {
 public:
  static Result<KernelPtr> create(const CountText& op, Compiling& step);
  static std::unique_ptr<KernelRoom> make(const void*) { return std::make_unique<TextRoom>(); }

  bool run(Frame& frame) const override {
    const model::Cell& cell = frame.cells(in_)[0];
    if (cell.kind != model::Cell::Kind::kText) return frame.refuse(kNotText, field_);
    auto& room = static_cast<TextRoom&>(*frame.buffers.rooms[room_]);
    room.hits.clear();
    prepare(cell.text(), room);
    if (op_.analyzer == CountText::Analyzer::kWord) {
      tokenize(room);
      count_tokens(room);
    } else {
      join_spaces(room);
      if (op_.analyzer == CountText::Analyzer::kChar) {
        count_characters(room, 0, room.text.size());
      } else {
        count_words(room);
      }
    }
    fold(room, frame.hits(out_));
    return true;
  }

 private:
  Counter(const CountText& op, const Compiling& step) : op_(op), characters_(op.characters()) {
    for (char32_t c = 0; c < 128; ++c) ascii_[c] = characters_.contains(c);
    field_ = field_of(step.model, step.slot_in(), 0);
  }

  // Lower case and no accents, into room.text.
  void prepare(std::string_view text, TextRoom& room) const {
    using Accents = CountText::Accents;
    const bool ascii = unicode::is_ascii(text);
    if (op_.lowercase) {
      unicode::lower(text, room.text);
    } else if (ascii) {
      room.text.assign(text);
    } else {
      unicode::copy(text, room.text);
    }
    if (ascii || op_.accents == Accents::kKeep) return;
    if (op_.accents == Accents::kStripUnlessDecomposed && unicode::is_decomposed(room.text)) return;
    if (op_.accents == Accents::kAscii) {
      unicode::strip_to_ascii(room.text, room.other);
    } else {
      unicode::strip_accents(room.text, room.other);
    }
    std::swap(room.text, room.other);
  }

  bool is_token_character(unicode::Decoded next) const {
    return next.code < 128 ? ascii_[next.code] : characters_.contains(next.code);
  }

  // The tokens that are no stop words, one space between them, become room.text.
  void tokenize(TextRoom& room) const {
    const std::string_view text = room.text;
    room.other.clear();
    room.pieces.clear();
    bool word_before = false;
    for (std::size_t at = 0; at < text.size();) {
      unicode::Decoded next = unicode::decode(text, at);
      if (!is_token_character(next)) {
        word_before = unicode::is_word(next.code);
        at += next.size;
        continue;
      }
      const std::size_t start = at;
      std::uint32_t size = 0;
      char32_t last = 0;
      bool word_after = false;
      while (at < text.size()) {
        next = unicode::decode(text, at);
        if (!is_token_character(next)) {
          word_after = unicode::is_word(next.code);
          break;
        }
        last = next.code;
        at += next.size;
        ++size;
      }
      const bool edges = (!op_.edge_before || !word_before) && (!op_.edge_after || !word_after);
      word_before = unicode::is_word(last);
      if (edges && op_.is_token_size(size)) add_token(text.substr(start, at - start), room);
    }
    std::swap(room.text, room.other);
  }

  void add_token(std::string_view token, TextRoom& room) const {
    if (!op_.stop_words.empty() && table_.find(kStopWords, token) != NameTable::kNone) return;
    if (!room.pieces.empty()) room.other.push_back(' ');
    const auto start = static_cast<std::uint32_t>(room.other.size());
    room.other += token;
    room.pieces.push_back({start, static_cast<std::uint32_t>(room.other.size())});
  }

  void count_tokens(TextRoom& room) const {
    const std::vector<Piece>& tokens = room.pieces;
    for (std::size_t n = op_.shortest; n <= op_.longest && n <= tokens.size(); ++n) {
      for (std::size_t i = 0; i + n <= tokens.size(); ++i) count(tokens[i].start, tokens[i + n - 1].end, room);
    }
  }

  // Two spaces or more become one " ".
  static void join_spaces(TextRoom& room) {
    const std::string_view text = room.text;
    room.other.clear();
    for (std::size_t at = 0; at < text.size();) {
      unicode::Decoded next = unicode::decode(text, at);
      const std::size_t start = at;
      at += next.size;
      std::size_t spaces = unicode::is_space(next.code) ? 1 : 0;
      while (spaces > 0 && at < text.size()) {
        next = unicode::decode(text, at);
        if (!unicode::is_space(next.code)) break;
        at += next.size;
        ++spaces;
      }
      if (spaces > 1) {
        room.other.push_back(' ');
      } else {
        room.other.append(text, start, at - start);
      }
    }
    std::swap(room.text, room.other);
  }

  // All n-grams of the characters from `start` to `end`.
  void count_characters(TextRoom& room, std::size_t start, std::size_t end) const {
    split(room, start, end);
    const std::vector<Piece>& characters = room.pieces;
    for (std::size_t n = op_.shortest; n <= op_.longest && n <= characters.size(); ++n) {
      for (std::size_t i = 0; i + n <= characters.size(); ++i) {
        count(characters[i].start, characters[i + n - 1].end, room);
      }
    }
  }
  static void split(TextRoom& room, std::size_t start, std::size_t end) {
    room.pieces.clear();
    for (std::size_t at = start; at < end;) {
      const auto size = unicode::decode(room.text, at).size;
      room.pieces.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + size)});
      at += size;
    }
  }

  // Each word with a space on either side: neighbours share it. A word that is shorter than n counts whole, once.
  void count_words(TextRoom& room) const {
    space_words(room);
    const std::size_t size = room.text.size();
    for (std::size_t start = 0; start + 1 < size;) {
      const std::size_t end = room.text.find(' ', start + 1) + 1;
      split(room, start, end);
      const std::vector<Piece>& characters = room.pieces;
      for (std::size_t n = op_.shortest; n <= op_.longest; ++n) {
        if (n >= characters.size()) {
          count(static_cast<std::uint32_t>(start), static_cast<std::uint32_t>(end), room);
          break;
        }
        for (std::size_t i = 0; i + n <= characters.size(); ++i) {
          count(characters[i].start, characters[i + n - 1].end, room);
        }
      }
      start = end - 1;
    }
  }
  // " one two ", or nothing.
  static void space_words(TextRoom& room) {
    const std::string_view text = room.text;
    room.other.assign(1, ' ');
    for (std::size_t at = 0; at < text.size();) {
      const unicode::Decoded next = unicode::decode(text, at);
      if (!unicode::is_space(next.code)) {
        room.other.append(text, at, next.size);
      } else if (room.other.back() != ' ') {
        room.other.push_back(' ');
      }
      at += next.size;
    }
    if (room.other.back() != ' ') room.other.push_back(' ');
    std::swap(room.text, room.other);
  }

  void count(std::uint32_t start, std::uint32_t end, TextRoom& room) const {
    const std::string_view name = std::string_view(room.text).substr(start, end - start);
    if (op_.names.empty()) {
      const std::int32_t hash = murmur3(name);
      const bool negative = op_.alternate_sign && hash < 0;
      room.hits.push_back(std::uint64_t{hashed_column(hash, op_.hashed)} << 1 | (negative ? 1U : 0U));
      return;
    }
    const std::uint32_t column = table_.find(kNames, name);
    if (column != NameTable::kNone) room.hits.push_back(std::uint64_t{column} << 1);
  }

  void fold(TextRoom& room, std::vector<Hit>& out) const {
    std::ranges::sort(room.hits);
    out.clear();
    for (const std::uint64_t hit : room.hits) {
      const auto column = static_cast<std::uint32_t>(hit >> 1);
      if (out.empty() || out.back().column != column) out.push_back({.column = column});
      out.back().value += (hit & 1) != 0 ? -1 : 1;
    }
    if (!op_.binary) return;
    for (Hit& hit : out) hit.value = 1;
  }

  const CountText& op_;
  unicode::Characters characters_;
  std::array<bool, 128> ascii_{};
  NameTable table_;
  std::uint32_t room_ = 0, field_ = 0;
  Place in_, out_;
};

Result<KernelPtr> Counter::create(const CountText& op, Compiling& step) {
  std::vector<model::NameEntry> entries;
  entries.reserve(op.names.size() + op.stop_words.size());
  for (std::uint32_t i = 0; i < op.names.size(); ++i) entries.push_back({kNames, op.names[i], i});
  for (std::uint32_t i = 0; i < op.stop_words.size(); ++i) entries.push_back({kStopWords, op.stop_words[i], i});
  std::unique_ptr<Counter> out(new Counter(op, step));
  out->table_ = SLIPWAY_TRY(NameTable::create(entries));
  out->room_ = step.room(make, nullptr);
  out->in_ = step.in();
  out->out_ = step.out();
  return out;
}

class Log : public Kernel {
 public:
  Log(Place in, Place out) : in_(in), out_(out) {}
  bool run(Frame& frame) const override {
    std::vector<Hit>& out = frame.hits(out_);
    out = frame.hits(in_);
    for (Hit& hit : out) hit.value = std::log(hit.value) + 1;
    return true;
  }

 private:
  Place in_, out_;
};

}  // namespace

Result<KernelPtr> compile(const CountText& op, Compiling& step) { return Counter::create(op, step); }

Result<KernelPtr> compile(const model::LogCounts&, Compiling& step) {
  const Place out = step.out();
  return std::make_unique<Log>(step.in(), out);
}

}  // namespace slipway::engine::kernels
