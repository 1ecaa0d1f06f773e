// SPDX-License-Identifier: Apache-2.0
// An output of several targets has its columns target after target, in the answer as here. A column is called after its
// output; of several, the target's name or number and the label or number follow.
#include "cli/batch/answer_columns.h"

#include <algorithm>

#include "base/text.h"

namespace slipway::cli {

using engine::Answer;
using model::OutputKind;

namespace {

struct Choice {
  std::string_view name;
  OutputKind kind;
  const std::vector<double> Answer::* values;
};
constexpr Choice kChoices[] = {
    {"prediction", OutputKind::kPrediction, &Answer::prediction},
    {"probability", OutputKind::kProbability, &Answer::probability},
    {"probabilities", OutputKind::kProbability, &Answer::probability},
    {"decision", OutputKind::kDecision, &Answer::decision},
    {"score", OutputKind::kScore, &Answer::score},
    {"transform", OutputKind::kTransform, &Answer::transform},
};
constexpr std::string_view kRow = "row";

class Chooser {
 public:
  explicit Chooser(const model::Model& model) : model_(model) {}

  Result<AnswerColumns> run(std::span<const std::string> names) {
    if (names.empty()) choose_default();
    for (const std::string& name : names) SLIPWAY_TRY(choose(name));
    return std::move(chosen_);
  }

 private:
  bool has(OutputKind kind) const { return model_.output(kind) != nullptr; }

  void choose_default() {
    if (has(OutputKind::kPrediction)) {
      add(kChoices[0]);
      if (has(OutputKind::kProbability)) add(kChoices[1]);
      return;
    }
    const auto* first = std::ranges::find_if(kChoices, [&](const Choice& choice) { return has(choice.kind); });
    if (first != std::end(kChoices)) add(*first);
  }

  Result<void> choose(std::string_view name) {
    if (name == kRow) {
      chosen_.columns.push_back({.kind = AnswerColumn::Kind::kRow, .name = std::string(kRow)});
      return {};
    }
    const auto* choice = std::ranges::find(kChoices, name, &Choice::name);
    if (choice != std::end(kChoices) && has(choice->kind)) {
      add(*choice);
      return {};
    }
    std::vector<std::string_view> there{kRow};
    for (const Choice& other : kChoices) {
      if (has(other.kind)) there.push_back(other.name);
    }
    return fail(Code::kUsage,
                choice == std::end(kChoices) ? "--columns knows no \"" + printable(name) + "\""
                                             : model_.chain() + " has no " + std::string(name),
                "This model has " + join_and(there));
  }

  void add(const Choice& choice) {
    chosen_.wanted |= engine::want(choice.kind);
    const std::size_t targets = std::max<std::size_t>(model_.targets().size(), 1);
    std::uint32_t at = 0;
    for (std::uint32_t target = 0; target < targets; ++target) {
      const model::Output* output = model_.output(choice.kind, target);
      if (output == nullptr) continue;
      add_target(choice, *output, target, at);
      at += model_.slots()[output->slot].columns;
    }
  }

  void add_target(const Choice& choice, const model::Output& output, std::uint32_t target, std::uint32_t at) {
    std::string name(choice.kind == OutputKind::kProbability ? "probability" : choice.name);
    if (model_.targets().size() > 1) {
      const std::string& own = model_.targets()[target].name;
      name += '_' + (own.empty() ? std::to_string(target) : own);
    }
    const model::Slot& slot = model_.slots()[output.slot];
    if (slot.type == model::SlotType::kIndex) {
      chosen_.columns.push_back({.kind = AnswerColumn::Kind::kLabel, .name = std::move(name), .at = target});
      return;
    }
    const bool positive = choice.name == "probability" && slot.columns == 2;
    for (std::uint32_t i = positive ? 1 : 0; i < slot.columns; ++i) {
      std::string full = name;
      if (!positive && (slot.columns > 1 || choice.name == "probabilities"))
        full += '_' + suffix(choice, target, slot, i);
      chosen_.columns.push_back(
          {.kind = AnswerColumn::Kind::kNumber, .name = std::move(full), .at = at + i, .values = choice.values});
    }
  }

  // The label that column `i` belongs to, else its number.
  std::string suffix(const Choice& choice, std::uint32_t target, const model::Slot& slot, std::uint32_t i) const {
    const bool by_label = choice.kind == OutputKind::kProbability || choice.kind == OutputKind::kDecision;
    if (by_label && target < model_.targets().size() && model_.targets()[target].labels.size() == slot.columns)
      return model::label_text(model_.targets()[target].labels[i]);
    return std::to_string(i);
  }

  const model::Model& model_;
  AnswerColumns chosen_;
};

}  // namespace

Result<AnswerColumns> answer_columns(const model::Model& model, std::span<const std::string> names) {
  return Chooser(model).run(names);
}

}  // namespace slipway::cli
