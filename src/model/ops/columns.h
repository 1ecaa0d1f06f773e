// SPDX-License-Identifier: Apache-2.0
// Of rows of numbers, column by column: bins, powers, quantiles, functions by name, and products of columns. All f64.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/array.h"
#include "base/result.h"
#include "model/slot.h"

namespace slipway::model {

// y[k] = y[left[k]] * x[right[k]], in this order of the factors; without a `left` x[right[k]], without either 1. Of
// dense rows. Source: sklearn.preprocessing.PolynomialFeatures.
struct Products {
  static constexpr std::string_view kName = "products";
  static constexpr std::uint32_t kNone = ~0U;
  Array<std::uint32_t> left, right;

  template <class F>
  static void fields(F&& f) {
    f("left", &Products::left);
    f("right", &Products::right);
  }
  Result<Slot> shape(std::span<const Slot> in) const;
};

// y = how many of its column's edges are not above x; `nudged`: above x + (1e-8 + 1e-5 |x|), as scikit-learn before 1.1
// did. Of dense rows without NaN. Source: sklearn.preprocessing.KBinsDiscretizer.
struct Discretize {
  static constexpr std::string_view kName = "discretize";
  Array<std::uint32_t> starts;  // [columns + 1], where each column's edges begin
  Array<double> edges;          // ascending within a column
  bool nudged = false;

  template <class F>
  static void fields(F&& f) {
    f("starts", &Discretize::starts);
    f("edges", &Discretize::edges);
    f("nudged", &Discretize::nudged);
  }
  Result<Slot> shape(std::span<const Slot> in) const;
};

// Of dense rows; NaN stays, and so does a column whose lambda is NaN. Box-Cox refuses what is not above 0. Backwards
// nothing is refused: where there is no such power NaN comes out.
// Sources: sklearn.preprocessing.PowerTransformer until 1.8, scipy.stats.yeojohnson, scipy.special.boxcox and
// inv_boxcox.
struct PowerTransform {
  static constexpr std::string_view kName = "power_transform";
  enum class Method : std::uint8_t {
    kYeoJohnson,         // expm1(l * log1p(x)) / l
    kYeoJohnsonByPower,  // (pow(x + 1, l) - 1) / l
    kBoxCox,
    kYeoJohnsonBack,     // pow(x * l + 1, 1 / l) - 1
    kBoxCoxBack,         // exp(log1p(l * x) / l)
    kBoxCoxBackByPower,  // pow(x * l + 1, 1 / l)
  } method = Method::kYeoJohnson;
  Array<double> lambdas;
  bool single = false;  // lambdas are float32, and 2 - lambda is rounded to it, as NumPy 2 does

  template <class F>
  static void fields(F&& f) {
    f("method", &PowerTransform::method);
    f("lambdas", &PowerTransform::lambdas);
    f("single", &PowerTransform::single);
  }
  Result<Slot> shape(std::span<const Slot> in) const;
};

// y = the mean of np.interp(x, quantiles, references) from below and from above, then the normal distribution's
// inverse, clipped; back: np.interp(x, references, quantiles), of a normal x's probability; NaN stays. Of dense rows,
// or what CSR rows hold. Source: sklearn.preprocessing.QuantileTransformer.
struct QuantileTransform {
  static constexpr std::string_view kName = "quantile_transform";
  enum class Output : std::uint8_t {
    kUniform,
    kNormal,
    kUniformClipped,  // bounds and clipping as of kNormal: before scikit-learn 0.22
    kUniformBack,
    kNormalBack,
    kUniformClippedBack,
  } output = Output::kUniform;
  bool refuse_negative = false;  // of CSR rows
  Array<double> quantiles;       // [columns, references], row-major
  Array<double> references;

  template <class F>
  static void fields(F&& f) {
    f("output", &QuantileTransform::output);
    f("refuse_negative", &QuantileTransform::refuse_negative);
    f("quantiles", &QuantileTransform::quantiles);
    f("references", &QuantileTransform::references);
  }
  Result<Slot> shape(std::span<const Slot> in) const;
};

// y = f(x), element by element, of dense rows: numpy's and scipy's functions of one number.
struct Apply {
  static constexpr std::string_view kName = "apply";
  enum class Function : std::uint8_t {
    kLog,
    kLog2,
    kLog10,
    kLog1p,
    kExp,
    kExp2,
    kExpm1,
    kSqrt,
    kCbrt,
    kSquare,
    kAbsolute,
    kNegative,
    kSign,
    kFloor,
    kCeil,
    kRint,
    kTrunc,
    kSin,
    kCos,
    kTan,
    kArcsin,
    kArccos,
    kArctan,
    kSinh,
    kCosh,
    kTanh,
    kArcsinh,
    kArccosh,
    kArctanh,
    kDegreesToRadians,
    kRadiansToDegrees,
    kExpit,
    kLogit,
  } function = Function::kLog;

  template <class F>
  static void fields(F&& f) {
    f("function", &Apply::function);
  }
  Result<Slot> shape(std::span<const Slot> in) const;
};
inline constexpr auto kLastFunction = Apply::Function::kLogit;

}  // namespace slipway::model
