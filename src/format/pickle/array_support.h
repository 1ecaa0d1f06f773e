// SPDX-License-Identifier: Apache-2.0
// For tests only: an array against what Python said of it (expectation() of tools/fixtures).
#pragma once

#include <gtest/gtest.h>
#include <simdjson.h>

#include <string>
#include <vector>

#include "format/pickle/numpy.h"
#include "format/pickle/test_support.h"

namespace slipway::pickle::test {

inline std::string label(const Scalar& scalar) {
  switch (scalar.kind) {
    case Scalar::Kind::kNone:
      return "None";
    case Scalar::Kind::kBool:
      return fmt::format("bool:{}", scalar.integer);
    case Scalar::Kind::kInt:
      return fmt::format("int:{}", scalar.integer);
    case Scalar::Kind::kFloat:
      return "float:" + bits(scalar.real);
    case Scalar::Kind::kText:
      return "text:" + hex(scalar.text);
  }
  return "?";
}

inline void compare_array(const Document& document, NodeId node, simdjson::dom::element want,
                          const std::string& where) {
  std::vector<std::uint64_t> shape;
  for (const std::uint64_t size : simdjson::dom::array(want["shape"])) shape.push_back(size);
  if (want["dtype"].error() == simdjson::SUCCESS) {
    const auto array = read_array(document, node);
    ASSERT_TRUE(array) << where << ": " << array.error().to_string();
    EXPECT_EQ(array->shape, shape) << where;
    EXPECT_EQ(std::string(1, array->dtype.kind), std::string_view(want["dtype"]["kind"])) << where;
    EXPECT_EQ(array->dtype.itemsize, std::uint64_t(want["dtype"]["itemsize"])) << where;
    EXPECT_EQ(array->dtype.big_endian, bool(want["dtype"]["big_endian"])) << where;
  }
  const auto numbers = read_numbers(document, node);
  if (want["numbers"].is_null()) {
    EXPECT_FALSE(numbers) << where;
  } else {
    ASSERT_TRUE(numbers) << where << ": " << numbers.error().to_string();
    EXPECT_EQ(numbers->shape, shape) << where;
    std::vector<std::string> got, wanted;
    for (const double value : numbers->values) got.push_back(bits(value));
    for (const std::string_view value : simdjson::dom::array(want["numbers"])) wanted.emplace_back(value);
    EXPECT_EQ(got, wanted) << where;
  }
  const auto labels = read_scalars(document, node);
  if (want["labels"].is_null()) {
    EXPECT_FALSE(labels) << where;
    return;
  }
  ASSERT_TRUE(labels) << where << ": " << labels.error().to_string();
  std::vector<std::string> got, wanted;
  for (const Scalar& scalar : *labels) got.push_back(label(scalar));
  for (const std::string_view value : simdjson::dom::array(want["labels"])) wanted.emplace_back(value);
  EXPECT_EQ(got, wanted) << where;
}

}  // namespace slipway::pickle::test
