// SPDX-License-Identifier: Apache-2.0
// Estimators of sklearn.ensemble that fit one kind of member many times: bagging and AdaBoost.
#include <fmt/core.h>

#include <algorithm>
#include <limits>
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

// ---- bagging --------------------------------------------------------------------------------------------------------

// The columns that member `node` of estimators_features_ was fitted on.
Result<std::vector<std::uint32_t>> features_of(const Attributes& fitted, pickle::NodeId node, std::size_t columns) {
  const auto numbers = pickle::read_numbers(fitted.document(), node);
  if (!numbers || numbers->shape.size() != 1 || numbers->values.empty()) {
    return fail(fitted.error(Code::kCorrupt, "estimators_features_", "has a member that is not a list of columns"));
  }
  std::vector<std::uint32_t> out;
  for (const double value : numbers->values) {
    if (!(value >= 0 && value < double(columns)) || value != double(std::uint32_t(value))) {
      const auto what = fmt::format("has the column {}, there are {}", value, columns);
      return fail(fitted.error(Code::kCorrupt, "estimators_features_", what));
    }
    out.push_back(static_cast<std::uint32_t>(value));
  }
  return out;
}

// The members, each apart, from the columns that it was fitted on.
Result<std::vector<Lowered>> bag(const Attributes& fitted, Lowering& out) {
  const std::vector<Member> all = SLIPWAY_TRY(members(fitted, "estimators_"));
  const std::vector<Member> features = SLIPWAY_TRY(members(fitted, "estimators_features_"));
  if (features.size() != all.size()) {
    const auto what = fmt::format("has {} lists for {} members", features.size(), all.size());
    return fail(fitted.error(Code::kCorrupt, "estimators_features_", what));
  }
  const std::size_t columns = SLIPWAY_TRY(column_count(fitted, out));
  SLIPWAY_TRY(out.take_dense(fitted, columns));
  std::vector<std::uint32_t> every(columns);
  std::iota(every.begin(), every.end(), 0U);
  std::vector<Lowered> lowered;
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::vector<std::uint32_t> own = SLIPWAY_TRY(features_of(fitted, features[i].node, columns));
    Flow from = out.flow();
    if (own != every) from = out.flow_of(out.branch(model::Select{std::move(own)}, from.slot));
    Lowered one = SLIPWAY_TRY(out.apart(fitted.document(), all[i].node, all[i].path, std::move(from)));
    lowered.push_back(std::move(one));
  }
  return lowered;
}

std::uint32_t mean(Lowering& out, std::vector<std::uint32_t> slots) {
  const auto count = double(slots.size());
  return out.branch(model::WeightedSum{{}, count}, std::move(slots));
}

Result<void> bagging_classifier(const Attributes& fitted, Lowering& out) {
  std::vector<model::Label> labels = SLIPWAY_TRY(read_labels(fitted));
  const std::vector<Lowered> lowered = SLIPWAY_TRY(bag(fitted, out));
  const std::vector<model::Label> all = codes(labels.size());
  std::vector<std::uint32_t> probabilities, decisions;
  for (const Lowered& member : lowered) {
    if (const auto own = member.slot(OutputKind::kProbability)) {
      const std::uint32_t slot = SLIPWAY_TRY(spread(fitted, out, member, *own, all));
      probabilities.push_back(slot);
    } else {
      const std::uint32_t index = SLIPWAY_TRY(output_of(fitted, member, OutputKind::kPrediction));
      const std::vector<std::uint32_t> at = SLIPWAY_TRY(places(fitted, member, all));
      std::vector<double> votes(at.size() * all.size());
      for (std::size_t i = 0; i < at.size(); ++i) votes[i * all.size() + at[i]] = 1;
      probabilities.push_back(
          out.branch(model::LookUp{static_cast<std::uint32_t>(all.size()), std::move(votes)}, index));
    }
    if (const auto own = member.slot(OutputKind::kDecision)) decisions.push_back(*own);
  }
  const std::uint32_t probability = mean(out, std::move(probabilities));
  std::vector<model::Output> outputs = {{OutputKind::kPrediction, out.branch(model::ArgmaxIndex{}, probability)},
                                        {OutputKind::kProbability, probability}};
  if (decisions.size() == lowered.size()) {
    outputs.push_back({OutputKind::kDecision, mean(out, std::move(decisions))});
  }
  out.predicts(std::move(outputs), std::move(labels));
  return {};
}

