// SPDX-License-Identifier: Apache-2.0
// The nearest rows, by a heap of the best so far: most rows are farther than its worst and cost a comparison.
#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "engine/kernels/ops.h"

namespace slipway::engine::kernels {
namespace {

using model::SlotType;

struct Candidate {
  double distance;
  std::uint32_t row;
  friend bool operator<(const Candidate& a, const Candidate& b) {
    return a.distance < b.distance || (a.distance == b.distance && a.row < b.row);
  }
};

struct Heap : KernelRoom {
  std::vector<Candidate> best;
};

std::unique_ptr<KernelRoom> make_heap(const void* of) {
  auto heap = std::make_unique<Heap>();
  heap->best.reserve(static_cast<const model::Nearest*>(of)->count);
  return heap;
}

class Smallest : public Kernel {
 public:
  Smallest(const model::Nearest& op, Place in, Place out, std::uint32_t room)
      : op_(op), in_(in), out_(out), room_(room) {}

  bool run(Frame& frame) const override {
    auto& best = static_cast<Heap&>(*frame.buffers.rooms[room_]).best;
    best.clear();
    const double* x = frame.row(in_);
    for (std::uint32_t i = 0; i < op_.count; ++i) best.push_back({known(x[i]), i});
    std::make_heap(best.begin(), best.end());
    double worst = best.front().distance;
    for (std::uint32_t i = op_.count; i < in_.columns; ++i) {
      if (!(x[i] < worst)) continue;
      std::pop_heap(best.begin(), best.end());
      best.back() = {x[i], i};
      std::push_heap(best.begin(), best.end());
      worst = best.front().distance;
    }
    std::sort_heap(best.begin(), best.end());
    double* out = frame.row(out_);
    for (std::uint32_t i = 0; i < op_.count; ++i) {
      out[i] = finish(x[best[i].row]);
      out[op_.count + i] = best[i].row;
    }
    return true;
  }

 private:
  static double known(double distance) { return std::isnan(distance) ? HUGE_VAL : distance; }
  double finish(double distance) const {
    if (op_.finish == model::Nearest::Finish::kRoot) return std::sqrt(distance);
    return op_.finish == model::Nearest::Finish::kPower ? std::pow(distance, 1 / op_.p) : distance;
  }

  const model::Nearest& op_;
  Place in_, out_;
  std::uint32_t room_;
};

// What each of `count` neighbours counts.
void weigh(const double* neighbors, std::uint32_t count, bool by_distance, double* out) {
  std::fill_n(out, count, 1.0);
  if (!by_distance) return;
  bool infinite = false;
  for (std::uint32_t i = 0; i < count; ++i) {
    out[i] = 1.0 / neighbors[i];
    infinite |= std::isinf(out[i]);
  }
  for (std::uint32_t i = 0; infinite && i < count; ++i) out[i] = std::isinf(out[i]) ? 1.0 : 0.0;
}

// The number of a neighbour's row; `rows` if it is none of them.
std::size_t row_of(double number, std::size_t rows) {
  return number >= 0 && number < double(rows) ? static_cast<std::size_t>(number) : rows;
}

class Votes : public Kernel {
 public:
  Votes(const model::NeighborVotes& op, Place in, Place weights, Place out)
      : op_(op), in_(in), weights_(weights), out_(out) {}

  bool run(Frame& frame) const override {
    const std::uint32_t count = in_.columns / 2;
    const double* neighbors = frame.row(in_);
    double* weights = frame.row(weights_);
    double* out = frame.row(out_);
    weigh(neighbors, count, op_.by_distance, weights);
    std::fill_n(out, op_.labels, 0.0);
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::size_t row = row_of(neighbors[count + i], op_.label.size());
      if (row < op_.label.size()) out[op_.label[row]] += weights[i];
    }
    return true;
  }

 private:
  const model::NeighborVotes& op_;
  Place in_, weights_, out_;
};

class Mean : public Kernel {
 public:
  Mean(const model::NeighborMean& op, Place in, Place weights, Place out)
      : op_(op), in_(in), weights_(weights), out_(out) {}

  bool run(Frame& frame) const override {
    const std::uint32_t count = in_.columns / 2, outputs = op_.outputs;
    const std::size_t rows = op_.targets.size() / outputs;
    const double* neighbors = frame.row(in_);
    double* weights = frame.row(weights_);
    double* out = frame.row(out_);
    weigh(neighbors, count, op_.by_distance, weights);
    std::fill_n(out, outputs, 0.0);
    double total = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
      total += weights[i];
      const std::size_t row = row_of(neighbors[count + i], rows);
      if (row == rows) continue;
      const double* targets = op_.targets.data() + row * outputs;
      for (std::uint32_t o = 0; o < outputs; ++o) out[o] += targets[o] * weights[i];
    }
    for (std::uint32_t o = 0; o < outputs; ++o) out[o] /= total;
    return true;
  }

 private:
  const model::NeighborMean& op_;
  Place in_, weights_, out_;
};

}  // namespace

Result<KernelPtr> compile(const model::Nearest& op, Compiling& step) {
  const Place out = step.out();
  return std::make_unique<Smallest>(op, step.in(), out, step.room(make_heap, &op));
}

Result<KernelPtr> compile(const model::NeighborVotes& op, Compiling& step) {
  const Place out = step.out();
  const Place weights = step.room({SlotType::kDense, step.in().columns / 2});
  return std::make_unique<Votes>(op, step.in(), weights, out);
}

Result<KernelPtr> compile(const model::NeighborMean& op, Compiling& step) {
  const Place out = step.out();
  const Place weights = step.room({SlotType::kDense, step.in().columns / 2});
  return std::make_unique<Mean>(op, step.in(), weights, out);
}

}  // namespace slipway::engine::kernels
