// SPDX-License-Identifier: Apache-2.0
// Products with coefficients, and from scores to probabilities and labels.
#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "engine/kernels/ops.h"

namespace slipway::engine::kernels {
namespace {

using model::SlotType;

class Dot : public Kernel {
 public:
  // `transposed`: [columns][outputs], for more than one output: one sum alone is a chain that waits for its own last
  // addition, many side by side are not.
  // `check`: of the row, or nullptr. A value that is not finite makes every sum that it is part of not finite, with
  // whatever coefficient; so the row is looked at only if a sum is not.
  Dot(const model::Linear& op, std::vector<double> transposed, KernelPtr check, Place in, Place out)
      : op_(op), transposed_(std::move(transposed)), check_(std::move(check)), in_(in), out_(out) {}

  bool run(Frame& frame) const override {
    double* out = frame.row(out_);
    if (in_.type == SlotType::kDense) {
      dense(frame.row(in_), out);
    } else {
      sparse(frame.hits(in_), out);
    }
    return check_ == nullptr || std::isfinite(out[0]) || check_->run(frame);
  }

 private:
  void sparse(std::span<const Hit> hits, double* out) const {
    if (op_.outputs == 1) {
      double sum = 0;
      for (const Hit& hit : hits) sum += hit.value * op_.coef[hit.column];
      out[0] = sum + op_.intercept[0];
      return;
    }
    std::fill_n(out, op_.outputs, 0.0);
    for (const Hit& hit : hits) {
      const double* coef = transposed_.data() + std::size_t{hit.column} * op_.outputs;
      for (std::uint32_t k = 0; k < op_.outputs; ++k) out[k] += hit.value * coef[k];
    }
    for (std::uint32_t k = 0; k < op_.outputs; ++k) out[k] += op_.intercept[k];
  }

  void dense(const double* in, double* out) const {
    const std::size_t outputs = op_.outputs;
    if (outputs == 1) {
      double sum = 0;
      for (std::uint32_t i = 0; i < in_.columns; ++i) sum += in[i] * op_.coef[i];
      out[0] = sum + op_.intercept[0];
      return;
    }
    std::fill_n(out, outputs, 0.0);
    for (std::uint32_t i = 0; i < in_.columns; ++i) {
      const double* coef = transposed_.data() + i * outputs;
      const double x = in[i];
      for (std::size_t k = 0; k < outputs; ++k) out[k] += x * coef[k];
    }
    for (std::size_t k = 0; k < outputs; ++k) out[k] += op_.intercept[k];
  }

  const model::Linear& op_;
  std::vector<double> transposed_;
  KernelPtr check_;
  Place in_, out_;
};

// A few columns of all outputs at a time: what is written stays in the cache until it is full.
std::vector<double> transpose(const model::Linear& op, std::size_t columns) {
  constexpr std::size_t kTile = 16;
  std::vector<double> out(op.coef.size());
  for (std::size_t begin = 0; begin < columns; begin += kTile) {
    const std::size_t end = std::min(begin + kTile, columns);
    for (std::size_t k = 0; k < op.outputs; ++k) {
      for (std::size_t i = begin; i < end; ++i) out[i * op.outputs + k] = op.coef[k * columns + i];
    }
  }
  return out;
}

// The operators without parameters: of a dense row to one.
using Formula = void (*)(std::span<const double> in, double* out);
template <Formula kFormula>
class Squash : public Kernel {
 public:
  Squash(Place in, Place out) : in_(in), out_(out) {}
  bool run(Frame& frame) const override {
    kFormula(frame.values(in_), frame.row(out_));
    return true;
  }

 private:
  Place in_, out_;
};

template <Formula kFormula>
KernelPtr squash(Compiling& step) {
  const Place out = step.out();
  return std::make_unique<Squash<kFormula>>(step.in(), out);
}

void expit(std::span<const double> in, double* out) {
  for (std::size_t i = 0; i < in.size(); ++i) out[i] = 1 / (1 + std::exp(-in[i]));
}

void softmax(std::span<const double> in, double* out) {
  double largest = in[0];
  for (const double x : in) {
    if (x > largest || std::isnan(x)) largest = x;
  }
  double sum = 0;
  for (std::size_t i = 0; i < in.size(); ++i) sum += out[i] = std::exp(in[i] - largest);
  for (std::size_t i = 0; i < in.size(); ++i) out[i] /= sum;
}

void complement(std::span<const double> in, double* out) {
  out[0] = 1 - in[0];
  out[1] = in[0];
}

void negation(std::span<const double> in, double* out) {
  out[0] = -in[0];
  out[1] = in[0];
}

// From a row to the index of a label.
using Choice = std::uint32_t (*)(std::span<const double> in);
template <Choice kChoice>
class Choose : public Kernel {
 public:
  Choose(Place in, Place out) : in_(in), out_(out) {}
  bool run(Frame& frame) const override {
    frame.index(out_) = kChoice(frame.values(in_));
    return true;
  }

 private:
  Place in_, out_;
};

template <Choice kChoice>
KernelPtr choose(Compiling& step) {
  const Place out = step.out();
  return std::make_unique<Choose<kChoice>>(step.in(), out);
}

std::uint32_t positive(std::span<const double> in) { return in[0] > 0 ? 1 : 0; }

std::uint32_t argmax(std::span<const double> in) {
  std::uint32_t best = 0;
  for (std::uint32_t i = 1; i < in.size() && !std::isnan(in[best]); ++i) {
    if (in[i] > in[best] || std::isnan(in[i])) best = i;
  }
  return best;
}

}  // namespace

Result<KernelPtr> compile(const model::Linear& op, Compiling& step) {
  const Place out = step.out();
  std::vector<double> transposed = op.outputs > 1 ? transpose(op, step.in().columns) : std::vector<double>();
  return std::make_unique<Dot>(op, std::move(transposed), check_before(step), step.in(), out);
}

Result<KernelPtr> compile(const model::Expit&, Compiling& step) { return squash<expit>(step); }
Result<KernelPtr> compile(const model::Softmax&, Compiling& step) { return squash<softmax>(step); }
Result<KernelPtr> compile(const model::WithComplement&, Compiling& step) { return squash<complement>(step); }
Result<KernelPtr> compile(const model::WithNegation&, Compiling& step) { return squash<negation>(step); }
Result<KernelPtr> compile(const model::PositiveIndex&, Compiling& step) { return choose<positive>(step); }
Result<KernelPtr> compile(const model::ArgmaxIndex&, Compiling& step) { return choose<argmax>(step); }

}  // namespace slipway::engine::kernels
