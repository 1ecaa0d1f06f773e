// SPDX-License-Identifier: Apache-2.0
// Of rows to rows of the same columns. A dense row whose zeros cannot change a result may stay sparse: that is so
// when every reader is a Linear with finite coefficients. Its sum starts at +0.0, and adding x * 0 = +-0.0 to a sum
// that is not -0.0 changes no bit (it never becomes -0.0, since only -0.0 + -0.0 is).
#include <algorithm>
#include <cmath>
#include <span>

#include "engine/kernels/hit_writer.h"
#include "engine/kernels/ops.h"
#include "engine/kernels/vectors.h"

namespace slipway::engine {

bool zeros_are_unread(const model::Model& model, std::uint32_t slot) {
  std::vector<bool> same(model.slots().size());  // slots with the same values as `slot`
  same[slot] = true;
  for (std::uint32_t i = 0; i < model.steps().size(); ++i) {
    const model::Step& step = model.steps()[i];
    if (std::ranges::none_of(step.inputs, [&](std::uint32_t input) { return bool(same[input]); })) continue;
    const auto* linear = std::get_if<model::Linear>(&step.op);
    if (std::holds_alternative<model::RequireFinite>(step.op)) {
      same[i + 1] = true;
    } else if (linear == nullptr || !std::ranges::all_of(linear->coef, [](double x) { return std::isfinite(x); })) {
      return false;
    }
  }
  return std::ranges::none_of(model.outputs(), [&](const model::Output& output) { return bool(same[output.slot]); });
}

namespace kernels {
namespace {

using model::SlotType;

// Hits on one column become one.
void fold(std::span<const Hit> in, bool last_wins, std::vector<Hit>& out) {
  HitWriter writer(out, in.size());
  writer.push_folded(in, 0, last_wins);
  writer.finish();
}

// Densify whose zeros nobody reads: duplicates are folded, the row stays sparse.
class Merge : public Kernel {
 public:
  Merge(bool last_wins, Place in, Place out) : last_wins_(last_wins), in_(in), out_(out) {}
  bool run(Frame& frame) const override {
    fold(frame.hits(in_), last_wins_, frame.hits(out_));
    return true;
  }

 private:
  bool last_wins_;
  Place in_, out_;
};

class Scatter : public Kernel {
 public:
  Scatter(bool last_wins, Place in, Place out) : last_wins_(last_wins), in_(in), out_(out) {}
  bool run(Frame& frame) const override {
    double* out = frame.row(out_);
    std::fill_n(out, out_.columns, 0.0);
    for (const Hit& hit : frame.hits(in_)) out[hit.column] = last_wins_ ? hit.value : out[hit.column] + hit.value;
    return true;
  }

 private:
  bool last_wins_;
  Place in_, out_;
};

// Standardize of dense rows.
class Shift : public Kernel {
 public:
  Shift(const model::Standardize& op, Place in, Place out) : op_(op), in_(in), out_(out) {}
  bool run(Frame& frame) const override {
    standardize(frame.values(in_), op_.offset.span(), op_.scale.span(), frame.row(out_));
    return true;
  }

 private:
  const model::Standardize& op_;
  Place in_, out_;
};

class Scale : public Kernel {
 public:
  Scale(const model::ScaleColumns& op, Place in, Place out) : op_(op), in_(in), out_(out) {}
  bool run(Frame& frame) const override {
    if (in_.type == SlotType::kCsr) {
      std::vector<Hit>& out = frame.hits(out_);
      out = frame.hits(in_);
      for (Hit& hit : out) hit.value *= op_.factor[hit.column];
      return true;
    }
    const double* in = frame.row(in_);
    double* out = frame.row(out_);
    for (std::uint32_t i = 0; i < out_.columns; ++i) out[i] = in[i] * op_.factor[i];
    return true;
  }

 private:
  const model::ScaleColumns& op_;
  Place in_, out_;
};

// f of all that the rows hold.
template <class F>
void each(const Place& in, const Place& out, Frame& frame, F f) {
  if (in.type == SlotType::kCsr) {
    std::vector<Hit>& to = frame.hits(out);
    if (in.at != out.at) to = frame.hits(in);
    for (Hit& hit : to) hit.value = f(hit.value);
    return;
  }
  std::transform(frame.row(in), frame.row(in) + in.columns, frame.row(out), f);
}

template <class F>
class Map : public Kernel {
 public:
  Map(F f, Place in, Place out) : f_(f), in_(in), out_(out) {}
  bool run(Frame& frame) const override {
    each(in_, out_, frame, f_);
    return true;
  }

