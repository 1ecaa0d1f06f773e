// SPDX-License-Identifier: Apache-2.0
#include "model/schema.h"

#include <gtest/gtest.h>

namespace slipway::model {
namespace {

Schema make(std::vector<Field> fields) {
  auto schema = Schema::create(std::move(fields), true);
  EXPECT_TRUE(schema);
  return std::move(*schema);
}

TEST(Schema, FindsFieldsAndKeepsTheirOrder) {
  Schema first = make({{.name = "tenure", .takes_number = true}, {.name = "", .takes_text = true}});
  const Schema schema = std::move(first);  // names() borrows from fields(): moving must not break it
  EXPECT_EQ(schema.find("tenure"), 0U);
  EXPECT_EQ(schema.find(""), 1U);
  EXPECT_EQ(schema.find("Tenure"), Schema::kNoField);
  EXPECT_EQ(schema.names()[0], "tenure");
  EXPECT_EQ(schema.fields()[0].expected(), "number");
  EXPECT_EQ(schema.fields()[1].expected(), "text");
}

TEST(Schema, RefusesTwoFieldsOfOneNameAndFieldsThatTakeNothing) {
  const auto twice = Schema::create({{.name = "a", .takes_text = true}, {.name = "a", .takes_text = true}}, true);
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().message(), "input fields: the name \"a\" stands twice");
  EXPECT_FALSE(Schema::create({{.name = "a"}}, true));
  EXPECT_FALSE(Schema::create({}, true));
}

TEST(Schema, ExampleIsARecordThatTheFieldsTake) {
  const Schema schema = make({
      {.name = "contract", .takes_text = true, .categories = {"two \"year\"", "monthly"}},
      {.name = "tenure", .takes_number = true, .typical = 24.0},
      {.name = "charges", .takes_number = true, .typical = 64.75},
      {.name = "nothing known", .takes_number = true},
      {.name = "both", .takes_number = true, .takes_text = true, .categories = {"no"}},
      {.name = "any", .takes_text = true},
  });
  EXPECT_EQ(schema.example(),
            R"({"contract":"two \"year\"","tenure":24,"charges":64.75,"nothing known":0,"both":"no","any":""})");
}

}  // namespace
}  // namespace slipway::model
