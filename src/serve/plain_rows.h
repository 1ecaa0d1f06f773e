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

namespace slipway::serve {

class PlainRows {
 public:
  enum class Kind : std::uint8_t { kNothing, kText, kNumber };  // kText: whatever it reads as
  struct Column {
    Kind kind = Kind::kNothing;
    std::uint32_t field = 0;  // of the schema, unless kNothing
  };

  // `columns`: all that a row has. `plan` must outlive the reader.
  PlainRows(const engine::Plan& plan, std::vector<Column> columns, char delimiter);

  // Reads the row at the beginning of `text`: a cell for each column that has a field. Its size with its line end; 0 if
  // it is not plain, and then some cells may have been written. Always 0 where the processor has no AVX2. REQUIRES:
  // format::CsvReader::kAround bytes before and behind `text` are there; a cell for each field.
  std::size_t read(std::string_view text, std::span<model::Cell> cells);

  // Of the row read last, which must still be there: a column's text.
  std::string_view operator[](std::size_t column) const {
    return {starts_[column], std::size_t(starts_[column + 1] - starts_[column] - 1)};
  }
  // True if every column with a field gave something of a type that the field takes.
  bool sound() const { return sound_; }

 private:
  static constexpr std::size_t kWindow = std::size_t{16} << 10;  // is indexed at once, unless a row is longer
  static constexpr std::size_t kSpare = 64;                      // stops that may be written too many

  void index(std::string_view text);
  std::size_t read_columns(std::string_view text, std::span<model::Cell> cells);
  void read_text(std::string_view text, const Column& column, model::Cell& cell);

  const engine::Plan& plan_;
  std::vector<Column> columns_;
  std::vector<KnownTexts> texts_;       // of each field
  std::vector<const char*> starts_;     // of each column; and one byte behind the last
  std::vector<std::uint32_t> stop_at_;  // the special characters of what is indexed, from begin_
  std::size_t stops_ = 0, next_stop_ = 0;
  const char* begin_ = nullptr;
  std::size_t indexed_ = 0;         // bytes
  const char* expected_ = nullptr;  // where the next row begins, if it is indexed
  char delimiter_;
  bool available_;
  bool sound_ = false;
};

}  // namespace slipway::serve
