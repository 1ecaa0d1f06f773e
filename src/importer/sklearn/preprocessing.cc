// SPDX-License-Identifier: Apache-2.0
// Estimators of sklearn.preprocessing. Dense rows are divided by scale_, sparse ones multiplied by 1 / scale_: that is
// what the library does, and the two differ in the last bit.
#include <fmt/core.h>

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "importer/attributes.h"
#include "importer/sklearn/estimators.h"
#include "importer/sklearn/lowering.h"

namespace slipway::importer::sklearn {
namespace {

Result<std::size_t> row_size(const Attributes& fitted, std::string_view name) {
  const pickle::Numbers numbers = SLIPWAY_TRY(fitted.numbers(name));
  if (numbers.shape.size() != 1) return fail(fitted.error(Code::kCorrupt, name, "is not one row of numbers"));
  return numbers.values.size();
}

// How many columns it was fitted on, by something in the file that has as many values: n_features_in_ alone could claim
// any number. 0 if there is nothing (neither centred nor scaled, fitted without names).
Result<std::size_t> fitted_columns(const Attributes& fitted) {
  for (const std::string_view name : {"scale_", "mean_", "var_"}) {
    if (!fitted.is_none(name)) return row_size(fitted, name);
  }
  const std::optional<std::vector<std::string>> names = SLIPWAY_TRY(fitted.names("feature_names_in_"));
  return names ? names->size() : 0;
}

model::RequireFinite finite(const Attributes& fitted) {
  return {.allow_nan = false, .estimator = std::string(fitted.class_name().name)};
}
// Scalers let NaN pass since 0.20.
model::RequireFinite finite_or_nan(const Attributes& fitted) {
  return {.allow_nan = fitted.version() >= Version{0, 20}, .estimator = std::string(fitted.class_name().name)};
}
void emit_check(const Attributes& fitted, Lowering& out) { out.emit(finite_or_nan(fitted)); }

// Of MinMaxScaler since 0.24, of MaxAbsScaler since 1.8.
Result<bool> clips(const Attributes& fitted) {
  if (!fitted.has("clip")) return false;
  return fitted.flag("clip");
}

// What scalers do to sparse rows: x * (1 / scale_). The quotient is of scale_'s own type.
Result<void> multiply_sparse(const Attributes& fitted, Lowering& out, std::size_t columns) {
  std::vector<double> factor = SLIPWAY_TRY(fitted.doubles("scale_", columns));
  const pickle::Numbers scale = SLIPWAY_TRY(fitted.numbers("scale_"));
  for (double& value : factor) value = scale.is_float32 ? double(1 / float(value)) : 1 / value;
  out.emit(model::ScaleColumns{std::move(factor)});
  return {};
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
  out.emit(model::RequireFinite{.allow_nan = true, .estimator = "StandardScaler"});
  model::Standardize op;
  if (with_mean) op.offset = SLIPWAY_TRY(fitted.doubles("mean_", columns));
  if (with_std) op.scale = SLIPWAY_TRY(fitted.doubles("scale_", columns));
  if (!out.sparse()) {
    if (with_mean || with_std) out.emit(std::move(op));
    return {};
  }
  if (with_mean) {
    const auto what = "centres sparse rows, which scikit-learn refuses as well";
    return fail(fitted.error(Code::kCorrupt, "with_mean", what).or_hint("fit it with with_mean=False"));
  }
  if (with_std) return multiply_sparse(fitted, out, columns);
  return {};
}

Result<void> min_max_scaler(const Attributes& fitted, Lowering& out) {
  SLIPWAY_TRY(fitted.fitted("scale_"));
  const std::size_t columns = SLIPWAY_TRY(row_size(fitted, "scale_"));
  SLIPWAY_TRY(out.take_rows(fitted, columns));
  if (out.sparse()) {
    return fail(fitted.error(Code::kCorrupt, "", "takes no sparse rows, and scikit-learn refuses them as well")
                    .or_hint("use MaxAbsScaler, or DictVectorizer(sparse=False)"));
  }
  emit_check(fitted, out);
  std::vector<double> scale = SLIPWAY_TRY(fitted.doubles("scale_", columns));
  std::vector<double> offset = SLIPWAY_TRY(fitted.doubles("min_", columns));
  for (double& value : offset) value = -value;  // x - (-min_) is x + min_, to the last bit
  out.emit(model::ScaleColumns{std::move(scale)});
  out.emit(model::Standardize{.offset = std::move(offset), .scale = {}});
  const bool clip = SLIPWAY_TRY(clips(fitted));
  if (!clip) return {};
  const std::vector<double> range = SLIPWAY_TRY(fitted.doubles("feature_range", 2));
  if (range[0] > range[1]) {
    return fail(fitted.error(Code::kCorrupt, "feature_range", fmt::format("is from {} to {}", range[0], range[1])));
  }
  out.emit(model::Clip{range[0], range[1]});
  return {};
}

Result<void> max_abs_scaler(const Attributes& fitted, Lowering& out) {
  SLIPWAY_TRY(fitted.fitted("scale_"));
  const std::size_t columns = SLIPWAY_TRY(row_size(fitted, "scale_"));
  SLIPWAY_TRY(out.take_rows(fitted, columns));
  emit_check(fitted, out);
  if (out.sparse()) {
    SLIPWAY_TRY(multiply_sparse(fitted, out, columns));
  } else {
    std::vector<double> scale = SLIPWAY_TRY(fitted.doubles("scale_", columns));
    out.emit(model::Standardize{.offset = {}, .scale = std::move(scale)});
  }
  const bool clip = SLIPWAY_TRY(clips(fitted));
  if (clip) out.emit(model::Clip{-1, 1});
  return {};
}

Result<void> robust_scaler(const Attributes& fitted, Lowering& out) {
  const bool centre = SLIPWAY_TRY(fitted.flag("with_centering"));
  const bool scale = SLIPWAY_TRY(fitted.flag("with_scaling"));
  if (!centre && !scale) return out.take_any_rows(fitted, {finite_or_nan(fitted)});
  if (centre) SLIPWAY_TRY(fitted.fitted("center_"));
  if (scale) SLIPWAY_TRY(fitted.fitted("scale_"));
  const std::size_t columns = SLIPWAY_TRY(row_size(fitted, centre ? "center_" : "scale_"));
  SLIPWAY_TRY(out.take_rows(fitted, columns));
  model::Standardize op;
  if (centre) op.offset = SLIPWAY_TRY(fitted.doubles("center_", columns));
  if (scale) op.scale = SLIPWAY_TRY(fitted.doubles("scale_", columns));
  if (centre) out.set_typical(op.offset);
  emit_check(fitted, out);
  if (!out.sparse()) {
    out.emit(std::move(op));
    return {};
  }
  if (centre) {
    const auto what = "centres, which scikit-learn does not do to sparse rows";
    return fail(fitted.error(Code::kCorrupt, "with_centering", what).or_hint("fit it with with_centering=False"));
  }
  return multiply_sparse(fitted, out, columns);
}

Result<void> normalizer(const Attributes& fitted, Lowering& out) {
  using Norm = model::NormalizeRows::Norm;
  const std::string norm = SLIPWAY_TRY(fitted.text("norm"));
  const Version version = fitted.version();
  model::NormalizeRows op{.zero = model::NormalizeRows::Zero::kKeep};
  if (norm == "l1") {
    op.norm = Norm::kL1;
  } else if (norm == "l2") {
    op.norm = Norm::kL2;
  } else if (norm == "max") {
    op.norm = version >= Version{0, 23} ? Norm::kMax : Norm::kSignedMax;
  } else {
    const auto what = fmt::format("is '{}', want l1, l2 or max", printable(norm));
    return fail(fitted.error(Code::kUnsupported, "norm", what));
  }
  // preprocessing._data._handle_zeros_in_scale, which sees dense rows only
  if (!out.sparse() && version >= Version{1, 0}) op.tiny = 10 * std::numeric_limits<double>::epsilon();
  return out.take_any_rows(fitted, {finite(fitted), op});
}

Result<void> binarizer(const Attributes& fitted, Lowering& out) {
  const pickle::Numbers threshold = SLIPWAY_TRY(fitted.numbers("threshold"));
  if (!threshold.shape.empty() || std::isnan(threshold.values[0])) {
    return fail(fitted.error(Code::kUnsupported, "threshold", "is not a number"));
  }
  if (out.sparse() && threshold.values[0] < 0) {
    const auto what = "is negative, which scikit-learn refuses of sparse rows as well";
    return fail(fitted.error(Code::kCorrupt, "threshold", what));
  }
  return out.take_any_rows(fitted, {finite(fitted), model::Binarize{threshold.values[0]}});
}

constexpr std::string_view kData[] = {"sklearn.preprocessing._data", "sklearn.preprocessing.data"};

constexpr Estimator kRows[] = {
    {"Binarizer", "sklearn.preprocessing", kData, binarizer, "1 if x > threshold, else 0"},
    {"MaxAbsScaler", "sklearn.preprocessing", kData, max_abs_scaler, "x / scale_"},
    {"MinMaxScaler", "sklearn.preprocessing", kData, min_max_scaler, "x * scale_ + min_"},
    {"Normalizer", "sklearn.preprocessing", kData, normalizer, "x / norm(x), by row"},
    {"RobustScaler", "sklearn.preprocessing", kData, robust_scaler, "(x - center_) / scale_"},
    {"StandardScaler", "sklearn.preprocessing", kData, standard_scaler, "(x - mean_) / scale_"},
};

}  // namespace

std::span<const Estimator> preprocessing() { return kRows; }

}  // namespace slipway::importer::sklearn
