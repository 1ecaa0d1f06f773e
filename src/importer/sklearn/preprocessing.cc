// SPDX-License-Identifier: Apache-2.0
// Estimators of sklearn.preprocessing. Dense rows are divided by scale_, sparse ones multiplied by 1 / scale_: that is
// what the library does, and the two differ in the last bit.
#include <fmt/core.h>

#include "importer/attributes.h"
#include "importer/sklearn/estimators.h"
#include "importer/sklearn/lowering.h"

namespace slipway::importer::sklearn {
namespace {

// How many columns it was fitted on, by something in the file that has as many values: n_features_in_ alone could claim
// any number. 0 if there is nothing (neither centred nor scaled, fitted without names).
Result<std::size_t> fitted_columns(const Attributes& fitted) {
  for (const std::string_view name : {"scale_", "mean_", "var_"}) {
    if (fitted.is_none(name)) continue;
    const pickle::Numbers numbers = SLIPWAY_TRY(fitted.numbers(name));
    if (numbers.shape.size() != 1) return fail(fitted.error(Code::kCorrupt, name, "is not one row of numbers"));
    return numbers.values.size();
  }
  const std::optional<std::vector<std::string>> names = SLIPWAY_TRY(fitted.names("feature_names_in_"));
  return names ? names->size() : 0;
}

Result<void> standard_scaler(const Attributes& fitted, Lowering& out) {
  SLIPWAY_TRY(fitted.fitted("scale_"));
  const bool with_mean = SLIPWAY_TRY(fitted.flag("with_mean"));
  const bool with_std = SLIPWAY_TRY(fitted.flag("with_std"));
  const std::size_t columns = SLIPWAY_TRY(fitted_columns(fitted));
  if (columns == 0) return {};  // the identity, and whoever comes next checks for infinity as well
  SLIPWAY_TRY(out.take_rows(fitted, columns));
  if (!fitted.is_none("mean_")) {
    const std::vector<double> mean = SLIPWAY_TRY(fitted.doubles("mean_", columns));
    out.set_typical(mean);
  }
  const auto type = out.sparse() ? model::SlotType::kCsr : model::SlotType::kDense;
  out.emit(model::RequireFinite{.allow_nan = true, .estimator = "StandardScaler"}, type);
  model::Standardize op;
  if (with_mean) op.offset = SLIPWAY_TRY(fitted.doubles("mean_", columns));
  if (with_std) op.scale = SLIPWAY_TRY(fitted.doubles("scale_", columns));
  if (!out.sparse()) {
    if (with_mean || with_std) out.emit(std::move(op), type);
    return {};
  }
  if (with_mean) {
    const auto what = "centres sparse rows, which scikit-learn refuses as well";
    return fail(fitted.error(Code::kCorrupt, "with_mean", what).or_hint("fit it with with_mean=False"));
  }
  if (!with_std) return {};
  for (double& scale : op.scale) scale = 1 / scale;
  out.emit(model::ScaleColumns{std::move(op.scale)}, type);
  return {};
}

constexpr std::string_view kData[] = {"sklearn.preprocessing._data", "sklearn.preprocessing.data"};

constexpr Estimator kRows[] = {
    {"StandardScaler", "sklearn.preprocessing", kData, standard_scaler, "(x - mean_) / scale_"},
};

}  // namespace

std::span<const Estimator> preprocessing() { return kRows; }

}  // namespace slipway::importer::sklearn
