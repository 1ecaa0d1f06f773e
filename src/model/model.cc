// SPDX-License-Identifier: Apache-2.0
// The checks that make a list of steps a model. Everything that runs one relies on them and on nothing else: an import
// and a bundle are both foreign input.
#include "model/model.h"

#include <fmt/core.h>

#include <algorithm>
#include <type_traits>
#include <utility>

#include "base/text.h"

namespace slipway::model {
namespace {

constexpr std::size_t kMaxSteps = 10'000;

std::string_view type_name(SlotType type) {
  constexpr std::string_view kNames[] = {"a record", "sparse rows", "dense rows", "an index"};
  return kNames[std::size_t(type)];
}

std::string_view op_name(const Op& op) {
  return std::visit([](const auto& it) { return std::decay_t<decltype(it)>::kName; }, op);
}

Result<void> want_type(const Slot& in, SlotType want) {
  if (in.type == want) return {};
  return fail(Code::kCorrupt, fmt::format("takes {}, gets {}", type_name(want), type_name(in.type)));
}

// The type rule: what an operator makes of its input. An operator without an overload stops the build.
struct OutputType {
  const Slot& in;

  Result<SlotType> becomes(SlotType want, SlotType out) const {
    SLIPWAY_TRY(want_type(in, want));
    return out;
  }
  Result<SlotType> rows_stay() const {
    if (in.type == SlotType::kCsr) return SlotType::kCsr;
    return becomes(SlotType::kDense, SlotType::kDense);
  }

  Result<SlotType> operator()(const VectorizeDict&) const { return becomes(SlotType::kRecord, SlotType::kCsr); }
  Result<SlotType> operator()(const StackNumbers&) const { return becomes(SlotType::kRecord, SlotType::kDense); }
  Result<SlotType> operator()(const Densify&) const { return becomes(SlotType::kCsr, SlotType::kDense); }
  Result<SlotType> operator()(const RequireFinite&) const { return rows_stay(); }
  Result<SlotType> operator()(const ScaleColumns&) const { return rows_stay(); }
  Result<SlotType> operator()(const Clip&) const { return rows_stay(); }
  Result<SlotType> operator()(const Binarize&) const { return rows_stay(); }
  Result<SlotType> operator()(const NormalizeRows& op) const {
    if (op.zero == NormalizeRows::Zero::kUniform) return becomes(SlotType::kDense, SlotType::kDense);
    return rows_stay();
  }
  Result<SlotType> operator()(const Linear&) const {
    SLIPWAY_TRY(rows_stay());
    return SlotType::kDense;
  }
  Result<SlotType> operator()(const Standardize&) const { return becomes(SlotType::kDense, SlotType::kDense); }
  Result<SlotType> operator()(const Expit&) const { return becomes(SlotType::kDense, SlotType::kDense); }
  Result<SlotType> operator()(const Softmax&) const { return becomes(SlotType::kDense, SlotType::kDense); }
  Result<SlotType> operator()(const WithComplement&) const { return becomes(SlotType::kDense, SlotType::kDense); }
  Result<SlotType> operator()(const WithNegation&) const { return becomes(SlotType::kDense, SlotType::kDense); }
  Result<SlotType> operator()(const PositiveIndex&) const { return becomes(SlotType::kDense, SlotType::kIndex); }
  Result<SlotType> operator()(const ArgmaxIndex&) const { return becomes(SlotType::kDense, SlotType::kIndex); }
};

// How many different indices an operator that gives one can give.
std::uint32_t indices(const Op& op, std::uint32_t in) { return std::holds_alternative<PositiveIndex>(op) ? 2 : in; }

Result<Slot> run_shapes(const Step& step, std::span<const Slot> slots) {
  if (step.input >= slots.size()) {
    return fail(Code::kCorrupt, fmt::format("reads slot {}, which no earlier step has written", step.input));
  }
  const Slot& in = slots[step.input];
  Slot out;
  out.type = SLIPWAY_TRY(std::visit(OutputType{in}, step.op));
  SLIPWAY_TRY(std::visit([&](const auto& op) { return op.check(in.columns); }, step.op));
  out.columns = std::visit([&](const auto& op) { return op.out_cols(in.columns); }, step.op);
  if (out.type == SlotType::kIndex) out.columns = indices(step.op, in.columns);
  return out;
}

Result<void> check_output(const Output& output, std::span<const Slot> slots, std::size_t labels) {
  if (output.slot == 0 || output.slot >= slots.size()) {
    return fail(Code::kCorrupt, fmt::format("slot {} is not one that a step writes", output.slot));
  }
  const Slot& slot = slots[output.slot];
  const bool label = output.kind == OutputKind::kPrediction && labels != 0;
  SLIPWAY_TRY(want_type(slot, label ? SlotType::kIndex : SlotType::kDense));
  const bool by_label = label || output.kind == OutputKind::kProbability;
  if (by_label && slot.columns != labels) {
    return fail(Code::kCorrupt, fmt::format("has {} columns for {} labels", slot.columns, labels));
  }
  return {};
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
  constexpr std::string_view kNames[] = {"prediction", "probability", "decision"};
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
  model.slots_.push_back({SlotType::kRecord, static_cast<std::uint32_t>(have.schema.fields().size())});
  model.refusals_.resize(have.steps.size() * 2);
  for (std::size_t i = 0; i < have.steps.size(); ++i) {
    const Step& step = have.steps[i];
    auto slot = run_shapes(step, model.slots_);
    if (!slot) {
      return fail(std::move(slot).error().within(fmt::format("step {} ({})", i, op_name(step.op))));
    }
    model.slots_.push_back(*slot);
    if (const auto* op = std::get_if<RequireFinite>(&step.op)) {
      model.refusals_[2 * i] = op->estimator + " does not take NaN (null) values";
      model.refusals_[2 * i + 1] = op->estimator + " does not take infinite values";
    }
  }
  SLIPWAY_TRY(check_labels(have.labels));
  unsigned seen = 0;
  for (const Output& output : have.outputs) {
    const auto where = fmt::format("output \"{}\"", output_name(output.kind));
    if ((seen & (1U << unsigned(output.kind))) != 0) return fail(Code::kCorrupt, where + ": stands twice");
    seen |= 1U << unsigned(output.kind);
    auto checked = check_output(output, model.slots_, have.labels.size());
    if (!checked) return fail(std::move(checked).error().within(where));
  }
  if (model.output(OutputKind::kPrediction) == nullptr) return fail(Code::kCorrupt, "the model has no prediction");
  return model;
}

const Output* Model::output(OutputKind kind) const {
  const auto found = std::ranges::find(parts_.outputs, kind, &Output::kind);
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
