// SPDX-License-Identifier: Apache-2.0
// Estimators of sklearn.multiclass and sklearn.multioutput: one member a class, a pair of classes, or a target.
#include <fmt/core.h>

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

// A member of OneVsRestClassifier; one whose class was in all rows, or in none, is a constant.
struct Binary {
  std::uint32_t score = 0;                   // what _predict_binary gives
  std::optional<std::uint32_t> probability;  // of the class
  std::optional<std::uint32_t> decision;
  double threshold = 0;  // of the score
};

// The score of two labels: decision_function, or the probability of the second, or what a regressor predicts.
Result<Binary> binary(const Attributes& fitted, Lowering& out, const Lowered& member) {
  Binary made;
  made.decision = member.slot(OutputKind::kDecision);
  if (const auto both = member.slot(OutputKind::kProbability)) made.probability = out.branch(model::Select{{1}}, *both);
  if (member.targets.empty()) {
    made.score = SLIPWAY_TRY(output_of(fitted, member, OutputKind::kPrediction));
    made.threshold = 0.5;
  } else if (made.decision) {
    made.score = *made.decision;
  } else if (made.probability) {
    made.score = *made.probability;
    made.threshold = 0.5;
  } else {
    return fail(fitted.error(Code::kUnsupported, "", "has a member with neither decision_function nor predict_proba"));
  }
  return made;
}

Result<Binary> constant(const Attributes& fitted, const Member& member, Lowering& out) {
  auto attributes = Attributes::of(fitted.document(), member.node, member.path);
  if (!attributes) return fail(std::move(attributes).error());
  const pickle::Numbers y = SLIPWAY_TRY(attributes->numbers("y_"));
  if (y.values.size() != 1) return fail(attributes->error(Code::kCorrupt, "y_", "is not one number"));
  const std::uint32_t slot = out.branch(model::Constant{{y.values[0]}}, out.flow().slot);
  return Binary{.score = slot, .probability = slot, .decision = slot, .threshold = 0.5};
}

Result<std::vector<Binary>> binary_members(const Attributes& fitted, Lowering& out) {
  const std::vector<Member> all = SLIPWAY_TRY(members(fitted, "estimators_"));
  const Flow from = SLIPWAY_TRY(out.ready());
  std::vector<Binary> made;
  for (const Member& member : all) {
    const bool is_constant = fitted.document().kind(member.node) == pickle::Kind::kObject &&
                             pickle::class_of(fitted.document(), member.node).name == "_ConstantPredictor";
    if (is_constant) {
      const Binary one = SLIPWAY_TRY(constant(fitted, member, out));
      made.push_back(one);
      continue;
    }
    const Lowered lowered = SLIPWAY_TRY(out.apart(fitted.document(), member.node, member.path, from));
    if (!lowered.targets.empty() && lowered.targets[0].labels.size() != 2) {
      return fail(fitted.error(Code::kCorrupt, "estimators_", "has a member that does not tell two classes apart"));
    }
    const Binary one = SLIPWAY_TRY(binary(fitted, out, lowered));
    made.push_back(one);
  }
  return made;
}

template <class Field>
std::vector<std::uint32_t> slots_of(std::span<const Binary> members, Field field) {
  std::vector<std::uint32_t> out;
  for (const Binary& member : members) {
    const std::optional<std::uint32_t> slot = member.*field;
    if (slot) out.push_back(*slot);
  }
  return out;
}

struct Labels {
  std::vector<model::Label> all;
  bool several = false;  // any number of them at once
};

Result<Labels> one_vs_rest_labels(const Attributes& fitted) {
  SLIPWAY_TRY(fitted.fitted("label_binarizer_"));
  auto binarizer =
      Attributes::of(fitted.document(), fitted.node("label_binarizer_"), fitted.path() + ".label_binarizer_");
  if (!binarizer) return fail(std::move(binarizer).error());
  Labels out;
  const std::string type = SLIPWAY_TRY(binarizer->text("y_type_"));
  out.several = type.starts_with("multilabel");
  out.all = SLIPWAY_TRY(read_labels(*binarizer));
  return out;
}

