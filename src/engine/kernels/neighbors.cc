// SPDX-License-Identifier: Apache-2.0
// The nearest rows, by a heap of the best so far: most rows are farther than its worst and cost a comparison. Where the
// distances are wanted for nothing else they are not all made: rows stand in the order of the library's own tree, so
// halves of halves of them lie in small boxes, and a box that is farther than the worst is left out. The result is the
// same to the last bit: see bound().
#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/kernels/ops.h"
#include "engine/kernels/sums.h"

namespace slipway::engine::kernels {
namespace {

using model::SlotType;

using With = model::CompareRows::With;

struct Candidate {
  double distance;
  std::uint32_t row;
  friend bool operator<(const Candidate& a, const Candidate& b) {
    return a.distance < b.distance || (a.distance == b.distance && a.row < b.row);
  }
};

// A node of the search: the rows from begin to end, none nearer than bound.
struct Node {
  double bound;
  std::uint32_t number, begin, end;
};

struct Heap : KernelRoom {
  std::vector<Candidate> best;
  std::vector<Node> open;
};

std::unique_ptr<KernelRoom> make_heap(const void* of) {
  auto heap = std::make_unique<Heap>();
  heap->best.reserve(static_cast<const model::Nearest*>(of)->count);
  heap->open.reserve(64);  // a node for each halving of 2^30 rows, and one more
  return heap;
}

double known(double distance) { return std::isnan(distance) ? HUGE_VAL : distance; }

// The neighbours, of a heap of `count` candidates.
void give(const model::Nearest& op, std::vector<Candidate>& best, double* out) {
  using Finish = model::Nearest::Finish;
  std::sort_heap(best.begin(), best.end());
  for (std::uint32_t i = 0; i < op.count; ++i) {
    const double distance = best[i].distance;
    out[i] = op.finish == Finish::kRoot    ? std::sqrt(distance)
             : op.finish == Finish::kPower ? std::pow(distance, 1 / op.p)
                                           : distance;
    out[op.count + i] = best[i].row;
  }
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
    give(op_, best, frame.row(out_));
    return true;
  }

 private:
  const model::Nearest& op_;
  Place in_, out_;
  std::uint32_t room_;
};

constexpr std::uint32_t kLeaf = 32;  // rows, at most

// A binary tree over rows where they stand: node i has the rows of nodes 2i + 1 (the first half) and 2i + 2, all leaves
// are equally deep, and every node has the box around its rows: the lowest value of each column, then the highest.
template <class Add>
class Search : public Kernel {
 public:
  Search(Add add, const model::CompareRows& rows, const model::Nearest& op, Place in, Place out, std::uint32_t room)
      : add_(add), rows_(rows), op_(op), in_(in), out_(out), room_(room) {
    while (rows.rows > std::uint64_t{kLeaf} * (inner_ + 1)) inner_ = 2 * inner_ + 1;
    const std::uint32_t nodes = 2 * inner_ + 1, columns = in.columns;
    std::vector<std::uint32_t> begin(nodes), end(nodes);
    end[0] = rows.rows;
    for (std::uint32_t i = 0; i < inner_; ++i) {
      begin[2 * i + 1] = begin[i];
      begin[2 * i + 2] = end[2 * i + 1] = begin[i] + (end[i] - begin[i]) / 2;
      end[2 * i + 2] = end[i];
    }
    boxes_.resize(std::size_t{nodes} * 2 * columns);
    for (std::uint32_t i = nodes; i-- > 0;) {
      double* box = boxes_.data() + std::size_t{i} * 2 * columns;
      std::fill_n(box, columns, HUGE_VAL);
      std::fill_n(box + columns, columns, -HUGE_VAL);
      if (i < inner_) {
        for (std::size_t child = 2 * std::size_t{i} + 1; child <= 2 * std::size_t{i} + 2; ++child) {
          widen(box, &boxes_[child * 2 * columns], &boxes_[(child * 2 + 1) * columns], columns);
        }
        continue;
      }
      for (std::size_t row = begin[i]; row < end[i]; ++row) {
        const double* values = rows.values.data() + row * columns;
        widen(box, values, values, columns);
      }
    }
  }

  bool run(Frame& frame) const override {
    auto& [best, open] = room(frame);
    best.clear();
    open.assign(1, {0, 0, 0, rows_.rows});
    const double* x = frame.row(in_);
    while (!open.empty()) {
      const Node node = open.back();
      open.pop_back();
      if (best.size() == op_.count && node.bound > best.front().distance) continue;
      if (node.number >= inner_) {
        look(x, node, best);
        continue;
      }
      const std::uint32_t middle = node.begin + (node.end - node.begin) / 2, child = 2 * node.number + 1;
      const Node first{bound(x, child), child, node.begin, middle};
      const Node second{bound(x, child + 1), child + 1, middle, node.end};
      const bool swapped = first.bound < second.bound;  // the nearer comes last, to be looked at next
      open.push_back(swapped ? second : first);
      open.push_back(swapped ? first : second);
    }
    give(op_, best, frame.row(out_));
    return true;
  }

