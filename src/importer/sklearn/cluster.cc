// SPDX-License-Identifier: Apache-2.0
// Estimators of sklearn.cluster. The nearest centre is where ||c||^2 - 2 x.c is least; doubling and turning the sign
// round nothing, so that is the largest of 2 x.c - ||c||^2. Centres that were fitted on float32 stand as they are:
// scikit-learn computes with them in float32, we in f64.
#include <string>
#include <utility>
#include <vector>

#include "importer/sklearn/estimators.h"
#include "importer/sklearn/lowering.h"
#include "importer/sklearn/matrix.h"

namespace slipway::importer::sklearn {
namespace {

using model::OutputKind;

Result<void> k_means(const Attributes& fitted, Lowering& out) {
  Matrix centres = SLIPWAY_TRY(read_matrix(fitted, "cluster_centers_"));
  SLIPWAY_TRY(out.take_rows(fitted, centres.columns));
  out.emit(model::RequireFinite{.estimator = std::string(fitted.class_name().name)});
  const std::uint32_t rows = out.flow().slot;
  const std::uint32_t dense = out.sparse() ? out.branch(model::Densify{}, rows) : rows;
  const auto count = static_cast<std::uint32_t>(centres.rows);

  model::Linear nearness{.outputs = count, .coef = {}, .intercept = {}};
  std::vector<double> doubled, norms;
  std::vector<model::Label> labels;
  for (std::size_t k = 0; k < centres.rows; ++k) {
    double norm = 0;
    for (std::size_t i = k * centres.columns; i < (k + 1) * centres.columns; ++i) {
      norm += centres.values[i] * centres.values[i];
      doubled.push_back(2 * centres.values[i]);
    }
    norms.push_back(-norm);
    labels.emplace_back(static_cast<std::int64_t>(k));
  }
  nearness.coef = std::move(doubled);
  nearness.intercept = std::move(norms);
  const std::uint32_t index = out.branch(model::ArgmaxIndex{}, out.branch(std::move(nearness), rows));
  model::CompareRows distance{.with = model::CompareRows::With::kEuclidean, .rows = count};
  distance.values = std::move(centres.values);
  distance.norms = distance.add_up_norms(centres.columns);
  const std::uint32_t distances = out.branch(std::move(distance), dense);
  out.predicts({{OutputKind::kPrediction, index}, {OutputKind::kTransform, distances}}, std::move(labels));
  return {};
}

constexpr std::string_view kKMeans[] = {"sklearn.cluster._kmeans", "sklearn.cluster._k_means",
                                        "sklearn.cluster.k_means_"};
constexpr std::string_view kNearest = "the nearest of cluster_centers_, and the distances to them";

constexpr Estimator kRows[] = {
    {"KMeans", "sklearn.cluster", kKMeans, k_means, kNearest},
    {"MiniBatchKMeans", "sklearn.cluster", kKMeans, k_means, kNearest},
};

}  // namespace

std::span<const Estimator> cluster() { return kRows; }

}  // namespace slipway::importer::sklearn
