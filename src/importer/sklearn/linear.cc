// SPDX-License-Identifier: Apache-2.0
// All linear estimators keep the same two arrays; they differ in the dimensions that they leave out. Here a missing one
// is read as one.
#include "importer/sklearn/linear.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace slipway::importer::sklearn {
namespace {

using model::OutputKind;

Result<pickle::Numbers> read_coef(const Attributes& fitted) {
  SLIPWAY_TRY(fitted.fitted("coef_"));
  const pickle::NodeId node = fitted.node("coef_");
  if (fitted.document().kind(node) == pickle::Kind::kObject &&
      pickle::class_of(fitted.document(), node).name.starts_with("csr_")) {
    return fail(fitted.error(Code::kUnsupported, "coef_", "was made sparse by sparsify()")
                    .or_hint("call densify() before dumping"));
  }
  return fitted.numbers("coef_");
}

Result<Coefficients> complete(const Attributes& fitted, pickle::Numbers coef) {
  if (coef.values.empty()) {
    const auto what = fmt::format("has shape {}: it is empty", shape_text(coef.shape));
    return fail(fitted.error(Code::kCorrupt, "coef_", what));
  }
  if (!std::ranges::all_of(coef.values, [](double x) { return std::isfinite(x); })) {
    return fail(fitted.error(Code::kCorrupt, "coef_", "has values that are NaN or infinite: the fit did not converge"));
  }
  Coefficients out{.linear = {}, .columns = coef.shape.back()};
  model::Linear& linear = out.linear;
  linear.outputs = static_cast<std::uint32_t>(coef.values.size() / out.columns);
  linear.coef = std::move(coef.values);
  SLIPWAY_TRY(fitted.fitted("intercept_"));
  const pickle::Numbers intercept = SLIPWAY_TRY(fitted.numbers("intercept_"));
  if (!intercept.shape.empty()) {
    linear.intercept = SLIPWAY_TRY(fitted.doubles("intercept_", linear.outputs));
    return out;
  }
  if (!std::isfinite(intercept.values[0])) {
    return fail(fitted.error(Code::kCorrupt, "intercept_", "is NaN or infinite: the fit did not converge"));
  }
  linear.intercept = std::vector<double>(linear.outputs, intercept.values[0]);
  return out;
}

}  // namespace

Result<Coefficients> regressor_coefficients(const Attributes& fitted) {
  pickle::Numbers coef = SLIPWAY_TRY(read_coef(fitted));
  if (coef.shape.size() != 1 && coef.shape.size() != 2) {
    const auto what = fmt::format("has shape {}, want (outputs, columns)", shape_text(coef.shape));
    return fail(fitted.error(Code::kCorrupt, "coef_", what));
  }
  return complete(fitted, std::move(coef));
}

Result<Coefficients> classifier_coefficients(const Attributes& fitted, std::size_t labels, Flat flat) {
  pickle::Numbers coef = SLIPWAY_TRY(read_coef(fitted));
  const std::size_t rows = labels == 2 ? 1 : labels;
  const bool one_row = flat == Flat::kAllowed && rows == 1 && coef.shape.size() == 1;
  if (!one_row && (coef.shape.size() != 2 || coef.shape[0] != rows)) {
    const auto what =
        fmt::format("has shape {}, want ({}, columns) for {} labels", shape_text(coef.shape), rows, labels);
    return fail(fitted.error(Code::kCorrupt, "coef_", what));
  }
  return complete(fitted, std::move(coef));
}

Result<std::vector<model::Label>> read_labels(const Attributes& fitted) {
  const std::vector<pickle::Scalar> scalars = SLIPWAY_TRY(fitted.scalars("classes_"));
  return make_labels(fitted, scalars, 2);
}

Result<std::vector<model::Label>> make_labels(const Attributes& fitted, const std::vector<pickle::Scalar>& scalars,
                                              std::size_t least) {
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
  if (out.size() < least) {
    const auto what = fmt::format("has {} labels, want {} or more", out.size(), least);
    return fail(fitted.error(Code::kCorrupt, "classes_", what));
  }
  return out;
}

Result<std::uint32_t> add_scores(const Attributes& fitted, Lowering& out, Coefficients coefficients) {
  SLIPWAY_TRY(out.take_rows(fitted, coefficients.columns));
  out.emit(model::RequireFinite{.estimator = std::string(fitted.class_name().name)});
  return out.emit(std::move(coefficients.linear));
}

std::uint32_t add_index(Lowering& out, std::uint32_t scores, std::size_t labels) {
  if (labels == 2) return out.branch(model::PositiveIndex{}, scores);
  return out.branch(model::ArgmaxIndex{}, scores);
}

Result<void> linear_regressor(const Attributes& fitted, Lowering& out) {
  Coefficients coefficients = SLIPWAY_TRY(regressor_coefficients(fitted));
  const std::uint32_t numbers = SLIPWAY_TRY(add_scores(fitted, out, std::move(coefficients)));
  out.predicts({{OutputKind::kPrediction, numbers}}, {});
  return {};
}

Result<void> linear_classifier(const Attributes& fitted, Lowering& out) {
  SLIPWAY_TRY(fitted.fitted("coef_"));
  std::vector<model::Label> labels = SLIPWAY_TRY(read_labels(fitted));
  return classify(fitted, out, std::move(labels), Flat::kRefused);
}

Result<void> classify(const Attributes& fitted, Lowering& out, std::vector<model::Label> labels, Flat flat) {
  Coefficients coefficients = SLIPWAY_TRY(classifier_coefficients(fitted, labels.size(), flat));
  const std::uint32_t decision = SLIPWAY_TRY(add_scores(fitted, out, std::move(coefficients)));
  const std::uint32_t index = add_index(out, decision, labels.size());
  out.predicts({{OutputKind::kPrediction, index}, {OutputKind::kDecision, decision}}, std::move(labels));
  return {};
}

}  // namespace slipway::importer::sklearn
