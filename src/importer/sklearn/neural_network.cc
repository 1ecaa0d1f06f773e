// SPDX-License-Identifier: Apache-2.0
// Estimators of sklearn.neural_network: products with coefs_, an activation after each.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "importer/sklearn/estimators.h"
#include "importer/sklearn/linear.h"
#include "importer/sklearn/lowering.h"
#include "importer/sklearn/matrix.h"

namespace slipway::importer::sklearn {
namespace {

using model::OutputKind;

// Layer i of the network, as [outputs, inputs].
Result<model::Linear> layer(const Attributes& fitted, const pickle::Numbers& weights, const pickle::Numbers& bias,
                            std::size_t i, std::size_t inputs) {
  const auto finite = [](const std::vector<double>& values) {
    return std::ranges::all_of(values, [](double x) { return std::isfinite(x); });
  };
  if (weights.shape.size() != 2 || weights.shape[0] != inputs || weights.values.empty() || !finite(weights.values)) {
    const auto what =
        fmt::format("[{}] has shape {}, want ({}, outputs) of finite numbers", i, shape_text(weights.shape), inputs);
    return fail(fitted.error(Code::kCorrupt, "coefs_", what));
  }
  const std::size_t outputs = weights.shape[1];
  if (bias.shape.size() != 1 || bias.values.size() != outputs || !finite(bias.values)) {
    const auto what =
        fmt::format("[{}] has shape {}, want ({},) of finite numbers", i, shape_text(bias.shape), outputs);
    return fail(fitted.error(Code::kCorrupt, "intercepts_", what));
  }
  std::vector<double> coef(weights.values.size());
  for (std::size_t in = 0; in < inputs; ++in) {
    for (std::size_t k = 0; k < outputs; ++k) coef[k * inputs + in] = weights.values[in * outputs + k];
  }
  return model::Linear{static_cast<std::uint32_t>(outputs), std::move(coef), bias.values};
}

Result<void> activate(const Attributes& fitted, std::string_view attribute, Lowering& out) {
  const std::string name = SLIPWAY_TRY(fitted.text(attribute));
  if (name == "relu") {
    out.emit(model::Clip{0, std::numeric_limits<double>::infinity()});
  } else if (name == "logistic") {
    out.emit(model::Expit{});
  } else if (name == "tanh") {
    out.emit(model::Apply{model::Apply::Function::kTanh});
  } else if (name == "softmax") {
    out.emit(model::Softmax{});
  } else if (name == "exp") {  // of a loss of counts, since scikit-learn 1.7
    out.emit(model::Apply{model::Apply::Function::kExp});
  } else if (name != "identity") {
    const auto what = fmt::format("is '{}', want identity, logistic, tanh, relu, softmax or exp", printable(name));
    return fail(fitted.error(Code::kUnsupported, attribute, what));
  }
  return {};
}

// Gives the number of outputs; what they are stands in the chain.
Result<std::uint32_t> add_layers(const Attributes& fitted, Lowering& out) {
  const std::vector<pickle::Numbers> weights = SLIPWAY_TRY(read_arrays(fitted, "coefs_"));
  const std::vector<pickle::Numbers> biases = SLIPWAY_TRY(read_arrays(fitted, "intercepts_"));
  if (weights.empty() || weights.size() != biases.size() || weights[0].shape.size() != 2) {
    const auto what = fmt::format("are {} layers, intercepts_ of {}", weights.size(), biases.size());
    return fail(fitted.error(Code::kCorrupt, "coefs_", what));
  }
  std::size_t columns = weights[0].shape[0];
  SLIPWAY_TRY(out.take_rows(fitted, columns));
  out.emit(model::RequireFinite{.estimator = std::string(fitted.class_name().name)});
  for (std::size_t i = 0; i < weights.size(); ++i) {
    model::Linear linear = SLIPWAY_TRY(layer(fitted, weights[i], biases[i], i, columns));
    columns = linear.outputs;
    out.emit(std::move(linear));
    SLIPWAY_TRY(activate(fitted, i + 1 == weights.size() ? "out_activation_" : "activation", out));
  }
  return static_cast<std::uint32_t>(columns);
}

Result<void> regressor(const Attributes& fitted, Lowering& out) {
  SLIPWAY_TRY(add_layers(fitted, out));
  out.predicts({{OutputKind::kPrediction, out.flow().slot}}, {});
  return {};
}

// Any number of labels at once: a target a label, absent or present.
void several(Lowering& out, std::uint32_t probabilities, const std::vector<model::Label>& labels) {
  std::vector<model::Output> outputs;
  std::vector<model::Target> targets;
  for (std::uint32_t i = 0; i < labels.size(); ++i) {
    const std::uint32_t one = out.branch(model::Select{{i}}, probabilities);
    const std::uint32_t above = out.branch(model::Standardize{.offset = {0.5}, .scale = {}}, one);
    outputs.push_back({OutputKind::kPrediction, out.branch(model::PositiveIndex{}, above), i});
    outputs.push_back({OutputKind::kProbability, out.branch(model::WithComplement{}, one), i});
    targets.push_back({model::label_text(labels[i]), {std::int64_t{0}, std::int64_t{1}}});
  }
  out.predicts_many(std::move(outputs), std::move(targets));
}

Result<void> classifier(const Attributes& fitted, Lowering& out) {
  SLIPWAY_TRY(fitted.fitted("coefs_"));
  SLIPWAY_TRY(fitted.fitted("_label_binarizer"));
  const Attributes binarizer = SLIPWAY_TRY(
      Attributes::of(fitted.document(), fitted.node("_label_binarizer"), fitted.path() + " -> _label_binarizer"));
  const std::string type = SLIPWAY_TRY(binarizer.text("y_type_"));
  std::vector<model::Label> labels = SLIPWAY_TRY(read_labels(fitted));
  const std::uint32_t outputs = SLIPWAY_TRY(add_layers(fitted, out));
  const bool many = type.starts_with("multilabel");
  const std::size_t want = labels.size() == 2 && !many ? 1 : labels.size();
  if (outputs != want) {
    const auto what = fmt::format("end in {} outputs, want {} for {} labels", outputs, want, labels.size());
    return fail(fitted.error(Code::kCorrupt, "coefs_", what));
  }
  const std::uint32_t given = out.flow().slot;
  if (many) {
    several(out, given, labels);
    return {};
  }
  std::uint32_t index = 0, probability = given;
  if (outputs == 1) {  // p above 0.5 is the second label: the binarizer's threshold
    index = out.branch(model::PositiveIndex{}, out.branch(model::Standardize{.offset = {0.5}, .scale = {}}, given));
    probability = out.branch(model::WithComplement{}, given);
  } else {
    index = out.branch(model::ArgmaxIndex{}, given);
  }
  out.predicts({{OutputKind::kPrediction, index}, {OutputKind::kProbability, probability}}, std::move(labels));
  return {};
}

constexpr std::string_view kIn = "sklearn.neural_network";
constexpr std::string_view kPerceptron[] = {"sklearn.neural_network._multilayer_perceptron",
                                            "sklearn.neural_network.multilayer_perceptron"};

constexpr Estimator kRows[] = {
    {"MLPClassifier", kIn, kPerceptron, classifier, "layers of activation(x coefs_ + intercepts_), then probabilities"},
    {"MLPRegressor", kIn, kPerceptron, regressor, "layers of activation(x coefs_ + intercepts_)"},
};

}  // namespace

std::span<const Estimator> neural_network() { return kRows; }

}  // namespace slipway::importer::sklearn
