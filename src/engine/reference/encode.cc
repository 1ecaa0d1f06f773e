// SPDX-License-Identifier: Apache-2.0
// Of single values: a walk over all that training knew.
#include <cmath>
#include <optional>

#include "engine/blame.h"
#include "engine/reference/run.h"

namespace slipway::engine::reference {
namespace {

using model::Cell;
using model::SlotType;

// The values of a slot as cells, of CSR rows the zeros too.
std::vector<Cell> cells_of(const Step& step) {
  if (step.slot_in() == 0) return {step.record.fields.begin(), step.record.fields.end()};
  if (step.model.slots()[step.slot_in()].type == SlotType::kCells) return step.in().cells;
  std::vector<Cell> out;
  for (const double value : step.sparse_in() ? dense(step.in(), step.columns_in()) : step.in().row) {
    out.push_back(Cell::of(value));
  }
  return out;
}

// null is None; what else is missing is NaN.
bool same_missing(const Cell& a, const Cell& b) {
  return (a.kind == Cell::Kind::kNull) == (b.kind == Cell::Kind::kNull);
}

std::optional<std::uint32_t> find(const model::Encode& op, std::uint32_t column, const Cell& cell) {
  std::optional<std::uint32_t> found;
  for (std::uint32_t k = op.starts[column]; k < op.starts[column + 1]; ++k) {
    if (!model::equal_cells(op.values[k], cell)) continue;
    if (!model::is_missing(cell) || same_missing(op.values[k], cell)) return k;
    if (!found) found = k;  // the other missing value, if there is no better one
  }
  return found;
}

}  // namespace

Value run(const model::Encode& op, Step& step) {
  Value out;
  const std::vector<Cell> cells = cells_of(step);
  for (std::uint32_t i = 0; i < cells.size(); ++i) {
    const auto found = find(op, i, cells[i]);
    if (!found && op.unknown.empty()) step.refuse(why_unknown(cells[i]), field_of(step.model, step.slot_in(), i));
    out.row.push_back(found ? op.codes[*found] : op.unknown.empty() ? 0 : op.unknown[i]);
  }
  return out;
}

Value run(const model::OneHot& op, Step& step) {
  Value out;
  for (std::uint32_t i = 0; i < step.in().row.size(); ++i) {
    for (std::uint32_t k = op.starts[i]; k < op.starts[i + 1]; ++k) {
      if (step.in().row[i] == double(k - op.starts[i])) out.hits.emplace_back(k, 1);
    }
  }
  if (!op.sparse) return {.row = dense(out, step.columns_out())};
  return out;
}

Value run(const model::Impute& op, Step& step) {
  const Cell missing = op.missing[0];
  const SlotType type = step.model.slots()[step.slot_in()].type;
  if (type == SlotType::kRecord || type == SlotType::kCells) {
    Value out{.cells = cells_of(step)};
    for (std::uint32_t i = 0; i < out.cells.size(); ++i) {
      if (model::equal_cells(out.cells[i], missing)) out.cells[i] = op.fill[i];
    }
    return out;
  }
  Value out = step.in();
  const auto fill = [&](std::uint32_t column, double& value) {
    if (model::equal_cells(Cell::of(value), missing)) value = op.fill[column].number();
  };
  for (auto& [column, value] : out.hits) fill(column, value);
  for (std::uint32_t i = 0; i < out.row.size(); ++i) fill(i, out.row[i]);
  return out;
}

Value run(const model::IsMissing& op, Step& step) {
  Value out;
  const std::vector<Cell> cells = cells_of(step);
  for (const std::uint32_t column : op.columns) {
    out.row.push_back(model::equal_cells(cells[column], op.missing[0]) ? 1 : 0);
  }
  return out;
}

}  // namespace slipway::engine::reference
