// SPDX-License-Identifier: Apache-2.0
// What several models say, made one answer.
#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/blame.h"
#include "engine/kernels/ops.h"

namespace slipway::engine::kernels {
namespace {

void formula(const model::Spread& op, std::span<const double> in, double* out) {
  std::fill_n(out, op.width, 0.0);
  for (std::size_t i = 0; i < in.size(); ++i) out[op.columns[i]] = in[i];
}

void formula(const model::SammeScores&, std::span<const double> in, double* out) {
  constexpr double kTiny = std::numeric_limits<double>::epsilon();
  double sum = 0;
  for (std::size_t i = 0; i < in.size(); ++i) sum += out[i] = std::log(in[i] < kTiny ? kTiny : in[i]);
  const auto classes = double(in.size());
  const double mean = (1 / classes) * sum;
  for (std::size_t i = 0; i < in.size(); ++i) out[i] = (classes - 1) * (out[i] - mean);
}

void formula(const model::Interpolate& op, std::span<const double> in, double* out) {
  const double t = in[0];
  const std::size_t last = op.x.size() - 1;
  if (std::isnan(t)) {
    out[0] = t;
  } else if (t < op.x[0] || t > op.x[last]) {
    out[0] = op.outside != model::Interpolate::Outside::kClipped ? std::nan("") : op.y[t < op.x[0] ? 0 : last];
  } else {
    const auto i = std::size_t(std::upper_bound(op.x.begin(), op.x.end(), t) - op.x.begin()) - 1;
    out[0] = op.x[i] == t ? op.y[i] : (op.y[i + 1] - op.y[i]) / (op.x[i + 1] - op.x[i]) * (t - op.x[i]) + op.y[i];
  }
}

// An Interpolate that refuses what lies outside of its points.
class Inside : public Kernel {
 public:
  Inside(const model::Interpolate& op, std::uint32_t field, Place in, Place out)
      : op_(op), field_(field), in_(in), out_(out) {}
  bool run(Frame& frame) const override {
    const double t = *frame.row(in_);
    if (t < op_.x[0] || t > op_.x[op_.x.size() - 1]) return frame.refuse(kOutOfBounds, field_);
    formula(op_, frame.values(in_), frame.row(out_));
    return true;
  }

 private:
  const model::Interpolate& op_;
  std::uint32_t field_;
  Place in_, out_;
};

// An operator from a dense row to a dense row, by a function of the operator.
template <class Op>
class Rowwise : public Kernel {
 public:
  Rowwise(const Op& op, Place in, Place out) : op_(op), in_(in), out_(out) {}
  bool run(Frame& frame) const override {
    formula(op_, frame.values(in_), frame.row(out_));
    return true;
  }

 private:
  const Op& op_;
  Place in_, out_;
};

template <class Op>
KernelPtr rowwise(const Op& op, Compiling& step) {
  const Place out = step.out();
  return std::make_unique<Rowwise<Op>>(op, step.in(), out);
}

class Same : public Kernel {
 public:
  Same(const model::Constant& op, Place out) : op_(op), out_(out) {}
  bool run(Frame& frame) const override {
    std::ranges::copy(op_.values, frame.row(out_));
    return true;
  }

 private:
  const model::Constant& op_;
  Place out_;
};

// Sorts the numbers of the values, not the values.
class Median : public Kernel {
 public:
  Median(const model::WeightedMedian& op, std::uint32_t room, Place in, Place out)
      : op_(op), room_(room), in_(in), out_(out) {}

  struct Order : KernelRoom {
    std::vector<std::uint32_t> of;
  };
  static std::unique_ptr<KernelRoom> make(const void* of) {
    auto out = std::make_unique<Order>();
    out->of.resize(static_cast<const model::WeightedMedian*>(of)->weights.size());
    return out;
  }

  bool run(Frame& frame) const override {
    const double* values = frame.row(in_);
    std::vector<std::uint32_t>& order = static_cast<Order&>(*frame.buffers.rooms[room_]).of;
    for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    const auto before = [&](std::uint32_t a, std::uint32_t b) {
      if (values[a] < values[b]) return true;
      if (values[b] < values[a]) return false;
      const bool nan_a = std::isnan(values[a]), nan_b = std::isnan(values[b]);
      return nan_a != nan_b ? nan_b : a < b;  // NaN is last; equals in order
    };
    std::ranges::sort(order, before);
    double all = 0, sum = 0;
    for (const std::uint32_t i : order) all += op_.weights[i];
    double& out = *frame.row(out_);
    out = values[order[0]];
    for (const std::uint32_t i : order) {
      sum += op_.weights[i];
      out = values[i];
      if (sum >= 0.5 * all) return true;
    }
    out = values[order[0]];
    return true;
  }

 private:
  const model::WeightedMedian& op_;
  std::uint32_t room_;
  Place in_, out_;
};

std::uint32_t choice(const model::ThresholdIndex& op, std::span<const double> in) {
  return (op.equal ? in[0] >= op.threshold : in[0] > op.threshold) ? 1 : 0;
}

std::uint32_t choice(const model::LastArgmaxIndex&, std::span<const double> in) {
  double largest = -std::numeric_limits<double>::infinity();
  std::uint32_t index = 0;
  for (std::uint32_t i = 0; i < in.size() && !std::isnan(in[i]); ++i) {
    if (in[i] >= largest) {
      largest = in[i];
      index = i;
    }
  }
  return index;
}

// From a row to an index, by a function of the operator.
template <class Op>
class Pick : public Kernel {
 public:
  Pick(const Op& op, Place in, Place out) : op_(op), in_(in), out_(out) {}
  bool run(Frame& frame) const override {
    frame.index(out_) = choice(op_, frame.values(in_));
    return true;
  }

 private:
  const Op& op_;
  Place in_, out_;
};

template <class Op>
KernelPtr pick(const Op& op, Compiling& step) {
  const Place out = step.out();
  return std::make_unique<Pick<Op>>(op, step.in(), out);
}

}  // namespace

Result<KernelPtr> compile(const model::Constant& op, Compiling& step) {
  const Place out = step.out();
  return std::make_unique<Same>(op, out);
}
Result<KernelPtr> compile(const model::Spread& op, Compiling& step) { return rowwise(op, step); }
Result<KernelPtr> compile(const model::ThresholdIndex& op, Compiling& step) { return pick(op, step); }
Result<KernelPtr> compile(const model::LastArgmaxIndex& op, Compiling& step) { return pick(op, step); }
Result<KernelPtr> compile(const model::SammeScores& op, Compiling& step) { return rowwise(op, step); }
Result<KernelPtr> compile(const model::WeightedMedian& op, Compiling& step) {
  const std::uint32_t room = step.room(Median::make, &op);
  const Place out = step.out();
  return std::make_unique<Median>(op, room, step.in(), out);
}
Result<KernelPtr> compile(const model::Interpolate& op, Compiling& step) {
  if (op.outside != model::Interpolate::Outside::kRefused) return rowwise(op, step);
  const Place out = step.out();
  return std::make_unique<Inside>(op, field_of(step.model, step.slot_in(), 0), step.in(), out);
}

}  // namespace slipway::engine::kernels
