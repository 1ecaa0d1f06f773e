// SPDX-License-Identifier: Apache-2.0
// Transcribed from what the library computes, operation by operation: the order of the roundings is part of it.
#include "engine/column_math.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <numbers>

namespace slipway::engine {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kBound = 1e-7;  // BOUNDS_THRESHOLD

// Coefficients from the highest power down; of a monic one the leading 1 is left out.
template <std::size_t kSize>
double polynomial(double x, const double (&coefficients)[kSize]) {
  double out = coefficients[0];
  for (std::size_t i = 1; i < kSize; ++i) out = out * x + coefficients[i];
  return out;
}
template <std::size_t kSize>
double monic(double x, const double (&coefficients)[kSize]) {
  double out = x + coefficients[0];
  for (std::size_t i = 1; i < kSize; ++i) out = out * x + coefficients[i];
  return out;
}

// |p - 0.5| <= 3/8
constexpr double kP0[] = {-5.99633501014107895267E1, 9.80010754185999661536E1, -5.66762857469070293439E1,
                          1.39312609387279679503E1, -1.23916583867381258016E0};
constexpr double kQ0[] = {1.95448858338141759834E0,  4.67627912898881538453E0, 8.63602421390890590575E1,
                          -2.25462687854119370527E2, 2.00260212380060660359E2, -8.20372256168333339912E1,
                          1.59056225126211695515E1,  -1.18331621121330003142E0};
// sqrt(-2 log p) from 2 to 8
constexpr double kP1[] = {4.05544892305962419923E0,   3.15251094599893866154E1,   5.71628192246421288162E1,
                          4.40805073893200834700E1,   1.46849561928858024014E1,   2.18663306850790267539E0,
                          -1.40256079171354495875E-1, -3.50424626827848203418E-2, -8.57456785154685413611E-4};
constexpr double kQ1[] = {1.57799883256466749731E1,   4.53907635128879210584E1,  4.13172038254672030440E1,
                          1.50425385692907503408E1,   2.50464946208309415979E0,  -1.42182922854787788574E-1,
                          -3.80806407691578277194E-2, -9.33259480895457427372E-4};
// from 8 to 64
constexpr double kP2[] = {3.23774891776946035970E0,  6.91522889068984211695E0,  3.93881025292474443415E0,
                          1.33303460815807542389E0,  2.01485389549179081538E-1, 1.23716634817820021358E-2,
                          3.01581553508235416007E-4, 2.65806974686737550832E-6, 6.23974539184983293730E-9};
constexpr double kQ2[] = {6.02427039364742014255E0,  3.67983563856160859403E0,  1.37702099489081330271E0,
                          2.16236993594496635890E-1, 1.34204006088543189037E-2, 3.28014464682127739104E-4,
                          2.89247864745380683936E-6, 6.79019408009981274425E-9};

// One half of quantile_transform: interpolate(-x, -quantiles reversed, -references reversed), negated by the caller.
double interpolate_down(double at, std::span<const double> x, std::span<const double> y) {
  const std::size_t last = x.size() - 1;
  const auto xs = [&](std::size_t i) { return -x[last - i]; };
  const auto ys = [&](std::size_t i) { return -y[last - i]; };
  if (at > xs(last)) return ys(last);
  if (at < xs(0)) return ys(0);
  std::size_t low = 0, high = x.size();  // the last that is not above: xs(low) <= at < xs(high)
  while (high - low > 1) {
    const std::size_t middle = low + (high - low) / 2;
    (xs(middle) <= at ? low : high) = middle;
  }
  if (low == last || xs(low) == at) return ys(low);
  const double slope = (ys(low + 1) - ys(low)) / (xs(low + 1) - xs(low));
  return slope * (at - xs(low)) + ys(low);
}

double yeo_johnson(double lambda, double mirrored, double x) {
  constexpr double kTiny = std::numeric_limits<double>::epsilon();
  if (x >= 0) {
    if (std::fabs(lambda) < kTiny) return std::log1p(x);
    return std::expm1(lambda * std::log1p(x)) / lambda;
  }
  if (std::fabs(lambda - 2) > kTiny) return -std::expm1(mirrored * std::log1p(-x)) / mirrored;
  return -std::log1p(-x);
}

double yeo_johnson_by_power(double lambda, double mirrored, double x) {
  constexpr double kTiny = std::numeric_limits<double>::epsilon();
  if (x >= 0) {
    if (std::fabs(lambda) < kTiny) return std::log1p(x);
    return (std::pow(x + 1, lambda) - 1) / lambda;
  }
  if (std::fabs(lambda - 2) > kTiny) return -(std::pow(-x + 1, mirrored) - 1) / mirrored;
  return -std::log1p(-x);
}

double box_cox(double lambda, double x) {
  const double log = std::log(x);
  if (std::fabs(lambda) < 1e-19) return log;
  if (lambda * log < 709.78) return std::expm1(lambda * log) / lambda;
  return std::copysign(1.0, lambda) * std::exp(lambda * log - std::log(std::fabs(lambda))) - 1 / lambda;
}

}  // namespace

