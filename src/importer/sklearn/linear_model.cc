// SPDX-License-Identifier: Apache-2.0
// Estimators of sklearn.linear_model: x coef_^T + intercept_, and for classifiers what makes probabilities of it.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "importer/attributes.h"
#include "importer/sklearn/estimators.h"
#include "importer/sklearn/lowering.h"

namespace slipway::importer::sklearn {
namespace {

using model::OutputKind;
using model::SlotType;

Result<model::Linear> read_linear(const Attributes& fitted, std::size_t& columns) {
  SLIPWAY_TRY(fitted.fitted("coef_"));
  const pickle::NodeId node = fitted.node("coef_");
  if (fitted.document().kind(node) == pickle::Kind::kObject &&
      pickle::class_of(fitted.document(), node).name.starts_with("csr_")) {
    return fail(fitted.error(Code::kUnsupported, "coef_", "was made sparse by sparsify()")
                    .or_hint("call densify() before dumping"));
  }
  pickle::Numbers coef = SLIPWAY_TRY(fitted.numbers("coef_"));
  if (coef.shape.size() != 1 && coef.shape.size() != 2) {
    const auto what = fmt::format("has shape {}, want (outputs, columns)", shape_text(coef.shape));
    return fail(fitted.error(Code::kCorrupt, "coef_", what));
  }
  if (coef.values.empty()) {
    return fail(
        fitted.error(Code::kCorrupt, "coef_", fmt::format("has shape {}: it is empty", shape_text(coef.shape))));
  }
  if (!std::ranges::all_of(coef.values, [](double x) { return std::isfinite(x); })) {
    return fail(fitted.error(Code::kCorrupt, "coef_", "has values that are NaN or infinite: the fit did not converge"));
  }
  columns = coef.shape.back();
  model::Linear out;
  out.outputs = static_cast<std::uint32_t>(coef.values.size() / columns);
  out.coef = std::move(coef.values);
  SLIPWAY_TRY(fitted.fitted("intercept_"));
  const pickle::Numbers intercept = SLIPWAY_TRY(fitted.numbers("intercept_"));
  if (intercept.shape.empty()) {
    out.intercept.assign(out.outputs, intercept.values[0]);
  } else {
    out.intercept = SLIPWAY_TRY(fitted.doubles("intercept_", out.outputs));
  }
  return out;
}

// Adds the check and the product; gives the slot of the scores.
Result<std::uint32_t> scores(const Attributes& fitted, Lowering& out, std::string_view name, model::Linear linear,
                             std::size_t columns) {
  SLIPWAY_TRY(out.take_rows(fitted, columns));
  const SlotType type = out.sparse() ? SlotType::kCsr : SlotType::kDense;
  out.emit(model::RequireFinite{.estimator = std::string(name)}, type);
  return out.emit(std::move(linear), SlotType::kDense);
}

Result<std::vector<model::Label>> read_labels(const Attributes& fitted) {
  const std::vector<pickle::Scalar> scalars = SLIPWAY_TRY(fitted.scalars("classes_"));
  std::vector<model::Label> out;
  for (const pickle::Scalar& scalar : scalars) {
    switch (scalar.kind) {
      case pickle::Scalar::Kind::kNone:
        return fail(fitted.error(Code::kUnsupported, "classes_", "has None among the labels"));
      case pickle::Scalar::Kind::kBool:
        out.emplace_back(scalar.integer != 0);
        break;
      case pickle::Scalar::Kind::kInt:
        out.emplace_back(scalar.integer);
        break;
      case pickle::Scalar::Kind::kFloat:
        out.emplace_back(scalar.real);
        break;
      case pickle::Scalar::Kind::kText:
        out.emplace_back(scalar.text);
        break;
    }
  }
  if (out.size() < 2) {
    return fail(fitted.error(Code::kCorrupt, "classes_", fmt::format("has {} labels, want 2 or more", out.size())));
  }
  return out;
}

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

Result<void> logistic_regression(const Attributes& fitted, Lowering& out) {
  std::size_t columns = 0;
  model::Linear linear = SLIPWAY_TRY(read_linear(fitted, columns));
  std::vector<model::Label> labels = SLIPWAY_TRY(read_labels(fitted));
  const bool binary = labels.size() == 2;
  const std::size_t rows = binary ? 1 : labels.size();
  const pickle::Numbers coef = SLIPWAY_TRY(fitted.numbers("coef_"));
  if (coef.shape.size() != 2 || coef.shape[0] != rows) {
    const auto what =
        fmt::format("has shape {}, want ({}, {}) for {} labels", shape_text(coef.shape), rows, columns, labels.size());
    return fail(fitted.error(Code::kCorrupt, "coef_", what));
  }
  const bool one_vs_rest = SLIPWAY_TRY(is_one_vs_rest(fitted, labels.size()));
  const std::uint32_t decision = SLIPWAY_TRY(scores(fitted, out, "LogisticRegression", std::move(linear), columns));
  std::uint32_t probability = 0;
  if (one_vs_rest) {
    probability = out.branch(model::Expit{}, decision);
    probability =
        binary ? out.branch(model::WithComplement{}, probability) : out.branch(model::NormalizeRows{}, probability);
  } else {
    probability = binary ? out.branch(model::WithNegation{}, decision) : decision;
    probability = out.branch(model::Softmax{}, probability);
  }
  const std::uint32_t index =
      binary ? out.branch(model::PositiveIndex{}, decision) : out.branch(model::ArgmaxIndex{}, decision);
  out.predicts(
      {{OutputKind::kPrediction, index}, {OutputKind::kProbability, probability}, {OutputKind::kDecision, decision}},
      std::move(labels));
  return {};
}

Result<void> linear_regression(const Attributes& fitted, Lowering& out) {
  std::size_t columns = 0;
  model::Linear linear = SLIPWAY_TRY(read_linear(fitted, columns));
  const std::uint32_t numbers = SLIPWAY_TRY(scores(fitted, out, "LinearRegression", std::move(linear), columns));
  out.predicts({{OutputKind::kPrediction, numbers}}, {});
  return {};
}

constexpr std::string_view kLogistic[] = {"sklearn.linear_model._logistic", "sklearn.linear_model.logistic"};
constexpr std::string_view kBase[] = {"sklearn.linear_model._base", "sklearn.linear_model.base"};

constexpr Estimator kRows[] = {
    {"LinearRegression", "sklearn.linear_model", kBase, linear_regression, "x coef_^T + intercept_"},
    {"LogisticRegression", "sklearn.linear_model", kLogistic, logistic_regression,
     "sigmoid or softmax of x coef_^T + intercept_"},
};

}  // namespace

std::span<const Estimator> linear_model() { return kRows; }

}  // namespace slipway::importer::sklearn
