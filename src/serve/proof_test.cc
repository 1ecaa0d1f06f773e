// SPDX-License-Identifier: Apache-2.0
#include "serve/proof.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "serve/testing.h"

namespace slipway::serve {
namespace {

using testing::HasSubstr;

// small_plan(): at contract = year and tenure = 4 the decision is 0 and the probability a half.
constexpr std::string_view kGood =
    R"({"input":{"contract":"year","tenure":4},"output":{"prediction":0,"probability":[0.5,0.5],"decision":0.0}})"
    "\n"
    R"({"input":{"contract":"month","tenure":8},"output":{"prediction":1,"decision":[5]}})";

std::string checked(std::string_view proof) {
  const auto result = check_proof(small_plan(), proof);
  if (result) return "holds";
  EXPECT_EQ(result.error().code(), Code::kCorrupt);
  return result.error().message();
}

TEST(Proof, HoldsWhenEveryAnswerIsGiven) { EXPECT_EQ(checked(kGood), "holds"); }

TEST(Proof, NamesTheRowThatDiffersAndBothAnswers) {
  const std::string good(kGood);
  const auto with = [&](std::string_view what, std::string_view instead) {
    std::string out = good;
    return checked(out.replace(out.find(what), what.size(), instead));
  };
  EXPECT_EQ(with("\"prediction\":1", "\"prediction\":0"), "row 2 of its proof must give 0 and gives 1");
  EXPECT_EQ(with("[0.5,0.5]", "[0.5,0.51]"), "row 1 of its proof must give probability 0.51 and gives 0.5");
  EXPECT_EQ(with("[0.5,0.5]", "[0.5]"), "row 1 of its proof has 1 numbers of probability, the model gives 2");
  EXPECT_EQ(with("[0.5,0.5]", "[0.5,0.500000000000001]"), "holds");
  EXPECT_EQ(with("\"decision\":0.0", "\"decision\":1e-10"),
            "row 1 of its proof must give decision 1e-10 and gives 0.0");
  EXPECT_EQ(with("\"decision\":0.0", "\"decision\":1e-13"), "holds");  // the column has a 5 in it
  EXPECT_EQ(with("\"prediction\":1", "\"prediction\":1.0"), "holds");
  EXPECT_EQ(with("\"prediction\":1", "\"prediction\":true"), "holds");
  EXPECT_EQ(with("\"prediction\":1", "\"prediction\":\"1\""), "row 2 of its proof must give \"1\" and gives 1");
  EXPECT_THAT(with("\"decision\":[5]", "\"score\":[5]"), HasSubstr("an output that the model does not give: score"));
}

TEST(Proof, ThatCannotBeReadDoesNotHold) {
  EXPECT_EQ(checked("{"), "row 1 of its proof is not JSON");
  EXPECT_EQ(checked("{}"), "row 1 of its proof has no output");
  EXPECT_EQ(checked(R"({"output":{}})"), "row 1 of its proof has no input");
  EXPECT_THAT(checked(R"({"input":[{"tenure":1},{}],"output":{}})"), HasSubstr("has no input of one row"));
  EXPECT_THAT(checked(R"({"input":{"tenure":{}},"output":{}})"), HasSubstr("is refused"));
}

}  // namespace
}  // namespace slipway::serve
