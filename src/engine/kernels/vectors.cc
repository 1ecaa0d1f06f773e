// SPDX-License-Identifier: Apache-2.0
// Each loop is written once and compiled twice. Four at a time and no more: most rows are short, and what is left of
// them would go one by one.
#include "engine/kernels/vectors.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

namespace slipway::engine::kernels {
namespace {

using model::Cell;

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpass-failed"  // one at a time, in a build with sanitizers
#define SLIPWAY_FOUR _Pragma("clang loop vectorize_width(4) interleave_count(1)")

[[gnu::always_inline]] inline bool take(const Cell* cells, std::size_t size, double* out) {
  static_assert(sizeof(Cell) == 16 && offsetof(Cell, kind) == 0 && offsetof(Cell, real) == 8);
  std::uint64_t others = 0;
  SLIPWAY_FOUR
  for (std::size_t i = 0; i < size; ++i) {
    std::uint64_t words[2];  // the lowest byte of the first is the kind
    std::memcpy(words, cells + i, sizeof words);
    others |= words[0] ^ std::uint64_t(Cell::Kind::kReal);
    std::memcpy(out + i, words + 1, sizeof *out);
  }
  return (others & 0xFF) == 0;
}

[[gnu::always_inline]] inline bool finite(const double* row, std::size_t size) {
  std::uint64_t not_finite = 0;
  SLIPWAY_FOUR
  for (std::size_t i = 0; i < size; ++i) {
    not_finite |= std::fabs(row[i]) <= std::numeric_limits<double>::max() ? 0U : 1U;
  }
  return not_finite == 0;
}

[[gnu::always_inline]] inline void subtract(const double* in, const double* offset, std::size_t size,
                                            double* __restrict out) {
  SLIPWAY_FOUR
  for (std::size_t i = 0; i < size; ++i) out[i] = in[i] - offset[i];
}

[[gnu::always_inline]] inline void divide(const double* in, const double* scale, std::size_t size,
                                          double* __restrict out) {
  SLIPWAY_FOUR
  for (std::size_t i = 0; i < size; ++i) out[i] = in[i] / scale[i];
}

[[gnu::always_inline]] inline void shift(const double* in, const double* offset, const double* scale, std::size_t size,
                                         double* __restrict out) {
  SLIPWAY_FOUR
  for (std::size_t i = 0; i < size; ++i) out[i] = (in[i] - offset[i]) / scale[i];
}

[[gnu::always_inline]] inline void standardized(const double* in, std::span<const double> offset,
                                                std::span<const double> scale, std::size_t size, double* out) {
  if (offset.empty() && scale.empty()) {
    std::copy_n(in, size, out);
  } else if (scale.empty()) {
    subtract(in, offset.data(), size, out);
  } else if (offset.empty()) {
    divide(in, scale.data(), size, out);
  } else {
    shift(in, offset.data(), scale.data(), size, out);
  }
}

#undef SLIPWAY_FOUR

#if defined(__x86_64__)
#define SLIPWAY_AVX2 __attribute__((target("avx2")))
const bool kAvx2 = __builtin_cpu_supports("avx2");
#else
#define SLIPWAY_AVX2
constexpr bool kAvx2 = false;
#endif

SLIPWAY_AVX2 bool take_wide(const Cell* cells, std::size_t size, double* out) { return take(cells, size, out); }
SLIPWAY_AVX2 bool finite_wide(const double* row, std::size_t size) { return finite(row, size); }
SLIPWAY_AVX2 void standardized_wide(const double* in, std::span<const double> offset, std::span<const double> scale,
                                    std::size_t size, double* out) {
  standardized(in, offset, scale, size, out);
}

#undef SLIPWAY_AVX2

#pragma clang diagnostic pop

}  // namespace

bool take_reals(std::span<const Cell> cells, double* out) {
  return kAvx2 ? take_wide(cells.data(), cells.size(), out) : take(cells.data(), cells.size(), out);
}

bool all_finite(std::span<const double> row) {
  return kAvx2 ? finite_wide(row.data(), row.size()) : finite(row.data(), row.size());
}

void standardize(std::span<const double> in, std::span<const double> offset, std::span<const double> scale,
                 double* out) {
  if (kAvx2) {
    standardized_wide(in.data(), offset, scale, in.size(), out);
  } else {
    standardized(in.data(), offset, scale, in.size(), out);
  }
}

}  // namespace slipway::engine::kernels
