// SPDX-License-Identifier: Apache-2.0
// The library puts "field=text" together and looks it up. Here every column is split once, when the plan is made, at
// the place where a field of the schema ends; then a text is looked up under its field's number. What the schema does
// not list (extras) takes the library's way.
#include "engine/vectorizer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "engine/blame.h"

namespace slipway::engine {
namespace {

using model::Cell;
using model::NameEntry;
using model::NameTable;
using model::Schema;

// Hits come nearly in order, because the schema lists fields by their first column.
void sort_hits(std::vector<Hit>& hits) {
  constexpr std::size_t kFew = 32;
  const auto before = [](const Hit& a, const Hit& b) {
    return a.column != b.column ? a.column < b.column : a.order < b.order;
  };
  if (hits.size() > kFew) {
    std::ranges::sort(hits, before);
    return;
  }
  for (std::size_t i = 1; i < hits.size(); ++i) {
    const Hit hit = hits[i];
    std::size_t at = i;
    for (; at > 0 && before(hit, hits[at - 1]); --at) hits[at] = hits[at - 1];
    hits[at] = hit;
  }
}

// Member by member: a hit that is put together first and then copied stalls on its own bytes.
void push(std::vector<Hit>& hits, std::uint32_t column, double value) {
  if (column == NameTable::kNone) return;
  const auto order = static_cast<std::uint32_t>(hits.size());
  Hit& hit = hits.emplace_back();
  hit.column = column;
  hit.order = order;
  hit.value = value;
}

// The ways to read a column as field + separator + text. A field that does not contain the separator can only end
// before the first one is over, so few places have to be looked at.
void add_categories(const model::VectorizeDict& op, std::uint32_t column, const Schema& schema,
                    std::vector<NameEntry>& out) {
  const std::string_view name = op.names[column];
  const std::size_t first = name.find(op.separator);
  if (first == name.npos) return;
  for (std::size_t at = first; at < first + op.separator.size(); ++at) {
    if (!name.substr(at).starts_with(op.separator)) continue;
    const std::uint32_t field = schema.find(name.substr(0, at));
    if (field == Schema::kNoField) continue;
    out.push_back({.group = field, .name = name.substr(at + op.separator.size()), .value = column});
  }
}

}  // namespace

Result<Vectorizer> Vectorizer::create(const model::VectorizeDict& op, const Schema& schema) {
  Vectorizer made;
  made.op_ = &op;
  std::vector<NameEntry> columns, categories;
  columns.reserve(op.names.size());
  for (std::uint32_t i = 0; i < op.names.size(); ++i) {
    columns.push_back({.name = op.names[i], .value = i});
    add_categories(op, i, schema, categories);
  }
  made.columns_ = SLIPWAY_TRY(NameTable::create(columns));
  made.categories_ = SLIPWAY_TRY(NameTable::create(categories));
  for (const model::Field& field : schema.fields()) {
    made.names_.push_back(field.name);
    const bool whole = field.name.find(op.separator) != std::string::npos;
    const auto index = static_cast<std::uint32_t>(made.sources_.size());
    made.sources_.push_back({.number_column = made.columns_.find(0, field.name), .whole_names = whole});
    made.places_.add(schema, index, [&](const std::string& text) { return made.categories_.find(index, text); });
  }
  return made;
}

std::uint32_t Vectorizer::find_whole(std::string_view name, std::string_view text, char* key) const {
  const std::size_t size = name.size() + op_->separator.size() + text.size();
  if (size > columns_.longest()) return NameTable::kNone;
  char* end = std::ranges::copy(name, key).out;
  end = std::ranges::copy(op_->separator, end).out;
  std::ranges::copy(text, end);
  return columns_.find(0, {key, size});
}

void Vectorizer::push_text(std::uint32_t column, std::uint32_t field, const Room& room) const {
  if (column != NameTable::kNone) {
    push(room.hits, column, 1);
  } else if (field != Schema::kNoField) {
    room.unseen.push_back(field);
  }
}

// Lists, nested values and the rare field whose name contains the separator. False: refused.
bool Vectorizer::add_other(const Cell& cell, std::string_view name, std::uint32_t field, const Room& room) const {
  if (cell.kind == Cell::Kind::kOther || (cell.kind == Cell::Kind::kTexts && !op_->lists)) {
    const bool empty_list = cell.kind == Cell::Kind::kTexts && cell.size == 0;
    return !known(name) && (!op_->refuse_unknown || empty_list);
  }
  const std::span<const Cell> texts = cell.kind == Cell::Kind::kTexts ? cell.texts() : std::span(&cell, 1);
  const bool whole = field == Schema::kNoField || sources_[field].whole_names;
  for (const Cell& text : texts) {
    push_text(whole ? find_whole(name, text.text(), room.key) : categories_.find(field, text.text()), field, room);
  }
  return true;
}

Vectorizer::Refusal Vectorizer::gather(const model::Record& record, const Room& room) const {
  std::vector<Hit>& hits = room.hits;
  hits.clear();
  const auto refusal = [&](std::uint32_t field) { return Refusal{op_->lists ? kNestedValue : kNoListsThen, field}; };
  for (std::uint32_t i = 0; i < sources_.size(); ++i) {
    const Cell& cell = record.fields[i];
    const Source& source = sources_[i];
    if (cell.kind == Cell::Kind::kText && !source.whole_names) {
      const std::uint32_t column = places_.find(i, cell);
      push_text(column != NameTable::kNone ? column : categories_.find(i, cell.text()), i, room);
    } else if (cell.is_number()) {
      push(hits, source.number_column, cell.number());
    } else if (cell.kind == Cell::Kind::kNull) {
      push(hits, source.number_column, std::nan(""));
    } else if (cell.kind != Cell::Kind::kAbsent) {
      if (!add_other(cell, names_[i], i, room)) return refusal(i);
    }
  }
  for (const model::Extra& extra : record.extras) {
    const Cell& cell = extra.value;
    if (cell.kind == Cell::Kind::kAbsent) continue;
    if (cell.is_number() || cell.kind == Cell::Kind::kNull) {
      push(hits, columns_.find(0, extra.name), cell.is_number() ? cell.number() : std::nan(""));
    } else if (!add_other(cell, extra.name, Schema::kNoField, room)) {
      return refusal(Schema::kNoField);
    }
  }
  if (!std::ranges::is_sorted(hits, {}, &Hit::column)) sort_hits(hits);
  return {};
}

bool Vectorizer::has(std::uint32_t field, std::string_view text) const {
  return categories_.find(field, text) != NameTable::kNone;
}

bool Vectorizer::uses(const model::Extra& extra) const {
  const Cell& cell = extra.value;
  if (cell.is_number() || cell.kind == Cell::Kind::kNull) return known(extra.name);
  const bool lists = cell.kind == Cell::Kind::kTexts && op_->lists;
  if (cell.kind != Cell::Kind::kText && !lists) return false;
  if (extra.name.size() + op_->separator.size() > columns_.longest()) return false;
  std::array<char, 512> few;
  std::string many;  // names longer than that are rare enough to allocate for
  if (columns_.longest() > few.size()) many.resize(columns_.longest());
  char* key = many.empty() ? few.data() : many.data();
  const auto hits = [&](const Cell& text) { return find_whole(extra.name, text.text(), key) != NameTable::kNone; };
  return lists ? std::ranges::any_of(cell.texts(), hits) : hits(cell);
}

}  // namespace slipway::engine
