// SPDX-License-Identifier: Apache-2.0
// A walk down one tree waits for memory at every step, so sixteen trees go down together, without a branch: a leaf is
// its own child, and who has arrived stays. Every second level we look whether all have. (trees_avx512.cc does it with
// vectors, where it can.) Then the leaves' values are added in the order of the trees. The tables are the model's own,
// wherever they are mapped: nothing is built here.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

#include "engine/kernels/ops.h"
#include "engine/kernels/trees_avx512.h"

namespace slipway::engine::kernels {
namespace {

using model::TreeSum;

constexpr std::size_t kLanes = 16;

bool has(const std::uint32_t* set, double x) {
  const std::uint32_t category = x < 0x1p31 ? std::uint32_t(x) & 0xFF : 0;  // what a C cast to 8 bits gives
  return (set[category / 32] >> (category % 32) & 1) != 0;
}

// One word a node; numbers are floats.
class NarrowWalk {
 public:
  using Number = float;
  static constexpr std::size_t kWords = 1;

  explicit NarrowWalk(const TreeSum& op) : bits_(op.feature_bits), mask_((1U << op.feature_bits) - 1) {}

  // Gives the distance that a split has to its children; 0 of a leaf.
  template <bool kMissing>
  std::uint32_t step(const std::uint64_t*& at, const float* row) const {
    const std::uint64_t word = *at;
    const auto link = std::uint32_t(word >> 32);
    const float x = row[link & mask_];
    std::uint32_t right = !(x <= std::bit_cast<float>(std::uint32_t(word)));
    if constexpr (kMissing) right &= ~(std::uint32_t(x != x) & (link >> bits_));
    const auto children = std::uint32_t(std::uint64_t{link} >> (bits_ + 1));
    at += children + right;
    return children;
  }
  static std::uint32_t row_of(std::uint64_t word) { return std::uint32_t(word) - TreeSum::kNarrowLeaf; }
  static std::array<std::uint64_t, 1> idle(std::uint32_t columns) {
    return {std::uint64_t{columns} << 32 | TreeSum::kNarrowLeaf};
  }

 private:
  std::uint32_t bits_, mask_;
};

// Two words a node; numbers are doubles.
template <bool kCategories>
class WideWalk {
 public:
  using Number = double;
  static constexpr std::size_t kWords = 2;

  explicit WideWalk(const TreeSum& op) : left_(op.left_sets.data()), known_(op.known_sets.data()) {}

  template <bool kMissing>
  std::uint32_t step(const std::uint64_t*& at, const double* row) const {
    const std::uint64_t word = at[0], link = at[1];
    const auto asks = std::uint32_t(link >> 32);
    const double x = row[asks & TreeSum::kFeature];
    std::uint32_t right = !(x <= std::bit_cast<double>(word));
    if constexpr (kMissing) right &= ~(std::uint32_t(x != x) & (asks >> 31));
    if constexpr (kCategories) {
      if ((asks & TreeSum::kCategorical) != 0) right = category_right(word, asks, x);
    }
    const auto children = std::uint32_t(link);
    at += std::size_t{2} * (children + right);
    return children;
  }
  static std::uint32_t row_of(std::uint64_t word) { return std::uint32_t(word - TreeSum::kWideLeaf); }
  static std::array<std::uint64_t, 2> idle(std::uint32_t columns) {
    return {TreeSum::kWideLeaf, std::uint64_t{columns} << 32};
  }

 private:
  std::uint32_t category_right(std::uint64_t set, std::uint32_t asks, double x) const {
    if (x >= 0) {
      if (has(left_ + set * TreeSum::kSetWords, x)) return 0;
      if (has(known_ + std::size_t{asks & TreeSum::kFeature} * TreeSum::kSetWords, x)) return 1;
    }
    return (asks & TreeSum::kMissingLeft) != 0 ? 0 : 1;
  }

  const std::uint32_t *left_, *known_;
};

template <class Number>
struct RowRoom : KernelRoom {
  RowRoom(std::size_t columns, std::size_t trees) : row(std::max(columns + 1, kVectorWalkRow)), leaves(trees) {}
  std::vector<Number> row;
  std::vector<std::uint32_t> leaves;  // rows of values, one a tree
};

template <class Walk>
class Forest : public Kernel {
 public:
  using Number = typename Walk::Number;
  using Room = RowRoom<Number>;

