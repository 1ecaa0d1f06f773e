// SPDX-License-Identifier: Apache-2.0
#include "serve/body.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace slipway::serve {
namespace {

using model::Cell;
using model::Extra;
using model::Schema;
using testing::ElementsAre;
using testing::HasSubstr;

Schema schema(bool records_only) {
  auto made = Schema::create(
      {{.name = "a", .takes_number = true}, {.name = "b", .takes_number = true, .takes_text = true}}, records_only);
  EXPECT_TRUE(made);
  return std::move(*made);
}

std::string show(const Cell& cell) {
  switch (cell.kind) {
    case Cell::Kind::kAbsent:
      return "absent";
    case Cell::Kind::kNull:
      return "null";
    case Cell::Kind::kBool:
      return cell.integer != 0 ? "true" : "false";
    case Cell::Kind::kInt:
      return std::to_string(cell.integer);
    case Cell::Kind::kReal:
      return "real " + std::to_string(cell.real);
    case Cell::Kind::kText:
      return "'" + std::string(cell.text()) + "'";
    case Cell::Kind::kOther:
      return "other";
    case Cell::Kind::kTexts:
      break;
  }
  std::string out = "[";
  for (const Cell& text : cell.texts()) out += show(text);
  return out + "]";
}

class Body : public testing::Test {
 protected:
  // The rows of a body as text, one entry a row; "!" and the reason for a bad one.
  std::vector<std::string> rows(std::string body) {
    const std::size_t size = body.size();
    body.append(64, '7');  // what stands behind the end must not matter
    keep_ = std::move(body);
    const auto opened = reader_->open(std::string_view(keep_).substr(0, size));
    if (!opened) return {"error " + opened.error().message()};
    std::vector<std::string> out;
    for (;;) {
      const auto next = reader_->next();
      if (!next) return {"error " + next.error().message()};
      if (*next == BodyReader::Next::kEnd) return out;
      if (*next == BodyReader::Next::kBad) {
        out.push_back("! " + std::string(reader_->problem()));
        continue;
      }
      std::string row;
      for (const Cell& cell : reader_->cells()) row += show(cell) + " ";
      for (const Extra& extra : reader_->extras()) row += std::string(extra.name) + "=" + show(extra.value) + " ";
      row.pop_back();
      out.push_back(row);
    }
  }