 private:
  Heap& room(Frame& frame) const { return static_cast<Heap&>(*frame.buffers.rooms[room_]); }

  static void widen(double* box, const double* low, const double* high, std::size_t columns) {
    for (std::size_t c = 0; c < columns; ++c) {
      if (low[c] < box[c]) box[c] = low[c];
      if (high[c] > box[columns + c]) box[columns + c] = high[c];
    }
  }

  // A distance of a sum. Of differing columns it is their share.
  double finished(double sum) const {
    if constexpr (std::is_same_v<Add, Unequal>) sum /= double(in_.columns);
    return known(sum);
  }

  // The distance of the point of the box that is nearest to x. No row in the box has a smaller one, not by a rounding
  // either: in every column it is as far from x or farther, and subtracting, multiplying and adding never turn an order
  // round. pow() may, by a last bit: there the bound is lowered by more than all roundings together.
  double bound(const double* x, std::uint32_t node) const {
    const double* low = boxes_.data() + std::size_t{node} * 2 * in_.columns;
    const double* high = low + in_.columns;
    double sum = 0;
    for (std::uint32_t c = 0; c < in_.columns; ++c) sum = add_(sum, x[c], std::max(low[c], std::min(x[c], high[c])));
    if constexpr (std::is_same_v<Add, Power>) {
      constexpr double kUlp = std::numeric_limits<double>::epsilon();
      sum = sum * (1 - 2 * kUlp * (in_.columns + 4)) - std::numeric_limits<double>::min();
    }
    return finished(sum);
  }

  void look(const double* x, const Node& leaf, std::vector<Candidate>& best) const {
    double distance[kLeaf] = {};
    const double* values = rows_.values.data() + std::size_t{leaf.begin} * in_.columns;
    sums(add_, x, values, leaf.end - leaf.begin, in_.columns, distance);
    for (std::uint32_t row = leaf.begin; row < leaf.end; ++row) {
      const Candidate found{finished(distance[row - leaf.begin]), row};
      if (best.size() == op_.count) {
        if (!(found < best.front())) continue;
        std::pop_heap(best.begin(), best.end());
        best.pop_back();
      }
      best.push_back(found);
      std::push_heap(best.begin(), best.end());
    }
  }

  Add add_;
  const model::CompareRows& rows_;
  const model::Nearest& op_;
  Place in_, out_;
  std::uint32_t room_, inner_ = 0;  // nodes that are no leaves
  std::vector<double> boxes_;
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

bool is_searched(const model::Model& model, std::uint32_t step) {
  const auto* rows = std::get_if<model::CompareRows>(&model.steps()[step].op);
  if (rows == nullptr || rows->sparse || rows->rows <= kLeaf) return false;
  if (rows->with < With::kDifferences || rows->with > With::kHamming || !rows->weights.empty()) return false;
  if (rows->with == With::kMinkowski && !(rows->p > 0)) return false;  // then what is farther has the smaller power
  const auto reads = [&](const model::Step& other) { return std::ranges::count(other.inputs, step + 1) > 0; };
  for (const model::Step& other : model.steps()) {
    if (reads(other) && !std::holds_alternative<model::Nearest>(other.op)) return false;
  }
  return std::ranges::none_of(model.outputs(), [&](const model::Output& output) { return output.slot == step + 1; });
}

Result<KernelPtr> compile(const model::Nearest& op, Compiling& step) {
  const Place in = step.in(), out = step.out();
  const std::uint32_t room = step.room(make_heap, &op);
  const std::uint32_t from = step.slot_in();
  if (from == 0 || !is_searched(step.model, from - 1)) return std::make_unique<Smallest>(op, in, out, room);
  const auto& rows = std::get<model::CompareRows>(step.model.steps()[from - 1].op);
  const auto search = [&](auto add) -> KernelPtr {
    return std::make_unique<Search<decltype(add)>>(add, rows, op, in, out, room);
  };
  if (rows.with == With::kManhattan) return search(Absolute{});
  if (rows.with == With::kChebyshev) return search(Farthest{});
  if (rows.with == With::kMinkowski) return search(Power{rows.p});
  if (rows.with == With::kHamming) return search(Unequal{});
  return search(Squared{});
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
