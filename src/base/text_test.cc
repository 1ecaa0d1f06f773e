// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <gtest/gtest.h>

#include <limits>

namespace slipway {
namespace {

std::string json(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string json(double value) {
  std::string out;
  append_json_number(out, value);
  return out;
}

TEST(JsonString, EscapesWhatJsonForbids) {
  EXPECT_EQ(json("plain"), R"("plain")");
  EXPECT_EQ(json("a\"b\\c\n\x01\x7f"), R"("a\"b\\c\n\u0001\u007f")");
  EXPECT_EQ(json(std::string_view("a\0b", 3)), R"("a\u0000b")");
}

TEST(JsonString, KeepsUtf8AndReplacesWhatIsNot) {
  EXPECT_EQ(json("größe 語 😀"), "\"größe 語 😀\"");
  EXPECT_EQ(json("a\xff\x62"), "\"a\xEF\xBF\xBD\x62\"");
  EXPECT_EQ(json("\xed\xa0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");  // a lone surrogate
  EXPECT_EQ(json("a\xc2\x9b"
                 "b\xc2\xa0"),
            "\"a\\u009bb\xc2\xa0\"");                           // a C1 control
  EXPECT_EQ(json("\xc0\xaf"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");  // an overlong slash
}

// Expected values are what Python 3's json.dumps prints.
TEST(JsonNumber, PrintsDoublesAsPythonDoes) {
  EXPECT_EQ(json(0.5336072702798061), "0.5336072702798061");
  EXPECT_EQ(json(1.0), "1.0");
  EXPECT_EQ(json(-0.0), "-0.0");
  EXPECT_EQ(json(0.1), "0.1");
  EXPECT_EQ(json(1e-7), "1e-07");
  EXPECT_EQ(json(0.0001), "0.0001");
  EXPECT_EQ(json(0.00001), "1e-05");
  EXPECT_EQ(json(1e16), "1e+16");
  EXPECT_EQ(json(123456789012345680.0), "1.2345678901234568e+17");
  EXPECT_EQ(json(1234567890123456.0), "1234567890123456.0");
  EXPECT_EQ(json(5e-324), "5e-324");
  EXPECT_EQ(json(1.7976931348623157e308), "1.7976931348623157e+308");
  EXPECT_EQ(json(std::numeric_limits<double>::quiet_NaN()), "null");
  EXPECT_EQ(json(std::numeric_limits<double>::infinity()), "null");
}

TEST(Printable, NeverLetsControlBytesThrough) {
  EXPECT_EQ(printable("a\x1b[31mb"), "a\\u001b[31mb");
  EXPECT_EQ(printable("a\xc2\x9b"), "a\xEF\xBF\xBD");  // C1 CSI
  EXPECT_EQ(printable(std::string(100, 'x'), 10), "xxxxxxxxxx...");
}

TEST(EditDistance, CountsOneForASwapAndNothingForCase) {
  EXPECT_EQ(edit_distance("tenure", "Tenure", 3), 0u);
  EXPECT_EQ(edit_distance("tenure", "tenrue", 3), 1u);
  EXPECT_EQ(edit_distance("tenure", "tenre", 3), 1u);
  EXPECT_EQ(edit_distance("tenure", "contract", 3), 4u);
  EXPECT_EQ(edit_distance("", "", 3), 0u);
}

TEST(Nearest, FindsASlipOfThePenAndNothingElse) {
  const std::string_view names[] = {"tenure", "contract", "monthlycharges"};
  EXPECT_EQ(nearest("Tenure", names), "tenure");
  EXPECT_EQ(nearest("monthly_charges", names), "monthlycharges");
  EXPECT_EQ(nearest("gender", names), "");
  const std::string_view few[] = {"m", "ab"};
  EXPECT_EQ(nearest("z", few), "");
  EXPECT_EQ(nearest("M", few), "m");
  EXPECT_EQ(nearest("ac", few), "");
  EXPECT_EQ(nearest("", names), "");
}

TEST(JoinAnd, ReadsLikeASentence) {
  const std::string_view names[] = {"a", "b", "c"};
  EXPECT_EQ(join_and(std::span(names, 1)), "a");
  EXPECT_EQ(join_and(std::span(names, 2)), "a and b");
  EXPECT_EQ(join_and(names), "a, b and c");
}

}  // namespace
}  // namespace slipway