double inverse_normal(double probability) {
  if (!(probability >= 0 && probability <= 1)) return kNan;
  if (probability == 0) return -kInfinity;
  if (probability == 1) return kInfinity;
  constexpr double kTail = 0.13533528323661269189;  // exp(-2)
  const bool upper = probability > 1 - kTail;
  double y = upper ? 1 - probability : probability;
  if (y > kTail) {
    y -= 0.5;
    const double square = y * y;
    const double x = y + y * (square * polynomial(square, kP0) / monic(square, kQ0));
    return x * 2.50662827463100050242;  // sqrt(2 pi)
  }
  const double x = std::sqrt(-2 * std::log(y));
  const double first = x - std::log(x) / x;
  const double z = 1 / x;
  const double second = x < 8 ? z * polynomial(z, kP1) / monic(z, kQ1) : z * polynomial(z, kP2) / monic(z, kQ2);
  return upper ? first - second : -(first - second);
}

double interpolate(double at, std::span<const double> x, std::span<const double> y) {
  if (at > x.back()) return y.back();
  if (at < x.front()) return y.front();
  const auto above = std::upper_bound(x.begin(), x.end(), at);
  const std::size_t low = above == x.begin() ? 0 : std::size_t(above - x.begin()) - 1;
  if (low + 1 == x.size() || x[low] == at) return y[low];
  const double slope = (y[low + 1] - y[low]) / (x[low + 1] - x[low]);
  return slope * (at - x[low]) + y[low];
}

double power_transform(model::PowerTransform::Method method, double lambda, double x, bool single) {
  using enum model::PowerTransform::Method;
  if (std::isnan(x)) return x;
  if (std::isnan(lambda)) return method == kBoxCox ? kNan : x;
  if (method == kBoxCox) return box_cox(lambda, x);
  const double mirrored = single ? double(2 - float(lambda)) : 2 - lambda;
  return method == kYeoJohnson ? yeo_johnson(lambda, mirrored, x) : yeo_johnson_by_power(lambda, mirrored, x);
}

double quantile_transform(model::QuantileTransform::Output output, double x, std::span<const double> quantiles,
                          std::span<const double> references) {
  using enum model::QuantileTransform::Output;
  if (std::isnan(x)) return x;
  const bool wide = output != kUniform;
  const bool low = wide ? x - kBound < quantiles.front() : x == quantiles.front();
  const bool high = wide ? x + kBound > quantiles.back() : x == quantiles.back();
  double y = 0.5 * (interpolate(x, quantiles, references) - interpolate_down(-x, quantiles, references));
  if (high) y = 1;
  if (low) y = 0;
  if (!wide) return y;
  const double edge = kBound - std::numeric_limits<double>::epsilon();
  if (output == kUniformClipped) return std::clamp(y, edge, 1 - edge);
  return std::min(std::max(inverse_normal(y), inverse_normal(edge)), inverse_normal(1 - edge));
}

double apply(model::Apply::Function function, double x) {
  using One = double (*)(double);
  static constexpr One kFunctions[] = {
      // in the order of the enumeration
      [](double a) { return std::log(a); },
      [](double a) { return std::log2(a); },
      [](double a) { return std::log10(a); },
      [](double a) { return std::log1p(a); },
      [](double a) { return std::exp(a); },
      [](double a) { return std::exp2(a); },
      [](double a) { return std::expm1(a); },
      [](double a) { return std::sqrt(a); },
      [](double a) { return std::cbrt(a); },
      [](double a) { return a * a; },
      [](double a) { return std::fabs(a); },
      [](double a) { return -a; },
      [](double a) { return std::isnan(a) ? a : double((a > 0) - (a < 0)); },
      [](double a) { return std::floor(a); },
      [](double a) { return std::ceil(a); },
      [](double a) { return std::nearbyint(a); },
      [](double a) { return std::trunc(a); },
      [](double a) { return std::sin(a); },
      [](double a) { return std::cos(a); },
      [](double a) { return std::tan(a); },
      [](double a) { return std::asin(a); },
      [](double a) { return std::acos(a); },
      [](double a) { return std::atan(a); },
      [](double a) { return std::sinh(a); },
      [](double a) { return std::cosh(a); },
      [](double a) { return std::tanh(a); },
      [](double a) { return std::asinh(a); },
      [](double a) { return std::acosh(a); },
      [](double a) { return std::atanh(a); },
      [](double a) { return a * (std::numbers::pi / 180); },
      [](double a) { return a * (180 / std::numbers::pi); },
      [](double a) { return 1 / (1 + std::exp(-a)); },
      [](double a) { return std::log(a / (1 - a)); },
  };
  static_assert(std::size(kFunctions) == std::size_t(model::kLastFunction) + 1);
  return kFunctions[std::size_t(function)](x);
}

}  // namespace slipway::engine
