// SPDX-License-Identifier: Apache-2.0
// A row compared with stored rows. Each sum has a written order, so one alone is a chain that waits for its own last
// addition; eight rows at a time are eight chains side by side.
#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/kernels/ops.h"

namespace slipway::engine::kernels {
namespace {

using model::SlotType;
using With = model::CompareRows::With;

constexpr std::uint32_t kLanes = 8;

double product(double x, double s) { return x * s; }
double squared(double x, double s) {
  const double difference = x - s;
  return difference * difference;
}

// out[i] = the sum over columns of term(x, row i).
template <double (*kTerm)(double, double)>
void sums(const double* x, const double* rows, std::size_t count, std::size_t columns, double* out) {
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    double sum[kLanes] = {};
    const double* at = rows + i * columns;
    for (std::size_t column = 0; column < columns; ++column) {
      for (std::size_t lane = 0; lane < kLanes; ++lane) sum[lane] += kTerm(x[column], at[lane * columns + column]);
    }
    std::copy_n(sum, kLanes, out + i);
  }
  for (; i < count; ++i) {
    double sum = 0;
    for (std::size_t column = 0; column < columns; ++column) sum += kTerm(x[column], rows[i * columns + column]);
    out[i] = sum;
  }
}

double power(double base, std::uint32_t times) {
  double result = 1;
  for (; times > 0; times /= 2) {
    if (times % 2 == 1) result *= base;
    base *= base;
  }
  return result;
}

// What is made of the sums, in place.
void finish(const model::CompareRows& op, double* y) {
  const double gamma = op.gamma, coef0 = op.coef0;
  if (op.with == With::kPolynomial) {
    for (std::uint32_t i = 0; i < op.rows; ++i) y[i] = power(gamma * y[i] + coef0, op.degree);
  } else if (op.with == With::kRbf) {
    for (std::uint32_t i = 0; i < op.rows; ++i) y[i] = std::exp(-gamma * y[i]);
  } else if (op.with == With::kSigmoid) {
    for (std::uint32_t i = 0; i < op.rows; ++i) y[i] = std::tanh(gamma * y[i] + coef0);
  }
}

class Compare : public Kernel {
 public:
  // `norms`: s.s of each row, for distances.
  Compare(const model::CompareRows& op, std::vector<double> norms, Place in, Place out)
      : op_(op), norms_(std::move(norms)), in_(in), out_(out) {}

  bool run(Frame& frame) const override {
    const double* x = frame.row(in_);
    double* y = frame.row(out_);
    if (op_.with == With::kRbf) {
      sums<squared>(x, op_.values.data(), op_.rows, in_.columns, y);
    } else {
      sums<product>(x, op_.values.data(), op_.rows, in_.columns, y);
    }
    if (op_.with != With::kEuclidean) {
      finish(op_, y);
      return true;
    }
    double norm = 0;
    sums<product>(x, x, 1, in_.columns, &norm);
    for (std::uint32_t i = 0; i < op_.rows; ++i) {
      const double square = (-2 * y[i] + norm) + norms_[i];
      y[i] = std::sqrt(square > 0 ? square : 0.0);
    }
    return true;
  }

 private:
  const model::CompareRows& op_;
  std::vector<double> norms_;
  Place in_, out_;
};

// Of sparse rows.
class Merge : public Kernel {
 public:
  // `hits`: where a dense input's entries go.
  Merge(const model::CompareRows& op, Place in, Place hits, Place out) : op_(op), in_(in), hits_(hits), out_(out) {}

  bool run(Frame& frame) const override {
    if (in_.type == SlotType::kDense) {
      std::vector<Hit>& hits = frame.hits(hits_);
      hits.clear();
      const double* x = frame.row(in_);
      for (std::uint32_t i = 0; i < in_.columns; ++i) {
        if (x[i] != 0) hits.push_back({i, 0, x[i]});
      }
    }
    const std::vector<Hit>& hits = frame.hits(hits_);
    double* y = frame.row(out_);
    for (std::uint32_t i = 0; i < op_.rows; ++i) {
      y[i] = op_.with == With::kRbf ? difference(hits, i) : dot(hits, i);
    }
    finish(op_, y);
    return true;
  }

 private:
  double dot(std::span<const Hit> x, std::uint32_t row) const {
    std::uint64_t k = op_.row_start[row];
    const std::uint64_t end = op_.row_start[row + 1];
    double sum = 0;
    for (std::size_t i = 0; i < x.size() && k < end;) {
      const std::uint32_t a = x[i].column, b = op_.column[k];
      if (a == b) sum += x[i].value * op_.values[k];
      i += a <= b ? 1 : 0;
      k += a >= b ? 1 : 0;
    }
    return sum;
  }

  double difference(std::span<const Hit> x, std::uint32_t row) const {
    std::uint64_t k = op_.row_start[row];
    const std::uint64_t end = op_.row_start[row + 1];
    std::size_t i = 0;
    double sum = 0;
    while (i < x.size() && k < end) {
      const std::uint32_t a = x[i].column, b = op_.column[k];
      const double d = (a <= b ? x[i].value : 0.0) - (a >= b ? op_.values[k] : 0.0);
      sum += d * d;
      i += a <= b ? 1 : 0;
      k += a >= b ? 1 : 0;
    }
    for (; i < x.size(); ++i) sum += x[i].value * x[i].value;
    for (; k < end; ++k) sum += op_.values[k] * op_.values[k];
    return sum;
  }

  const model::CompareRows& op_;
  Place in_, hits_, out_;
};

}  // namespace

Result<KernelPtr> compile(const model::CompareRows& op, Compiling& step) {
  const Place out = step.out();
  const Place in = step.in();
  if (op.sparse) {
    const Place hits = in.type == SlotType::kCsr ? in : step.room({SlotType::kCsr, in.columns});
    return std::make_unique<Merge>(op, in, hits, out);
  }
  std::vector<double> norms;
  if (op.with == With::kEuclidean) {
    norms.resize(op.rows);
    for (std::size_t i = 0; i < op.rows; ++i) {
      const double* row = op.values.data() + i * in.columns;
      sums<product>(row, row, 1, in.columns, &norms[i]);
    }
  }
  return std::make_unique<Compare>(op, std::move(norms), in, out);
}

}  // namespace slipway::engine::kernels
