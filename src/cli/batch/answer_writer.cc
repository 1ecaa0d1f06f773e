// SPDX-License-Identifier: Apache-2.0
// All that is the same in each row is put together once: labels with their quotes, names with what stands around them.
// Rows are printed some at a time: a processor cannot guess how many digits a number has, and while it waits to see it
// can do nothing else if the number itself is still being computed.
#include "cli/batch/answer_writer.h"

#include <cmath>
#include <utility>

#include "base/text.h"
#include "format/csv.h"
#include "serve/csv_cell.h"

namespace slipway::cli {

using model::Cell;
using serve::RowFormat;

namespace {

std::string printed_label(const model::Label& label, RowFormat format) {
  std::string out;
  if (format == RowFormat::kCsv) {
    format::append_csv(out, model::label_text(label));
    return out;
  }
  if (const auto* text = std::get_if<std::string>(&label)) {
    append_json_string(out, *text);
    return out;
  }
  if (const auto* flag = std::get_if<bool>(&label)) return *flag ? "true" : "false";
  if (const auto* integer = std::get_if<std::int64_t>(&label)) append_json_number(out, *integer);
  if (const auto* real = std::get_if<double>(&label)) append_json_number(out, *real);
  return out;
}

// True for an integer that is written in the one way JSON has for it: the index of a table, an id without zeros before.
bool is_plain_integer(std::string_view text) {
  Cell cell;
  if (text.empty() || !serve::read_number(text, cell) || cell.kind != Cell::Kind::kInt) return false;
  std::string again;
  append_json_number(again, cell.integer);
  return again == text;
}

}  // namespace

AnswerWriter::AnswerWriter(const model::Model& model, AnswerColumns columns, RowFormat format)
    : columns_(std::move(columns)), format_(format) {
  for (const model::Target& target : model.targets()) {
    std::vector<std::string>& labels = labels_.emplace_back();
    for (const model::Label& label : target.labels) labels.push_back(printed_label(label, format));
  }
}

void AnswerWriter::begin(std::span<const std::string> kept_names) {
  std::vector<std::string> names(kept_names.begin(), kept_names.end());
  for (const AnswerColumn& column : columns_.columns) names.push_back(column.name);
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::string before = i == 0 ? "" : ",";
    if (format_ == RowFormat::kCsv) {
      out += before;
      format::append_csv(out, names[i]);
    } else {
      before = i == 0 ? "{" : ",";
      append_json_string(before, names[i].empty() ? "index" : names[i]);
      before += ':';
    }
    before_.push_back(std::move(before));
  }
  if (format_ == RowFormat::kCsv) out += '\n';
  if (format_ == RowFormat::kJson) out += '[';
}

void AnswerWriter::append(std::uint64_t row, std::span<const Cell> kept, const engine::Answer& answer) {
  for (std::size_t i = 0; i < kept.size(); ++i) {
    kept_ += before_[i];
    append_cell(kept_, kept[i]);
  }
  kept_ends_.push_back(kept_.size());
  for (const AnswerColumn& column : columns_.columns) values_.push_back(value_of(column, row, answer));
  if (kept_ends_.size() == kWaiting) print_waiting();
}

void AnswerWriter::print_waiting() {
  const std::size_t kept_columns = before_.size() - columns_.columns.size();
  const Value* value = values_.data();
  std::size_t kept = 0;
  for (const std::size_t kept_end : kept_ends_) {
    if (format_ == RowFormat::kJson) out += std::exchange(first_, false) ? "\n" : ",\n";
    out.append(kept_, kept, kept_end - kept);
    kept = kept_end;
    const std::string* before = before_.data() + kept_columns;
    for (const AnswerColumn& column : columns_.columns) {
      out += *before++;
      print_field(column, *value++);
    }
    if (format_ != RowFormat::kCsv) out += '}';
    if (format_ != RowFormat::kJson) out += '\n';
  }
  kept_.clear();
  kept_ends_.clear();
  values_.clear();
}

void AnswerWriter::end() {
  print_waiting();
  if (format_ == RowFormat::kJson) out += "\n]\n";
}

AnswerWriter::Value AnswerWriter::value_of(const AnswerColumn& column, std::uint64_t row,
                                           const engine::Answer& answer) const {
  switch (column.kind) {
    case AnswerColumn::Kind::kRow:
      return {.integer = row};
    case AnswerColumn::Kind::kLabel:
      return {.integer = answer.index[column.at]};
    case AnswerColumn::Kind::kNumber:
      break;
  }
  return {.number = (answer.*column.values)[column.at]};
}

void AnswerWriter::print_field(const AnswerColumn& column, Value value) {
  switch (column.kind) {
    case AnswerColumn::Kind::kRow:
      append_json_number(out, std::int64_t(value.integer));
      return;
    case AnswerColumn::Kind::kLabel:
      out += labels_[column.at][value.integer];
      return;
    case AnswerColumn::Kind::kNumber:
      append_number(out, value.number);
      return;
  }
}

// CSV has words for infinity, which pandas reads; JSON has none. NaN is an empty field, as pandas writes it.
void AnswerWriter::append_number(std::string& to, double value) const {
  const bool csv = format_ == RowFormat::kCsv;
  if (csv && std::isnan(value)) return;
  if (csv && std::isinf(value)) {
    to += value > 0 ? "inf" : "-inf";
    return;
  }
  append_json_number(to, value);
}

void AnswerWriter::append_cell(std::string& to, const Cell& cell) const {
  const bool csv = format_ == RowFormat::kCsv;
  switch (cell.kind) {
    case Cell::Kind::kText:
      if (csv) {
        format::append_csv(to, cell.text());
      } else if (is_plain_integer(cell.text())) {
        to += cell.text();
      } else {
        append_json_string(to, cell.text());
      }
      return;
    case Cell::Kind::kInt:
      append_json_number(to, cell.integer);
      return;
    case Cell::Kind::kReal:
      append_number(to, cell.real);
      return;
    case Cell::Kind::kBool:
      to += cell.integer != 0 ? (csv ? "True" : "true") : (csv ? "False" : "false");
      return;
    default:
      if (!csv) to += "null";  // nothing was sent, or a list or an object, which is not handed through
      return;
  }
}

}  // namespace slipway::cli
