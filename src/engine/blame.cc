// SPDX-License-Identifier: Apache-2.0
// Follows a column back to the step that made it from the record.
#include "engine/blame.h"

#include <variant>

namespace slipway::engine {

namespace {

// Which of the slots side by side the column is in; makes `column` one of that slot.
std::uint32_t input_of(const model::Model& model, const model::Step& step, std::uint32_t& column) {
  std::size_t i = 0;
  for (; column >= model.slots()[step.inputs[i]].columns; ++i) column -= model.slots()[step.inputs[i]].columns;
  return step.inputs[i];
}

}  // namespace

const char* why_unknown(const model::Cell& cell) {
  if (model::is_missing(cell)) return kUnknownMissing;
  if (cell.kind == model::Cell::Kind::kText) return kUnknownText;
  return cell.is_number() ? kUnknownNumber : kUnknownNested;
}

std::uint32_t field_of(const model::Model& model, std::uint32_t slot, std::uint32_t column) {
  while (slot != 0) {
    const model::Step& step = model.steps()[slot - 1];
    if (const auto* select = std::get_if<model::Select>(&step.op)) column = select->columns[column];
    if (std::holds_alternative<model::Concat>(step.op)) {
      slot = input_of(model, step, column);
      continue;
    }
    if (const auto* vectorize = std::get_if<model::VectorizeDict>(&step.op)) {
      const std::string_view name = vectorize->names[column];
      const std::uint32_t whole = model.schema().find(name);
      if (whole != model::Schema::kNoField) return whole;
      return model.schema().find(name.substr(0, name.find(vectorize->separator)));
    }
    if (std::holds_alternative<model::CountText>(step.op)) {
      column = 0;
      slot = step.inputs[0];
      continue;
    }
    const bool keeps_columns =
        std::holds_alternative<model::StackNumbers>(step.op) || std::holds_alternative<model::Select>(step.op) ||
        std::holds_alternative<model::Densify>(step.op) || std::holds_alternative<model::RequireFinite>(step.op) ||
        std::holds_alternative<model::Standardize>(step.op) || std::holds_alternative<model::ScaleColumns>(step.op) ||
        std::holds_alternative<model::Clip>(step.op) || std::holds_alternative<model::Binarize>(step.op) ||
        std::holds_alternative<model::NormalizeRows>(step.op) || std::holds_alternative<model::Encode>(step.op) ||
        std::holds_alternative<model::Impute>(step.op) || std::holds_alternative<model::Discretize>(step.op) ||
        std::holds_alternative<model::Apply>(step.op) || std::holds_alternative<model::PowerTransform>(step.op) ||
        std::holds_alternative<model::QuantileTransform>(step.op) ||
        std::holds_alternative<model::RoundToFloat>(step.op) || std::holds_alternative<model::LogCounts>(step.op);
    if (!keeps_columns) return model::Schema::kNoField;
    slot = step.inputs[0];
  }
  return column;
}

}  // namespace slipway::engine
