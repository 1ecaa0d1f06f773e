// SPDX-License-Identifier: Apache-2.0
// Reads plain rows of CSV in one pass, without finding their fields first: rows without quotes that have been read
// whole. What is not plain is left to format/csv.h and csv_cell.h, and what is means the same there. One thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "engine/plan.h"
#include "model/cell.h"
#include "serve/known_texts.h"
#include "serve/plain_avx512.h"
#include "serve/plain_index.h"

namespace slipway::serve {

class PlainRows {
 public:
  enum class Kind : std::uint8_t { kNothing, kText, kNumber };  // kText: whatever it reads as
  struct Column {
    Kind kind = Kind::kNothing;
    std::uint32_t field = 0;  // of the schema, unless kNothing
  };

  // The instructions that are used: what they give is the same. kAvx512 is not used for rows with few columns of
  // numbers.
  enum class Level : std::uint8_t { kNone, kAvx2, kAvx512 };
  // The highest of this processor, for a delimiter.
  static Level best_level(char delimiter);

  // `columns`: all that a row has. `plan` must outlive the reader. REQUIRES: no level above the best.
  PlainRows(const engine::Plan& plan, std::vector<Column> columns, char delimiter, Level level);

  // Reads the row at the beginning of `text`: a cell for each column that has a field. Its size with its line end; 0 if
  // it is not plain, and then some cells may have been written. Always 0 at kNone. REQUIRES:
  // format::CsvReader::kAround bytes before and behind `text` are there; a cell for each field.
  std::size_t read(std::string_view text, std::span<model::Cell> cells);

  // Of the row read last, which must still be there: a column's text.
  std::string_view operator[](std::size_t column) const { return index_.field(row_ + column); }
  // True if every column with a field gave something of a type that the field takes.
  bool sound() const { return sound_; }

 private:
  static constexpr std::size_t kWindow = std::size_t{16} << 10;  // is indexed at once, unless a row is longer

  void index(std::string_view text);
  void index_narrow(std::string_view text);
  bool read_columns(std::span<model::Cell> cells);
  bool read_groups(std::span<model::Cell> cells);
  void read_texts(std::span<model::Cell> cells);
  void read_other(std::string_view text, std::uint32_t field, model::Cell& cell);
  std::size_t end_row(std::string_view text);

  const engine::Plan& plan_;
  std::vector<Column> columns_;
  struct Number {
    std::uint32_t column, field;
  };
  struct Text {
    std::uint32_t column, field;
    KnownTexts known;
  };
  std::vector<Number> numbers_;              // of kAvx2: columns of kNumber
  std::vector<avx512::NumberGroup> groups_;  // of kAvx512: columns of kNumber
  std::vector<Text> texts_;                  // columns of kText
  PlainIndex index_;
  std::size_t row_ = 1, next_row_ = 1;  // first stop of the row, of the next one
  const char* expected_ = nullptr;      // where the next row begins, if it is indexed
  char delimiter_;
  Level level_;
  bool sound_ = false;
};

}  // namespace slipway::serve