Result<void> bagging_regressor(const Attributes& fitted, Lowering& out) {
  const std::vector<Lowered> lowered = SLIPWAY_TRY(bag(fitted, out));
  std::vector<std::uint32_t> slots;
  for (const Lowered& member : lowered) {
    const std::uint32_t slot = SLIPWAY_TRY(output_of(fitted, member, OutputKind::kPrediction));
    slots.push_back(slot);
  }
  out.predicts({{OutputKind::kPrediction, mean(out, std::move(slots))}}, {});
  return {};
}

// ---- AdaBoost -------------------------------------------------------------------------------------------------------

struct Boost {
  std::vector<Lowered> members;
  std::vector<double> weights;  // one a member
  double sum = 0;
};

Result<Boost> boost(const Attributes& fitted, Lowering& out) {
  Boost made;
  if (out.flow().columns != 0 || fitted.has("n_features_in_")) {
    const std::size_t columns = SLIPWAY_TRY(column_count(fitted, out));
    SLIPWAY_TRY(out.take_dense(fitted, columns));  // once for all members
    // Its own check: a tree would take NaN.
    out.emit(model::RequireFinite{.estimator = std::string(fitted.class_name().name)});
  }
  made.members = SLIPWAY_TRY(lower_members(fitted, "estimators_", out));
  const pickle::Numbers weights = SLIPWAY_TRY(fitted.numbers("estimator_weights_"));
  if (weights.shape.size() != 1 || weights.values.size() < made.members.size()) {
    const auto what = fmt::format("has shape {} for {} members", shape_text(weights.shape), made.members.size());
    return fail(fitted.error(Code::kCorrupt, "estimator_weights_", what));
  }
  for (const double weight : weights.values) made.sum += weight;
  if (!(made.sum > 0) || !std::ranges::all_of(weights.values, [](double w) { return w >= 0; })) {
    return fail(fitted.error(Code::kCorrupt, "estimator_weights_", "does not add up to a positive number"));
  }
  made.weights.assign(weights.values.begin(), weights.values.begin() + std::ptrdiff_t(made.members.size()));
  return made;
}

// AdaBoostClassifier.decision_function before it is halved: a column a class.
Result<std::uint32_t> boosted_scores(const Attributes& fitted, Lowering& out, const Boost& made,
                                     std::span<const model::Label> labels, bool real) {
  const auto classes = static_cast<std::uint32_t>(labels.size());
  // scikit-learn 1.3 began to vote against the other classes as well.
  const double against = fitted.version() >= Version{1, 3} ? -1.0 / double(classes - 1) : 0;
  std::vector<std::uint32_t> slots;
  for (std::size_t k = 0; k < made.members.size(); ++k) {
    const Lowered& member = made.members[k];
    if (real) {
      const std::uint32_t own = SLIPWAY_TRY(output_of(fitted, member, OutputKind::kProbability));
      const std::uint32_t all = SLIPWAY_TRY(spread(fitted, out, member, own, labels));
      slots.push_back(out.branch(model::SammeScores{}, all));
      continue;
    }
    const std::uint32_t index = SLIPWAY_TRY(output_of(fitted, member, OutputKind::kPrediction));
    const std::vector<std::uint32_t> at = SLIPWAY_TRY(places(fitted, member, labels));
    std::vector<double> votes(at.size() * classes, against == 0 ? 0.0 : against * made.weights[k]);
    for (std::size_t i = 0; i < at.size(); ++i) votes[i * classes + at[i]] = made.weights[k];
    slots.push_back(out.branch(model::LookUp{classes, std::move(votes)}, index));
  }
  return out.branch(model::WeightedSum{{}, made.sum}, std::move(slots));
}

