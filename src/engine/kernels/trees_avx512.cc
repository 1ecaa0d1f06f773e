// SPDX-License-Identifier: Apache-2.0
// Sixteen trees go down in one register: where each is, in 32 bits. A step gathers sixteen nodes, takes their
// thresholds and links apart, and picks the row's numbers out of two registers if they fit there. It takes some 40
// cycles to learn where to go next but far fewer to ask, so up to four such registers go down in turn. Trees are not
// equally deep: lanes that have arrived store their leaf and take the next tree, six or more at a time.
#include "engine/kernels/trees_avx512.h"

#include <algorithm>
#include <bit>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace slipway::engine::kernels {

using model::TreeSum;

constinit std::atomic<bool> vector_walk_allowed = true;

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi,bmi2,lzcnt,popcnt"))), \
                             apply_to = function)

namespace {

constexpr std::size_t kLanes = 16;
constexpr int kRefill = 6;
// Gathers take indices with a sign: they are counted from the middle of 2^32 nodes, which is as many as there can be.
constexpr std::uint32_t kMiddle = 1U << 31;

struct Lanes {
  __m512i at, tree, leaf;
  __mmask16 moved;
};

__m512i all(std::uint32_t x) { return _mm512_set1_epi32(std::bit_cast<int>(x)); }
__m512i ascending() { return _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15); }

// It may lie behind the last node: only an address.
const void* middle(const TreeSum& op) {
  const auto begin = reinterpret_cast<std::uintptr_t>(op.nodes.data());
  return reinterpret_cast<const void*>(begin + sizeof(std::uint64_t) * kMiddle);  // NOLINT(performance-no-int-to-ptr)
}

// `kShort`: the row's numbers, and the one that leaves ask for, fit into two registers.
template <bool kMissing, bool kShort>
class Descent {
 public:
  Descent(const TreeSum& op, const float* row, std::uint32_t* leaves)
      : nodes_(middle(op)),
        roots_(op.roots.span()),
        row_(row),
        leaves_(leaves),
        low_numbers_(_mm512_loadu_ps(row)),
        high_numbers_(_mm512_loadu_ps(row + kLanes)),
        feature_(all((1U << op.feature_bits) - 1)),
        missing_left_(all(1U << op.feature_bits)),
        above_(_mm_cvtsi32_si128(int(op.feature_bits + 1))) {}

  bool all_begun() const { return next_ == roots_.size(); }

  // Those of `free` begin as many trees as are left. The others of them stay where they are.
  [[gnu::always_inline]] void begin(Lanes& lanes, std::uint32_t free) {
    const auto left = std::uint32_t(std::min(kLanes, roots_.size() - next_));
    const auto taken = __mmask16(_pdep_u32((1U << left) - 1, free));
    const __m512i roots = _mm512_maskz_expandloadu_epi32(taken, roots_.data() + next_);
    lanes.at = _mm512_mask_xor_epi32(lanes.at, taken, roots, all(kMiddle));
    const __m512i numbers = _mm512_add_epi32(ascending(), all(std::uint32_t(next_)));
    lanes.tree = _mm512_mask_expand_epi32(lanes.tree, taken, numbers);
    next_ += std::size_t(std::popcount(std::uint32_t{taken}));
  }

  [[gnu::always_inline]] void step(Lanes& lanes) const {
    const __m512i first = _mm512_i32gather_epi64(_mm512_castsi512_si256(lanes.at), nodes_, 8);
    const __m512i second = _mm512_i32gather_epi64(_mm512_extracti64x4_epi64(lanes.at, 1), nodes_, 8);
    const __m512i even = _mm512_add_epi32(ascending(), ascending());
    const __m512i low = _mm512_permutex2var_epi32(first, even, second);
    const __m512i link = _mm512_permutex2var_epi32(first, _mm512_add_epi32(even, all(1)), second);
    const __m512i feature = _mm512_and_si512(link, feature_);
    const __m512 x = kShort ? _mm512_permutex2var_ps(low_numbers_, feature, high_numbers_)
                            : _mm512_i32gather_ps(feature, row_, sizeof(float));
    __mmask16 right = _mm512_cmp_ps_mask(x, _mm512_castsi512_ps(low), _CMP_NLE_UQ);
    if constexpr (kMissing) {
      const __mmask16 nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
      right = _kandn_mask16(_mm512_mask_test_epi32_mask(nan, link, missing_left_), right);
    }
    const __m512i children = _mm512_srl_epi32(link, above_);
    const __m512i left = _mm512_add_epi32(lanes.at, children);
    lanes.at = _mm512_mask_add_epi32(left, right, left, all(1));
    lanes.moved = _mm512_test_epi32_mask(children, children);
    lanes.leaf = low;
  }

  // Of those that have arrived.
  [[gnu::always_inline]] void store(const Lanes& lanes) const {
    const __m512i rows = _mm512_sub_epi32(lanes.leaf, all(TreeSum::kNarrowLeaf));
    _mm512_mask_i32scatter_epi32(leaves_, _knot_mask16(lanes.moved), lanes.tree, rows, sizeof(std::uint32_t));
  }

 private:
  const void* nodes_;
  std::span<const std::uint32_t> roots_;
  const float* row_;
  std::uint32_t* leaves_;
  __m512 low_numbers_, high_numbers_;
  __m512i feature_, missing_left_;
  __m128i above_;
  std::size_t next_ = 0;
};

template <bool kMissing, bool kShort, int kRegisters>
void walk(const TreeSum& op, const float* row, std::uint32_t* leaves) {
  Descent<kMissing, kShort> descent(op, row, leaves);
  Lanes all_lanes[kRegisters];
  for (Lanes& lanes : all_lanes) {
    lanes = {.at = all(kMiddle), .tree = all(0), .leaf = {}, .moved = {}};  // idle ones walk the first tree
    descent.begin(lanes, 0xFFFF);
  }
  for (bool moved = true; moved;) {
    for (Lanes& lanes : all_lanes) descent.step(lanes);
    for (Lanes& lanes : all_lanes) descent.step(lanes);
    moved = !descent.all_begun();
#pragma clang loop unroll(full)
    for (Lanes& lanes : all_lanes) {
      const auto arrived = std::uint32_t{_knot_mask16(lanes.moved)};
      if (!descent.all_begun() && std::popcount(arrived) >= kRefill) {
        descent.store(lanes);
        descent.begin(lanes, arrived);
        moved = true;
      }
      moved |= lanes.moved != 0;
    }
  }
  for (const Lanes& lanes : all_lanes) descent.store(lanes);
}

template <bool kMissing, bool kShort>
VectorWalk for_trees(std::size_t trees) {
  if (trees <= kLanes) return walk<kMissing, kShort, 1>;
  return trees <= 2 * kLanes ? walk<kMissing, kShort, 2> : walk<kMissing, kShort, 4>;
}

}  // namespace

#pragma clang attribute pop

VectorWalk vector_walk(const TreeSum& op, std::uint32_t columns, bool missing) {
  const bool suits = op.width == TreeSum::Nodes::kNarrow && __builtin_cpu_supports("x86-64-v4");
  if (!suits || !vector_walk_allowed) return nullptr;
  const std::size_t trees = op.roots.size();
  if (columns < kVectorWalkRow) return missing ? for_trees<true, true>(trees) : for_trees<false, true>(trees);
  return missing ? for_trees<true, false>(trees) : for_trees<false, false>(trees);
}

#else

VectorWalk vector_walk(const TreeSum&, std::uint32_t, bool) { return nullptr; }

#endif

}  // namespace slipway::engine::kernels
