// SPDX-License-Identifier: Apache-2.0
// The passes of PlainRows by AVX-512: an index, and numbers sixteen side by side. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "model/cell.h"
#include "serve/plain_index.h"

namespace slipway::serve::avx512 {

// True if the processor has what these functions need, which no other may call, and they know the delimiter.
bool available(char delimiter);

// Notes the marks of `text`, behind which 64 bytes may be looked at.
void index(std::string_view text, char delimiter, PlainIndex& out);

// Up to sixteen columns of a row.
struct NumberGroup {
  static constexpr std::size_t kMost = 16;
  std::array<std::uint32_t, kMost> columns{}, fields{};
  std::uint16_t lanes = 0;  // a bit for each that there is, from the lowest
  bool adjacent = true;     // each column is the one behind the column before, each field too
  std::uint16_t left = 0;   // a bit for each that read_numbers() did not read

  // False if there are sixteen.
  bool add(std::uint32_t column, std::uint32_t field);
};

// Reads columns of the row whose first stop is `row`. What is no plain number is left, its cell may be anything. A
// plain number has at most 19 digits, a point between, before or behind them, and perhaps a minus before and an
// exponent of two digits behind; or is an integer of at most 15 digits.
void read_numbers(const PlainIndex& index, std::size_t row, std::span<NumberGroup> groups, model::Cell* cells);

}  // namespace slipway::serve::avx512
