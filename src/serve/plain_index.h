// SPDX-License-Identifier: Apache-2.0
// What PlainRows notes of a stretch of text before it reads its cells.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace slipway::serve {

// Stops are delimiters, quotes and what ends a line. The first is none but stands for what ended the line before: a
// field begins one behind the stop before it. What stands behind the last means nothing.
struct PlainIndex {
  const char* begin = nullptr;
  std::size_t size = 0;   // bytes that are indexed
  std::size_t stops = 1;  // with the first

  // Of AVX2: where the stops are.
  std::vector<std::uint32_t> stop_at;

  // Of AVX-512: the digits of the text one after another; and of all other characters, which are marks, what they are
  // and how many digits are before them. The first mark is none, like the first stop.
  std::vector<char> digits, mark_is;
  std::vector<std::uint32_t> rank;
  std::vector<std::uint32_t> stop_mark;  // the marks that are stops
  std::vector<std::uint32_t> ends;       // the stops that are no delimiters; then ~0
  std::size_t next_end = 0;              // for PlainRows

  std::uint32_t at(std::size_t stop) const {
    if (stop_mark.empty()) return stop_at[stop];
    return rank[stop_mark[stop]] + stop_mark[stop] - 1;
  }
  const char* begin_of(std::size_t stop) const { return begin + std::uint32_t(at(stop - 1) + 1); }
  // The field that ends at a stop. REQUIRES: not 0.
  std::string_view field(std::size_t stop) const {
    const char* from = begin_of(stop);
    return {from, std::size_t(begin + at(stop) - from)};
  }
};

}  // namespace slipway::serve