// Any number of labels at once: a target a label, absent or present.
Result<void> one_vs_rest_several(Lowering& out, std::span<const Binary> members, const Labels& labels) {
  std::vector<model::Output> outputs;
  std::vector<model::Target> targets;
  for (std::uint32_t i = 0; i < members.size(); ++i) {
    // the threshold of the first member is that of all
    const model::ThresholdIndex above{.threshold = members[0].threshold};
    outputs.push_back({OutputKind::kPrediction, out.branch(above, members[i].score), i});
    targets.push_back({model::label_text(labels.all[i]), {std::int64_t{0}, std::int64_t{1}}});
  }
  for (std::uint32_t i = 0; i < members.size(); ++i) {
    if (members[i].probability) {
      outputs.push_back({OutputKind::kProbability, out.branch(model::WithComplement{}, *members[i].probability), i});
    }
    if (members[i].decision) outputs.push_back({OutputKind::kDecision, *members[i].decision, i});
  }
  out.predicts_many(std::move(outputs), std::move(targets));
  return {};
}

Result<void> one_vs_rest(const Attributes& fitted, Lowering& out) {
  Labels labels = SLIPWAY_TRY(one_vs_rest_labels(fitted));
  const std::vector<Binary> members = SLIPWAY_TRY(binary_members(fitted, out));
  const bool alone = members.size() == 1 && labels.all.size() == 2 && !labels.several;
  if (!alone && members.size() != labels.all.size()) {
    const auto what = fmt::format("has {} members for {} classes", members.size(), labels.all.size());
    return fail(fitted.error(Code::kCorrupt, "estimators_", what));
  }
  if (labels.several) return one_vs_rest_several(out, members, labels);
  const Version version = fitted.version();
  std::vector<model::Output> outputs;
  if (alone) {
    outputs.push_back({OutputKind::kPrediction,
                       out.branch(model::ThresholdIndex{.threshold = members[0].threshold}, members[0].score)});
  } else {
    const std::uint32_t scores = side_by_side(out, slots_of(members, &Binary::score));
    // scikit-learn 1.8 began to take the first of equals
    const model::Op largest = version >= Version{1, 8} ? model::Op(model::ArgmaxIndex{}) : model::LastArgmaxIndex{};
    outputs.push_back({OutputKind::kPrediction, out.branch(largest, scores)});
  }
  std::vector<std::uint32_t> probabilities = slots_of(members, &Binary::probability);
  if (probabilities.size() == members.size()) {
    std::uint32_t slot = side_by_side(out, std::move(probabilities));
    if (alone) slot = out.branch(model::WithComplement{}, slot);
    using Zero = model::NormalizeRows::Zero;
    slot = out.branch(model::NormalizeRows{.zero = version >= Version{1, 7} ? Zero::kKeep : Zero::kDivide}, slot);
    outputs.push_back({OutputKind::kProbability, slot});
  }
  std::vector<std::uint32_t> decisions = slots_of(members, &Binary::decision);
  if (decisions.size() == members.size()) {
    outputs.push_back({OutputKind::kDecision, side_by_side(out, std::move(decisions))});
  }
  out.predicts(std::move(outputs), std::move(labels.all));
  return {};
}

