// SPDX-License-Identifier: Apache-2.0
// What several models say, made one answer.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "engine/blame.h"
#include "engine/reference/run.h"

namespace slipway::engine::reference {

Value run(const model::Constant& op, Step&) { return {.row = {op.values.begin(), op.values.end()}}; }

Value run(const model::Spread& op, Step& step) {
  Value out;
  out.row.assign(op.width, 0.0);
  for (std::size_t i = 0; i < op.columns.size(); ++i) out.row[op.columns[i]] = step.in().row[i];
  return out;
}

Value run(const model::ThresholdIndex& op, Step& step) {
  const double x = step.in().row[0];
  return {.index = x > op.threshold || (op.equal && x == op.threshold) ? 1U : 0U};
}

Value run(const model::LastArgmaxIndex&, Step& step) {
  double largest = -std::numeric_limits<double>::infinity();
  std::uint32_t index = 0;
  for (std::uint32_t i = 0; i < step.in().row.size(); ++i) {
    const double x = step.in().row[i];
    if (std::isnan(x) || std::isnan(largest)) {
      largest = std::nan("");
    } else if (x >= largest) {
      largest = x;
      index = i;
    }
  }
  return {.index = index};
}

Value run(const model::SammeScores&, Step& step) {
  Value out;
  double sum = 0;
  for (const double x : step.in().row) {
    const double p = x < std::numeric_limits<double>::epsilon() ? std::numeric_limits<double>::epsilon() : x;
    out.row.push_back(std::log(p));
    sum += out.row.back();
  }
  const auto classes = double(out.row.size());
  for (double& x : out.row) x = (classes - 1) * (x - (1 / classes) * sum);
  return out;
}

Value run(const model::WeightedMedian& op, Step& step) {
  const std::vector<double>& values = step.in().row;
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {  // NaN is last; equals in order
    if (std::isnan(values[a]) != std::isnan(values[b])) return std::isnan(values[b]);
    return values[a] == values[b] || std::isnan(values[a]) ? a < b : values[a] < values[b];
  });
  double all = 0;
  for (const std::size_t i : order) all += op.weights[i];
  double sum = 0;
  for (const std::size_t i : order) {
    sum += op.weights[i];
    if (sum >= 0.5 * all) return {.row = {values[i]}};
  }
  return {.row = {values[order[0]]}};
}

Value run(const model::Interpolate& op, Step& step) {
  const double t = step.in().row[0];
  const std::size_t last = op.x.size() - 1;
  if (std::isnan(t)) return {.row = {t}};
  if (t < op.x[0] || t > op.x[last]) {
    using enum model::Interpolate::Outside;
    if (op.outside == kRefused) step.refuse(kOutOfBounds, field_of(step.model, step.slot_in(), 0));
    return {.row = {op.outside != kClipped ? std::nan("") : op.y[t < op.x[0] ? 0 : last]}};
  }
  std::size_t i = 0;
  while (i < last && op.x[i + 1] <= t) ++i;
  if (op.x[i] == t) return {.row = {op.y[i]}};
  const double slope = (op.y[i + 1] - op.y[i]) / (op.x[i + 1] - op.x[i]);
  return {.row = {slope * (t - op.x[i]) + op.y[i]}};
}

}  // namespace slipway::engine::reference
