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
  // `row`: the record's number, from 1.
  void append(std::uint64_t row, std::span<const model::Cell> kept, const engine::Answer& answer);
  // What stands behind the last row.
  void end();

  // What has been printed; the caller takes it and clears it.
  std::string out;

 private:
  void append_field(const AnswerColumn& column, std::uint64_t row, const engine::Answer& answer);
  void append_number(double value) { append_number_as(value, format_ == serve::RowFormat::kCsv); }
  void append_number_as(double value, bool csv);
  void append_cell(const model::Cell& cell);

  AnswerColumns columns_;
  const serve::RowFormat format_;
  std::vector<std::vector<std::string>> labels_;  // as printed; a target each
  std::vector<std::string> before_;               // what stands before each value: {"id":  ,"prediction":
  bool first_ = true;
};

}  // namespace slipway::cli
