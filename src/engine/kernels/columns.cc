// SPDX-License-Identifier: Apache-2.0
// Of rows of numbers, column by column. Bins are found by halving; the functions are those of both engines.
#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/blame.h"
#include "engine/column_math.h"
#include "engine/kernels/ops.h"

namespace slipway::engine::kernels {
namespace {

using model::SlotType;

// f(column, value) of every value that a row holds, into another row. f gives false to refuse it.
template <class F>
class Each : public Kernel {
 public:
  Each(F f, const Compiling& step, Place out, const char* refusal = nullptr)
      : f_(std::move(f)), model_(step.model), slot_(step.slot_in()), in_(step.in()), out_(out), refusal_(refusal) {}

  bool run(Frame& frame) const override {
    if (out_.type == SlotType::kCsr) {
      std::vector<Hit>& hits = frame.hits(out_);
      hits = frame.hits(in_);
      for (Hit& hit : hits) {
        if (!f_(hit.column, hit.value)) return frame.refuse(refusal_, field_of(model_, slot_, hit.column));
      }
      return true;
    }
    const double* in = frame.row(in_);
    double* out = frame.row(out_);
    for (std::uint32_t i = 0; i < out_.columns; ++i) {
      double value = in[i];
      if (!f_(i, value)) return frame.refuse(refusal_, field_of(model_, slot_, i));
      out[i] = value;
    }
    return true;
  }

 private:
  F f_;
  const model::Model& model_;
  std::uint32_t slot_;
  Place in_, out_;
  const char* refusal_;
};

class Multiply : public Kernel {
 public:
  Multiply(const model::Products& op, Place in, Place out) : op_(op), in_(in), out_(out) {}

  bool run(Frame& frame) const override {
    constexpr std::uint32_t kNone = model::Products::kNone;
    const double* in = frame.row(in_);
    double* out = frame.row(out_);
    const std::uint32_t* left = op_.left.data();
    const std::uint32_t* right = op_.right.data();
    for (std::uint32_t k = 0; k < out_.columns; ++k) {
      const double x = right[k] == kNone ? 1.0 : in[right[k]];
      out[k] = left[k] == kNone ? x : out[left[k]] * x;
    }
    return true;
  }

 private:
  const model::Products& op_;
  Place in_, out_;
};

template <class F>
KernelPtr each(F f, Compiling& step, const char* refusal = nullptr) {
  const Place out = step.out();
  return std::make_unique<Each<F>>(std::move(f), step, out, refusal);
}

}  // namespace

Result<KernelPtr> compile(const model::Products& op, Compiling& step) {
  const Place out = step.out();
  return std::make_unique<Multiply>(op, step.in(), out);
}

Result<KernelPtr> compile(const model::Discretize& op, Compiling& step) {
  return each(
      [&op](std::uint32_t column, double& x) {
        const double at = op.nudged ? x + (1e-8 + 1e-5 * std::fabs(x)) : x;
        const double* begin = op.edges.data() + op.starts[column];
        const double* end = op.edges.data() + op.starts[column + 1];
        x = std::isnan(at) ? 0.0 : double(std::upper_bound(begin, end, at) - begin);
        return true;
      },
      step);
}

Result<KernelPtr> compile(const model::PowerTransform& op, Compiling& step) {
  return each(
      [&op](std::uint32_t column, double& x) {
        if (op.method == model::PowerTransform::Method::kBoxCox && x <= 0) return false;
        x = power_transform(op.method, op.lambdas[column], x, op.single);
        return true;
      },
      step, kNotPositive);
}

Result<KernelPtr> compile(const model::QuantileTransform& op, Compiling& step) {
  const bool refuses = op.refuse_negative && step.in().type == SlotType::kCsr;
  return each(
      [&op, refuses](std::uint32_t column, double& x) {
        if (refuses && x < 0) return false;
        const std::size_t size = op.references.size();
        x = quantile_transform(op.output, x, op.quantiles.span().subspan(column * size, size), op.references);
        return true;
      },
      step, kNegative);
}

Result<KernelPtr> compile(const model::Apply& op, Compiling& step) {
  return each(
      [&op](std::uint32_t, double& x) {
        x = apply(op.function, x);
        return true;
      },
      step);
}

}  // namespace slipway::engine::kernels