  Forest(const TreeSum& op, Compiling& step)
      : op_(op),
        walk_(op),
        in_(step.in()),
        begin_(step.inputs() == 2 ? step.in(1) : Place{}),
        out_(step.out()),
        idle_(Walk::idle(in_.columns)),
        vector_walks_{vector_walk(op, in_.columns, false), vector_walk(op, in_.columns, true)},
        room_(step.room(
            [](const void* of) -> std::unique_ptr<KernelRoom> {
              const auto& forest = *static_cast<const Forest*>(of);
              return std::make_unique<Room>(forest.in_.columns, forest.op_.roots.size());
            },
            this)) {}

  bool run(Frame& frame) const override {
    auto& room = static_cast<Room&>(*frame.buffers.rooms[room_]);
    Number* row = room.row.data();
    const double* in = frame.row(in_);
    bool missing = false;
    for (std::uint32_t i = 0; i < in_.columns; ++i) {
      row[i] = Number(in[i]);
      missing |= in[i] != in[i];
    }
    row[in_.columns] = -std::numeric_limits<Number>::infinity();  // what leaves ask for
    walk(row, missing, room.leaves.data());
    double* out = frame.row(out_);
    std::copy_n(op_.base.empty() ? frame.row(begin_) : op_.base.data(), op_.outputs, out);
    add(room.leaves, out);
    for (std::uint32_t k = 0; k < op_.outputs; ++k) out[k] /= op_.divisor;
    return true;
  }

 private:
  void walk(const Number* row, bool missing, std::uint32_t* leaves) const {
    if constexpr (std::is_same_v<Walk, NarrowWalk>) {
      if (vector_walks_[0] != nullptr) return vector_walks_[missing ? 1 : 0](op_, row, leaves);
    }
    missing ? side_by_side<true>(row, leaves) : side_by_side<false>(row, leaves);
  }

  template <bool kMissing>
  void side_by_side(const Number* row, std::uint32_t* leaves) const {
    const std::size_t trees = op_.roots.size();
    for (std::size_t first = 0; first < trees; first += kLanes) {
      const std::size_t count = std::min(kLanes, trees - first);
      const std::uint64_t* at[kLanes];
      for (std::size_t j = 0; j < kLanes; ++j) {
        at[j] = j < count ? op_.nodes.data() + op_.roots[first + j] * Walk::kWords : idle_.data();
      }
      std::uint32_t moved = 0;
      do {
        moved = 0;
        for (auto& lane : at) walk_.template step<kMissing>(lane, row);
        for (auto& lane : at) moved |= walk_.template step<kMissing>(lane, row);
      } while (moved != 0);
      for (std::size_t j = 0; j < count; ++j) leaves[first + j] = Walk::row_of(*at[j]);
    }
  }

  void add(std::span<const std::uint32_t> leaves, double* out) const {
    const double* values = op_.values.data();
    if (op_.turns) {
      std::uint32_t turn = 0;
      for (const std::uint32_t leaf : leaves) {
        out[turn] += values[leaf];
        turn = turn + 1 == op_.outputs ? 0 : turn + 1;
      }
      return;
    }
    if (op_.outputs == 1) return add_few<1>(leaves, out);
    if (op_.outputs == 2) return add_few<2>(leaves, out);
    for (const std::uint32_t leaf : leaves) {
      for (std::uint32_t k = 0; k < op_.outputs; ++k) out[k] += values[std::size_t{leaf} * op_.outputs + k];
    }
  }

  // Sums that are not stored and loaded again for each tree.
  template <std::size_t kOutputs>
  void add_few(std::span<const std::uint32_t> leaves, double* out) const {
    std::array<double, kOutputs> sums;
    std::copy_n(out, kOutputs, sums.data());
    for (const std::uint32_t leaf : leaves) {
      for (std::size_t k = 0; k < kOutputs; ++k) sums[k] += op_.values[leaf * kOutputs + k];
    }
    std::ranges::copy(sums, out);
  }

  const TreeSum& op_;
  Walk walk_;
  Place in_, begin_, out_;
  std::array<std::uint64_t, Walk::kWords> idle_;
  std::array<VectorWalk, 2> vector_walks_;  // of rows without and with missing values
  std::uint32_t room_;
};

}  // namespace

Result<KernelPtr> compile(const TreeSum& op, Compiling& step) {
  if (op.width == TreeSum::Nodes::kNarrow) return std::make_unique<Forest<NarrowWalk>>(op, step);
  if (op.left_sets.empty()) return std::make_unique<Forest<WideWalk<false>>>(op, step);
  return std::make_unique<Forest<WideWalk<true>>>(op, step);
}

}  // namespace slipway::engine::kernels
