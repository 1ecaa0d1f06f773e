// SPDX-License-Identifier: Apache-2.0
// Scores made probabilities (sklearn.calibration, sklearn.isotonic), and models that look at nothing (sklearn.dummy).
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
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

Result<double> finite(const Attributes& fitted, std::string_view name) {
  const pickle::Numbers number = SLIPWAY_TRY(fitted.numbers(name));
  if (number.values.size() == 1 && std::isfinite(number.values[0])) return number.values[0];
  return fail(fitted.error(Code::kCorrupt, name, "is not a finite number"));
}

// ---- isotonic regression
// ------------------------------------------------------------------------------------------------

Result<model::Interpolate> points(const Attributes& fitted) {
  const bool modern = fitted.has("X_thresholds_");  // since scikit-learn 0.24
  const std::string_view x_name = modern ? "X_thresholds_" : "_necessary_X_";
  const std::string_view y_name = modern ? "y_thresholds_" : "_necessary_y_";
  SLIPWAY_TRY(fitted.fitted(x_name));
  const pickle::Numbers x = SLIPWAY_TRY(fitted.numbers(x_name));
  if (x.is_float32) return fail(fitted.error(Code::kUnsupported, x_name, "is of 32-bit numbers"));
  model::Interpolate made;
  std::vector<double> xs = SLIPWAY_TRY(fitted.doubles(x_name, x.values.size()));
  std::vector<double> ys = SLIPWAY_TRY(fitted.doubles(y_name, x.values.size()));
  made.x = std::move(xs);
  made.y = std::move(ys);
  const std::string outside = SLIPWAY_TRY(fitted.text("out_of_bounds"));
  if (outside == "raise") {
    made.outside = made.x.size() > 1 ? model::Interpolate::Outside::kRefused : model::Interpolate::Outside::kClipped;
  } else if (outside == "nan") {
    made.outside = made.x.size() > 1 ? model::Interpolate::Outside::kNan : model::Interpolate::Outside::kClipped;
  }
  return made;
}

Result<void> isotonic_regression(const Attributes& fitted, Lowering& out) {
  model::Interpolate line = SLIPWAY_TRY(points(fitted));
  SLIPWAY_TRY(out.take_dense(fitted, 1));
  out.set_typical(std::span(line.x.data(), 1));
  out.emit(model::RequireFinite{.estimator = "IsotonicRegression"});
  const std::uint32_t slot = out.emit(std::move(line));
  out.predicts({{OutputKind::kPrediction, slot}, {OutputKind::kTransform, slot}}, {});
  return {};
}

// ---- calibration
// ------------------------------------------------------------------------------------------------------

// One column of scores to one of probabilities.
Result<std::uint32_t> calibrate(const Attributes& fitted, Lowering& out, const Member& calibrator,
                                std::uint32_t score) {
  auto own = Attributes::of(fitted.document(), calibrator.node, calibrator.path);
  if (!own) return fail(std::move(own).error());
  const std::string_view kind = own->class_name().name;
  if (kind == "_SigmoidCalibration") {  // 1 / (1 + exp(a x + b))
    const double a = SLIPWAY_TRY(finite(*own, "a_"));
    const double b = SLIPWAY_TRY(finite(*own, "b_"));
    std::uint32_t slot = out.branch(model::ScaleColumns{{a}}, score);
    slot = out.branch(model::Standardize{.offset = {-b}, .scale = {}}, slot);
    slot = out.branch(model::ScaleColumns{{-1}}, slot);
    return out.branch(model::Expit{}, slot);
  }
  if (kind == "IsotonicRegression") {
    model::Interpolate line = SLIPWAY_TRY(points(*own));
    return out.branch(std::move(line), score);
  }
  return fail(own->error(Code::kUnsupported, "", fmt::format("is a {}, which is not served yet", printable(kind))));
}

// A softmax of beta times the scores; of probabilities log(p + 1e-12).
Result<std::uint32_t> temperature(const Attributes& fitted, Lowering& out, const Member& calibrator,
                                  const Lowered& inner) {
  auto own = Attributes::of(fitted.document(), calibrator.node, calibrator.path);
  if (!own) return fail(std::move(own).error());
  const double beta = SLIPWAY_TRY(finite(*own, "beta_"));
  std::uint32_t slot = SLIPWAY_TRY(score_of(fitted, inner));
  if (inner.slot(OutputKind::kDecision)) {
    if (out.slot_at(slot).columns == 1) slot = out.branch(model::WithNegation{}, slot);
  } else {
    if (out.slot_at(slot).columns == 2)
      slot = out.branch(model::WithComplement{}, out.branch(model::Select{{1}}, slot));
    const std::vector<double> shift(out.slot_at(slot).columns, -1e-12);
    slot = out.branch(model::Standardize{.offset = shift, .scale = {}}, slot);
    slot = out.branch(model::Apply{model::Apply::Function::kLog}, slot);
  }
  const std::vector<double> factor(out.slot_at(slot).columns, beta);
  return out.branch(model::Softmax{}, out.branch(model::ScaleColumns{factor}, slot));
}

