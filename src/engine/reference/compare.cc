// SPDX-License-Identifier: Apache-2.0
// A row compared with stored rows: libsvm's kernel functions, and distances.
#include <algorithm>
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
    case With::kCosine:
      return std::isnan(sum) ? HUGE_VAL : std::min(std::max(1 - sum, 0.0), 2.0);
    default:
      return sum;
  }
}

double from_products(const model::CompareRows& op, double product, double x, double s) {
  const double square = (-2 * product + x) + s;
  const double positive = square > 0 ? square : 0.0;
  return op.with == With::kEuclidean ? std::sqrt(positive) : positive;
}

double difference(const model::CompareRows& op, double x, double s) {
  if (op.with == With::kHamming) return x != s ? 1 : 0;
  if (op.with == With::kCanberra) {
    const double size = std::fabs(x) + std::fabs(s);
    return size > 0 ? std::fabs(x - s) / size : 0.0;
  }
  if (op.with == With::kMinkowski) return std::pow(std::fabs(x - s), op.p);
  if (op.with == With::kManhattan || op.with == With::kChebyshev) return std::fabs(x - s);
  return (x - s) * (x - s);
}

double haversine(const std::vector<double>& x, const double* s) {
  const double a = std::sin(0.5 * (x[0] - s[0])), b = std::sin(0.5 * (x[1] - s[1]));
  return 2 * std::asin(std::sqrt(a * a + std::cos(x[0]) * std::cos(s[0]) * b * b));
}

double correlation(const std::vector<double>& x, const double* s) {
  double mean = 0, xs = 0, xx = 0, ss = 0;
  for (const double one : x) mean += one;
  mean /= double(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    xs += (x[i] - mean) * s[i];
    xx += (x[i] - mean) * (x[i] - mean);
    ss += s[i] * s[i];
  }
  const double cosine = xs / (std::sqrt(xx) * std::sqrt(ss));
  return 1 - (std::fabs(cosine) > 1 ? std::copysign(1.0, cosine) : cosine);
}

double bray_curtis(const std::vector<double>& x, const double* s) {
  double apart = 0, size = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    apart += std::fabs(x[i] - s[i]);
    size += std::fabs(x[i]) + std::fabs(s[i]);
  }
  return size > 0 ? apart / size : 0.0;
}

// Transcribed from nan_euclidean_distances.
double nan_squares(std::vector<double> x, const double* stored) {
  std::vector<double> s(stored, stored + x.size());
  double product = 0, xx = 0, ss = 0, only_x = 0, only_s = 0, both = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const bool no_x = std::isnan(x[i]), no_s = std::isnan(s[i]);
    if (no_x) x[i] = 0;
    if (no_s) s[i] = 0;
    product += x[i] * s[i];
    xx += x[i] * x[i];
    ss += s[i] * s[i];
    if (no_s) only_x += x[i] * x[i];
    if (no_x) only_s += s[i] * s[i];
    both += !no_x && !no_s ? 1 : 0;
  }
  const double square = std::max((-2 * product + xx) + ss, 0.0);
  if (both == 0) return std::nan("");
  return std::max(square - only_x - only_s, 0.0) / both * double(x.size());
}

double distance(const model::CompareRows& op, const std::vector<double>& x, const double* s) {
  double sum = 0;
  if (op.with == With::kHaversine) sum = haversine(x, s);
  if (op.with == With::kCorrelation) sum = correlation(x, s);
  if (op.with == With::kBrayCurtis) sum = bray_curtis(x, s);
  if (op.with == With::kNanSquares) sum = nan_squares(x, s);
  const bool of_columns = op.with < With::kHaversine && op.with != With::kBrayCurtis;
  for (std::size_t i = 0; of_columns && i < x.size(); ++i) {
    double one = difference(op, x[i], s[i]);
    if (op.with == With::kScaled) one /= op.weights[i];
    if (op.with == With::kMinkowski && !op.weights.empty()) one *= op.weights[i];
    if (op.with == With::kChebyshev) {
      sum = one > sum || std::isnan(one) ? one : sum;
    } else {
      sum += one;
    }
  }
  if (op.with == With::kRbf) return finish(op, sum);
  if (op.with == With::kHamming) sum /= double(x.size());
  return std::isnan(sum) ? HUGE_VAL : sum;
}

double compare(const model::CompareRows& op, const std::vector<double>& x, std::size_t row) {
  const std::size_t n = x.size();
  const double* s = op.values.data() + row * n;
  if (op.has_norms()) return from_products(op, dot(x.data(), s, n), dot(x.data(), x.data(), n), op.norms[row]);
  if (op.with == With::kRbf || (op.with > With::kSquares && op.with != With::kCosine)) return distance(op, x, s);
  return finish(op, dot(x.data(), s, n));
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
  if (!op.has_norms()) return finish(op, sum);
  double own = 0;
  for (const auto& hit : x) own += hit.second * hit.second;
  return from_products(op, sum, own, op.norms[row]);
}

}  // namespace

Value run(const model::CompareRows& op, Step& step) {
  Value out;
  if (!op.sparse) {
    for (std::size_t i = 0; i < op.rows; ++i) out.row.push_back(compare(op, step.in().row, i));
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
