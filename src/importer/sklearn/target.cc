// SPDX-License-Identifier: Apache-2.0
// A regressor of a transformed target: what it predicts goes back through the transformer.
#include <fmt/core.h>

#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "base/text.h"
#include "importer/attributes.h"
#include "importer/refusals.h"
#include "importer/sklearn/estimators.h"
#include "importer/sklearn/functions.h"
#include "importer/sklearn/lowering.h"
#include "importer/sklearn/members.h"

namespace slipway::importer::sklearn {
namespace {

using model::OutputKind;

// The scalers that undo themselves with one product and one sum, in this order, or the other way round.
struct Undo {
  std::string_view name;
  std::string_view scale, offset;            // attributes; "": there is none
  std::string_view with_scale, with_offset;  // flags that say whether they count; "": always
  bool divides;                              // (x - offset) / scale, else x * scale + offset
};
constexpr Undo kUndo[] = {
    {"StandardScaler", "scale_", "mean_", "with_std", "with_mean", false},
    {"RobustScaler", "scale_", "center_", "with_scaling", "with_centering", false},
    {"MaxAbsScaler", "scale_", "", "", "", false},
    {"MinMaxScaler", "scale_", "min_", "", "", true},
};

// The numbers of an attribute; empty if a flag says that it does not count.
Result<std::vector<double>> part(const Attributes& fitted, std::string_view name, std::string_view flag,
                                 std::size_t columns) {
  if (name.empty() || fitted.is_none(name)) return std::vector<double>();
  if (!flag.empty()) {
    const bool counts = SLIPWAY_TRY(fitted.flag(flag));
    if (!counts) return std::vector<double>();
  }
  return fitted.doubles(name, columns);
}

Result<std::uint32_t> undo_scaler(const Undo& rule, const Attributes& fitted, Lowering& out, std::uint32_t slot) {
  const std::size_t columns = out.slot_at(slot).columns;
  std::vector<double> scale = SLIPWAY_TRY(part(fitted, rule.scale, rule.with_scale, columns));
  std::vector<double> offset = SLIPWAY_TRY(part(fitted, rule.offset, rule.with_offset, columns));
  if (rule.divides) return out.branch(model::Standardize{std::move(offset), std::move(scale)}, slot);
  if (!scale.empty()) slot = out.branch(model::ScaleColumns{std::move(scale)}, slot);
  if (offset.empty()) return slot;
  for (double& value : offset) value = -value;  // x - (-m) is x + m, to the last bit
  return out.branch(model::Standardize{.offset = std::move(offset), .scale = {}}, slot);
}

// PowerTransformer: its scaler undone, then the power of each column.
Result<std::uint32_t> undo_power(const Attributes& fitted, Lowering& out, std::uint32_t slot) {
  using Method = model::PowerTransform::Method;
  const std::string method = SLIPWAY_TRY(fitted.text("method"));
  if (method != "yeo-johnson" && method != "box-cox") {
    return fail(fitted.error(Code::kUnsupported, "method", fmt::format("is '{}'", printable(method))));
  }
  const bool standardize = SLIPWAY_TRY(fitted.flag("standardize"));
  if (standardize) {
    SLIPWAY_TRY(fitted.fitted("_scaler"));
    const Attributes scaler =
        SLIPWAY_TRY(Attributes::of(fitted.document(), fitted.node("_scaler"), fitted.path() + "._scaler"));
    slot = SLIPWAY_TRY(undo_scaler(kUndo[0], scaler, out, slot));
  }
  const pickle::Numbers lambdas = SLIPWAY_TRY(fitted.numbers("lambdas_"));
  if (lambdas.values.size() != out.slot_at(slot).columns) {
    return fail(fitted.error(Code::kCorrupt, "lambdas_", "is not one number a column"));
  }
  const Method box_cox = fitted.version() < Version{1, 6} ? Method::kBoxCoxBackByPower : Method::kBoxCoxBack;
  const Method back = method == "box-cox" ? box_cox : Method::kYeoJohnsonBack;
  return out.branch(model::PowerTransform{.method = back, .lambdas = lambdas.values}, slot);
}

Result<std::uint32_t> undo_quantiles(const Attributes& fitted, Lowering& out, std::uint32_t slot) {
  using Output = model::QuantileTransform::Output;
  model::QuantileTransform op = SLIPWAY_TRY(read_quantiles(fitted));
  op.output = op.output == Output::kUniform  ? Output::kUniformBack
              : op.output == Output::kNormal ? Output::kNormalBack
                                             : Output::kUniformClippedBack;
  return out.branch(std::move(op), slot);
}

// What transformer_.inverse_transform makes of a slot.
Result<std::uint32_t> undo(const Attributes& transformer, Lowering& out, std::uint32_t slot) {
  const std::string_view name = transformer.class_name().name;
  if (name == "FunctionTransformer") {
    const auto function = SLIPWAY_TRY(read_function(transformer, "inverse_func"));
    return function ? out.branch(model::Apply{*function}, slot) : slot;
  }
  if (name == "PowerTransformer") return undo_power(transformer, out, slot);
  if (name == "QuantileTransformer") return undo_quantiles(transformer, out, slot);
  for (const Undo& rule : kUndo) {
    if (rule.name == name) return undo_scaler(rule, transformer, out, slot);
  }
  return fail(
      transformer
          .error(Code::kUnsupported, "", fmt::format("is a {}, whose inverse is not served yet", printable(name)))
          .or_hint("those of numpy's functions and of the scalers of sklearn.preprocessing are"));
}

Result<void> transformed_target(const Attributes& fitted, Lowering& out) {
  const Flow from = SLIPWAY_TRY(out.ready());
  const Lowered regressor = SLIPWAY_TRY(out.apart(fitted, "regressor_", from));
  const std::uint32_t predicted = SLIPWAY_TRY(output_of(fitted, regressor, OutputKind::kPrediction));
  SLIPWAY_TRY(fitted.fitted("transformer_"));
  const Attributes transformer = SLIPWAY_TRY(
      Attributes::of(fitted.document(), fitted.node("transformer_"), fmt::format("{}.transformer_", fitted.path())));
  if (find_estimator(transformer.class_name()) == nullptr) {
    return fail(refuse_node(fitted.document(), fitted.node("transformer_"), transformer.path()));
  }
  const std::uint32_t slot = SLIPWAY_TRY(undo(transformer, out, predicted));
  out.predicts({{OutputKind::kPrediction, slot}}, {});
  return {};
}

constexpr std::string_view kModules[] = {"sklearn.compose._target"};

constexpr Estimator kRows[] = {
    {"TransformedTargetRegressor", "sklearn.compose", kModules, transformed_target,
     "what regressor_ predicts, back through transformer_"},
};

}  // namespace

std::span<const Estimator> target() { return kRows; }

}  // namespace slipway::importer::sklearn
