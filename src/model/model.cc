// SPDX-License-Identifier: Apache-2.0
// The checks that make a list of steps a model. Everything that runs one relies on them and on nothing else: an import
// and a bundle are both foreign input.
#include "model/model.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"

namespace slipway::model {
namespace {

constexpr std::size_t kMaxSteps = 10'000;
constexpr std::size_t kMaxTargets = 1'000;

Result<Slot> run_shape(const Step& step, std::span<const Slot> slots) {
  std::vector<Slot> in;
  for (const std::uint32_t input : step.inputs) {
    if (input >= slots.size()) {
      return fail(Code::kCorrupt, fmt::format("reads slot {}, which no earlier step has written", input));
    }
    in.push_back(slots[input]);
  }
  Slot out = SLIPWAY_TRY(std::visit([&](const auto& op) { return op.shape(in); }, step.op));
  if (out.columns == 0) return fail(Code::kCorrupt, "gives no columns");
  return out;
}

Result<void> check_output(const Output& output, std::span<const Slot> slots, std::span<const Target> targets) {
  if (output.slot == 0 || output.slot >= slots.size()) {
    return fail(Code::kCorrupt, fmt::format("slot {} is not one that a step writes", output.slot));
  }
  if (output.target >= std::max<std::size_t>(targets.size(), 1)) {
    return fail(Code::kCorrupt, fmt::format("is of target {}, there are {}", output.target, targets.size()));
  }
  const Slot& slot = slots[output.slot];
  const bool index = output.kind == OutputKind::kPrediction && !targets.empty();
  const bool either = output.kind == OutputKind::kTransform && slot.type == SlotType::kCsr;
  if (!either) SLIPWAY_TRY(one_input(std::span(&slot, 1), {index ? SlotType::kIndex : SlotType::kDense}));
  if (!index && output.kind != OutputKind::kProbability) return {};
  const std::size_t labels = targets.empty() ? 0 : targets[output.target].labels.size();
  if (slot.columns == labels) return {};
  return fail(Code::kCorrupt, fmt::format("has {} columns for {} labels", slot.columns, labels));
}

Result<void> check_labels(std::span<const Label> labels) {
  std::vector<std::string> texts;
  for (const Label& label : labels) texts.push_back(label_text(label));
  std::ranges::sort(texts);
  const auto twice = std::ranges::adjacent_find(texts);
  if (twice == texts.end()) return {};
  return fail(Code::kCorrupt, fmt::format("the label \"{}\" stands twice", printable(*twice)));
}

}  // namespace

std::string_view output_name(OutputKind kind) {
  constexpr std::string_view kNames[] = {"prediction", "probability", "decision", "score", "transform"};
  static_assert(std::size(kNames) == kOutputKinds);
  return kNames[std::size_t(kind)];
}

std::string label_text(const Label& label) {
  struct Print {
    std::string operator()(bool value) const { return value ? "True" : "False"; }
    std::string operator()(std::int64_t value) const { return std::to_string(value); }
    std::string operator()(double value) const {
      if (value != value) return "nan";
      if (value - value != 0) return value > 0 ? "inf" : "-inf";
      std::string out;
      append_json_number(out, value);
      return out;
    }
    std::string operator()(const std::string& value) const { return value; }
  };
  return std::visit(Print{}, label);
}

Result<Model> Model::create(Parts parts) {
  Model model;
  model.parts_ = std::move(parts);
  const Parts& have = model.parts_;
  if (have.schema.fields().empty()) return fail(Code::kCorrupt, "the model has no input fields");
  if (have.steps.empty()) return fail(Code::kCorrupt, "the model has no steps");
  if (have.steps.size() > kMaxSteps) {
    return fail(Code::kTooLarge,
                fmt::format("the model has {} steps, at most {} are taken", have.steps.size(), kMaxSteps));
  }
  SLIPWAY_TRY(model.run_shapes());
  if (have.targets.size() > kMaxTargets) {
    return fail(Code::kTooLarge,
                fmt::format("the model has {} targets, at most {} are taken", have.targets.size(), kMaxTargets));
  }
  for (const Target& target : have.targets) SLIPWAY_TRY(check_labels(target.labels));
  SLIPWAY_TRY(model.check_outputs());
  return model;
}

Result<void> Model::run_shapes() {
  slots_.push_back({SlotType::kRecord, static_cast<std::uint32_t>(parts_.schema.fields().size())});
  refusals_.resize(parts_.steps.size() * 2);
  for (std::size_t i = 0; i < parts_.steps.size(); ++i) {
    const Step& step = parts_.steps[i];
    auto slot = run_shape(step, slots_);
    if (!slot) return fail(std::move(slot).error().within(fmt::format("step {} ({})", i, op_name(step.op))));
    slots_.push_back(*slot);
    if (const auto* op = std::get_if<RequireFinite>(&step.op)) {
      refusals_[2 * i] = op->estimator + " does not take NaN (null) values";
      refusals_[2 * i + 1] = op->estimator + " does not take infinite values";
    }
  }
  return {};
}

Result<void> Model::check_outputs() const {
  std::set<std::pair<OutputKind, std::uint32_t>> seen;
  for (const Output& output : parts_.outputs) {
    const auto where = fmt::format("output \"{}\"", output_name(output.kind));
    if (!seen.emplace(output.kind, output.target).second) return fail(Code::kCorrupt, where + ": stands twice");
    auto checked = check_output(output, slots_, parts_.targets);
    if (!checked) return fail(std::move(checked).error().within(where));
  }
  const bool transforms = parts_.targets.empty() && output(OutputKind::kTransform) != nullptr;
  for (std::uint32_t i = 0; !transforms && i < std::max<std::size_t>(parts_.targets.size(), 1); ++i) {
    if (output(OutputKind::kPrediction, i) == nullptr) return fail(Code::kCorrupt, "the model has no prediction");
  }
  return {};
}

std::span<const Label> Model::labels() const {
  return parts_.targets.empty() ? std::span<const Label>() : parts_.targets[0].labels;
}

const Output* Model::output(OutputKind kind, std::uint32_t target) const {
  const auto found =
      std::ranges::find_if(parts_.outputs, [&](const Output& it) { return it.kind == kind && it.target == target; });
  return found == parts_.outputs.end() ? nullptr : &*found;
}

std::string Model::chain() const {
  std::string out;
  for (const std::string& name : parts_.provenance.chain) {
    if (!out.empty()) out += " > ";
    out += name;
  }
  return out;
}

const char* Model::refusal(std::size_t step, Refused what) const {
  return refusals_[2 * step + (what == Refused::kInfinity ? 1 : 0)].c_str();
}

}  // namespace slipway::model
