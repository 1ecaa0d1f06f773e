// SPDX-License-Identifier: Apache-2.0
// From records to rows, and the checks of what came.
#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "engine/blame.h"
#include "engine/reference/run.h"

namespace slipway::engine::reference {

using model::Cell;
using model::Schema;

Columns columns_of(const Texts& names, const std::set<std::string, std::less<>>& wanted) {
  // Nearly all names differ from those that are wanted in their length or first letter.
  const auto look = [](std::string_view name) {
    return (name.size() & 0xFF) << 8 | (name.empty() ? 0U : static_cast<unsigned char>(name[0]));
  };
  std::vector<bool> may_be(std::size_t{1} << 16);
  for (const std::string& name : wanted) may_be[look(name)] = true;
  Columns out;
  for (std::uint32_t i = 0; i < names.size(); ++i) {
    if (may_be[look(names[i])] && wanted.contains(names[i])) out.emplace(names[i], i);
  }
  return out;
}

Value run(const model::VectorizeDict& op, Step& step) {
  struct Bad {
    std::string name;
    std::uint32_t field;
    bool anyway;  // refused whether the model has a column of that name or not
  };
  std::vector<std::pair<std::string, double>> asked;
  std::vector<Bad> bads;
  std::set<std::string, std::less<>> wanted;
  const auto hit = [&](std::string_view name, double value) {
    asked.emplace_back(name, value);
    wanted.emplace(name);
  };
  const auto add_text = [&](std::string_view name, std::string_view text) {
    hit(std::string(name) + op.separator + std::string(text), 1);
  };
  const auto add = [&](std::string_view name, const Cell& cell, std::uint32_t field) {
    const bool lists = cell.kind == Cell::Kind::kTexts && op.lists;
    if (cell.kind == Cell::Kind::kNull) hit(name, std::nan(""));
    if (cell.is_number()) hit(name, cell.number());
    if (cell.kind == Cell::Kind::kText) add_text(name, cell.text());
    if (lists) {
      for (const Cell& text : cell.texts()) add_text(name, text.text());
    }
    const bool bad = cell.kind == Cell::Kind::kOther || (cell.kind == Cell::Kind::kTexts && !op.lists);
    const bool empty_list = cell.kind == Cell::Kind::kTexts && cell.texts().empty();
    if (!bad) return;
    bads.push_back({std::string(name), field, op.refuse_unknown && !empty_list});
    wanted.emplace(name);
  };
  const auto fields = step.model.schema().fields();
  for (std::uint32_t i = 0; i < fields.size(); ++i) add(fields[i].name, step.record.fields[i], i);
  for (const model::Extra& extra : step.record.extras) add(extra.name, extra.value, Schema::kNoField);
  const Columns columns = columns_of(op.names, wanted);
  for (const Bad& bad : bads) {
    if (bad.anyway || columns.contains(bad.name)) step.refuse(op.lists ? kNestedValue : kNoListsThen, bad.field);
  }
  std::multimap<std::uint32_t, double> hits;  // equal columns stay in the order they came
  for (const auto& [name, value] : asked) {
    if (const auto found = columns.find(name); found != columns.end()) hits.emplace(found->second, value);
  }
  return {.hits = {hits.begin(), hits.end()}};
}

Value run(const model::StackNumbers&, Step& step) {
  Value out;
  const std::span<const Cell> cells = step.slot_in() == 0 ? step.record.fields : std::span(step.in().cells);
  for (std::uint32_t i = 0; i < cells.size(); ++i) {
    const Cell& cell = cells[i];
    if (!cell.missing() && !cell.is_number()) step.refuse(kTextForNumber, field_of(step.model, step.slot_in(), i));
    out.row.push_back(cell.is_number() ? cell.number() : std::nan(""));
  }
  return out;
}

Value run(const model::RequireFinite& op, Step& step) {
  using enum model::Model::Refused;
  const auto check = [&](std::uint32_t column, double value) {
    if (std::isnan(value) && !op.allow_nan) {
      step.refuse(step.model.refusal(step.number, kNan), field_of(step.model, step.slot_in(), column));
    }
    if (std::isinf(value)) {
      step.refuse(step.model.refusal(step.number, kInfinity), field_of(step.model, step.slot_in(), column));
    }
  };
  for (const auto& [column, value] : step.in().hits) check(column, value);
  for (std::uint32_t i = 0; i < step.in().row.size(); ++i) check(i, step.in().row[i]);
  const std::span<const Cell> cells = step.slot_in() == 0 ? step.record.fields : std::span(step.in().cells);
  for (std::uint32_t i = 0; i < cells.size(); ++i) {
    const Cell& cell = cells[i];
    if (cell.missing() && std::ranges::find(op.nullable, i) != op.nullable.end()) continue;
    if (cell.missing() || cell.kind == Cell::Kind::kReal) check(i, cell.missing() ? std::nan("") : cell.real);
  }
  Value out = step.in();
  out.cells.assign(cells.begin(), cells.end());
  return out;
}

}  // namespace slipway::engine::reference
