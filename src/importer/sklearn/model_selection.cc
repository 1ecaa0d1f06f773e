// SPDX-License-Identifier: Apache-2.0
// What only wraps another estimator: searches, frozen ones, and a threshold on top.
#include <fmt/core.h>

#include <utility>
#include <vector>

#include "base/text.h"
#include "importer/attributes.h"
#include "importer/sklearn/estimators.h"
#include "importer/sklearn/lowering.h"
#include "importer/sklearn/members.h"

namespace slipway::importer::sklearn {
namespace {

using model::OutputKind;

Result<void> wrapped(const Attributes& fitted, Lowering& out, std::string_view name) {
  return out.next(fitted.document(), fitted.node(name), fmt::format("{}.{}", fitted.path(), name));
}

Result<void> search(const Attributes& fitted, Lowering& out) {
  if (!fitted.has("best_estimator_")) {
    return fail(
        fitted.error(Code::kUnsupported, "", "has no best_estimator_: it is not fitted, or was made with refit=False")
            .or_hint("fit it with refit=True, or dump the estimator that you chose"));
  }
  return wrapped(fitted, out, "best_estimator_");
}

Result<void> frozen(const Attributes& fitted, Lowering& out) {
  SLIPWAY_TRY(fitted.fitted("estimator"));
  return wrapped(fitted, out, "estimator");
}

// The score of the label that counts as positive: the second unless pos_label says the other.
struct Positive {
  std::uint32_t score = 0;
  bool by_probability = false;
  bool second = true;
};

Result<Positive> positive(const Attributes& fitted, Lowering& out, const Lowered& inner) {
  if (inner.targets.size() != 1 || inner.targets[0].labels.size() != 2) {
    return fail(fitted.error(Code::kUnsupported, "", "is not of two classes"));
  }
  const bool chosen = fitted.has("pos_label") && !fitted.is_none("pos_label");
  if (chosen) {
    return fail(fitted.error(Code::kUnsupported, "pos_label", "is set; only the default, the second class, is served"));
  }
  const std::string method = SLIPWAY_TRY(fitted.text("response_method"));
  Positive made;
  const auto probability = inner.slot(OutputKind::kProbability);
  made.by_probability = method == "predict_proba" || (method == "auto" && probability);
  if (made.by_probability) {
    const std::uint32_t both = SLIPWAY_TRY(output_of(fitted, inner, OutputKind::kProbability));
    made.score = out.branch(model::Select{{1}}, both);
  } else {
    made.score = SLIPWAY_TRY(output_of(fitted, inner, OutputKind::kDecision));
  }
  return made;
}

Result<void> with_threshold(const Attributes& fitted, Lowering& out, std::string_view estimator,
                            std::optional<double> threshold) {
  const Flow from = SLIPWAY_TRY(out.ready());
  const Lowered inner = SLIPWAY_TRY(out.apart(fitted, estimator, from));
  const Positive score = SLIPWAY_TRY(positive(fitted, out, inner));
  const double at = threshold.value_or(score.by_probability ? 0.5 : 0.0);
  std::vector<model::Output> outputs = {
      {OutputKind::kPrediction, out.branch(model::ThresholdIndex{.threshold = at, .equal = true}, score.score)}};
  for (const OutputKind kind : {OutputKind::kProbability, OutputKind::kDecision}) {
    if (const auto slot = inner.slot(kind)) outputs.push_back({kind, *slot});
  }
  out.predicts_many(std::move(outputs), inner.targets);
  return {};
}

Result<void> fixed_threshold(const Attributes& fitted, Lowering& out) {
  std::optional<double> threshold;
  if (fitted.text("threshold").value_or("") != "auto") {
    const pickle::Numbers number = SLIPWAY_TRY(fitted.numbers("threshold"));
    if (!number.shape.empty()) return fail(fitted.error(Code::kCorrupt, "threshold", "is not a number"));
    threshold = number.values[0];
  }
  return with_threshold(fitted, out, fitted.has("estimator_") ? "estimator_" : "estimator", threshold);
}

Result<void> tuned_threshold(const Attributes& fitted, Lowering& out) {
  SLIPWAY_TRY(fitted.fitted("best_threshold_"));
  const pickle::Numbers number = SLIPWAY_TRY(fitted.numbers("best_threshold_"));
  if (!number.shape.empty()) return fail(fitted.error(Code::kCorrupt, "best_threshold_", "is not a number"));
  return with_threshold(fitted, out, "estimator_", number.values[0]);
}

constexpr std::string_view kSearch[] = {"sklearn.model_selection._search"};
constexpr std::string_view kHalving[] = {"sklearn.model_selection._search_successive_halving"};
constexpr std::string_view kThreshold[] = {"sklearn.model_selection._classification_threshold"};
constexpr std::string_view kFrozen[] = {"sklearn.frozen._frozen"};

constexpr Estimator kRows[] = {
    {"FixedThresholdClassifier", "sklearn.model_selection", kThreshold, fixed_threshold,
     "the second class if its score is at least the threshold"},
    {"FrozenEstimator", "sklearn.frozen", kFrozen, frozen, "its estimator"},
    {"GridSearchCV", "sklearn.model_selection", kSearch, search, "its best_estimator_"},
    {"HalvingGridSearchCV", "sklearn.model_selection", kHalving, search, "its best_estimator_"},
    {"HalvingRandomSearchCV", "sklearn.model_selection", kHalving, search, "its best_estimator_"},
    {"RandomizedSearchCV", "sklearn.model_selection", kSearch, search, "its best_estimator_"},
    {"TunedThresholdClassifierCV", "sklearn.model_selection", kThreshold, tuned_threshold,
     "the second class if its score is at least best_threshold_"},
};

}  // namespace

std::span<const Estimator> model_selection() { return kRows; }

}  // namespace slipway::importer::sklearn
