// SPDX-License-Identifier: Apache-2.0
// Of rows, dense or sparse, to rows of the same columns. All f64.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "model/slot.h"

namespace slipway::model {

// y = min(max(x, low), high), element by element; NaN stays. Of CSR rows: of what they hold. Source: numpy.clip.
struct Clip {
  static constexpr std::string_view kName = "clip";
  double low = 0, high = 0;

  template <class F>
  static void fields(F&& f) {
    f("low", &Clip::low);
    f("high", &Clip::high);
  }
  Result<Slot> shape(std::span<const Slot> in) const;
};

// y = 1 if x > threshold, else 0. Of CSR rows: of what they hold. Source: sklearn.preprocessing.binarize.
struct Binarize {
  static constexpr std::string_view kName = "binarize";
  double threshold = 0;

  template <class F>
  static void fields(F&& f) {
    f("threshold", &Binarize::threshold);
  }
  Result<Slot> shape(std::span<const Slot> in) const;
};

// y = x / norm(x) by row, every sum in the order of the columns. Of CSR rows: of what they hold, where hits on one
// column count one by one; but for the maxima they are added up first, and so they leave.
// Sources: LinearClassifierMixin._predict_proba_lr, SGDClassifier.predict_proba, sklearn.preprocessing.normalize.
struct NormalizeRows {
  static constexpr std::string_view kName = "normalize_rows";
  enum class Norm : std::uint8_t {
    kSum,
    kL1,         // sum(|x|)
    kL2,         // sqrt(sum(x * x))
    kMax,        // max(|x|)
    kSignedMax,  // max(x), of sparse rows with the zeros that they do not hold: "max" before scikit-learn 0.23
  } norm = Norm::kSum;
  enum class Zero : std::uint8_t {
    kDivide,   // by it all the same: NaN
    kUniform,  // every column gets the same share of 1; dense rows only
    kKeep,     // the row stays as it is
  } zero = Zero::kDivide;
  double tiny = 0;  // a norm below it counts as zero too

  template <class F>
  static void fields(F&& f) {
    f("norm", &NormalizeRows::norm);
    f("zero", &NormalizeRows::zero);
    f("tiny", &NormalizeRows::tiny);
  }
  Result<Slot> shape(std::span<const Slot> in) const;
};

}  // namespace slipway::model
