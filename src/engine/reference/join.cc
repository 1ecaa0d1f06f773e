// SPDX-License-Identifier: Apache-2.0
// Parts of rows, and rows put together.
#include <algorithm>

#include "engine/reference/run.h"

namespace slipway::engine::reference {

Value run(const model::Select& op, Step& step) {
  Value out;
  const model::SlotType type = step.model.slots()[step.slot_in()].type;
  for (std::uint32_t i = 0; i < op.columns.size(); ++i) {
    const std::uint32_t column = op.columns[i];
    if (type == model::SlotType::kRecord) out.cells.push_back(step.record.fields[column]);
    if (type == model::SlotType::kCells) out.cells.push_back(step.in().cells[column]);
    if (type == model::SlotType::kDense) out.row.push_back(step.in().row[column]);
    for (const auto& [from, value] : step.in().hits) {
      if (from == column) out.hits.emplace_back(i, value);
    }
  }
  return out;
}

namespace {

Value join_cells(const Step& step) {
  Value out;
  for (std::size_t i = 0; i < step.inputs(); ++i) {
    out.cells.insert(out.cells.end(), step.in(i).cells.begin(), step.in(i).cells.end());
    for (const double value : step.in(i).row) out.cells.push_back(model::Cell::of(value));
    if (!step.sparse_in(i)) continue;
    for (const double value : dense(step.in(i), step.columns_in(i))) out.cells.push_back(model::Cell::of(value));
  }
  return out;
}

}  // namespace

Value run(const model::Concat& op, Step& step) {
  if (step.model.slots()[step.number + 1].type == model::SlotType::kCells) return join_cells(step);
  Value out;
  if (!op.sparse) out.row.assign(step.columns_out(), 0.0);
  std::uint32_t begin = 0;
  for (std::size_t i = 0; i < step.inputs(); ++i) {
    const auto put = [&](std::uint32_t column, double value) {
      if (!op.sparse) out.row[begin + column] += value;
      if (op.sparse) out.hits.emplace_back(begin + column, value);
    };
    for (const auto& [column, value] : step.in(i).hits) put(column, value);
    for (std::uint32_t column = 0; column < step.in(i).row.size(); ++column) {
      const double value = step.in(i).row[column];
      if (!op.sparse) out.row[begin + column] = value;
      if (op.sparse && value != 0) put(column, value);
    }
    begin += step.columns_in(i);
  }
  return out;
}

Value run(const model::WeightedSum& op, Step& step) {
  Value out;
  for (std::uint32_t column = 0; column < step.columns_out(); ++column) {
    double sum = 0;
    for (std::size_t i = 0; i < step.inputs(); ++i) {
      const double x = step.in(i).row[column];
      const double product = op.weights.empty() ? x : op.weights[i] * x;
      sum = i == 0 ? product : sum + product;
    }
    out.row.push_back(sum / op.divisor);
  }
  return out;
}

Value run(const model::LookUp& op, Step& step) {
  const double* row = op.table.data() + std::size_t{step.in().index} * op.columns;
  return {.row = {row, row + op.columns}};
}

}  // namespace slipway::engine::reference
