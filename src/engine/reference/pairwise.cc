// SPDX-License-Identifier: Apache-2.0
// One against one: libsvm's sums, votes and probabilities, and scikit-learn's scores.
#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/reference/run.h"

namespace slipway::engine::reference {
namespace {

double sigmoid(double decision, double a, double b) {
  const double z = decision * a + b;
  return z >= 0 ? std::exp(-z) / (1.0 + std::exp(-z)) : 1.0 / (1 + std::exp(z));
}

using Table = std::vector<std::vector<double>>;

// The quadratic form that the probabilities minimise.
Table quadratic(const Table& r) {
  const std::size_t n = r.size();
  Table q(n, std::vector<double>(n, 0.0));
  for (std::size_t t = 0; t < n; ++t) {
    for (std::size_t j = 0; j < n; ++j) {
      if (j != t) q[t][t] += r[j][t] * r[j][t];
    }
    for (std::size_t j = 0; j < n; ++j) {
      if (j < t) q[t][j] = q[j][t];
      if (j > t) q[t][j] = -r[j][t] * r[t][j];
    }
  }
  return q;
}

// libsvm's multiclass_probability.
std::vector<double> couple(const Table& r) {
  const std::size_t n = r.size();
  const Table q = quadratic(r);
  std::vector<double> p(n, 1.0 / double(n)), qp(n);
  for (std::size_t round = 0; round < std::max<std::size_t>(100, n); ++round) {
    double pqp = 0, worst = 0;
    for (std::size_t t = 0; t < n; ++t) {
      qp[t] = 0;
      for (std::size_t j = 0; j < n; ++j) qp[t] += q[t][j] * p[j];
      pqp += p[t] * qp[t];
    }
    for (std::size_t t = 0; t < n; ++t) {
      if (std::fabs(qp[t] - pqp) > worst) worst = std::fabs(qp[t] - pqp);
    }
    if (worst < 0.005 / double(n)) break;
    for (std::size_t t = 0; t < n; ++t) {
      const double diff = (-qp[t] + pqp) / q[t][t];
      p[t] += diff;
      pqp = (pqp + diff * (diff * q[t][t] + 2 * qp[t])) / (1 + diff) / (1 + diff);
      for (std::size_t j = 0; j < n; ++j) {
        qp[j] = (qp[j] + diff * q[t][j]) / (1 + diff);
        p[j] /= (1 + diff);
      }
    }
  }
  return p;
}

}  // namespace

Value run(const model::PairwiseSum& op, Step& step) {
  const std::vector<double>& x = step.in().row;
  const std::size_t labels = op.support.size();
  std::vector<std::size_t> begin(labels + 1, 0);
  for (std::size_t i = 0; i < labels; ++i) begin[i + 1] = begin[i] + op.support[i];
  Value out;
  for (std::size_t i = 0; i < labels; ++i) {
    for (std::size_t j = i + 1; j < labels; ++j) {
      double sum = 0;
      for (std::size_t k = begin[i]; k < begin[i + 1]; ++k) sum += op.coef[(j - 1) * x.size() + k] * x[k];
      for (std::size_t k = begin[j]; k < begin[j + 1]; ++k) sum += op.coef[i * x.size() + k] * x[k];
      out.row.push_back(sum + op.intercept[out.row.size()]);
    }
  }
  return out;
}

Value run(const model::PairwiseVote& op, Step& step) {
  std::vector<int> votes(op.labels);
  std::size_t pair = 0;
  for (std::size_t i = 0; i < op.labels; ++i) {
    for (std::size_t j = i + 1; j < op.labels; ++j) ++votes[step.in().row[pair++] > 0 ? i : j];
  }
  return {.index = std::uint32_t(std::ranges::max_element(votes) - votes.begin())};
}

Value run(const model::PairwiseScores& op, Step& step) {
  std::vector<double> votes(op.labels), sums(op.labels);
  std::size_t pair = 0;
  for (std::size_t i = 0; i < op.labels; ++i) {
    for (std::size_t j = i + 1; j < op.labels; ++j) {
      const double decision = step.in().row[pair++];
      sums[i] += decision;
      sums[j] -= decision;
      votes[decision < op.threshold ? j : i] += 1;
    }
  }
  Value out;
  if (op.confidence == model::PairwiseScores::Confidence::kBounded) {
    for (std::size_t i = 0; i < op.labels; ++i) {
      out.row.push_back(votes[i] + sums[i] / (3 * (std::fabs(sums[i]) + 1)));
    }
    return out;
  }
  const auto [low, high] = std::ranges::minmax(sums);
  if (low == high) return {.row = votes};
  const double scale = (0.5 - std::numeric_limits<double>::epsilon()) / std::max(std::fabs(high), std::fabs(low));
  for (std::size_t i = 0; i < op.labels; ++i) out.row.push_back(votes[i] + sums[i] * scale);
  return out;
}

Value run(const model::PairwiseProbability& op, Step& step) {
  Table r(op.labels, std::vector<double>(op.labels));
  std::size_t pair = 0;
  for (std::size_t i = 0; i < op.labels; ++i) {
    for (std::size_t j = i + 1; j < op.labels; ++j, ++pair) {
      const double p = sigmoid(step.in().row[pair], op.a[pair], op.b[pair]);
      r[i][j] = p > 1e-7 ? p : 1e-7;
      r[i][j] = r[i][j] < 1 - 1e-7 ? r[i][j] : 1 - 1e-7;
      r[j][i] = 1 - r[i][j];
    }
  }
  return {.row = couple(r)};
}

}  // namespace slipway::engine::reference
