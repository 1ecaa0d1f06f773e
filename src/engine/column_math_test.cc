// SPDX-License-Identifier: Apache-2.0
// Against scipy 1.17 and numpy 2.4.
#include "engine/column_math.h"

#include <gtest/gtest.h>

#include <cmath>
#include <utility>
#include <vector>

namespace slipway::engine {
namespace {

void expect_near(double got, double want, double relative = 1e-12) {
  EXPECT_LE(std::fabs(got - want), relative * std::fabs(want)) << got << " instead of " << want;
}

TEST(ColumnMath, TheInverseNormalIsScipysNdtri) {
  constexpr std::pair<double, double> kWant[] = {{1e-300, -37.047096299361201},
                                                 {1e-20, -9.2623400897984087},
                                                 {9.9999999777955391e-08, -5.1993375826055752},
                                                 {1e-7, -5.1993375821928165},
                                                 {0.001, -3.0902323061678132},
                                                 {0.05, -1.6448536269514729},
                                                 {0.1353352832366127, -1.1015196284987501},
                                                 {0.2, -0.84162123357291418},
                                                 {0.500001, 2.5066282747057052e-06},
                                                 {0.7, 0.52440051270804067},
                                                 {0.8646647167633873, 1.1015196284987503},
                                                 {0.9, 1.2815515655446004},
                                                 {0.999, 3.0902323061678132},
                                                 {0.99999999999900002, 7.0344869100478356}};
  for (const auto& [probability, want] : kWant) expect_near(inverse_normal(probability), want);
  EXPECT_EQ(inverse_normal(0.5), 0);
  EXPECT_EQ(inverse_normal(0), -HUGE_VAL);
  EXPECT_EQ(inverse_normal(1), HUGE_VAL);
  EXPECT_TRUE(std::isnan(inverse_normal(-0.1)));
  EXPECT_TRUE(std::isnan(inverse_normal(std::nan(""))));
}

TEST(ColumnMath, InterpolationIsNumpysWhereQuantilesRepeat) {
  const std::vector<double> x = {0, 1, 1, 1, 2, 5}, y = {0, 0.2, 0.4, 0.6, 0.8, 1};
  const std::pair<double, double> want[] = {{-1, 0},
                                            {0, 0},
                                            {0.5, 0.10000000000000001},
                                            {1, 0.59999999999999998},
                                            {1.5, 0.69999999999999996},
                                            {4, 0.93333333333333335},
                                            {5, 1},
                                            {9, 1}};
  for (const auto& [at, value] : want) EXPECT_EQ(interpolate(at, x, y), value) << at;
}

TEST(ColumnMath, PowersAreScipys) {
  using enum model::PowerTransform::Method;
  expect_near(power_transform(kBoxCox, 0, 2.5), 0.91629073187415511);
  expect_near(power_transform(kBoxCox, 0.3, 2.5), 1.0546073477807916);
  expect_near(power_transform(kBoxCox, -1.2, 1e-5), -833332.49999999965);
  expect_near(power_transform(kBoxCox, 3.5, 700), 2592836284.5575852);
  expect_near(power_transform(kYeoJohnson, 0, 2.5), 1.2527629684953681);
  expect_near(power_transform(kYeoJohnson, 0.3, 2.5), 1.5206598107369524);
  expect_near(power_transform(kYeoJohnson, 1.7, -3), -1.7190552217013271);
  expect_near(power_transform(kYeoJohnson, 2, -3), -1.3862943611198906);
  expect_near(power_transform(kYeoJohnson, 4, 1e-9), 1.0000000015000001e-09);
}

TEST(ColumnMath, TwoMinusALambdaOfFloat32WasNotRoundedAsNumPy2DoesIt) {
  using enum model::PowerTransform::Method;
  const double lambda = -0.10000000149011612;  // float32's -0.1
  expect_near(power_transform(kYeoJohnson, lambda, -3, true), -8.275796209206009);
  expect_near(power_transform(kYeoJohnsonByPower, lambda, -3, true), -8.275796209206009);
  expect_near(power_transform(kYeoJohnson, lambda, -3), -8.275797002660592);
  expect_near(power_transform(kYeoJohnson, lambda, 2.5, true), 1.1774689473992392);
}

}  // namespace
}  // namespace slipway::engine
