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

// What transformer_.inverse_transform makes of a slot.
Result<std::uint32_t> undo(const Attributes& transformer, Lowering& out, std::uint32_t slot) {
  const std::string_view name = transformer.class_name().name;
  if (name == "FunctionTransformer") {
    const auto function = SLIPWAY_TRY(read_function(transformer, "inverse_func"));
    return function ? out.branch(model::Apply{*function}, slot) : slot;
  }
  for (const Undo& rule : kUndo) {
    if (rule.name == name) return undo_scaler(rule, transformer, out, slot);
  }
  return fail(
      transformer
          .error(Code::kUnsupported, "", fmt::format("is a {}, whose inverse is not served yet", printable(name)))
          .or_hint("of functions numpy's are, of scalers the linear ones"));
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
