// SPDX-License-Identifier: Apache-2.0
// Estimators of sklearn.linear_model: x coef_^T + intercept_, and for classifiers what makes probabilities of it.
#include <fmt/core.h>

#include <string>
#include <utility>
#include <vector>

#include "importer/attributes.h"
#include "importer/sklearn/estimators.h"
#include "importer/sklearn/linear.h"
#include "importer/sklearn/lowering.h"

namespace slipway::importer::sklearn {
namespace {

using model::OutputKind;

// One sigmoid a label, or a softmax over all: what predict_proba() of the version that wrote the file does.
Result<bool> is_one_vs_rest(const Attributes& fitted, std::size_t labels) {
  const Version version = fitted.version();
  const bool binary = labels == 2;
  if (version >= Version{1, 8}) return binary;
  std::string multi_class = "auto";
  if (fitted.has("multi_class")) multi_class = SLIPWAY_TRY(fitted.text("multi_class"));
  if (multi_class == "ovr" || multi_class == "warn") return true;
  if (multi_class == "multinomial") return binary && version < Version{0, 20};  // softmax of [-d, d] came with 0.20
  if (multi_class != "auto" && multi_class != "deprecated") {
    const auto what = fmt::format("is '{}', which no scikit-learn that we know writes", multi_class);
    return fail(fitted.error(Code::kUnsupported, "multi_class", what));
  }
  const std::string solver = SLIPWAY_TRY(fitted.text("solver"));
  return binary || solver == "liblinear" || (solver == "newton-cholesky" && version < Version{1, 6});
}

// LinearClassifierMixin._predict_proba_lr: a sigmoid a label, made to add up to one. Where all are 0, 0 / 0 until 1.8.
std::uint32_t add_sigmoids(const Attributes& fitted, Lowering& out, std::uint32_t decision, std::size_t labels) {
  using enum model::NormalizeRows::Zero;
  const std::uint32_t sigmoids = out.branch(model::Expit{}, decision);
  if (labels == 2) return out.branch(model::WithComplement{}, sigmoids);
  return out.branch(model::NormalizeRows{.zero = fitted.version() >= Version{1, 9} ? kUniform : kDivide}, sigmoids);
}

// SGDClassifier.predict_proba of modified_huber: (clip(d, -1, 1) + 1) / 2, made to add up to one.
std::uint32_t add_huber(Lowering& out, std::uint32_t decision, std::size_t labels) {
  const std::size_t columns = labels == 2 ? 1 : labels;
  const std::vector<double> minus_one(columns, -1.0), two(columns, 2.0);
  std::uint32_t slot = out.branch(model::Clip{-1, 1}, decision);
  slot = out.branch(model::Standardize{minus_one, two}, slot);
  if (labels == 2) return out.branch(model::WithComplement{}, slot);
  return out.branch(model::NormalizeRows{.zero = model::NormalizeRows::Zero::kUniform}, slot);
}

void predict_with_probabilities(Lowering& out, std::uint32_t decision, std::uint32_t probability,
                                std::vector<model::Label> labels) {
  const std::uint32_t index = add_index(out, decision, labels.size());
  out.predicts(
      {{OutputKind::kPrediction, index}, {OutputKind::kProbability, probability}, {OutputKind::kDecision, decision}},
      std::move(labels));
}

Result<void> logistic_regression(const Attributes& fitted, Lowering& out) {
  SLIPWAY_TRY(fitted.fitted("coef_"));
  std::vector<model::Label> labels = SLIPWAY_TRY(read_labels(fitted));
  Coefficients coefficients = SLIPWAY_TRY(classifier_coefficients(fitted, labels.size()));
  const bool binary = labels.size() == 2;
  const bool one_vs_rest = SLIPWAY_TRY(is_one_vs_rest(fitted, labels.size()));
  const std::uint32_t decision = SLIPWAY_TRY(add_scores(fitted, out, std::move(coefficients)));
  std::uint32_t probability = 0;
  if (one_vs_rest) {
    probability = add_sigmoids(fitted, out, decision, labels.size());
  } else {
    probability = binary ? out.branch(model::WithNegation{}, decision) : decision;
    probability = out.branch(model::Softmax{}, probability);
  }
  predict_with_probabilities(out, decision, probability, std::move(labels));
  return {};
}

Result<void> sgd_classifier(const Attributes& fitted, Lowering& out) {
  SLIPWAY_TRY(fitted.fitted("coef_"));
  const std::string loss = SLIPWAY_TRY(fitted.text("loss"));
  if (loss != "log" && loss != "log_loss" && loss != "modified_huber") return linear_classifier(fitted, out);
  std::vector<model::Label> labels = SLIPWAY_TRY(read_labels(fitted));
  Coefficients coefficients = SLIPWAY_TRY(classifier_coefficients(fitted, labels.size()));
  const std::uint32_t decision = SLIPWAY_TRY(add_scores(fitted, out, std::move(coefficients)));
  const std::uint32_t probability = loss == "modified_huber" ? add_huber(out, decision, labels.size())
                                                             : add_sigmoids(fitted, out, decision, labels.size());
  predict_with_probabilities(out, decision, probability, std::move(labels));
  return {};
}

// Its labels stand in the binarizer that made its targets; since 1.8 in classes_ as well.
Result<void> ridge_classifier(const Attributes& fitted, Lowering& out) {
  SLIPWAY_TRY(fitted.fitted("coef_"));
  SLIPWAY_TRY(fitted.fitted("_label_binarizer"));
  const Attributes binarizer = SLIPWAY_TRY(
      Attributes::of(fitted.document(), fitted.node("_label_binarizer"), fitted.path() + " -> _label_binarizer"));
  const std::string targets = SLIPWAY_TRY(binarizer.text("y_type_"));
  if (targets.starts_with("multilabel")) {
    return fail(fitted.error(Code::kUnsupported, "_label_binarizer", "was fitted on several labels a row (multilabel)")
                    .or_hint("serve one classifier a label"));
  }
  std::vector<model::Label> labels = SLIPWAY_TRY(read_labels(fitted.has("classes_") ? fitted : binarizer));
  return classify(fitted, out, std::move(labels), Flat::kAllowed);
}

// Where each class has lived: with an underscore since 0.22.
constexpr std::string_view kBase[] = {"sklearn.linear_model._base", "sklearn.linear_model.base"};
constexpr std::string_view kBayes[] = {"sklearn.linear_model._bayes", "sklearn.linear_model.bayes"};
constexpr std::string_view kDescent[] = {"sklearn.linear_model._coordinate_descent",
                                         "sklearn.linear_model.coordinate_descent"};
constexpr std::string_view kHuber[] = {"sklearn.linear_model._huber", "sklearn.linear_model.huber"};
constexpr std::string_view kLeastAngle[] = {"sklearn.linear_model._least_angle", "sklearn.linear_model.least_angle"};
constexpr std::string_view kLogistic[] = {"sklearn.linear_model._logistic", "sklearn.linear_model.logistic"};
constexpr std::string_view kPassive[] = {"sklearn.linear_model._passive_aggressive",
                                         "sklearn.linear_model.passive_aggressive"};
constexpr std::string_view kPerceptron[] = {"sklearn.linear_model._perceptron", "sklearn.linear_model.perceptron"};
constexpr std::string_view kRidge[] = {"sklearn.linear_model._ridge", "sklearn.linear_model.ridge"};
constexpr std::string_view kStochastic[] = {"sklearn.linear_model._stochastic_gradient",
                                            "sklearn.linear_model.stochastic_gradient"};
constexpr std::string_view kTheilSen[] = {"sklearn.linear_model._theil_sen", "sklearn.linear_model.theil_sen"};

constexpr std::string_view kIn = "sklearn.linear_model";
constexpr std::string_view kLargest = "the label of the largest x coef_^T + intercept_";
constexpr std::string_view kSum = "x coef_^T + intercept_";

// Lasso and ElasticNet look at dense rows as everybody does, but not at sparse ones: null gives NaN there. We refuse it
// in both: an answer in JSON cannot be NaN.
constexpr Estimator kRows[] = {
    {"ARDRegression", kIn, kBayes, linear_regressor, kSum},
    {"BayesianRidge", kIn, kBayes, linear_regressor, kSum},
    {"ElasticNet", kIn, kDescent, linear_regressor, kSum},
    {"ElasticNetCV", kIn, kDescent, linear_regressor, kSum},
    {"HuberRegressor", kIn, kHuber, linear_regressor, kSum},
    {"Lars", kIn, kLeastAngle, linear_regressor, kSum},
    {"Lasso", kIn, kDescent, linear_regressor, kSum},
    {"LassoCV", kIn, kDescent, linear_regressor, kSum},
    {"LassoLars", kIn, kLeastAngle, linear_regressor, kSum},
    {"LinearRegression", kIn, kBase, linear_regressor, kSum},
    {"LogisticRegression", kIn, kLogistic, logistic_regression, "sigmoid or softmax of x coef_^T + intercept_"},
    {"LogisticRegressionCV", kIn, kLogistic, logistic_regression, "sigmoid or softmax of x coef_^T + intercept_"},
    {"PassiveAggressiveClassifier", kIn, kPassive, linear_classifier, kLargest},
    {"PassiveAggressiveRegressor", kIn, kPassive, linear_regressor, kSum},
    {"Perceptron", kIn, kPerceptron, linear_classifier, kLargest},
    {"Ridge", kIn, kRidge, linear_regressor, kSum},
    {"RidgeCV", kIn, kRidge, linear_regressor, kSum},
    {"RidgeClassifier", kIn, kRidge, ridge_classifier, kLargest},
    {"RidgeClassifierCV", kIn, kRidge, ridge_classifier, kLargest},
    {"SGDClassifier", kIn, kStochastic, sgd_classifier, "the label of the largest score; probabilities by its loss"},
    {"SGDRegressor", kIn, kStochastic, linear_regressor, kSum},
    {"TheilSenRegressor", kIn, kTheilSen, linear_regressor, kSum},
};

}  // namespace

std::span<const Estimator> linear_model() { return kRows; }

}  // namespace slipway::importer::sklearn
