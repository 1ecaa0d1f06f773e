// SPDX-License-Identifier: Apache-2.0
// Densities, and from log likelihoods to probabilities.
#include <algorithm>
#include <cmath>

#include "engine/reference/run.h"

namespace slipway::engine::reference {

Value run(const model::GaussianLikelihood& op, Step& step) {
  const std::vector<double>& x = step.in().row;
  Value out;
  for (std::size_t k = 0; k < op.prior.size(); ++k) {
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double difference = x[i] - op.mean[k * x.size() + i];
      sum += difference * difference / op.variance[k * x.size() + i];
    }
    out.row.push_back(op.prior[k] + (op.norm[k] - 0.5 * sum));
  }
  return out;
}

Value run(const model::ExpNormalize&, Step& step) {
  Value out = step.in();
  double largest = out.row[0];
  for (const double x : out.row) {
    if (x > largest || std::isnan(x)) largest = x;
  }
  if (!std::isfinite(largest)) largest = 0;
  double sum = 0;
  for (const double x : out.row) sum += std::exp(x - largest);
  const double log_sum = std::log(sum) + largest;
  for (double& x : out.row) x = std::exp(x - log_sum);
  return out;
}

}  // namespace slipway::engine::reference
