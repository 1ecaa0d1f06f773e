// SPDX-License-Identifier: Apache-2.0
// Products with coefficients, and from scores to probabilities and labels.
#include <cmath>

#include "engine/reference/run.h"

namespace slipway::engine::reference {

Value run(const model::Linear& op, Step& step) {
  Value out;
  for (std::uint32_t k = 0; k < op.outputs; ++k) {
    const double* coef = op.coef.data() + std::size_t{k} * step.columns_in();
    double sum = 0;
    for (const auto& [column, value] : step.in().hits) sum += value * coef[column];
    for (std::size_t i = 0; i < step.in().row.size(); ++i) sum += step.in().row[i] * coef[i];
    out.row.push_back(sum + op.intercept[k]);
  }
  return out;
}

Value run(const model::Expit&, Step& step) {
  Value out = step.in();
  for (double& x : out.row) x = 1 / (1 + std::exp(-x));
  return out;
}

Value run(const model::Softmax&, Step& step) {
  Value out = step.in();
  double largest = out.row[0];
  for (const double x : out.row) {
    if (x > largest || std::isnan(x)) largest = x;
  }
  double sum = 0;
  for (double& x : out.row) sum += x = std::exp(x - largest);
  for (double& x : out.row) x /= sum;
  return out;
}

Value run(const model::WithComplement&, Step& step) { return {.row = {1 - step.in().row[0], step.in().row[0]}}; }
Value run(const model::WithNegation&, Step& step) { return {.row = {-step.in().row[0], step.in().row[0]}}; }
Value run(const model::PositiveIndex&, Step& step) { return {.index = step.in().row[0] > 0 ? 1U : 0U}; }

Value run(const model::ArgmaxIndex&, Step& step) {
  const std::vector<double>& row = step.in().row;
  std::uint32_t best = 0;
  for (std::uint32_t i = 1; i < row.size() && !std::isnan(row[best]); ++i) {
    if (row[i] > row[best] || std::isnan(row[i])) best = i;
  }
  return {.index = best};
}

}  // namespace slipway::engine::reference
