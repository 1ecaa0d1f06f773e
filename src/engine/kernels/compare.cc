// SPDX-License-Identifier: Apache-2.0
// A row compared with stored rows, all of them; what only the nearest are wanted of is left to neighbors.cc.
#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/kernels/ops.h"
#include "engine/kernels/sums.h"

namespace slipway::engine::kernels {
namespace {

using model::SlotType;
using With = model::CompareRows::With;

struct Canberra {
  double operator()(double sum, double x, double s) const {
    const double size = std::fabs(x) + std::fabs(s);
    return sum + (size > 0 ? std::fabs(x - s) / size : 0.0);
  }
};

// out[i] = f(row i).
template <class F>
void by_row(const model::CompareRows& op, std::size_t columns, double* out, F f) {
  for (std::size_t i = 0; i < op.rows; ++i) out[i] = f(op.values.data() + i * columns);
}

void weighed_powers(const model::CompareRows& op, const double* x, std::size_t columns, double* out) {
  by_row(op, columns, out, [&](const double* s) {
    double sum = 0;
    for (std::size_t c = 0; c < columns; ++c) sum += std::pow(std::fabs(x[c] - s[c]), op.p) * op.weights[c];
    return sum;
  });
}

void scaled(const model::CompareRows& op, const double* x, std::size_t columns, double* out) {
  by_row(op, columns, out, [&](const double* s) {
    double sum = 0;
    for (std::size_t c = 0; c < columns; ++c) sum += (x[c] - s[c]) * (x[c] - s[c]) / op.weights[c];
    return sum;
  });
}

void bray_curtis(const model::CompareRows& op, const double* x, std::size_t columns, double* out) {
  by_row(op, columns, out, [&](const double* s) {
    double apart = 0, size = 0;
    for (std::size_t c = 0; c < columns; ++c) {
      apart += std::fabs(x[c] - s[c]);
      size += std::fabs(x[c]) + std::fabs(s[c]);
    }
    return size > 0 ? apart / size : 0.0;
  });
}

void haversine(const model::CompareRows& op, const double* x, double* out) {
  const double cosine = std::cos(x[0]);
  by_row(op, 2, out, [&](const double* s) {
    const double a = std::sin(0.5 * (x[0] - s[0])), b = std::sin(0.5 * (x[1] - s[1]));
    return 2 * std::asin(std::sqrt(a * a + cosine * std::cos(s[0]) * b * b));
  });
}

void correlation(const model::CompareRows& op, const double* x, std::size_t columns, double* out) {
  double mean = 0, xx = 0;
  for (std::size_t c = 0; c < columns; ++c) mean += x[c];
  mean /= double(columns);
  for (std::size_t c = 0; c < columns; ++c) xx += (x[c] - mean) * (x[c] - mean);
  const double length = std::sqrt(xx);
  by_row(op, columns, out, [&](const double* s) {
    double xs = 0, ss = 0;
    for (std::size_t c = 0; c < columns; ++c) {
      xs += (x[c] - mean) * s[c];
      ss += s[c] * s[c];
    }
    const double cosine = xs / (length * std::sqrt(ss));
    return 1 - (std::fabs(cosine) > 1 ? std::copysign(1.0, cosine) : cosine);
  });
}

void nan_squares(const model::CompareRows& op, const double* x, std::size_t columns, double* out) {
  by_row(op, columns, out, [&](const double* s) {
    double product = 0, xx = 0, ss = 0, only_x = 0, only_s = 0, both = 0;
    for (std::size_t c = 0; c < columns; ++c) {
      const bool no_x = std::isnan(x[c]), no_s = std::isnan(s[c]);
      const double a = no_x ? 0 : x[c], b = no_s ? 0 : s[c];
      product += a * b;
      xx += a * a;
      ss += b * b;
      only_x += no_s ? a * a : 0;
      only_s += no_x ? b * b : 0;
      both += no_x || no_s ? 0 : 1;
    }
    const double square = std::max((-2 * product + xx) + ss, 0.0);
    if (both == 0) return HUGE_VAL;
    return std::max(square - only_x - only_s, 0.0) / both * double(columns);
  });
}

// All sums of a dense row.
void all_sums(const model::CompareRows& op, const double* x, std::size_t columns, double* y) {
  const double* rows = op.values.data();
  switch (op.with) {
    case With::kRbf:
    case With::kDifferences:
      return sums(Squared{}, x, rows, op.rows, columns, y);
    case With::kManhattan:
      return sums(Absolute{}, x, rows, op.rows, columns, y);
    case With::kChebyshev:
      return sums(Farthest{}, x, rows, op.rows, columns, y);
    case With::kMinkowski:
      if (!op.weights.empty()) return weighed_powers(op, x, columns, y);
      return sums(Power{op.p}, x, rows, op.rows, columns, y);
    case With::kHamming:
      return sums(Unequal{}, x, rows, op.rows, columns, y);
    case With::kCanberra:
      return sums(Canberra{}, x, rows, op.rows, columns, y);
    case With::kBrayCurtis:
      return bray_curtis(op, x, columns, y);
    case With::kScaled:
      return scaled(op, x, columns, y);
    case With::kHaversine:
      return haversine(op, x, y);
    case With::kCorrelation:
      return correlation(op, x, columns, y);
    case With::kNanSquares:
      return nan_squares(op, x, columns, y);
    default:
      return sums(Product{}, x, rows, op.rows, columns, y);
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

// Distances of products; norm: x.x.
void from_products(const model::CompareRows& op, double norm, double* y) {
  for (std::uint32_t i = 0; i < op.rows; ++i) {
    const double square = (-2 * y[i] + norm) + op.norms[i];
    y[i] = square > 0 ? square : 0.0;
    if (op.with == With::kEuclidean) y[i] = std::sqrt(y[i]);
  }
}

// What is made of the sums, in place.
void finish(const model::CompareRows& op, std::size_t columns, double* y) {
  const double gamma = op.gamma, coef0 = op.coef0;
  if (op.with == With::kPolynomial) {
    for (std::uint32_t i = 0; i < op.rows; ++i) y[i] = power(gamma * y[i] + coef0, op.degree);
  } else if (op.with == With::kRbf) {
    for (std::uint32_t i = 0; i < op.rows; ++i) y[i] = std::exp(-gamma * y[i]);
  } else if (op.with == With::kSigmoid) {
    for (std::uint32_t i = 0; i < op.rows; ++i) y[i] = std::tanh(gamma * y[i] + coef0);
  } else if (op.with == With::kCosine) {
    for (std::uint32_t i = 0; i < op.rows; ++i) {
      y[i] = std::isnan(y[i]) ? HUGE_VAL : std::min(std::max(1 - y[i], 0.0), 2.0);
    }
  } else if (op.with > With::kSquares) {
    for (std::uint32_t i = 0; i < op.rows; ++i) {
      if (op.with == With::kHamming) y[i] /= double(columns);
      if (std::isnan(y[i])) y[i] = HUGE_VAL;
    }
  }
}

class Compare : public Kernel {
 public:
  Compare(const model::CompareRows& op, Place in, Place out) : op_(op), in_(in), out_(out) {}

  bool run(Frame& frame) const override {
    const double* x = frame.row(in_);
    double* y = frame.row(out_);
    all_sums(op_, x, in_.columns, y);
    if (!op_.has_norms()) {
      finish(op_, in_.columns, y);
      return true;
    }
    double norm = 0;
    sums(Product{}, x, x, 1, in_.columns, &norm);
    from_products(op_, norm, y);
    return true;
  }

 private:
  const model::CompareRows& op_;
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
    if (!op_.has_norms()) {
      finish(op_, in_.columns, y);
      return true;
    }
    double norm = 0;
    for (const Hit& hit : hits) norm += hit.value * hit.value;
    from_products(op_, norm, y);
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
  const Place in = step.in();
  if (is_searched(step.model, step.step)) {
    step.same_as(in);
    return nullptr;
  }
  const Place out = step.out();
  step.reads(op.values.size());
  if (op.sparse) {
    const Place hits = in.type == SlotType::kCsr ? in : step.room({SlotType::kCsr, in.columns});
    return std::make_unique<Merge>(op, in, hits, out);
  }
  return std::make_unique<Compare>(op, in, out);
}

}  // namespace slipway::engine::kernels