  std::string keep_;
  Schema schema_ = schema(false);
  std::unique_ptr<BodyReader> reader_ =
      std::make_unique<BodyReader>(schema_, BodyLimits{.rows = 4, .depth = 8, .text_bytes = 10});
};

TEST_F(Body, ARecordMayComeInAnyOrderAndWithMore) {
  EXPECT_THAT(rows(R"({"b":"x","a":1.5})"), ElementsAre("real 1.500000 'x'"));
  EXPECT_FALSE(reader_->many());
  EXPECT_THAT(rows(R"({"z":true,"a":null,"y":[1]})"), ElementsAre("null absent z=true y=other"));
  EXPECT_THAT(rows("{}"), ElementsAre("absent absent"));
}

TEST_F(Body, TheLastOfEqualNamesCountsAsInPython) {
  EXPECT_THAT(rows(R"({"a":1,"z":1,"a":2,"y":0,"z":2})"), ElementsAre("2 absent z=2 y=0"));
}

TEST_F(Body, RowsListsAndColumns) {
  EXPECT_THAT(rows("[1,2]"), ElementsAre("1 2"));
  EXPECT_FALSE(reader_->many());
  EXPECT_THAT(rows("[[1,2],[3,4]]"), ElementsAre("1 2", "3 4"));
  EXPECT_TRUE(reader_->many());
  EXPECT_THAT(rows(R"([{"a":1},{"b":2}])"), ElementsAre("1 absent", "absent 2"));
  EXPECT_THAT(rows(R"({"b":[3,4],"a":[1,2]})"), ElementsAre("1 3", "2 4"));
  EXPECT_TRUE(reader_->columns());
  EXPECT_THAT(rows(R"({"a":1,"b":["x","y"]})"), ElementsAre("1 ['x''y']"));
}

TEST_F(Body, ListsOfTextsSurviveTheGrowthOfTheirBuffer) {
  EXPECT_THAT(rows(R"({"b":["p"],"q":["1","2","3"],"r":["4","5","6","7","8","9"],"a":1})"),
              ElementsAre("1 ['p'] q=['1''2''3'] r=['4''5''6''7''8''9']"));
}

TEST_F(Body, ABadRowDoesNotHideTheOthers) {
  EXPECT_THAT(rows("[[1,2],[1],7,[3,4]]"), ElementsAre("1 2", "! a row has 2 values, this one has 1",
                                                       "! a row is a record or a list of values, not a number", "3 4"));
}

TEST_F(Body, NumbersKeepTheirKind) {
  EXPECT_THAT(rows("[9223372036854775807,18446744073709551615]"),
              ElementsAre("9223372036854775807 real 18446744073709551616.000000"));
  EXPECT_THAT(rows("[2,2.0]"), ElementsAre("2 real 2.000000"));
}

TEST_F(Body, SaysWhatIsWrongWithIt) {
  EXPECT_THAT(rows(""), ElementsAre("error the body is empty"));
  EXPECT_THAT(rows("{").front(), HasSubstr("not JSON"));
  EXPECT_THAT(rows(R"({"a":NaN})").front(), HasSubstr("NaN and Infinity are not JSON"));
  EXPECT_THAT(rows(R"({"a":1e999})").front(), HasSubstr("beyond 64 bits"));
  EXPECT_THAT(rows("{\"a\":\"\xff\"}").front(), HasSubstr("UTF-8"));
  EXPECT_THAT(rows(R"({"a":1} x)").front(), HasSubstr("not JSON"));
  EXPECT_THAT(rows("[]"), ElementsAre("error the list has no rows"));
  EXPECT_THAT(rows(R"({"a":[]})"), ElementsAre("error the columns have no rows"));
  EXPECT_THAT(rows(R"({"a":[1],"b":[1,2]})"), ElementsAre("error column \"b\" has 2 values, the ones before it 1"));
  EXPECT_THAT(rows("7").front(), HasSubstr("the body is a number"));
  EXPECT_THAT(rows("[[[[[[[[[[1]]]]]]]]]]").front(), HasSubstr("nested more than 8 deep"));
  EXPECT_THAT(rows("[[1,2],[1,2],[1,2],[1,2],[1,2]]").front(), HasSubstr("5 rows in one request; the limit is 4"));
  EXPECT_THAT(rows(R"({"b":"01234567890"})"), ElementsAre("error the text of \"b\" is longer than 10 bytes"));
}

TEST_F(Body, TheLimitOfDepthHoldsForObjectsAndLists) {
  const auto nested = [](std::string_view open, int depth) {
    std::string out;
    for (int i = 1; i < depth; ++i) out += open;
    return out + "1";
  };
  reader_ = std::make_unique<BodyReader>(schema_, BodyLimits{.depth = 64});
  const auto objects = [&](int depth) {
    return rows(nested("{\"a\":", depth + 1) + std::string(std::size_t(depth), '}')).front();
  };
  EXPECT_THAT(objects(64), testing::StartsWith("other"));
  EXPECT_THAT(objects(66), HasSubstr("nested more than 64 deep"));
}

TEST_F(Body, AWideModelTakesFewerRows) {
  reader_ = std::make_unique<BodyReader>(schema_, BodyLimits{.rows = 100, .cells = 5});  // two fields
  EXPECT_THAT(rows("[[1,2],[1,2]]"), ElementsAre("1 2", "1 2"));
  EXPECT_THAT(rows("[[1,2],[1,2],[1,2]]").front(), HasSubstr("3 rows in one request; the limit is 2"));
}

TEST_F(Body, GarbageInAValueThatNobodyAskedForIsFound) {
  EXPECT_THAT(rows(R"({"a":1,"z":{"deep":[tru]}})").front(), HasSubstr("not JSON"));
  EXPECT_THAT(rows(R"({"a":1,"z":"\q"})").front(), HasSubstr("bad escape"));
}

// The short way must take nothing that simdjson refuses, and nothing otherwise than simdjson does.
class ShortWay : public Body {
 protected:
  void compare(const std::string& body) {
    const auto reader = [&](std::uint32_t flat_bytes) {
      return std::make_unique<BodyReader>(schema_, BodyLimits{.flat_bytes = flat_bytes});
    };
    reader_ = reader(0);
    const auto wanted = rows(body);
    reader_ = reader(1 << 20);
    ASSERT_EQ(rows(body), wanted) << body;
    taken_ += wanted.size() == 1 && !wanted[0].starts_with("error") ? 1 : 0;
  }
  int taken_ = 0;
};

constexpr const char* kValues[] = {"0",
                                   "-0",
                                   "1",
                                   "-1",
                                   "01",
                                   "-",
                                   "+1",
                                   "1.",
                                   ".5",
                                   "1.5",
                                   "-0.0",
                                   "1e5",
                                   "1E+5",
                                   "1e-5",
                                   "1e",
                                   "1e+",
                                   "1e999",
                                   "1e-999",
                                   "5e-324",
                                   "0.1",
                                   "123456789012345678",
                                   "1234567890123456789",
                                   "9223372036854775807",
                                   "9223372036854775808",
                                   "18446744073709551616",
                                   "1.7976931348623157e308",
                                   "0.30000000000000004",
                                   "1x",
                                   "0x1",
                                   "true",
                                   "false",
                                   "null",
                                   "tru",
                                   "truex",
                                   "nul",
                                   "\"\"",
                                   "\"text\"",
                                   "\"two words\"",
                                   "\"\\n\"",
                                   "\"\\u00e9\"",
                                   "\"\xc3\xa9\"",
                                   "\"\xff\"",
                                   "\"\x7f\"",
                                   "\"\x01\"",
                                   "\"12345678\"",
                                   "\"123456789012\"",
                                   "\"1234567890123\"",
                                   "\"open",
                                   "[]",
                                   "[1]",
                                   "[\"a\"]",
                                   "{}",
                                   "{\"x\":1}",
                                   "",
                                   "NaN",
                                   "Infinity",
                                   "'a'"};

TEST_F(ShortWay, ReadsEachValueAsSimdjsonDoes) {
  for (const char* value : kValues) {
    const std::string text = value;
    for (const std::string& body :
         {"{\"a\":" + text + "}", "{\"z\" : " + text + " , \"b\":1}", "{\"b\":1,\"a\":" + text,
          " {\n\"a\":" + text + "}\r\n", "{\"a\":" + text + "} x", "{\"a\":" + text + ",}"}) {
      compare(body);
    }
  }
  EXPECT_GT(taken_, 100);
}

TEST_F(ShortWay, AgreesOnEveryCutAndOnRandomDamage) {
  const std::string record =
      "{\"a\": -12.5e1, \"b\":\"some text\",\"unknown one\":true ,\"z\":null,\"a\":7, \"y\":\"\"}";
  for (std::size_t size = 0; size <= record.size(); ++size) compare(record.substr(0, size));
  std::mt19937 random(1);
  const std::string_view letters = "{}[]\",:\\ 0123456789.eE+-truefalsnb\x01\x80\xc3\xa9";
  for (int i = 0; i < 50'000; ++i) {
    std::string body = record;
    for (std::size_t edits = 1 + random() % 3; edits > 0; --edits) {
      const std::size_t at = random() % body.size();
      const char letter = letters[random() % letters.size()];
      if (random() % 3 == 0) {
        body.erase(at, 1);
      } else if (random() % 2 == 0) {
        body.insert(at, 1, letter);
      } else {
        body[at] = letter;
      }
    }
    compare(body);
  }
  EXPECT_GT(taken_, 2'000);
}

// As of a text classifier: TfidfVectorizer takes a list of texts, and a row is one of them.
TEST_F(Body, ATextIsARowOfAModelThatTakesNothingElse) {
  schema_ = *Schema::create({{.name = "text", .takes_text = true}}, false);
  reader_ = std::make_unique<BodyReader>(schema_, BodyLimits{});
  const std::vector<std::string> record = rows(R"({"text":"good food"})");
  EXPECT_EQ(rows(R"("good food")"), record);
  EXPECT_FALSE(reader_->many());
  EXPECT_EQ(rows(R"(["good food"])"), record);
  EXPECT_TRUE(reader_->many());
  EXPECT_EQ(rows(R"(["good food",{"text":"good food"},["good food"]])"),
            (std::vector<std::string>{record[0], record[0], record[0]}));
  EXPECT_THAT(rows(R"(["good food",7])")[1], HasSubstr("not a number"));
  EXPECT_EQ(rows("7").size(), 1u);
  EXPECT_THAT(rows("7")[0], HasSubstr("error"));
}

TEST_F(Body, WhatStandsUnderTheInputKeyIsTheBody) {
  reader_ = std::make_unique<BodyReader>(schema_, BodyLimits{}, "customer");
  const std::vector<std::string> record = rows(R"({"a":1,"b":"x"})");
  EXPECT_EQ(rows(R"({"customer":{"a":1,"b":"x"}})"), record);
  EXPECT_EQ(rows(R"({"customer":[1,"x"],"other":2})"), record);
  EXPECT_EQ(rows(R"({"customer":[{"a":1,"b":"x"},[1,"x"]]})"), (std::vector<std::string>{record[0], record[0]}));
  EXPECT_THAT(rows(R"({"customer":7})")[0], HasSubstr("error"));
}

TEST_F(Body, AModelOfRecordsTakesNoBareRow) {
  schema_ = schema(true);
  reader_ = std::make_unique<BodyReader>(schema_, BodyLimits{});
  EXPECT_THAT(rows("[1,2]").front(), HasSubstr("send an object"));
  EXPECT_THAT(rows("[[1,2]]").front(), HasSubstr("send an object"));
}

}  // namespace
}  // namespace slipway::serve
