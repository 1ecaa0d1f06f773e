// SPDX-License-Identifier: Apache-2.0
// A row compared with rows that training kept: support vectors, centres.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/array.h"
#include "base/result.h"
#include "model/slot.h"

namespace slipway::model {

// y[i] = f(x, s_i), f64. Every sum runs over the columns in ascending order from 0.0.
//   kDot          x.s
//   kPolynomial   (gamma x.s + coef0) ^ degree, by repeated squaring from the lowest bit of degree (libsvm's powi)
//   kRbf          exp(-gamma * sum of (x - s)^2)
//   kSigmoid      tanh(gamma x.s + coef0)
//   kEuclidean    sqrt(max(0, (-2 x.s + x.x) + s.s)): what scikit-learn calls euclidean_distances
//   kSquares      the same without the root
//   kDifferences  sum of (x - s)^2
//   kManhattan    sum of |x - s|
//   kChebyshev    max of |x - s|
//   kMinkowski    sum of |x - s| ^ p
//   kHamming      how many columns differ / columns
//   kCosine       1 - x.s between 0 and 2: of rows of length 1, scikit-learn's cosine_distances
//   kCanberra     sum of |x - s| / (|x| + |s|), without the columns where both are 0
//   kBrayCurtis   sum of |x - s| / sum of (|x| + |s|); 0 if that is 0
//   kScaled       sum of (x - s)^2 / weight
//   kHaversine    2 asin(sqrt(sin^2((x0 - s0) / 2) + cos x0 cos s0 sin^2((x1 - s1) / 2))), of two columns
//   kCorrelation  1 - x.s / (|x| |s|) of x less its mean; of the stored rows that is done already
//   kNanSquares   kSquares over the columns that both have (the others are NaN), times columns / how many these are
// kMinkowski has a weight before each power where there are `weights`.
// The first four are those of libsvm (Kernel::k_function), the others scikit-learn's; from kDifferences on one that is
// NaN counts as infinite. The rows stand dense in values, [rows, columns]; or, where
// `sparse`, entry e of row i (row_start[i] <= e < row_start[i + 1]) has column[e] and values[e], columns ascending.
// Then x is read as its entries that are not 0, the two are merged as libsvm merges them, and columns that neither has
// are left out. Of sparse rows there are the first six and kCosine.
// norms: s.s of each row, for kEuclidean and kSquares (else none). They are stored since a million rows take a while to
// add up, and a model that is loaded should answer at once.
struct CompareRows {
  static constexpr std::string_view kName = "compare_rows";
  enum class With : std::uint8_t {
    kDot,
    kPolynomial,
    kRbf,
    kSigmoid,
    kEuclidean,
    kSquares,
    kDifferences,
    kManhattan,
    kChebyshev,
    kMinkowski,
    kHamming,
    kCosine,
    kCanberra,
    kBrayCurtis,
    kScaled,
    kHaversine,
    kCorrelation,
    kNanSquares
  };
  With with = With::kDot;
  bool sparse = false;
  std::uint32_t rows = 0, degree = 0;
  double gamma = 0, coef0 = 0, p = 2;
  Array<double> values, norms;
  Array<double> weights;  // one a column; none but of kScaled and kMinkowski
  Array<std::uint64_t> row_start;
  Array<std::uint32_t> column;

  template <class F>
  static void fields(F&& f) {
    f("with", &CompareRows::with);
    f("sparse", &CompareRows::sparse);
    f("rows", &CompareRows::rows);
    f("degree", &CompareRows::degree);
    f("gamma", &CompareRows::gamma);
    f("coef0", &CompareRows::coef0);
    f("p", &CompareRows::p);
    f("values", &CompareRows::values);
    f("norms", &CompareRows::norms);
    f("weights", &CompareRows::weights);
    f("row_start", &CompareRows::row_start);
    f("column", &CompareRows::column);
  }
  Result<Slot> shape(std::span<const Slot> in) const;
  bool has_norms() const { return with == With::kEuclidean || with == With::kSquares; }
  // For whoever makes one: s.s of each row, in ascending order from 0.0, if this has norms. `columns`: of dense rows.
  std::vector<double> add_up_norms(std::size_t columns) const;
};

}  // namespace slipway::model
