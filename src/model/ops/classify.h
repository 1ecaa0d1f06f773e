// SPDX-License-Identifier: Apache-2.0
// From scores to probabilities and to the index of a label. All f64, row by row.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace slipway::model {

struct Fieldless {
  template <class F>
  static void fields(F&&) {}
  template <class Self>
  Result<void> check(this const Self&, std::uint32_t cols) {
    if (cols < Self::kMinCols) return fail(Code::kCorrupt, "too few columns");
    if (cols > Self::kMaxCols) return fail(Code::kCorrupt, "too many columns");
    return {};
  }
};

// y = 1 / (1 + exp(-x)), element by element. Source: scipy.special.expit.
struct Expit : Fieldless {
  static constexpr std::string_view kName = "expit";
  static constexpr std::uint32_t kMinCols = 1, kMaxCols = ~0U;
  std::uint32_t out_cols(std::uint32_t in) const { return in; }
};

// y = exp(x - max(x)) / sum(exp(x - max(x))) by row, summed in order. Source: sklearn.utils.extmath.softmax.
struct Softmax : Fieldless {
  static constexpr std::string_view kName = "softmax";
  static constexpr std::uint32_t kMinCols = 2, kMaxCols = ~0U;
  std::uint32_t out_cols(std::uint32_t in) const { return in; }
};

// [p] -> [1 - p, p]
struct WithComplement : Fieldless {
  static constexpr std::string_view kName = "with_complement";
  static constexpr std::uint32_t kMinCols = 1, kMaxCols = 1;
  std::uint32_t out_cols(std::uint32_t) const { return 2; }
};

// [d] -> [-d, d]: a binary model that was fitted as multinomial.
struct WithNegation : Fieldless {
  static constexpr std::string_view kName = "with_negation";
  static constexpr std::uint32_t kMinCols = 1, kMaxCols = 1;
  std::uint32_t out_cols(std::uint32_t) const { return 2; }
};

// [d] -> index 1 if d > 0, else 0 (NaN too)
struct PositiveIndex : Fieldless {
  static constexpr std::string_view kName = "positive_index";
  static constexpr std::uint32_t kMinCols = 1, kMaxCols = 1;
  std::uint32_t out_cols(std::uint32_t) const { return 1; }
};

// The index of the largest; the first of equals; the first NaN if there is one. Source: numpy.argmax.
struct ArgmaxIndex : Fieldless {
  static constexpr std::string_view kName = "argmax_index";
  static constexpr std::uint32_t kMinCols = 2, kMaxCols = ~0U;
  std::uint32_t out_cols(std::uint32_t) const { return 1; }
};

}  // namespace slipway::model
