// SPDX-License-Identifier: Apache-2.0
// The short way for what nearly every request is: one flat record, its names and texts plain ASCII without escapes, its
// values texts, numbers, true, false or null. One pass, no tape. It never says that something is wrong: whatever is not
// plain is left to simdjson, which has the last word. What is taken here, simdjson takes with the same values:
// body_test and predict_fuzz compare the two.
#pragma once

#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "model/cell.h"

namespace slipway::serve {

class FlatRecord {
 public:
  // REQUIRES: 8 bytes behind the end of `body` may be read.
  explicit FlatRecord(std::string_view body) : at_(body.data()), end_(body.data() + body.size()) {}

  // Reads the value of each member, in order, into the cell that place(name) refers to; names and texts borrow from the
  // body. False if the body is anything else: then what has been read is to be forgotten.
  template <class Place>
  bool read(const Place& place) {
    if (!take('{')) return false;
    if (take('}')) return at_end();
    do {
      std::string_view name;
      if (!text(name) || !take(':') || !value(place(name))) return false;
    } while (take(','));
    return take('}') && at_end();
  }

 private:
  void skip_blanks() {
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }
  bool take(char wanted) {
    skip_blanks();
    if (at_ == end_ || *at_ != wanted) return false;
    ++at_;
    return true;
  }
  bool at_end() {
    skip_blanks();
    return at_ == end_;
  }

  // A text without its quotes. Eight bytes at a time: the first that is a quote, a backslash, a control character or
  // not ASCII stops it (the classic test for a zero byte; its lowest hit is exact), and must be the closing quote.
  bool text(std::string_view& out) {
    if (!take('"')) return false;
    const char* begin = at_;
    for (; at_ < end_; at_ += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, at_, sizeof word);
      const std::uint64_t stop =
          (zero(word ^ every('"')) | zero(word ^ every('\\')) | ((word - every(' ')) & ~word) | word) & every('\x80');
      if (stop == 0) continue;
      static_assert(std::endian::native == std::endian::little);
      at_ += std::countr_zero(stop) / 8;
      break;
    }
    if (at_ >= end_ || *at_ != '"') return false;
    out = {begin, static_cast<std::size_t>(at_ - begin)};
    ++at_;
    return true;
  }

  // Written where it will stay: a cell that is put together elsewhere and then copied stalls on its own bytes.
  bool value(model::Cell& out) {
    skip_blanks();
    if (at_ == end_) return false;
    switch (*at_) {
      case '"': {
        std::string_view value;
        if (!text(value)) return false;
        out = model::Cell::of(value);
        return true;
      }
      case 't':
        out = model::Cell::of(true);
        return word("true");
      case 'f':
        out = model::Cell::of(false);
        return word("false");
      case 'n':
        out = model::Cell::null();
        return word("null");
      default:
        return number(out);
    }
  }

  bool word(std::string_view wanted) {
    if (std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(wanted)) {
      at_ += wanted.size();
      return true;
    }
    return false;
  }

  bool digits() {
    const char* begin = at_;
    while (at_ < end_ && *at_ >= '0' && *at_ <= '9') ++at_;
    return at_ != begin;
  }

  // By JSON's grammar; an integer of more than 18 digits, or a number beyond a double, is left to simdjson.
  bool number(model::Cell& out) {
    const char* begin = at_;
    if (*at_ == '-') ++at_;
    const char* first = at_;
    if (!digits() || (*first == '0' && at_ - first > 1)) return false;
    const bool point = at_ < end_ && *at_ == '.';
    if (point) {
      ++at_;
      if (!digits()) return false;
    }
    const bool exponent = at_ < end_ && (*at_ == 'e' || *at_ == 'E');
    if (exponent) {
      ++at_;
      if (at_ < end_ && (*at_ == '+' || *at_ == '-')) ++at_;
      if (!digits()) return false;
    }
    if (!point && !exponent) {
      std::int64_t integer = 0;
      if (at_ - first > 18 || std::from_chars(begin, at_, integer).ec != std::errc()) return false;
      out = model::Cell::of(integer);
      return true;
    }
    double real = 0;
    const auto read = std::from_chars(begin, at_, real);
    out = model::Cell::of(real);
    return read.ec == std::errc() && read.ptr == at_;
  }

  static constexpr std::uint64_t every(char c) { return 0x0101010101010101U * static_cast<unsigned char>(c); }
  static constexpr std::uint64_t zero(std::uint64_t word) { return (word - every('\x01')) & ~word; }

  const char* at_;
  const char* end_;
};

}  // namespace slipway::serve
