// SPDX-License-Identifier: Apache-2.0
// Estimators of sklearn.decomposition that are one product with components_. scikit-learn 1.5 began to centre after the
// product; before it centred the rows, and sparse ones inside the product. IncrementalPCA makes sparse rows dense.
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "importer/sklearn/estimators.h"
#include "importer/sklearn/lowering.h"
#include "importer/sklearn/matrix.h"

namespace slipway::importer::sklearn {
namespace {

using model::OutputKind;

model::Op finite(const Attributes& fitted) {
  return model::RequireFinite{.estimator = std::string(fitted.class_name().name)};
}

void project(Lowering& out, Matrix components, std::vector<double> intercept) {
  const auto outputs = static_cast<std::uint32_t>(components.rows);
  out.emit(model::Linear{outputs, std::move(components.values), std::move(intercept)});
}

// Divides by the root of each component's variance. `clip`: by no less than the smallest step from 1.
Result<void> whiten(const Attributes& fitted, Lowering& out, std::size_t components, bool clip) {
  std::vector<double> scale = SLIPWAY_TRY(fitted.doubles("explained_variance_", components));
  const pickle::Numbers stored = SLIPWAY_TRY(fitted.numbers("explained_variance_"));
  const double least =
      stored.is_float32 ? double(std::numeric_limits<float>::epsilon()) : std::numeric_limits<double>::epsilon();
  for (double& value : scale) {
    value = stored.is_float32 ? double(std::sqrt(float(value))) : std::sqrt(value);
    if (clip && value < least) value = least;
    if (!(value > 0)) {
      return fail(fitted.error(Code::kCorrupt, "explained_variance_", "has values that are not above 0"));
    }
  }
  out.emit(model::Standardize{.offset = {}, .scale = std::move(scale)});
  return {};
}

// - mean_ components_^T
std::vector<double> minus_projected(const std::vector<double>& mean, const Matrix& components) {
  std::vector<double> out;
  for (std::size_t k = 0; k < components.rows; ++k) {
    double sum = 0;
    for (std::size_t i = 0; i < mean.size(); ++i) sum += mean[i] * components.values[k * mean.size() + i];
    out.push_back(-sum);
  }
  return out;
}

// What PCA.score_samples weighs the squares by, of the components and then of the columns, and the constant: the
// components are orthonormal, so the precision matrix need not be made. Nothing where the library's is singular.
struct LogLikelihood {
  std::vector<double> weights;
  double constant = 0;
};

Result<std::optional<LogLikelihood>> log_likelihood(const Attributes& fitted, const Matrix& components, bool whitens) {
  if (fitted.class_name().name != "PCA" || !fitted.has("noise_variance_")) return std::nullopt;
  const std::vector<double> variance = SLIPWAY_TRY(fitted.doubles("explained_variance_", components.rows));
  const pickle::Numbers stored = SLIPWAY_TRY(fitted.numbers("noise_variance_"));
  if (stored.values.size() != 1) return fail(fitted.error(Code::kCorrupt, "noise_variance_", "is not a number"));
  const double noise = stored.values[0];
  const auto others = double(components.columns) - double(components.rows);
  if (!(noise >= 0) || (noise == 0 && others != 0) || others < 0) return std::nullopt;
  LogLikelihood out;
  double log_determinant = others == 0 ? 0 : others * std::log(noise);
  for (const double one : variance) {
    if (!(one > noise)) return std::nullopt;
    const double along = whitens ? one * (one - noise) + noise : one;  // the library scales them once more
    out.weights.push_back(-0.5 * (others == 0 ? 1 / along : 1 / along - 1 / noise));
    log_determinant += std::log(along);
  }
  out.weights.resize(components.rows + components.columns, others == 0 ? 0.0 : -0.5 / noise);
  out.constant = -0.5 * (double(components.columns) * std::log(2 * std::numbers::pi) + log_determinant);
  return out;
}

// The slot of the score of dense rows.
std::uint32_t score(Lowering& out, const Matrix& components, const std::vector<double>& mean, LogLikelihood log) {
  const auto count = static_cast<std::uint32_t>(components.rows);
  const std::uint32_t centred = out.branch(model::Standardize{.offset = mean, .scale = {}}, out.flow().slot);
  model::Linear along{count, components.values, std::vector<double>(count, 0.0)};
  const std::uint32_t both = out.branch(model::Concat{}, {out.branch(std::move(along), centred), centred});
  const std::uint32_t squares = out.branch(model::Apply{model::Apply::Function::kSquare}, both);
  return out.branch(model::Linear{1, std::move(log.weights), std::vector<double>{log.constant}}, squares);
}

Result<void> pca(const Attributes& fitted, Lowering& out) {
  Matrix components = SLIPWAY_TRY(read_matrix(fitted, "components_"));
  const std::size_t count = components.rows;
  std::vector<double> mean(components.columns, 0.0);
  if (!fitted.is_none("mean_")) mean = SLIPWAY_TRY(fitted.doubles("mean_", components.columns));
  const bool whitens = SLIPWAY_TRY(fitted.flag("whiten"));
  const bool centres_after = fitted.version() >= Version{1, 5};
  // Sparse rows are centred inside the product, which is the same sum with the same rounding as after it.
  const bool of_sparse = fitted.class_name().name == "PCA" && fitted.version() >= Version{1, 4};
  if (of_sparse) SLIPWAY_TRY(out.take_rows(fitted, components.columns));
  if (!of_sparse) SLIPWAY_TRY(out.take_dense(fitted, components.columns));
  out.set_typical(mean);
  out.emit(finite(fitted));
  auto log = SLIPWAY_TRY(log_likelihood(fitted, components, whitens));
  std::optional<std::uint32_t> scored;
  if (log && !out.sparse()) scored = score(out, components, mean, std::move(*log));
  std::vector<double> intercept(count, 0.0);
  if (centres_after || out.sparse()) {
    intercept = minus_projected(mean, components);
  } else {
    out.emit(model::Standardize{.offset = std::move(mean), .scale = {}});
  }
  project(out, std::move(components), std::move(intercept));
  if (whitens) SLIPWAY_TRY(whiten(fitted, out, count, centres_after));
  if (scored) out.predicts({{OutputKind::kTransform, out.flow().slot}, {OutputKind::kScore, *scored}}, {});
  return {};
}

Result<void> truncated_svd(const Attributes& fitted, Lowering& out) {
  Matrix components = SLIPWAY_TRY(read_matrix(fitted, "components_"));
  SLIPWAY_TRY(out.take_rows(fitted, components.columns));
  out.emit(finite(fitted));
  std::vector<double> intercept(components.rows, 0.0);
  project(out, std::move(components), std::move(intercept));
  return {};
}

constexpr std::string_view kIn = "sklearn.decomposition";
constexpr std::string_view kPca[] = {"sklearn.decomposition._pca", "sklearn.decomposition.pca"};
constexpr std::string_view kIncremental[] = {"sklearn.decomposition._incremental_pca",
                                             "sklearn.decomposition.incremental_pca"};
constexpr std::string_view kTruncated[] = {"sklearn.decomposition._truncated_svd",
                                           "sklearn.decomposition.truncated_svd"};

constexpr Estimator kRows[] = {
    {"IncrementalPCA", kIn, kIncremental, pca, "(x - mean_) components_^T"},
    {"PCA", kIn, kPca, pca, "(x - mean_) components_^T, and the log-likelihood of x"},
    {"TruncatedSVD", kIn, kTruncated, truncated_svd, "x components_^T"},
};

}  // namespace

std::span<const Estimator> decomposition() { return kRows; }

}  // namespace slipway::importer::sklearn
