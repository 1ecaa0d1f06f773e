// SPDX-License-Identifier: Apache-2.0
// Estimators of sklearn.ensemble whose members are of any kind: votes and averages, and a model on top of models.
#include <fmt/core.h>

#include <numeric>
#include <utility>
#include <vector>

#include "base/text.h"
#include "importer/attributes.h"
#include "importer/sklearn/estimators.h"
#include "importer/sklearn/linear.h"
#include "importer/sklearn/lowering.h"
#include "importer/sklearn/members.h"

namespace slipway::importer::sklearn {
namespace {

using model::OutputKind;
using pickle::Kind;
using pickle::NodeId;

// True for (name, 'drop') and (name, None) in the constructor's list, whose members were not fitted.
bool is_dropped(const pickle::Document& document, NodeId pair) {
  const auto items = document.items(pair);
  if (items.size() != 2) return false;
  const Kind kind = document.kind(items[1]);
  return kind == Kind::kNone || (kind == Kind::kText && document.text(items[1]) == "drop");
}

// The weights of the members that were fitted; empty if there are none.
Result<std::vector<double>> weights_of(const Attributes& fitted, std::size_t count) {
  if (fitted.is_none("weights")) return std::vector<double>();
  const pickle::Numbers all = SLIPWAY_TRY(fitted.numbers("weights"));
  const auto pairs =
      fitted.has("estimators") ? fitted.document().items(fitted.node("estimators")) : std::span<const NodeId>();
  std::vector<double> out;
  for (std::size_t i = 0; i < all.values.size(); ++i) {
    const bool dropped = i < pairs.size() && is_dropped(fitted.document(), pairs[i]);
    if (!dropped) out.push_back(all.values[i]);
  }
  if (out.size() == count) return out;
  const auto what = fmt::format("has {} weights for {} members", out.size(), count);
  return fail(fitted.error(Code::kCorrupt, "weights", what));
}

// numpy.average over the members.
std::uint32_t average(Lowering& out, std::vector<std::uint32_t> slots, std::vector<double> weights) {
  const double divisor = weights.empty() ? double(slots.size()) : std::accumulate(weights.begin(), weights.end(), 0.0);
  return out.branch(model::WeightedSum{std::move(weights), divisor}, std::move(slots));
}

// A vote of one for the class that the member predicts.
Result<std::uint32_t> vote(const Attributes& fitted, Lowering& out, const Lowered& member,
                           std::span<const model::Label> all) {
  const std::uint32_t index = SLIPWAY_TRY(output_of(fitted, member, OutputKind::kPrediction));
  const std::vector<std::uint32_t> at = SLIPWAY_TRY(places(fitted, member, all));
  std::vector<double> table(at.size() * all.size());
  for (std::size_t i = 0; i < at.size(); ++i) table[i * all.size() + at[i]] = 1;
  return out.branch(model::LookUp{static_cast<std::uint32_t>(all.size()), std::move(table)}, index);
}

// What the member predicts, as a number.
Result<std::uint32_t> predicted_number(const Attributes& fitted, Lowering& out, const Lowered& member) {
  const std::uint32_t slot = SLIPWAY_TRY(output_of(fitted, member, OutputKind::kPrediction));
  if (member.targets.empty()) return slot;
  std::vector<double> numbers = SLIPWAY_TRY(label_numbers(fitted, member.targets[0].labels));
  return out.branch(model::LookUp{1, std::move(numbers)}, slot);
}

Result<void> voting_classifier(const Attributes& fitted, Lowering& out) {
  std::vector<model::Label> labels = SLIPWAY_TRY(read_labels(fitted));
  const std::vector<Lowered> lowered = SLIPWAY_TRY(lower_members(fitted, "estimators_", out));
  std::vector<double> weights = SLIPWAY_TRY(weights_of(fitted, lowered.size()));
  const std::string voting = SLIPWAY_TRY(fitted.text("voting"));
  if (voting != "soft" && voting != "hard") {
    return fail(fitted.error(Code::kCorrupt, "voting", fmt::format("is '{}', want soft or hard", printable(voting))));
  }
  const std::vector<model::Label> all = codes(labels.size());
  std::vector<std::uint32_t> slots, shown;
  for (const Lowered& member : lowered) {
    if (voting == "soft") {
      const std::uint32_t own = SLIPWAY_TRY(output_of(fitted, member, OutputKind::kProbability));
      const std::uint32_t slot = SLIPWAY_TRY(spread(fitted, out, member, own, all));
      slots.push_back(slot);
      shown.push_back(slot);
    } else {
      const std::uint32_t slot = SLIPWAY_TRY(vote(fitted, out, member, all));
      const std::uint32_t number = SLIPWAY_TRY(predicted_number(fitted, out, member));
      slots.push_back(slot);
      shown.push_back(number);
    }
  }
  std::vector<model::Output> outputs;
  if (voting == "soft") {
    const std::uint32_t probability = average(out, std::move(slots), std::move(weights));
    outputs = {{OutputKind::kPrediction, out.branch(model::ArgmaxIndex{}, probability)},
               {OutputKind::kProbability, probability}};
  } else {
    const std::uint32_t votes = out.branch(model::WeightedSum{std::move(weights), 1}, std::move(slots));
    outputs = {{OutputKind::kPrediction, out.branch(model::ArgmaxIndex{}, votes)}};
  }
  const bool flat =
      voting == "hard" || fitted.is_none("flatten_transform") || fitted.flag("flatten_transform").value_or(true);
  if (flat) outputs.push_back({OutputKind::kTransform, side_by_side(out, std::move(shown))});
  out.predicts(std::move(outputs), std::move(labels));
  return {};
}

Result<void> voting_regressor(const Attributes& fitted, Lowering& out) {
  const std::vector<Lowered> lowered = SLIPWAY_TRY(lower_members(fitted, "estimators_", out));
  std::vector<double> weights = SLIPWAY_TRY(weights_of(fitted, lowered.size()));
  std::vector<std::uint32_t> slots;
  for (const Lowered& member : lowered) {
    const std::uint32_t slot = SLIPWAY_TRY(predicted_number(fitted, out, member));
    slots.push_back(slot);
  }
  const std::uint32_t shown = side_by_side(out, slots);
  const std::uint32_t mean = average(out, std::move(slots), std::move(weights));
  out.predicts({{OutputKind::kPrediction, mean}, {OutputKind::kTransform, shown}}, {});
  return {};
}

// Of one member that predicts one target.
Result<std::uint32_t> stacked_one(const Attributes& fitted, Lowering& out, const Lowered& member,
                                  const std::string& method, std::size_t labels) {
  if (method == "predict") return predicted_number(fitted, out, member);
  if (method == "decision_function") return output_of(fitted, member, OutputKind::kDecision);
  if (method != "predict_proba") {
    return fail(fitted.error(Code::kUnsupported, "stack_method_", fmt::format("has '{}'", printable(method))));
  }
  const std::uint32_t slot = SLIPWAY_TRY(output_of(fitted, member, OutputKind::kProbability));
  return labels == 2 ? out.branch(model::Select{{1}}, slot) : slot;
}

// Of one that predicts several targets, side by side. Of probabilities the first label's are left out; what gives them
// as one array has a column a target, of which two are taken for two classes.
Result<std::uint32_t> stacked_several(const Attributes& fitted, Lowering& out, const Lowered& member,
                                      const std::string& method, bool one_array) {
  if (method == "decision_function") return output_of(fitted, member, OutputKind::kDecision);
  std::vector<std::uint32_t> slots;
  for (std::uint32_t i = 0; i < member.targets.size(); ++i) {
    const bool of_labels = method == "predict";
    const auto slot = member.slot(of_labels ? OutputKind::kPrediction : OutputKind::kProbability, i);
    if (!slot)
      return fail(fitted.error(Code::kUnsupported, "stack_method_", "asks a member for what it does not have"));
    if (of_labels) {
      std::vector<double> numbers = SLIPWAY_TRY(label_numbers(fitted, member.targets[i].labels));
      slots.push_back(out.branch(model::LookUp{1, std::move(numbers)}, *slot));
    } else if (out.slot_at(*slot).columns > 1 && !(one_array && i == 0 && member.targets.size() == 2)) {
      std::vector<std::uint32_t> others(out.slot_at(*slot).columns - 1);
      std::iota(others.begin(), others.end(), 1U);
      slots.push_back(out.branch(model::Select{std::move(others)}, *slot));
    }
  }
  if (slots.empty()) return fail(fitted.error(Code::kUnsupported, "", "has a member that gives no columns"));
  return side_by_side(out, std::move(slots));
}

// _BaseStacking._concatenate_predictions: what the final estimator sees.
Result<std::uint32_t> stacked(const Attributes& fitted, Lowering& out, std::span<const Lowered> lowered,
                              std::size_t labels) {
  const std::vector<pickle::Scalar> methods = SLIPWAY_TRY(fitted.scalars("stack_method_"));
  if (methods.size() != lowered.size()) {
    const auto what = fmt::format("has {} methods for {} members", methods.size(), lowered.size());
    return fail(fitted.error(Code::kCorrupt, "stack_method_", what));
  }
  const std::vector<Member> all = SLIPWAY_TRY(members(fitted, "estimators_"));
  std::vector<std::uint32_t> slots;
  for (std::size_t i = 0; i < lowered.size(); ++i) {
    const std::string& method = methods[i].text;
    const std::string_view name = pickle::class_of(fitted.document(), all[i].node).name;
    const bool one_array = name == "MLPClassifier" || name == "OneVsRestClassifier";
    auto slot = lowered[i].targets.size() > 1 ? stacked_several(fitted, out, lowered[i], method, one_array)
                                              : stacked_one(fitted, out, lowered[i], method, labels);
    if (!slot) return slot;
    slots.push_back(*slot);
  }
  const bool passthrough = SLIPWAY_TRY(fitted.flag("passthrough"));
  if (!passthrough) return side_by_side(out, std::move(slots));
  const std::size_t columns = SLIPWAY_TRY(column_count(fitted, out));
  SLIPWAY_TRY(out.take_rows(fitted, columns));
  slots.push_back(out.flow().slot);
  return out.branch(model::Concat{.sparse = out.sparse()}, std::move(slots));
}

Result<void> stacking(const Attributes& fitted, Lowering& out, std::vector<model::Label> labels) {
  const std::vector<Lowered> lowered = SLIPWAY_TRY(lower_members(fitted, "estimators_", out));
  const std::uint32_t rows = SLIPWAY_TRY(stacked(fitted, out, lowered, labels.size()));
  const Lowered top = SLIPWAY_TRY(out.apart(fitted, "final_estimator_", out.flow_of(rows)));
  std::vector<model::Output> outputs;
  const std::uint32_t prediction = SLIPWAY_TRY(output_of(fitted, top, OutputKind::kPrediction));
  outputs.push_back({OutputKind::kPrediction, prediction});
  for (const OutputKind kind : {OutputKind::kProbability, OutputKind::kDecision}) {
    if (const auto slot = top.slot(kind); slot && !labels.empty()) outputs.push_back({kind, *slot});
  }
  outputs.push_back({OutputKind::kTransform, rows});
  if (!labels.empty()) {
    const std::vector<model::Label> all = codes(labels.size());
    const std::vector<std::uint32_t> at = SLIPWAY_TRY(places(fitted, top, all));
    if (at.size() != labels.size()) {
      const auto what = fmt::format("knows {} of {} classes", at.size(), labels.size());
      return fail(fitted.error(Code::kCorrupt, "final_estimator_", what));
    }
  } else if (!top.targets.empty()) {
    return fail(fitted.error(Code::kUnsupported, "final_estimator_", "is a classifier"));
  }
  out.predicts(std::move(outputs), std::move(labels));
  return {};
}

// Where a row has any number of labels at once: a target a label. Their probabilities are the final estimator's own, of
// both (the library gives those of the label that is absent).
Result<void> stacking_several(const Attributes& fitted, Lowering& out) {
  const std::vector<Member> classes = SLIPWAY_TRY(members(fitted, "classes_"));
  const std::vector<Lowered> lowered = SLIPWAY_TRY(lower_members(fitted, "estimators_", out));
  const std::uint32_t rows = SLIPWAY_TRY(stacked(fitted, out, lowered, 0));
  const Lowered top = SLIPWAY_TRY(out.apart(fitted, "final_estimator_", out.flow_of(rows)));
  if (top.targets.size() != classes.size()) {
    const auto what = fmt::format("has {} targets, want {}", top.targets.size(), classes.size());
    return fail(fitted.error(Code::kCorrupt, "final_estimator_", what));
  }
  std::vector<model::Output> outputs = {{OutputKind::kTransform, rows}};
  std::vector<model::Target> targets;
  for (std::uint32_t i = 0; i < classes.size(); ++i) {
    auto scalars = pickle::read_scalars(fitted.document(), classes[i].node);
    if (!scalars) return fail(fitted.error(scalars.error().code(), "classes_", scalars.error().message()));
    std::vector<model::Label> labels = SLIPWAY_TRY(make_labels(fitted, *scalars, 1));
    const auto slot = top.slot(OutputKind::kPrediction, i);
    if (!slot || top.targets[i].labels != codes(labels.size())) {
      return fail(fitted.error(Code::kUnsupported, "final_estimator_", fmt::format("predicts other labels {}", i)));
    }
    outputs.push_back({OutputKind::kPrediction, *slot, i});
    if (const auto shares = top.slot(OutputKind::kProbability, i)) {
      outputs.push_back({OutputKind::kProbability, *shares, i});
    }
    targets.push_back({.name = {}, .labels = std::move(labels)});
  }
  out.predicts_many(std::move(outputs), std::move(targets));
  return {};
}

Result<void> stacking_classifier(const Attributes& fitted, Lowering& out) {
  const NodeId encoder = fitted.node("_label_encoder");
  const bool several = encoder != pickle::kNoNode && fitted.document().kind(encoder) == Kind::kList;
  if (several) return stacking_several(fitted, out);
  std::vector<model::Label> labels = SLIPWAY_TRY(read_labels(fitted));
  return stacking(fitted, out, std::move(labels));
}

Result<void> stacking_regressor(const Attributes& fitted, Lowering& out) { return stacking(fitted, out, {}); }

constexpr std::string_view kVoting[] = {"sklearn.ensemble._voting", "sklearn.ensemble.voting",
                                        "sklearn.ensemble.voting_classifier"};
constexpr std::string_view kStacking[] = {"sklearn.ensemble._stacking"};

constexpr Estimator kRows[] = {
    {"StackingClassifier", "sklearn.ensemble", kStacking, stacking_classifier,
     "final_estimator_ of what estimators_ give"},
    {"StackingRegressor", "sklearn.ensemble", kStacking, stacking_regressor,
     "final_estimator_ of what estimators_ predict"},
    {"VotingClassifier", "sklearn.ensemble", kVoting, voting_classifier,
     "soft: the mean of predict_proba; hard: most votes"},
    {"VotingRegressor", "sklearn.ensemble", kVoting, voting_regressor, "the mean of what estimators_ predict"},
};

}  // namespace

std::span<const Estimator> voting() { return kRows; }

}  // namespace slipway::importer::sklearn
