// SPDX-License-Identifier: Apache-2.0
// The nearest rows, and what their labels or targets say.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "engine/reference/run.h"

namespace slipway::engine::reference {
namespace {

// What each neighbour counts.
std::vector<double> weights(const std::vector<double>& neighbors, bool by_distance) {
  std::vector<double> out(neighbors.size() / 2, 1.0);
  if (!by_distance) return out;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = 1.0 / neighbors[i];
  if (std::ranges::none_of(out, [](double w) { return std::isinf(w); })) return out;
  for (double& weight : out) weight = std::isinf(weight) ? 1.0 : 0.0;
  return out;
}

// The number of a neighbour's row; `rows` if it is none of them.
std::size_t row_of(double number, std::size_t rows) {
  return number >= 0 && number < double(rows) ? static_cast<std::size_t>(number) : rows;
}

}  // namespace

Value run(const model::Nearest& op, Step& step) {
  const std::vector<double>& x = step.in().row;
  std::vector<std::uint32_t> order(x.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::partial_sort(order, order.begin() + op.count, {},
                            [&](std::uint32_t i) { return std::pair(std::isnan(x[i]) ? HUGE_VAL : x[i], i); });
  order.resize(op.count);
  Value out;
  for (const std::uint32_t row : order) {
    double distance = x[row];
    if (op.finish == model::Nearest::Finish::kRoot) distance = std::sqrt(distance);
    if (op.finish == model::Nearest::Finish::kPower) distance = std::pow(distance, 1 / op.p);
    out.row.push_back(distance);
  }
  out.row.insert(out.row.end(), order.begin(), order.end());
  return out;
}

Value run(const model::NeighborVotes& op, Step& step) {
  const std::vector<double>& neighbors = step.in().row;
  const std::vector<double> weight = weights(neighbors, op.by_distance);
  Value out{.row = std::vector<double>(op.labels, 0.0)};
  for (std::size_t i = 0; i < weight.size(); ++i) {
    const std::size_t row = row_of(neighbors[weight.size() + i], op.label.size());
    if (row < op.label.size()) out.row[op.label[row]] += weight[i];
  }
  return out;
}

Value run(const model::NeighborMean& op, Step& step) {
  const std::vector<double>& neighbors = step.in().row;
  const std::vector<double> weight = weights(neighbors, op.by_distance);
  const std::size_t rows = op.targets.size() / op.outputs;
  double total = 0;
  for (const double one : weight) total += one;
  Value out;
  for (std::size_t o = 0; o < op.outputs; ++o) {
    double sum = 0;
    for (std::size_t i = 0; i < weight.size(); ++i) {
      const std::size_t row = row_of(neighbors[weight.size() + i], rows);
      if (row < rows) sum += op.targets[row * op.outputs + o] * weight[i];
    }
    out.row.push_back(sum / total);
  }
  return out;
}

}  // namespace slipway::engine::reference
