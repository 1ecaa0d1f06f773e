// SPDX-License-Identifier: Apache-2.0
// What a row and stored rows have, added up column by column. Each sum has a written order (model/ops/compare.h), so
// one alone is a chain that waits for its own last addition; eight rows at a time are eight chains side by side. f64.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "model/model.h"

namespace slipway::engine::kernels {

// What a sum becomes with one more column.
inline double product(double sum, double x, double s) { return sum + x * s; }
inline double squared(double sum, double x, double s) {
  const double difference = x - s;
  return sum + difference * difference;
}
inline double absolute(double sum, double x, double s) { return sum + std::fabs(x - s); }
inline double unequal(double sum, double x, double s) { return sum + (x != s ? 1 : 0); }
inline double farthest(double most, double x, double s) {
  const double one = std::fabs(x - s);
  return one > most || std::isnan(one) ? one : most;
}

using Add = double (*)(double, double, double);

// out[i] = the sum over columns of what x and row i have. rows: [count, columns].
template <Add kAdd>
void sums(const double* x, const double* rows, std::size_t count, std::size_t columns, double* out) {
  constexpr std::size_t kLanes = 8;
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    double sum[kLanes] = {};
    const double* at = rows + i * columns;
    for (std::size_t column = 0; column < columns; ++column) {
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        sum[lane] = kAdd(sum[lane], x[column], at[lane * columns + column]);
      }
    }
    std::copy_n(sum, kLanes, out + i);
  }
  for (; i < count; ++i) {
    double sum = 0;
    for (std::size_t column = 0; column < columns; ++column) sum = kAdd(sum, x[column], rows[i * columns + column]);
    out[i] = sum;
  }
}

// True if that step compares with stored rows in a way that a search can leave rows out of, and nothing but a Nearest
// reads what it gives: then it does nothing, and the Nearest searches.
bool is_searched(const model::Model& model, std::uint32_t step);

}  // namespace slipway::engine::kernels
