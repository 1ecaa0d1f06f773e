// SPDX-License-Identifier: Apache-2.0
// Densities, and from log likelihoods to probabilities.
#include <cmath>
#include <span>

#include "engine/kernels/ops.h"

namespace slipway::engine::kernels {
namespace {

class Gaussian : public Kernel {
 public:
  Gaussian(const model::GaussianLikelihood& op, Place in, Place out) : op_(op), in_(in), out_(out) {}

  bool run(Frame& frame) const override {
    const double* x = frame.row(in_);
    double* out = frame.row(out_);
    const std::size_t columns = in_.columns;
    for (std::size_t k = 0; k < op_.prior.size(); ++k) {
      const double* mean = op_.mean.data() + k * columns;
      const double* variance = op_.variance.data() + k * columns;
      double sum = 0;
      for (std::size_t i = 0; i < columns; ++i) {
        const double difference = x[i] - mean[i];
        sum += difference * difference / variance[i];
      }
      out[k] = op_.prior[k] + (op_.norm[k] - 0.5 * sum);
    }
    return true;
  }

 private:
  const model::GaussianLikelihood& op_;
  Place in_, out_;
};

class Normalize : public Kernel {
 public:
  Normalize(Place in, Place out) : in_(in), out_(out) {}

  bool run(Frame& frame) const override {
    const std::span<const double> in = frame.values(in_);
    double* out = frame.row(out_);
    double largest = in[0];
    for (const double x : in) {
      if (x > largest || std::isnan(x)) largest = x;
    }
    if (!std::isfinite(largest)) largest = 0;
    double sum = 0;
    for (const double x : in) sum += std::exp(x - largest);
    const double log_sum = std::log(sum) + largest;
    for (std::size_t i = 0; i < in.size(); ++i) out[i] = std::exp(in[i] - log_sum);
    return true;
  }

 private:
  Place in_, out_;
};

}  // namespace

Result<KernelPtr> compile(const model::GaussianLikelihood& op, Compiling& step) {
  const Place out = step.out();
  return std::make_unique<Gaussian>(op, step.in(), out);
}

Result<KernelPtr> compile(const model::ExpNormalize&, Compiling& step) {
  const Place out = step.out();
  return std::make_unique<Normalize>(step.in(), out);
}

}  // namespace slipway::engine::kernels
