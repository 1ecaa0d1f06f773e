// SPDX-License-Identifier: Apache-2.0
#include "engine/kernels/vectors.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string_view>
#include <vector>

namespace slipway::engine::kernels {
namespace {

using model::Cell;

constexpr std::size_t kSizes = 34;  // some that four divides, most that it does not

TEST(Vectors, RealsAreTakenAndNothingElse) {
  for (std::size_t size = 0; size < kSizes; ++size) {
    std::vector<Cell> cells;
    for (std::size_t i = 0; i < size; ++i) cells.push_back(Cell::of(double(i) + 0.5));
    std::vector<double> out(size);
    ASSERT_TRUE(take_reals(cells, out.data()));
    for (std::size_t i = 0; i < size; ++i) {
      ASSERT_EQ(out[i], double(i) + 0.5);
      for (const Cell& other :
           {Cell::of(std::int64_t{3}), Cell::null(), Cell(), Cell::of(true), Cell::of(std::string_view("4"))}) {
        std::vector<Cell> mixed = cells;
        mixed[i] = other;
        ASSERT_FALSE(take_reals(mixed, out.data())) << size << " " << i;
      }
      out[i] = double(i) + 0.5;
    }
  }
}

TEST(Vectors, WhatIsNotFiniteIsSeenWhereverItStands) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (std::size_t size = 0; size < kSizes; ++size) {
    std::vector<double> row(size, -std::numeric_limits<double>::max());
    ASSERT_TRUE(all_finite(row));
    for (std::size_t i = 0; i < size; ++i) {
      for (const double value : {kInfinity, -kInfinity, std::nan("")}) {
        std::vector<double> other = row;
        other[i] = value;
        ASSERT_FALSE(all_finite(other)) << size << " " << i;
      }
    }
  }
}

TEST(Vectors, ARowIsStandardizedNumberByNumber) {
  for (std::size_t size = 0; size < kSizes; ++size) {
    std::vector<double> row, offset, scale;
    for (std::size_t i = 0; i < size; ++i) {
      row.push_back(0.1 * double(i));
      offset.push_back(1.0 / (double(i) + 3));
      scale.push_back(double(i) + 0.7);
    }
    for (const bool shifts : {false, true}) {
      for (const bool scales : {false, true}) {
        std::vector<double> out(size);
        standardize(row, shifts ? offset : std::vector<double>(), scales ? scale : std::vector<double>(), out.data());
        for (std::size_t i = 0; i < size; ++i) {
          volatile double wanted = row[i];
          if (shifts) wanted = wanted - offset[i];
          if (scales) wanted = wanted / scale[i];
          ASSERT_EQ(out[i], wanted) << size << " " << i;
        }
      }
    }
  }
}

}  // namespace
}  // namespace slipway::engine::kernels
