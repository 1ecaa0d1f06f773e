// SPDX-License-Identifier: Apache-2.0
// One against one: sums, votes, scores and probabilities of all pairs of labels. Tables of pairs lie in the thread's
// buffers.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "engine/kernels/ops.h"

namespace slipway::engine::kernels {
namespace {

using model::SlotType;

class Sum : public Kernel {
 public:
  Sum(const model::PairwiseSum& op, Place in, Place out) : op_(op), in_(in), out_(out) {}

  bool run(Frame& frame) const override {
    const double* x = frame.row(in_);
    double* out = frame.row(out_);
    const std::size_t labels = op_.support.size(), columns = in_.columns;
    std::size_t begin = 0, pair = 0;
    for (std::size_t i = 0; i < labels; ++i) {
      std::size_t other = begin + op_.support[i];
      const double* of_other = op_.coef.data() + i * columns;
      for (std::size_t j = i + 1; j < labels; ++j, ++pair) {
        const double* of_this = op_.coef.data() + (j - 1) * columns;
        double sum = 0;
        for (std::size_t k = begin; k < begin + op_.support[i]; ++k) sum += of_this[k] * x[k];
        for (std::size_t k = other; k < other + op_.support[j]; ++k) sum += of_other[k] * x[k];
        out[pair] = sum + op_.intercept[pair];
        other += op_.support[j];
      }
      begin += op_.support[i];
    }
    return true;
  }

 private:
  const model::PairwiseSum& op_;
  Place in_, out_;
};

class Vote : public Kernel {
 public:
  Vote(const model::PairwiseVote& op, Place in, Place votes, Place out)
      : labels_(op.labels), in_(in), votes_(votes), out_(out) {}

  bool run(Frame& frame) const override {
    const double* x = frame.row(in_);
    double* votes = frame.row(votes_);
    std::fill_n(votes, labels_, 0.0);
    for (std::uint32_t i = 0; i < labels_; ++i) {
      for (std::uint32_t j = i + 1; j < labels_; ++j) votes[*x++ > 0 ? i : j] += 1;
    }
    frame.index(out_) = std::uint32_t(std::max_element(votes, votes + labels_) - votes);
    return true;
  }

 private:
  std::uint32_t labels_;
  Place in_, votes_, out_;
};

class Scores : public Kernel {
 public:
  Scores(const model::PairwiseScores& op, Place in, Place sums, Place out) : op_(op), in_(in), sums_(sums), out_(out) {}

  bool run(Frame& frame) const override {
    const double* x = frame.row(in_);
    double* votes = frame.row(out_);
    double* sums = frame.row(sums_);
    std::fill_n(votes, op_.labels, 0.0);
    std::fill_n(sums, op_.labels, 0.0);
    for (std::uint32_t i = 0; i < op_.labels; ++i) {
      for (std::uint32_t j = i + 1; j < op_.labels; ++j, ++x) {
        sums[i] += *x;
        sums[j] -= *x;
        votes[*x < op_.threshold ? j : i] += 1;
      }
    }
    add(std::span(sums, op_.labels), votes);
    return true;
  }

 private:
  void add(std::span<const double> sums, double* votes) const {
    if (op_.confidence == model::PairwiseScores::Confidence::kBounded) {
      for (std::size_t i = 0; i < sums.size(); ++i) votes[i] += sums[i] / (3 * (std::fabs(sums[i]) + 1));
      return;
    }
    const auto [low, high] = std::ranges::minmax(sums);
    if (low == high) return;
    const double scale = (0.5 - std::numeric_limits<double>::epsilon()) / std::max(std::fabs(high), std::fabs(low));
    for (std::size_t i = 0; i < sums.size(); ++i) votes[i] += sums[i] * scale;
  }

  const model::PairwiseScores& op_;
  Place in_, sums_, out_;
};

class Couple : public Kernel {
 public:
  // `room`: two tables of all pairs and a row.
  Couple(const model::PairwiseProbability& op, Place in, Place room, Place out)
      : op_(op), n_(op.labels), in_(in), room_(room), out_(out) {}

