// SPDX-License-Identifier: Apache-2.0
// What several models say, made one answer. All f64, row by row.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/array.h"
#include "base/result.h"
#include "model/ops/classify.h"
#include "model/slot.h"

namespace slipway::model {

// y = values, whatever comes in.
struct Constant {
  static constexpr std::string_view kName = "constant";
  Array<double> values;

  template <class F>
  static void fields(F&& f) {
    f("values", &Constant::values);
  }
  Result<Slot> shape(std::span<const Slot> in) const;
};

// y[columns[i]] = x[i], 0 elsewhere: the classes that one member knows, among all. No column twice.
struct Spread {
  static constexpr std::string_view kName = "spread";
  std::uint32_t width = 0;
  Array<std::uint32_t> columns;

  template <class F>
  static void fields(F&& f) {
    f("width", &Spread::width);
    f("columns", &Spread::columns);
  }
  Result<Slot> shape(std::span<const Slot> in) const;
};

// [x] -> index 1 if x > threshold (or, `equal`, x >= threshold), else 0 (NaN too).
struct ThresholdIndex {
  static constexpr std::string_view kName = "threshold_index";
  double threshold = 0;
  bool equal = false;

  template <class F>
  static void fields(F&& f) {
    f("threshold", &ThresholdIndex::threshold);
    f("equal", &ThresholdIndex::equal);
  }
  Result<Slot> shape(std::span<const Slot> in) const;
};

// The index of the largest; the last of equals. Source: OneVsRestClassifier.predict.
struct LastArgmaxIndex : Fieldless {
  static constexpr std::string_view kName = "last_argmax_index";
  static constexpr std::uint32_t kMinCols = 2, kMaxCols = ~0U;
  static Slot gives(std::uint32_t columns) { return {SlotType::kIndex, columns}; }
};

// y = (K - 1) (log p - (1 / K) sum(log p)) with p = max(x, 2^-52), K columns, summed in order.
// Source: sklearn.ensemble._weight_boosting._samme_proba.
struct SammeScores : Fieldless {
  static constexpr std::string_view kName = "samme_scores";
  static constexpr std::uint32_t kMinCols = 2, kMaxCols = ~0U;
  static Slot gives(std::uint32_t columns) { return {SlotType::kDense, columns}; }
};

// The first of the values, sorted, at which the weights of all up to it are at least half of all weights.
// Source: AdaBoostRegressor._get_median_predict.
struct WeightedMedian {
  static constexpr std::string_view kName = "weighted_median";
  Array<double> weights;

  template <class F>
  static void fields(F&& f) {
    f("weights", &WeightedMedian::weights);
  }
  Result<Slot> shape(std::span<const Slot> in) const;
};

// [t] -> y by straight lines between the points (x, y), x ascending; outside the first and last y, or NaN, or refused.
// Source: numpy.interp, as sklearn.isotonic.IsotonicRegression uses it.
struct Interpolate {
  static constexpr std::string_view kName = "interpolate";
  enum class Outside : std::uint8_t { kClipped, kNan, kRefused };
  Array<double> x, y;
  Outside outside = Outside::kClipped;

  template <class F>
  static void fields(F&& f) {
    f("x", &Interpolate::x);
    f("y", &Interpolate::y);
    f("outside", &Interpolate::outside);
  }
  Result<Slot> shape(std::span<const Slot> in) const;
};

}  // namespace slipway::model
