// SPDX-License-Identifier: Apache-2.0
// What only wraps another estimator: searches, frozen ones, and a threshold on top.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"
#include "importer/attributes.h"
#include "importer/refusals.h"
#include "importer/sklearn/estimators.h"
#include "importer/sklearn/linear.h"
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

// Which label counts as positive: none said, the second.
using Positive = std::optional<model::Label>;

Result<Positive> pos_label(const Attributes& fitted, pickle::NodeId node) {
  if (node == pickle::kNoNode || fitted.document().kind(node) == pickle::Kind::kNone) return Positive();
  auto scalars = pickle::read_scalars(fitted.document(), node);
  if (!scalars) return fail(fitted.error(scalars.error().code(), "pos_label", scalars.error().message()));
  std::vector<model::Label> label = SLIPWAY_TRY(make_labels(fitted, *scalars, 1));
  if (label.size() != 1) return fail(fitted.error(Code::kCorrupt, "pos_label", "is not one label"));
  return Positive(std::move(label[0]));
}

// The label that a threshold was tuned for: the scorer says it, or its function's default does.
Result<Positive> tuned_label(const Attributes& fitted) {
  constexpr std::string_view kOfLabelOne[] = {"f1_score",        "fbeta_score",  "jaccard_score",
                                              "precision_score", "recall_score", "average_precision_score"};
  SLIPWAY_TRY(fitted.fitted("_curve_scorer"));
  const pickle::Document& document = fitted.document();
  const Attributes scorer =
      SLIPWAY_TRY(Attributes::of(document, fitted.node("_curve_scorer"), fitted.path() + "._curve_scorer"));
  const pickle::NodeId options = scorer.node("_kwargs");
  if (options != pickle::kNoNode && document.kind(options) == pickle::Kind::kDict) {
    const pickle::NodeId said = pickle::find(document, options, "pos_label");
    if (said != pickle::kNoNode) return pos_label(scorer, said);
  }
  SLIPWAY_TRY(scorer.fitted("_score_func"));
  const pickle::NodeId function = scorer.node("_score_func");
  const bool global = document.kind(function) == pickle::Kind::kGlobal;
  if (!global || !document.global(function).module.starts_with("sklearn.metrics.")) {
    return fail(refuse_node(document, function, scorer.path() + "._score_func"));
  }
  const bool of_label_one = std::ranges::find(kOfLabelOne, document.global(function).name) != std::end(kOfLabelOne);
  return of_label_one ? Positive(std::int64_t{1}) : Positive();
}

// As numpy compares them: 1, 1.0 and True are one label.
bool same(const model::Label& a, const model::Label& b) {
  const auto number = [](const model::Label& label) {
    if (const auto* whole = std::get_if<std::int64_t>(&label)) return double(*whole);
    if (const auto* real = std::get_if<double>(&label)) return *real;
    const auto* flag = std::get_if<bool>(&label);
    return flag != nullptr ? double(*flag) : std::nan("");
  };
  const auto* text = std::get_if<std::string>(&a);
  return text != nullptr ? a == b : number(a) == number(b);
}

Result<bool> second_is_positive(const Attributes& fitted, const Lowered& inner, const Positive& label) {
  if (inner.targets.size() != 1 || inner.targets[0].labels.size() != 2) {
    return fail(fitted.error(Code::kUnsupported, "", "is not of two classes"));
  }
  const std::vector<model::Label>& labels = inner.targets[0].labels;
  if (!label || same(*label, labels[1])) return true;
  if (same(*label, labels[0])) return false;
  const auto what = fmt::format("is '{}', which is none of the classes", printable(model::label_text(*label)));
  return fail(fitted.error(Code::kCorrupt, "pos_label", what));
}

// The first label's score is at least the threshold where the second's index is 0: -p0 > -t, and of decisions, whose
// sign the library turns, d > -t.
Result<std::uint32_t> index_at(const Attributes& fitted, Lowering& out, const Lowered& inner, const Positive& label,
                               std::optional<double> threshold) {
  const bool second = SLIPWAY_TRY(second_is_positive(fitted, inner, label));
  const std::string method = SLIPWAY_TRY(fitted.text("response_method"));
  const bool by_probability = method == "predict_proba" || (method == "auto" && inner.slot(OutputKind::kProbability));
  const double at = threshold.value_or(by_probability ? 0.5 : 0.0);
  std::uint32_t score = 0;
  if (by_probability) {
    const std::uint32_t both = SLIPWAY_TRY(output_of(fitted, inner, OutputKind::kProbability));
    score = out.branch(model::Select{{second ? 1U : 0U}}, both);
    if (!second) score = out.branch(model::ScaleColumns{{-1}}, score);
  } else {
    score = SLIPWAY_TRY(output_of(fitted, inner, OutputKind::kDecision));
  }
  return out.branch(model::ThresholdIndex{.threshold = second ? at : -at, .equal = second}, score);
}

Result<void> with_threshold(const Attributes& fitted, Lowering& out, std::string_view estimator, const Positive& label,
                            std::optional<double> threshold) {
  const Flow from = SLIPWAY_TRY(out.ready());
  const Lowered inner = SLIPWAY_TRY(out.apart(fitted, estimator, from));
  const std::uint32_t index = SLIPWAY_TRY(index_at(fitted, out, inner, label, threshold));
  std::vector<model::Output> outputs = {{OutputKind::kPrediction, index}};
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
  const Positive label = SLIPWAY_TRY(pos_label(fitted, fitted.node("pos_label")));
  return with_threshold(fitted, out, fitted.has("estimator_") ? "estimator_" : "estimator", label, threshold);
}

Result<void> tuned_threshold(const Attributes& fitted, Lowering& out) {
  SLIPWAY_TRY(fitted.fitted("best_threshold_"));
  const pickle::Numbers number = SLIPWAY_TRY(fitted.numbers("best_threshold_"));
  if (!number.shape.empty()) return fail(fitted.error(Code::kCorrupt, "best_threshold_", "is not a number"));
  const Positive label = SLIPWAY_TRY(tuned_label(fitted));
  return with_threshold(fitted, out, "estimator_", label, number.values[0]);
}

constexpr std::string_view kSearch[] = {"sklearn.model_selection._search"};
constexpr std::string_view kHalving[] = {"sklearn.model_selection._search_successive_halving"};
constexpr std::string_view kThreshold[] = {"sklearn.model_selection._classification_threshold"};
constexpr std::string_view kFrozen[] = {"sklearn.frozen._frozen"};

constexpr Estimator kRows[] = {
    {"FixedThresholdClassifier", "sklearn.model_selection", kThreshold, fixed_threshold,
     "the second class, or pos_label, if its score is at least the threshold"},
    {"FrozenEstimator", "sklearn.frozen", kFrozen, frozen, "its estimator"},
    {"GridSearchCV", "sklearn.model_selection", kSearch, search, "its best_estimator_"},
    {"HalvingGridSearchCV", "sklearn.model_selection", kHalving, search, "its best_estimator_"},
    {"HalvingRandomSearchCV", "sklearn.model_selection", kHalving, search, "its best_estimator_"},
    {"RandomizedSearchCV", "sklearn.model_selection", kSearch, search, "its best_estimator_"},
    {"TunedThresholdClassifierCV", "sklearn.model_selection", kThreshold, tuned_threshold,
     "the second class, or the scorer's, if its score is at least best_threshold_"},
};

}  // namespace

std::span<const Estimator> model_selection() { return kRows; }

}  // namespace slipway::importer::sklearn