  bool run(Frame& frame) const override {
    double* r = frame.row(room_);
    double* q = r + n_ * n_;
    double* p = frame.row(out_);
    sigmoids(frame.row(in_), r);
    quadratic(r, q);
    std::fill_n(p, n_, 1.0 / double(n_));
    for (std::size_t round = 0; round < std::max<std::size_t>(100, n_); ++round) {
      if (improve(q, q + n_ * n_, p)) break;
    }
    return true;
  }

 private:
  void sigmoids(const double* x, double* r) const {
    std::size_t pair = 0;
    for (std::size_t i = 0; i < n_; ++i) {
      for (std::size_t j = i + 1; j < n_; ++j, ++pair) {
        const double z = x[pair] * op_.a[pair] + op_.b[pair];
        double p = z >= 0 ? std::exp(-z) / (1.0 + std::exp(-z)) : 1.0 / (1 + std::exp(z));
        p = p > 1e-7 ? p : 1e-7;
        p = p < 1 - 1e-7 ? p : 1 - 1e-7;
        r[i * n_ + j] = p;
        r[j * n_ + i] = 1 - p;
      }
    }
  }

  void quadratic(const double* r, double* q) const {
    for (std::size_t t = 0; t < n_; ++t) {
      double sum = 0;
      for (std::size_t j = 0; j < n_; ++j) {
        if (j != t) sum += r[j * n_ + t] * r[j * n_ + t];
        if (j < t) q[t * n_ + j] = q[j * n_ + t];
        if (j > t) q[t * n_ + j] = -r[j * n_ + t] * r[t * n_ + j];
      }
      q[t * n_ + t] = sum;
    }
  }

  // One round of libsvm's; true if p was good enough before.
  bool improve(const double* q, double* qp, double* p) const {
    double pqp = 0, worst = 0;
    for (std::size_t t = 0; t < n_; ++t) {
      qp[t] = 0;
      for (std::size_t j = 0; j < n_; ++j) qp[t] += q[t * n_ + j] * p[j];
      pqp += p[t] * qp[t];
    }
    for (std::size_t t = 0; t < n_; ++t) {
      if (std::fabs(qp[t] - pqp) > worst) worst = std::fabs(qp[t] - pqp);
    }
    if (worst < 0.005 / double(n_)) return true;
    for (std::size_t t = 0; t < n_; ++t) {
      const double own = q[t * n_ + t];
      const double diff = (-qp[t] + pqp) / own;
      p[t] += diff;
      pqp = (pqp + diff * (diff * own + 2 * qp[t])) / (1 + diff) / (1 + diff);
      for (std::size_t j = 0; j < n_; ++j) {
        qp[j] = (qp[j] + diff * q[t * n_ + j]) / (1 + diff);
        p[j] /= (1 + diff);
      }
    }
    return false;
  }

  const model::PairwiseProbability& op_;
  std::size_t n_;
  Place in_, room_, out_;
};

}  // namespace

Result<KernelPtr> compile(const model::PairwiseSum& op, Compiling& step) {
  const Place out = step.out();
  return std::make_unique<Sum>(op, step.in(), out);
}

Result<KernelPtr> compile(const model::PairwiseVote& op, Compiling& step) {
  const Place out = step.out();
  return std::make_unique<Vote>(op, step.in(), step.room({SlotType::kDense, op.labels}), out);
}

Result<KernelPtr> compile(const model::PairwiseScores& op, Compiling& step) {
  const Place out = step.out();
  return std::make_unique<Scores>(op, step.in(), step.room({SlotType::kDense, op.labels}), out);
}

Result<KernelPtr> compile(const model::PairwiseProbability& op, Compiling& step) {
  const Place out = step.out();
  const std::uint32_t size = 2 * op.labels * op.labels + op.labels;
  return std::make_unique<Couple>(op, step.in(), step.room({SlotType::kDense, size}), out);
}

}  // namespace slipway::engine::kernels
