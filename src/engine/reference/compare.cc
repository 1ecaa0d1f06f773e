// SPDX-License-Identifier: Apache-2.0
// A row compared with stored rows: libsvm's kernel functions, and distances.
#include <cmath>

#include "engine/reference/run.h"

namespace slipway::engine::reference {
namespace {

using With = model::CompareRows::With;

double power(double base, std::uint32_t times) {
  double result = 1;
  for (; times > 0; times /= 2) {
    if (times % 2 == 1) result *= base;
    base *= base;
  }
  return result;
}

double dot(const double* x, const double* s, std::size_t size) {
  double sum = 0;
  for (std::size_t i = 0; i < size; ++i) sum += x[i] * s[i];
  return sum;
}

// What is made of the sum of products, or of squared differences.
double finish(const model::CompareRows& op, double sum) {
  switch (op.with) {
    case With::kPolynomial:
      return power(op.gamma * sum + op.coef0, op.degree);
    case With::kRbf:
      return std::exp(-op.gamma * sum);
    case With::kSigmoid:
      return std::tanh(op.gamma * sum + op.coef0);
    default:
      return sum;
  }
}

double compare(const model::CompareRows& op, const std::vector<double>& x, const double* s) {
  if (op.with == With::kEuclidean) {
    const double square = (-2 * dot(x.data(), s, x.size()) + dot(x.data(), x.data(), x.size())) + dot(s, s, x.size());
    return std::sqrt(square > 0 ? square : 0.0);
  }
  if (op.with != With::kRbf) return finish(op, dot(x.data(), s, x.size()));
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += (x[i] - s[i]) * (x[i] - s[i]);
  return finish(op, sum);
}

// Merges two sparse rows as libsvm does.
double merge(const model::CompareRows& op, const std::vector<std::pair<std::uint32_t, double>>& x, std::uint32_t row) {
  const bool squares = op.with == With::kRbf;
  std::size_t i = 0;
  std::uint64_t k = op.row_start[row];
  const std::uint64_t end = op.row_start[row + 1];
  double sum = 0;
  while (i < x.size() || k < end) {
    if (k == end || (i < x.size() && x[i].first < op.column[k])) {
      if (squares) sum += x[i].second * x[i].second;
      ++i;
    } else if (i == x.size() || x[i].first > op.column[k]) {
      if (squares) sum += op.values[k] * op.values[k];
      ++k;
    } else {
      const double difference = x[i].second - op.values[k];
      sum += squares ? difference * difference : x[i].second * op.values[k];
      ++i;
      ++k;
    }
  }
  return finish(op, sum);
}

}  // namespace

Value run(const model::CompareRows& op, Step& step) {
  Value out;
  if (!op.sparse) {
    const std::size_t columns = step.columns_in();
    for (std::size_t i = 0; i < op.rows; ++i) {
      out.row.push_back(compare(op, step.in().row, op.values.data() + i * columns));
    }
    return out;
  }
  auto hits = step.in().hits;
  for (std::uint32_t i = 0; i < step.in().row.size(); ++i) {
    if (step.in().row[i] != 0) hits.emplace_back(i, step.in().row[i]);
  }
  for (std::uint32_t i = 0; i < op.rows; ++i) out.row.push_back(merge(op, hits, i));
  return out;
}

}  // namespace slipway::engine::reference
