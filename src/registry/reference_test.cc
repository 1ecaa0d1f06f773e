// SPDX-License-Identifier: Apache-2.0
#include "registry/reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slipway::registry {
namespace {

using testing::HasSubstr;

TEST(Reference, IsAVersionALabelAnAliasOrANameAlone) {
  const struct {
    const char* text;
    const char* name;
    std::uint32_t version;
    const char* label;
    const char* alias;
  } cases[] = {
      {"churn", "churn", 0, "", ""},
      {"churn:3", "churn", 3, "", ""},
      {"churn:v1.2.3+b4", "churn", 0, "v1.2.3+b4", ""},
      {"churn:1.0", "churn", 0, "1.0", ""},
      {"Churn_2.x-y@production", "Churn_2.x-y", 0, "", "production"},
      {"7:007", "7", 7, "", ""},
  };
  for (const auto& row : cases) {
    const auto parsed = parse_reference(row.text);
    ASSERT_TRUE(parsed) << parsed.error().message();
    EXPECT_EQ(parsed->name, row.name);
    EXPECT_EQ(parsed->version, row.version);
    EXPECT_EQ(parsed->label, row.label);
    EXPECT_EQ(parsed->alias, row.alias);
  }
}

TEST(Reference, SaysWhatIsWrong) {
  const struct {
    const char* text;
    const char* says;
  } cases[] = {
      {"", "it is empty"},
      {":3", "it is empty"},
      {"churn:", "ends too early"},
      {"churn@", "ends too early"},
      {"churn:0", "no version 0"},
      {"churn:99999999999", "no version 99999999999"},
      {"../churn", "\"/\" is not for names"},
      {"a/b", "\"/\" is not for names"},
      {"a b", "is not for names"},
      {".churn", "starts with \".\""},
      {"churn@3", "it is a number"},
      {"churn:a:b", "is not for names"},
      {"\xC3\xA4x", "\"\xC3\xA4\" is not for names"},
  };
  for (const auto& row : cases) {
    const auto parsed = parse_reference(row.text);
    ASSERT_FALSE(parsed) << row.text;
    EXPECT_EQ(parsed.error().code(), Code::kUsage) << row.text;
    EXPECT_THAT(parsed.error().message(), HasSubstr(row.says));
    EXPECT_NE(parsed.error().hint(), "");
  }
  EXPECT_TRUE(check_name(std::string(100, 'n')));
  EXPECT_FALSE(check_name(std::string(101, 'n')));
  EXPECT_FALSE(check_label("17"));
}

}  // namespace
}  // namespace slipway::registry
