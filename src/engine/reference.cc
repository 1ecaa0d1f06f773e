// SPDX-License-Identifier: Apache-2.0
// Every step in order, nothing skipped, nothing shared with the plan beyond the sentences of a refusal.
#include "engine/reference.h"

#include "engine/reference/run.h"

namespace slipway::engine {
namespace {

void append(std::vector<double>& to, const std::vector<double>& from) { to.insert(to.end(), from.begin(), from.end()); }

void give(const model::Model& model, const model::Output& output, const reference::Value& value, Answer& answer) {
  switch (output.kind) {
    case model::OutputKind::kPrediction:
      if (model.targets().empty()) return append(answer.prediction, value.row);
      answer.index.push_back(value.index);
      return;
    case model::OutputKind::kProbability:
      return append(answer.probability, value.row);
    case model::OutputKind::kDecision:
      return append(answer.decision, value.row);
    case model::OutputKind::kScore:
      return append(answer.score, value.row);
    case model::OutputKind::kTransform: {
      const model::Slot& slot = model.slots()[output.slot];
      const bool sparse = slot.type == model::SlotType::kCsr;
      return append(answer.transform, sparse ? reference::dense(value, slot.columns) : value.row);
    }
  }
}

}  // namespace

Answer run_reference(const model::Model& model, const model::Record& record) {
  Answer answer;
  std::vector<reference::Value> values(1);
  values.reserve(model.slots().size());
  for (std::uint32_t i = 0; i < model.steps().size(); ++i) {
    reference::Step step(model, record, i, values);
    reference::Value value = std::visit([&](const auto& op) { return reference::run(op, step); }, model.steps()[i].op);
    if (step.refusal != nullptr) {
      answer.refusal = step.refusal;
      answer.refusal_field = step.refusal_field;
      return answer;
    }
    values.push_back(std::move(value));
  }
  for (const model::Output& output : model.outputs()) give(model, output, values[output.slot], answer);
  return answer;
}

}  // namespace slipway::engine
