// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "base/result.h"

namespace slipway {
namespace {

TEST(Codes, EveryNameIsUniqueAndEveryStatusIsAnError) {
  std::set<std::string_view> names;
  for (const CodeInfo& code : kCodes) {
    EXPECT_TRUE(names.insert(code.name).second) << code.name;
    EXPECT_GE(code.http, 400) << code.name;
    EXPECT_LT(code.http, 600) << code.name;
    EXPECT_NE(code.exit, 0) << code.name;
  }
}

TEST(Error, WithinPutsTheOuterPlaceFirst) {
  const Error error = Error(Code::kCorrupt, "truncated").within("steps[1]").within("model.pkl");
  EXPECT_EQ(error.message(), "model.pkl: steps[1]: truncated");
  EXPECT_EQ(Error(Code::kCorrupt, "truncated").within("").message(), "truncated");
}

TEST(Error, TheFirstHintStays) {
  const Error error = Error(Code::kCorrupt, "truncated").or_hint("copy it again").or_hint("other");
  EXPECT_EQ(error.to_string(), "truncated\ncopy it again");
}

Result<std::unique_ptr<int>> half(int x) {
  if (x % 2 != 0) return fail(Code::kInvalid, "odd");
  return std::make_unique<int>(x / 2);
}

Result<int> quarter(int x) {
  const auto once = SLIPWAY_TRY(half(x));
  const auto twice = SLIPWAY_TRY(half(*once));
  return *twice;
}

TEST(Try, GivesTheValueOrReturnsTheError) {
  EXPECT_EQ(quarter(8).value(), 2);
  EXPECT_EQ(quarter(6).error().message(), "odd");
}

}  // namespace
}  // namespace slipway