// _CalibratedClassifier.predict_proba
Result<std::uint32_t> calibrated(const Attributes& fitted, Lowering& out, std::span<const model::Label> labels,
                                 const Flow& from) {
  const bool old = !fitted.has("estimator");  // before scikit-learn 1.2
  const Lowered inner = SLIPWAY_TRY(out.apart(fitted, old ? "base_estimator" : "estimator", from));
  const std::vector<Member> calibrators =
      SLIPWAY_TRY(members(fitted, fitted.has("calibrators") ? "calibrators" : "calibrators_"));
  const std::string method = SLIPWAY_TRY(fitted.text("method"));
  if (method == "temperature") return temperature(fitted, out, calibrators[0], inner);
  std::uint32_t scores = SLIPWAY_TRY(score_of(fitted, inner));
  const bool by_probability = !inner.slot(OutputKind::kDecision);
  const bool binary = labels.size() == 2;
  if (binary && by_probability) scores = out.branch(model::Select{{1}}, scores);
  std::vector<std::uint32_t> at = SLIPWAY_TRY(places(fitted, inner, labels));
  const std::uint32_t columns = out.slot_at(scores).columns;
  if (calibrators.size() != columns || (binary ? columns != 1 || at.size() != 2 : columns != at.size())) {
    const auto what =
        fmt::format("has {} calibrators for {} scores of {} classes", calibrators.size(), columns, at.size());
    return fail(fitted.error(Code::kUnsupported, "", what));
  }
  std::vector<std::uint32_t> slots;
  for (std::uint32_t i = 0; i < columns; ++i) {
    const std::uint32_t one = columns == 1 ? scores : out.branch(model::Select{{i}}, scores);
    const std::uint32_t slot = SLIPWAY_TRY(calibrate(fitted, out, calibrators[i], one));
    slots.push_back(slot);
  }
  std::uint32_t slot = side_by_side(out, std::move(slots));
  if (binary) {
    slot = out.branch(model::WithComplement{}, slot);
  } else {
    slot = out.branch(model::Spread{static_cast<std::uint32_t>(labels.size()), std::move(at)}, slot);
    slot = out.branch(model::NormalizeRows{.zero = model::NormalizeRows::Zero::kUniform}, slot);
  }
  return out.branch(model::Clip{-std::numeric_limits<double>::infinity(), 1}, slot);
}

Result<void> calibrated_classifier(const Attributes& fitted, Lowering& out) {
  std::vector<model::Label> labels = SLIPWAY_TRY(read_labels(fitted));
  const std::vector<Member> all = SLIPWAY_TRY(members(fitted, "calibrated_classifiers_"));
  const Flow from = SLIPWAY_TRY(out.ready());
  std::vector<std::uint32_t> slots;
  for (const Member& member : all) {
    auto own = Attributes::of(fitted.document(), member.node, member.path);
    if (!own) return fail(std::move(own).error());
    const std::uint32_t slot = SLIPWAY_TRY(calibrated(*own, out, labels, from));
    slots.push_back(slot);
  }
  const auto count = double(slots.size());
  const std::uint32_t probability = out.branch(model::WeightedSum{{}, count}, std::move(slots));
  const std::uint32_t index = out.branch(model::ArgmaxIndex{}, probability);
  out.predicts({{OutputKind::kPrediction, index}, {OutputKind::kProbability, probability}}, std::move(labels));
  return {};
}

// ---- dummies
// ------------------------------------------------------------------------------------------------------------

Result<void> dummy_classifier(const Attributes& fitted, Lowering& out) {
  std::vector<model::Label> labels = SLIPWAY_TRY(read_labels(fitted));
  const std::vector<double> prior = SLIPWAY_TRY(fitted.doubles("class_prior_", labels.size()));
  const std::string strategy = SLIPWAY_TRY(fitted.text(fitted.has("_strategy") ? "_strategy" : "strategy"));
  const auto best = std::size_t(std::ranges::max_element(prior) - prior.begin());
  std::vector<double> probability(labels.size());
  if (strategy == "prior") {
    probability = prior;
  } else if (strategy == "most_frequent") {
    probability[best] = 1;
  } else {
    const auto what = fmt::format("is '{}': only prior and most_frequent always answer the same", printable(strategy));
    return fail(fitted.error(Code::kUnsupported, "strategy", what));
  }
  const std::size_t columns = SLIPWAY_TRY(column_count(fitted, out));
  SLIPWAY_TRY(out.take_cells(fitted, columns));
  std::vector<double> choice(labels.size());
  choice[best] = 1;
  const std::uint32_t index =
      out.branch(model::ArgmaxIndex{}, out.branch(model::Constant{std::move(choice)}, out.flow().slot));
  const std::uint32_t slot = out.branch(model::Constant{std::move(probability)}, out.flow().slot);
  out.predicts({{OutputKind::kPrediction, index}, {OutputKind::kProbability, slot}}, std::move(labels));
  return {};
}

Result<void> dummy_regressor(const Attributes& fitted, Lowering& out) {
  SLIPWAY_TRY(fitted.fitted("constant_"));
  pickle::Numbers constant = SLIPWAY_TRY(fitted.numbers("constant_"));
  const std::size_t columns = SLIPWAY_TRY(column_count(fitted, out));
  SLIPWAY_TRY(out.take_cells(fitted, columns));
  const std::uint32_t slot = out.branch(model::Constant{std::move(constant.values)}, out.flow().slot);
  out.predicts({{OutputKind::kPrediction, slot}}, {});
  return {};
}

constexpr std::string_view kCalibration[] = {"sklearn.calibration"};
constexpr std::string_view kIsotonic[] = {"sklearn.isotonic"};
constexpr std::string_view kDummy[] = {"sklearn.dummy"};

constexpr Estimator kRows[] = {
    {"CalibratedClassifierCV", "sklearn.calibration", kCalibration, calibrated_classifier,
     "the mean of what calibrators make of a classifier's scores"},
    {"DummyClassifier", "sklearn.dummy", kDummy, dummy_classifier, "class_prior_, or its largest"},
    {"DummyRegressor", "sklearn.dummy", kDummy, dummy_regressor, "constant_"},
    {"IsotonicRegression", "sklearn.isotonic", kIsotonic, isotonic_regression, "straight lines between thresholds"},
};

}  // namespace

std::span<const Estimator> calibration() { return kRows; }

}  // namespace slipway::importer::sklearn
