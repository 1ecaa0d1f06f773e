// SPDX-License-Identifier: Apache-2.0
// Prints answers as CSV, JSON lines or a JSON list into a buffer. No row allocates once the buffer has grown. One
// thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "cli/batch/answer_columns.h"
#include "engine/answer.h"
#include "model/cell.h"
#include "model/model.h"
#include "serve/rows.h"

namespace slipway::cli {

class AnswerWriter {
 public:
  // `model` must outlive the writer.
  AnswerWriter(const model::Model& model, AnswerColumns columns, serve::RowFormat format);

  engine::Wanted wanted() const { return columns_.wanted; }

  // What stands before the first row. Once.
  void begin(std::span<const std::string> kept_names);
  // `row`: the record's number, from 1. Some of the last rows are printed later, at the latest by end().
  void append(std::uint64_t row, std::span<const model::Cell> kept, const engine::Answer& answer);
  // What stands behind the last row.
  void end();

  // What has been printed; the caller takes it and clears it.
  std::string out;

 private:
  // What a column of a row holds.
  union Value {
    std::uint64_t integer;  // of kRow, and the label of kLabel
    double number;
  };
  static constexpr std::size_t kWaiting = 16;  // rows

  Value value_of(const AnswerColumn& column, std::uint64_t row, const engine::Answer& answer) const;
  void print_waiting();
  void print_field(const AnswerColumn& column, Value value);
  void append_number(std::string& to, double value) const;
  void append_cell(std::string& to, const model::Cell& cell) const;

  AnswerColumns columns_;
  const serve::RowFormat format_;
  std::vector<std::vector<std::string>> labels_;  // as printed; a target each
  std::vector<std::string> before_;               // what stands before each value: {"id":  ,"prediction":
  bool first_ = true;

  // Rows that have not been printed: what is handed through, printed; where it ends in each row; the values.
  std::string kept_;
  std::vector<std::size_t> kept_ends_;
  std::vector<Value> values_;
};

}  // namespace slipway::cli
