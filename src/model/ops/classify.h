// SPDX-License-Identifier: Apache-2.0
// From scores to probabilities and to the index of a label. All f64, row by row.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "model/slot.h"

namespace slipway::model {

// Operators without parameters: of dense rows with kMinCols to kMaxCols columns.
struct Fieldless {
  template <class F>
  static void fields(F&&) {}
  template <class Self>
  Result<Slot> shape(this const Self& self, std::span<const Slot> in) {
    const Slot rows = SLIPWAY_TRY(one_input(in, {SlotType::kDense}));
    if (rows.columns < Self::kMinCols) return fail(Code::kCorrupt, "too few columns");
    if (rows.columns > Self::kMaxCols) return fail(Code::kCorrupt, "too many columns");
    return self.gives(rows.columns);
  }
};

// y = 1 / (1 + exp(-x)), element by element. Source: scipy.special.expit.
struct Expit : Fieldless {
  static constexpr std::string_view kName = "expit";
  static constexpr std::uint32_t kMinCols = 1, kMaxCols = ~0U;
  static Slot gives(std::uint32_t columns) { return {SlotType::kDense, columns}; }
};

// y = exp(x - max(x)) / sum(exp(x - max(x))) by row, summed in order. Source: sklearn.utils.extmath.softmax.
struct Softmax : Fieldless {
  static constexpr std::string_view kName = "softmax";
  static constexpr std::uint32_t kMinCols = 2, kMaxCols = ~0U;
  static Slot gives(std::uint32_t columns) { return {SlotType::kDense, columns}; }
};

// [p] -> [1 - p, p]
struct WithComplement : Fieldless {
  static constexpr std::string_view kName = "with_complement";
  static constexpr std::uint32_t kMinCols = 1, kMaxCols = 1;
  static Slot gives(std::uint32_t) { return {SlotType::kDense, 2}; }
};

// [d] -> [-d, d]: a binary model that was fitted as multinomial.
struct WithNegation : Fieldless {
  static constexpr std::string_view kName = "with_negation";
  static constexpr std::uint32_t kMinCols = 1, kMaxCols = 1;
  static Slot gives(std::uint32_t) { return {SlotType::kDense, 2}; }
};

// [d] -> index 1 if d > 0, else 0 (NaN too)
struct PositiveIndex : Fieldless {
  static constexpr std::string_view kName = "positive_index";
  static constexpr std::uint32_t kMinCols = 1, kMaxCols = 1;
  static Slot gives(std::uint32_t) { return {SlotType::kIndex, 2}; }
};

// The index of the largest; the first of equals; the first NaN if there is one. Source: numpy.argmax.
struct ArgmaxIndex : Fieldless {
  static constexpr std::string_view kName = "argmax_index";
  static constexpr std::uint32_t kMinCols = 1, kMaxCols = ~0U;
  static Slot gives(std::uint32_t columns) { return {SlotType::kIndex, columns}; }
};

}  // namespace slipway::model
