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
struct Product {
  double operator()(double sum, double x, double s) const { return sum + x * s; }
};
struct Squared {
  double operator()(double sum, double x, double s) const {
    const double difference = x - s;
    return sum + difference * difference;
  }
};
struct Absolute {
  double operator()(double sum, double x, double s) const { return sum + std::fabs(x - s); }
};
struct Unequal {
  double operator()(double sum, double x, double s) const { return sum + (x != s ? 1 : 0); }
};
struct Farthest {
  double operator()(double most, double x, double s) const {
    const double one = std::fabs(x - s);
    return one > most || std::isnan(one) ? one : most;
  }
};
struct Power {
  double p;
  double operator()(double sum, double x, double s) const { return sum + std::pow(std::fabs(x - s), p); }
};

// out[i] = the sum over columns of what x and row i have. rows: [count, columns].
template <class Add>
void sums(Add add, const double* x, const double* rows, std::size_t count, std::size_t columns, double* out) {
  constexpr std::size_t kLanes = 8;
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    double sum[kLanes] = {};
    const double* at = rows + i * columns;
    for (std::size_t column = 0; column < columns; ++column) {
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        sum[lane] = add(sum[lane], x[column], at[lane * columns + column]);
      }
    }
    std::copy_n(sum, kLanes, out + i);
  }
  for (; i < count; ++i) {
    double sum = 0;
    for (std::size_t column = 0; column < columns; ++column) sum = add(sum, x[column], rows[i * columns + column]);
    out[i] = sum;
  }
}

// True if that step compares with stored rows in a way that a search can leave rows out of, and nothing but a Nearest
// reads what it gives: then it does nothing, and the Nearest searches.
bool is_searched(const model::Model& model, std::uint32_t step);

}  // namespace slipway::engine::kernels
