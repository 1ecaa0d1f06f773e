// SPDX-License-Identifier: Apache-2.0
// Functions of one number, shared by both engines: there is one way to compute them. f64; any thread.
#pragma once

#include <span>

#include "model/ops/columns.h"

namespace slipway::engine {

// The inverse of the normal distribution's cumulative function; -inf at 0, inf at 1, NaN outside.
// Source: Cephes, ndtri.c (Moshier): rational approximations in three ranges, relative error below 1e-15.
double inverse_normal(double probability);

// numpy.interp at one point: `x` and `y` of one size, not empty; x ascends.
double interpolate(double at, std::span<const double> x, std::span<const double> y);

// Of one number of a column. NaN gives NaN. `single`: see the operator.
double power_transform(model::PowerTransform::Method method, double lambda, double x, bool single = false);
double quantile_transform(model::QuantileTransform::Output output, double x, std::span<const double> quantiles,
                          std::span<const double> references);
double apply(model::Apply::Function function, double x);

}  // namespace slipway::engine
