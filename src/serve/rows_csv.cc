// SPDX-License-Identifier: Apache-2.0
// The header is judged once, by the rules that a record's names are judged by: afterwards a row is nothing but the
// columns that matter, each read by its field.
#include "serve/rows_csv.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "serve/csv_cell.h"

namespace slipway::serve {

using model::Cell;
using model::Schema;

namespace {

constexpr int kCredit = 64, kPrice = 2;
constexpr std::size_t kLikelyWhole = 4096;  // bytes ahead; of fewer, a row may have been cut

std::string quoted(std::string_view text) { return '"' + printable(text) + '"'; }

// True if a DictVectorizer could take "name=value" of this column for one of its own columns (Plan::uses has the last
// word, for each value).
bool might_be_used(const Schema& schema, std::string_view name) {
  return std::ranges::any_of(schema.names(), [&](std::string_view field) {
    return !field.empty() && !name.empty() && (name.starts_with(field) || field.starts_with(name));
  });
}

}  // namespace

CsvRows::CsvRows(Source& source, const engine::Plan& plan, RowOptions options)
    : plan_(plan),
      options_(std::move(options)),
      reader_(source, options_.csv),
      column_of_field_(plan.model().schema().fields().size(), Schema::kNoField),
      cells_(column_of_field_.size()) {}

Error CsvRows::header_error(std::uint32_t at, std::string message, std::string hint) const {
  return {Code::kContract, where(options_.name, reader_.place(at)) + std::move(message), std::move(hint)};
}

Result<void> CsvRows::open() {
  const auto first = SLIPWAY_TRY(reader_.next());
  if (first == format::CsvReader::Next::kBad) {
    return fail(Code::kInvalid, where(options_.name, reader_.problem_place()) + reader_.problem());
  }
  const Schema& schema = plan_.model().schema();
  width_ = reader_.size();
  if (options_.header) {
    if (first == format::CsvReader::Next::kEnd)
      return fail(Code::kInvalid, where(options_.name, {}) + "there is no header: the input is empty");
    return read_header();
  }
  if (schema.records_only()) {
    return fail(Code::kUsage, where(options_.name, {}) +
                                  "this model takes records, whose fields have names: its input needs a header");
  }
  width_ = schema.fields().size();
  for (std::uint32_t i = 0; i < width_; ++i) {
    columns_.push_back({i, i, schema.fields()[i].takes_number});
    column_of_field_[i] = i;
    names_.push_back(schema.fields()[i].name);
  }
  SLIPWAY_TRY(keep_columns({}));
  prepare_plain();
  replay_ = first == format::CsvReader::Next::kRow;
  return {};
}

Result<void> CsvRows::read_header() {
  std::vector<Unknown> unknown;
  for (std::uint32_t at = 0; at < width_; ++at) names_.emplace_back(reader_[at]);
  for (std::uint32_t at = 0; at < width_; ++at) {
    SLIPWAY_TRY(take_column(at, names_[at], unknown));
  }
  if (columns_.empty()) {
    const Schema& schema = plan_.model().schema();
    return fail(header_error(0,
                             "no column of the header is a field of the model, which begins with " +
                                 quoted(schema.names().empty() ? "" : schema.names()[0]),
                             "If the file has another delimiter, say so: --delimiter ';'. If the model has no names, "
                             "--feature-names gives it some"));
  }
  SLIPWAY_TRY(keep_columns(unknown));
  return judge_unknown(unknown);
}

Result<void> CsvRows::take_column(std::uint32_t at, std::string_view name, std::vector<Unknown>& unknown) {
  const std::uint32_t field = plan_.model().schema().find(name);
  if (field == Schema::kNoField) {
    unknown.push_back({at, std::string(name)});
    return {};
  }
  if (column_of_field_[field] != Schema::kNoField) {
    return fail(header_error(at, "column " + quoted(name) + " stands in the header twice"));
  }
  column_of_field_[field] = at;
  columns_.push_back({at, field, plan_.model().schema().fields()[field].takes_number});
  return {};
}

Result<void> CsvRows::keep_columns(std::span<const Unknown> unknown) {
  for (const Unknown& column : unknown) {
    const bool index = column.at == 0 && column.name.empty();
    if (index || (options_.keep.empty() && column.name == "id")) kept_columns_.push_back(column.at);
  }
  for (const std::string& name : options_.keep) {
    const auto found = std::ranges::find(names_, name);
    if (found == names_.end()) {
      const std::vector<std::string_view> names(names_.begin(), names_.end());
      const std::string_view near = nearest(name, names);
      return fail(Code::kUsage, where(options_.name, {}) + "there is no column " + quoted(name) + " to keep",
                  near.empty() ? "" : "Did you mean " + quoted(near) + "?");
    }
    kept_columns_.push_back(std::uint32_t(found - names_.begin()));
  }
  for (const std::uint32_t at : kept_columns_) kept_names_.push_back(names_[at]);
  kept_.resize(kept_columns_.size());
  return {};
}

bool CsvRows::is_kept(std::uint32_t at) const { return std::ranges::find(kept_columns_, at) != kept_columns_.end(); }

// As contract.cc judges the unknown and missing fields of a record.
Result<void> CsvRows::judge_unknown(std::span<const Unknown> unknown) {
  const Schema& schema = plan_.model().schema();
  std::vector<std::string_view> absent;
  for (std::size_t i = 0; i < column_of_field_.size(); ++i) {
    if (column_of_field_[i] == Schema::kNoField) absent.push_back(schema.names()[i]);
  }
  for (const Unknown& column : unknown) {
    const bool strict = options_.contract == Contract::kStrict;
    const bool kept = is_kept(column.at);
    const auto near = strict ? nearest(column.name, schema.names()) : nearest(column.name, absent);
    if (options_.contract != Contract::kIgnore && (!near.empty() || strict) && !kept) {
      std::string message = "unknown column " + quoted(column.name);
      if (!near.empty()) message += "; did you mean " + quoted(near) + "?";
      return fail(header_error(column.at, std::move(message), options_.hint));
    }
    if (might_be_used(schema, column.name)) {
      extra_columns_.push_back(column);
    } else if (!kept) {
      ignored_.push_back(column.name);
    }
  }
  if (options_.contract == Contract::kStrict && !absent.empty()) {
    return fail(header_error(0, "missing column " + quoted(absent[0])));
  }
  prepare_plain();
  return {};
}

Result<RowReader::Next> CsvRows::next() {
  if (!std::exchange(replay_, false)) {
    if (read_plain()) return Next::kRow;
    const auto next = SLIPWAY_TRY(reader_.next());
    if (next == format::CsvReader::Next::kEnd) return Next::kEnd;
    if (next == format::CsvReader::Next::kBad) {
      problem_ = reader_.problem();
      problem_place_ = reader_.problem_place();
      return Next::kBad;
    }
  }
  if (reader_.size() != width_) {
    problem_ = "the row has " + std::to_string(reader_.size()) + (reader_.size() == 1 ? " field, " : " fields, ") +
               (options_.header ? "the header has " : "the model has ") + std::to_string(width_);
    problem_place_ = reader_.place(0);
    return Next::kBad;
  }
  read_row();
  return Next::kRow;
}

// A line of a single column may be blank, which is no row.
void CsvRows::prepare_plain() {
  if (width_ < 2 || !extra_columns_.empty()) return;
  std::vector<PlainRows::Column> columns(width_);
  for (const Column& column : columns_) {
    const auto kind = column.takes_number ? PlainRows::Kind::kNumber : PlainRows::Kind::kText;
    columns[column.at] = {.kind = kind, .field = column.field};
  }
  plain_.emplace(plan_, std::move(columns), reader_.delimiter(), PlainRows::best_level(reader_.delimiter()));
  credit_ = kCredit;
}

bool CsvRows::read_plain() {
  sound_ = is_plain_ = false;
  if (credit_ <= 0) return false;
  const std::string_view ahead = reader_.ahead().substr(0, std::min(options_.csv.field_bytes, options_.csv.line_bytes));
  const std::size_t size = plain_->read(ahead, cells_);
  if (size == 0) {
    credit_ -= ahead.size() < kLikelyWhole ? 0 : kPrice;
    return false;
  }
  credit_ = std::min(credit_ + 1, kCredit);
  reader_.take(size);
  clear_absent();
  is_plain_ = true;
  sound_ = plain_->sound() && columns_.size() == cells_.size();
  for (std::size_t i = 0; i < kept_columns_.size(); ++i) kept_[i] = Cell::of((*plain_)[kept_columns_[i]]);
  return true;
}

void CsvRows::clear_absent() {
  if (columns_.size() == cells_.size()) return;
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    if (column_of_field_[i] == Schema::kNoField) cells_[i] = Cell{};
  }
}

void CsvRows::read_row() {
  for (const Column& column : columns_) {
    Cell& cell = cells_[column.field];
    const std::string_view text = reader_[column.at];
    if (!column.takes_number || !read_number(text, cell)) cell = csv_cell(plan_, column.field, text);
  }
  clear_absent();
  extras_.clear();
  for (const Unknown& column : extra_columns_) {
    const model::Extra extra{.name = column.name, .value = csv_cell(reader_[column.at])};
    if (plan_.uses(extra)) extras_.push_back(extra);
  }
  for (std::size_t i = 0; i < kept_columns_.size(); ++i) kept_[i] = Cell::of(reader_[kept_columns_[i]]);
}

format::TextPlace CsvRows::place(std::uint32_t field) const {
  const std::uint32_t at = field == Schema::kNoField ? Schema::kNoField : column_of_field_[field];
  if (is_plain_) return reader_.place_of((*plain_)[at == Schema::kNoField ? 0 : at].data());
  return reader_.place(at == Schema::kNoField ? 0 : at);
}

}  // namespace slipway::serve