 private:
  F f_;
  Place in_, out_;
};

template <class F>
KernelPtr map(F f, Compiling& step) {
  const Place out = step.out();
  return std::make_unique<Map<F>>(f, step.in(), out);
}

// The norm with one more value.
double longer(model::NormalizeRows::Norm kind, double norm, double x) {
  using enum model::NormalizeRows::Norm;
  switch (kind) {
    case kSum:
      return norm + x;
    case kL1:
      return norm + std::fabs(x);
    case kL2:
      return norm + x * x;
    case kMax:
      return std::fabs(x) > norm ? std::fabs(x) : norm;
    case kSignedMax:
      return x > norm ? x : norm;
  }
  return norm;
}

class Normalize : public Kernel {
 public:
  Normalize(const model::NormalizeRows& op, Place in, Place out) : op_(op), in_(in), out_(out) {}

  bool run(Frame& frame) const override {
    using enum model::NormalizeRows::Norm;
    using enum model::NormalizeRows::Zero;
    Place from = in_;
    if (from.type == SlotType::kCsr) {
      const bool once = op_.norm == kMax || op_.norm == kSignedMax;
      if (once) fold(frame.hits(from), false, frame.hits(out_));
      if (!once) frame.hits(out_) = frame.hits(from);
      from = out_;
    }
    const double norm = norm_of(frame);
    const bool zero = norm == 0 || std::fabs(norm) < op_.tiny;
    const double share = 1.0 / double(in_.columns);
    each(from, out_, frame, [&](double x) {
      if (!zero || op_.zero == kDivide) return x / norm;
      return op_.zero == kUniform ? share : x;
    });
    return true;
  }

 private:
  double norm_of(Frame& frame) const {
    using enum model::NormalizeRows::Norm;
    double norm = 0;
    if (in_.type == SlotType::kCsr) {
      const std::vector<Hit>& values = frame.hits(out_);
      const bool full = values.size() >= in_.columns;
      if (op_.norm == kSignedMax && full) norm = values[0].value;  // else the zeros that it does not hold take part
      for (const Hit& hit : values) norm = longer(op_.norm, norm, hit.value);
    } else {
      const double* in = frame.row(in_);
      if (op_.norm == kSignedMax) norm = in[0];
      for (std::uint32_t i = 0; i < in_.columns; ++i) norm = longer(op_.norm, norm, in[i]);
    }
    return op_.norm == kL2 ? std::sqrt(norm) : norm;
  }

  const model::NormalizeRows& op_;
  Place in_, out_;
};

}  // namespace

Result<KernelPtr> compile(const model::Densify& op, Compiling& step) {
  if (zeros_are_unread(step.model, step.step + 1)) {
    const Place out = step.out_as({SlotType::kCsr, step.in().columns});
    return std::make_unique<Merge>(op.last_wins, step.in(), out);
  }
  const Place out = step.out();
  return std::make_unique<Scatter>(op.last_wins, step.in(), out);
}

Result<KernelPtr> compile(const model::Standardize& op, Compiling& step) {
  const Place out = step.out();
  return std::make_unique<Shift>(op, step.in(), out);
}

Result<KernelPtr> compile(const model::ScaleColumns& op, Compiling& step) {
  const Place out = step.out();
  return std::make_unique<Scale>(op, step.in(), out);
}

Result<KernelPtr> compile(const model::Clip& op, Compiling& step) {
  return map([low = op.low, high = op.high](double x) { return x < low ? low : x > high ? high : x; }, step);
}

Result<KernelPtr> compile(const model::Binarize& op, Compiling& step) {
  return map([threshold = op.threshold](double x) { return x > threshold ? 1.0 : 0.0; }, step);
}

Result<KernelPtr> compile(const model::RoundToFloat&, Compiling& step) {
  return map([](double x) { return double(float(x)); }, step);
}

Result<KernelPtr> compile(const model::NormalizeRows& op, Compiling& step) {
  const Place out = step.out();
  return std::make_unique<Normalize>(op, step.in(), out);
}

}  // namespace kernels
}  // namespace slipway::engine