Result<void> one_vs_one(const Attributes& fitted, Lowering& out) {
  if (!fitted.is_none("pairwise_indices_")) {
    return fail(fitted.error(Code::kUnsupported, "pairwise_indices_", "is of a precomputed kernel"));
  }
  std::vector<model::Label> labels = SLIPWAY_TRY(read_labels(fitted));
  // The members saw an array: the names of its columns are held by this estimator alone.
  if (fitted.has("feature_names_in_")) {
    const std::size_t columns = SLIPWAY_TRY(column_count(fitted, out));
    SLIPWAY_TRY(out.take_rows(fitted, columns));
  }
  const std::vector<Binary> members = SLIPWAY_TRY(binary_members(fitted, out));
  if (members.size() != labels.size() * (labels.size() - 1) / 2) {
    const auto what = fmt::format("has {} members for {} classes", members.size(), labels.size());
    return fail(fitted.error(Code::kCorrupt, "estimators_", what));
  }
  const std::uint32_t scores = side_by_side(out, slots_of(members, &Binary::score));
  // the library's confidences speak for the second class of a pair, libsvm's decisions for the first
  using Confidence = model::PairwiseScores::Confidence;
  const model::PairwiseScores op{
      .labels = static_cast<std::uint32_t>(labels.size()),
      .confidence = fitted.version() >= Version{0, 21} ? Confidence::kBounded : Confidence::kScaled,
      .threshold = -members[0].threshold};
  const std::vector<double> minus_one(members.size(), -1);
  std::uint32_t decision = out.branch(op, out.branch(model::ScaleColumns{minus_one}, scores));
  std::uint32_t index = 0;
  if (labels.size() == 2) {
    decision = out.branch(model::Select{{1}}, decision);
    const double threshold = fitted.version() >= Version{1, 1} ? members[0].threshold : 0;
    index = out.branch(model::ThresholdIndex{.threshold = threshold}, decision);
  } else {
    index = out.branch(model::ArgmaxIndex{}, decision);
  }
  out.predicts({{OutputKind::kPrediction, index}, {OutputKind::kDecision, decision}}, std::move(labels));
  return {};
}

Result<void> multi_output_regressor(const Attributes& fitted, Lowering& out) {
  const std::vector<Lowered> lowered = SLIPWAY_TRY(lower_members(fitted, "estimators_", out));
  std::vector<std::uint32_t> slots;
  for (const Lowered& member : lowered) {
    const std::uint32_t slot = SLIPWAY_TRY(output_of(fitted, member, OutputKind::kPrediction));
    slots.push_back(slot);
  }
  out.predicts({{OutputKind::kPrediction, side_by_side(out, std::move(slots))}}, {});
  return {};
}

Result<void> multi_output_classifier(const Attributes& fitted, Lowering& out) {
  const std::vector<Lowered> lowered = SLIPWAY_TRY(lower_members(fitted, "estimators_", out));
  std::vector<model::Output> outputs;
  std::vector<model::Target> targets;
  bool all = true;
  for (const Lowered& member : lowered) {
    if (member.targets.size() != 1) {
      return fail(fitted.error(Code::kUnsupported, "estimators_", "has a member that is no classifier of one target"));
    }
    all = all && member.slot(OutputKind::kProbability);
  }
  for (std::uint32_t i = 0; i < lowered.size(); ++i) {
    outputs.push_back({OutputKind::kPrediction, *lowered[i].slot(OutputKind::kPrediction), i});
    if (all) outputs.push_back({OutputKind::kProbability, *lowered[i].slot(OutputKind::kProbability), i});
    targets.push_back(lowered[i].targets[0]);
  }
  out.predicts_many(std::move(outputs), std::move(targets));
  return {};
}

constexpr std::string_view kMulticlass[] = {"sklearn.multiclass"};
constexpr std::string_view kMultioutput[] = {"sklearn.multioutput"};

constexpr Estimator kRows[] = {
    {"MultiOutputClassifier", "sklearn.multioutput", kMultioutput, multi_output_classifier, "a classifier a target"},
    {"MultiOutputRegressor", "sklearn.multioutput", kMultioutput, multi_output_regressor, "a regressor a target"},
    {"OneVsOneClassifier", "sklearn.multiclass", kMulticlass, one_vs_one, "votes of a classifier a pair of classes"},
    {"OneVsRestClassifier", "sklearn.multiclass", kMulticlass, one_vs_rest, "the best score of a classifier a class"},
};

}  // namespace

std::span<const Estimator> multiclass() { return kRows; }

}  // namespace slipway::importer::sklearn