// Before 0.22 predict_proba did not go by the decision: exp(s / (K - 1)), made to add up to one, where s are the scores
// or, in SAMME, the weighted mean of the probabilities.
Result<std::uint32_t> old_probability(const Attributes& fitted, Lowering& out, const Boost& made,
                                      std::span<const model::Label> labels, bool real, std::uint32_t scores) {
  if (!real) {
    std::vector<std::uint32_t> slots;
    for (const Lowered& member : made.members) {
      const std::uint32_t own = SLIPWAY_TRY(output_of(fitted, member, OutputKind::kProbability));
      const std::uint32_t slot = SLIPWAY_TRY(spread(fitted, out, member, own, labels));
      slots.push_back(slot);
    }
    scores = out.branch(model::WeightedSum{made.weights, made.sum}, std::move(slots));
  }
  const std::vector<double> factor(labels.size(), 1.0 / double(labels.size() - 1));
  return out.branch(model::Softmax{}, out.branch(model::ScaleColumns{factor}, scores));
}

Result<void> ada_boost_classifier(const Attributes& fitted, Lowering& out) {
  std::vector<model::Label> labels = SLIPWAY_TRY(read_labels(fitted));
  const Boost made = SLIPWAY_TRY(boost(fitted, out));
  const bool real = !fitted.is_none("algorithm") && fitted.version() < Version{1, 8} &&
                    fitted.text("algorithm").value_or("") == "SAMME.R";
  const std::uint32_t scores = SLIPWAY_TRY(boosted_scores(fitted, out, made, labels, real));
  const bool binary = labels.size() == 2;
  std::uint32_t decision = scores, probability = 0;
  if (binary) decision = out.branch(model::Linear{1, {-1, 1}, {0}}, scores);
  if (fitted.version() < Version{0, 22}) {
    probability = SLIPWAY_TRY(old_probability(fitted, out, made, labels, real, scores));
  } else {
    const std::uint32_t both = binary ? out.branch(model::WithNegation{}, decision) : decision;
    const double divisor = binary ? 2 : double(labels.size() - 1);
    const std::vector<double> scale(labels.size(), divisor);
    probability = out.branch(model::Softmax{}, out.branch(model::Standardize{{}, scale}, both));
  }
  const std::uint32_t index = add_index(out, decision, labels.size());
  out.predicts(
      {{OutputKind::kPrediction, index}, {OutputKind::kProbability, probability}, {OutputKind::kDecision, decision}},
      std::move(labels));
  return {};
}

Result<void> ada_boost_regressor(const Attributes& fitted, Lowering& out) {
  Boost made = SLIPWAY_TRY(boost(fitted, out));
  std::vector<std::uint32_t> slots;
  for (const Lowered& member : made.members) {
    const std::uint32_t slot = SLIPWAY_TRY(output_of(fitted, member, OutputKind::kPrediction));
    slots.push_back(slot);
  }
  const std::uint32_t all = side_by_side(out, std::move(slots));
  const std::uint32_t median = out.branch(model::WeightedMedian{std::move(made.weights)}, all);
  out.predicts({{OutputKind::kPrediction, median}}, {});
  return {};
}

constexpr std::string_view kBagging[] = {"sklearn.ensemble._bagging", "sklearn.ensemble.bagging"};
constexpr std::string_view kBoosting[] = {"sklearn.ensemble._weight_boosting", "sklearn.ensemble.weight_boosting"};

constexpr Estimator kRows[] = {
    {"AdaBoostClassifier", "sklearn.ensemble", kBoosting, ada_boost_classifier,
     "votes of estimators_, weighted (SAMME), or their log-probabilities (SAMME.R)"},
    {"AdaBoostRegressor", "sklearn.ensemble", kBoosting, ada_boost_regressor,
     "the weighted median of what estimators_ predict"},
    {"BaggingClassifier", "sklearn.ensemble", kBagging, bagging_classifier, "the mean of predict_proba of estimators_"},
    {"BaggingRegressor", "sklearn.ensemble", kBagging, bagging_regressor, "the mean of what estimators_ predict"},
};

}  // namespace

std::span<const Estimator> bagging() { return kRows; }

}  // namespace slipway::importer::sklearn
