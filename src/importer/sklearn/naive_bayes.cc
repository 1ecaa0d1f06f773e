// SPDX-License-Identifier: Apache-2.0
// Estimators of sklearn.naive_bayes: a log likelihood a label; the largest is the answer, and made to add up to one
// they are probabilities. All but GaussianNB are linear in what they look at.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "importer/sklearn/estimators.h"
#include "importer/sklearn/linear.h"
#include "importer/sklearn/lowering.h"
#include "importer/sklearn/matrix.h"

namespace slipway::importer::sklearn {
namespace {

using model::OutputKind;

model::Op finite(const Attributes& fitted) {
  return model::RequireFinite{.estimator = std::string(fitted.class_name().name)};
}

void predict(Lowering& out, std::uint32_t likelihood, std::vector<model::Label> labels) {
  const std::uint32_t index = out.branch(model::ArgmaxIndex{}, likelihood);
  const std::uint32_t probability = out.branch(model::ExpNormalize{}, likelihood);
  out.predicts({{OutputKind::kPrediction, index}, {OutputKind::kProbability, probability}}, std::move(labels));
}

// What a label's density adds to its likelihood, in the precision of the state.
template <class Real>
double log_norm(const Matrix& variance, std::size_t label) {
  Real sum = 0;
  for (std::size_t i = 0; i < variance.columns; ++i) {
    sum += std::log(Real(2.0 * std::numbers::pi) * Real(variance.values[label * variance.columns + i]));
  }
  return Real(-0.5) * sum;
}

Result<void> gaussian(const Attributes& fitted, Lowering& out) {
  SLIPWAY_TRY(fitted.fitted("theta_"));
  std::vector<model::Label> labels = SLIPWAY_TRY(read_labels(fitted));
  Matrix mean = SLIPWAY_TRY(read_matrix(fitted, "theta_"));
  if (mean.rows != labels.size()) {
    const auto what = fmt::format("has {} rows for {} labels", mean.rows, labels.size());
    return fail(fitted.error(Code::kCorrupt, "theta_", what));
  }
  const std::string_view name = fitted.has("var_") ? "var_" : "sigma_";  // until 0.24
  Matrix variance = SLIPWAY_TRY(read_matrix(fitted, name, mean.rows, mean.columns));
  if (std::ranges::any_of(variance.values, [](double x) { return !(x > 0); })) {
    return fail(fitted.error(Code::kCorrupt, name, "has values that are not above 0"));
  }
  std::vector<double> prior = SLIPWAY_TRY(fitted.doubles("class_prior_", labels.size()));
  if (std::ranges::any_of(prior, [](double x) { return x < 0; })) {
    return fail(fitted.error(Code::kCorrupt, "class_prior_", "has values below 0"));
  }
  std::vector<double> norm;
  if (variance.is_float32) {  // since 1.8: what was fitted on float32
    for (double& one : prior) one = std::log(float(one));
    for (std::size_t k = 0; k < mean.rows; ++k) norm.push_back(log_norm<float>(variance, k));
  } else {
    for (double& one : prior) one = std::log(one);
    for (std::size_t k = 0; k < mean.rows; ++k) norm.push_back(log_norm<double>(variance, k));
  }
  SLIPWAY_TRY(out.take_dense(fitted, mean.columns));
  out.emit(finite(fitted));
  predict(out,
          out.emit(model::GaussianLikelihood{std::move(prior), std::move(norm), std::move(mean.values),
                                             std::move(variance.values)}),
          std::move(labels));
  return {};
}

// What the others keep: a row a label.
struct Discrete {
  std::vector<model::Label> labels;
  Matrix log_probability;
  std::vector<double> log_prior;  // -inf for a label that was announced and never seen
};

Result<Discrete> read_discrete(const Attributes& fitted) {
  SLIPWAY_TRY(fitted.fitted("feature_log_prob_"));
  SLIPWAY_TRY(fitted.fitted("class_log_prior_"));
  Discrete out;
  out.labels = SLIPWAY_TRY(read_labels(fitted));
  out.log_probability = SLIPWAY_TRY(read_matrix(fitted, "feature_log_prob_"));
  if (out.log_probability.rows != out.labels.size()) {
    const auto what = fmt::format("has {} rows for {} labels", out.log_probability.rows, out.labels.size());
    return fail(fitted.error(Code::kCorrupt, "feature_log_prob_", what));
  }
  pickle::Numbers prior = SLIPWAY_TRY(fitted.numbers("class_log_prior_"));
  if (prior.values.size() != out.labels.size() ||
      std::ranges::any_of(prior.values, [](double x) { return !(x <= 0); })) {
    const auto what = fmt::format("is not {} logarithms of probabilities", out.labels.size());
    return fail(fitted.error(Code::kCorrupt, "class_log_prior_", what));
  }
  out.log_prior = std::move(prior.values);
  return out;
}

void multiply(Lowering& out, Matrix coef, std::vector<double> intercept, std::vector<model::Label> labels) {
  const auto outputs = static_cast<std::uint32_t>(coef.rows);
  predict(out, out.emit(model::Linear{outputs, std::move(coef.values), std::move(intercept)}), std::move(labels));
}

Result<void> multinomial(const Attributes& fitted, Lowering& out) {
  Discrete state = SLIPWAY_TRY(read_discrete(fitted));
  SLIPWAY_TRY(out.take_rows(fitted, state.log_probability.columns));
  out.emit(finite(fitted));
  multiply(out, std::move(state.log_probability), std::move(state.log_prior), std::move(state.labels));
  return {};
}

// Of two labels or more it leaves the prior out.
Result<void> complement(const Attributes& fitted, Lowering& out) {
  Discrete state = SLIPWAY_TRY(read_discrete(fitted));
  SLIPWAY_TRY(out.take_rows(fitted, state.log_probability.columns));
  out.emit(finite(fitted));
  std::vector<double> none(state.labels.size(), 0.0);
  multiply(out, std::move(state.log_probability), std::move(none), std::move(state.labels));
  return {};
}

Result<void> bernoulli(const Attributes& fitted, Lowering& out) {
  Discrete state = SLIPWAY_TRY(read_discrete(fitted));
  Matrix& coef = state.log_probability;
  for (std::size_t k = 0; k < coef.rows; ++k) {
    double absent = 0;
    for (std::size_t i = k * coef.columns; i < (k + 1) * coef.columns; ++i) {
      const double log_absent = std::log(1 - std::exp(coef.values[i]));
      if (!std::isfinite(log_absent)) {
        const auto what = "has a value that is no logarithm of a probability below 1";
        return fail(fitted.error(Code::kCorrupt, "feature_log_prob_", what));
      }
      absent += log_absent;
      coef.values[i] -= log_absent;
    }
    state.log_prior[k] += absent;
  }
  SLIPWAY_TRY(out.take_rows(fitted, coef.columns));
  out.emit(finite(fitted));
  if (!fitted.is_none("binarize")) {
    const pickle::Numbers threshold = SLIPWAY_TRY(fitted.numbers("binarize"));
    if (threshold.values.size() != 1 || !std::isfinite(threshold.values[0])) {
      return fail(fitted.error(Code::kCorrupt, "binarize", "is not a number"));
    }
    if (out.sparse() && threshold.values[0] < 0) {
      return fail(fitted.error(Code::kCorrupt, "binarize", "is negative, which scikit-learn refuses of sparse rows"));
    }
    out.emit(model::Binarize{threshold.values[0]});
  }
  multiply(out, std::move(coef), std::move(state.log_prior), std::move(state.labels));
  return {};
}

constexpr std::string_view kIn = "sklearn.naive_bayes";
constexpr std::string_view kModules[] = {"sklearn.naive_bayes"};

constexpr Estimator kRows[] = {
    {"BernoulliNB", kIn, kModules, bernoulli, "the largest of class_log_prior_ + log likelihoods of columns on or off"},
    {"ComplementNB", kIn, kModules, complement, "the largest of x feature_log_prob_^T"},
    {"GaussianNB", kIn, kModules, gaussian, "the largest of log class_prior_ + log N(x; theta_, var_)"},
    {"MultinomialNB", kIn, kModules, multinomial, "the largest of x feature_log_prob_^T + class_log_prior_"},
};

}  // namespace

std::span<const Estimator> naive_bayes() { return kRows; }

}  // namespace slipway::importer::sklearn
