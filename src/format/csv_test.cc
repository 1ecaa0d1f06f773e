// SPDX-License-Identifier: Apache-2.0
// testdata/csv/cases.json has texts and what Python's csv module reads from them; tools/fixtures/csv_cases.py wrote it.
#include "format/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <random>
#include <string>
#include <vector>

namespace slipway::format {
namespace {

using Row = std::vector<std::string>;
using testing::ElementsAre;
using testing::HasSubstr;

struct Read {
  std::vector<Row> rows;
  std::vector<std::string> bad;  // line:column: problem
};

Read read(std::string_view text, CsvOptions options = {}, std::size_t piece = SIZE_MAX) {
  TextSource source(text, piece);
  CsvReader reader(source, options);
  Read out;
  for (;;) {
    const auto next = reader.next();
    if (!next) {
      out.bad.push_back(next.error().message());
      return out;
    }
    if (*next == CsvReader::Next::kEnd) return out;
    if (*next == CsvReader::Next::kBad) {
      const TextPlace place = reader.problem_place();
      out.bad.push_back(std::to_string(place.line) + ":" + std::to_string(place.column) + ": " + reader.problem());
      continue;
    }
    Row& row = out.rows.emplace_back();
    for (std::size_t i = 0; i < reader.size(); ++i) row.emplace_back(reader[i]);
  }
}

TEST(Csv, IsReadAsPythonReadsIt) {
  simdjson::dom::parser parser;
  simdjson::dom::array cases;
  ASSERT_EQ(parser.load("testdata/csv/cases.json").get(cases), simdjson::SUCCESS);
  ASSERT_GT(cases.size(), 300U);
  for (const simdjson::dom::element wanted : cases) {
    const std::string text(wanted["text"].get_string().value());
    const bool unclosed = wanted["unclosed"].get_bool().value();
    std::vector<Row> rows;
    for (const simdjson::dom::element row : wanted["rows"].get_array().value()) {
      Row& fields = rows.emplace_back();
      for (const simdjson::dom::element field : row) fields.emplace_back(field.get_string().value());
    }
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, text.size() + 1}) {
      const Read got = read(text, {}, piece);
      if (unclosed) {
        EXPECT_FALSE(got.bad.empty()) << text;
        continue;
      }
      EXPECT_THAT(got.bad, ElementsAre()) << text;
      EXPECT_EQ(got.rows, rows) << text;
    }
  }
}

TEST(Csv, LinesOfBlanksAreSkippedAsPandasDoes) {
  EXPECT_THAT(read("a\n  \n\t\n1\n").rows, ElementsAre(Row{"a"}, Row{"1"}));
  EXPECT_THAT(read("a\n\" \"\n").rows, ElementsAre(Row{"a"}, Row{" "}));
}

TEST(Csv, AByteOrderMarkIsNoPartOfTheFirstName) {
  EXPECT_THAT(read("\xEF\xBB\xBF"
                   "a,b\n1,2\n")
                  .rows,
              ElementsAre(Row{"a", "b"}, Row{"1", "2"}));
  EXPECT_THAT(read("\xEF\xBB\xBF"
                   "a,b\n1,2\n",
                   {}, 1)
                  .rows,
              ElementsAre(Row{"a", "b"}, Row{"1", "2"}));
}

TEST(Csv, Utf16IsRefusedByName) {
  EXPECT_THAT(read(std::string_view("\xFF\xFE"
                                    "a\0,\0",
                                    6))
                  .bad,
              ElementsAre("the text is UTF-16"));
}

TEST(Csv, TheDelimiterIsAsAskedOrWhatTheFirstLineHasMostOf) {
  EXPECT_THAT(read("a;b,c\n", {.delimiter = ';'}).rows, ElementsAre(Row{"a", "b,c"}));
  EXPECT_THAT(read("a;b;c,d\n", {.delimiter = '\0'}).rows, ElementsAre(Row{"a", "b", "c,d"}));
  EXPECT_THAT(read("\"x,y,z\"\tb\n", {.delimiter = '\0'}).rows, ElementsAre(Row{"x,y,z", "b"}));
  EXPECT_THAT(read("a\n", {.delimiter = '\0'}, 1).rows, ElementsAre(Row{"a"}));
}

TEST(Csv, AQuoteThatIsNeverClosedIsNamedAndReadingGoesOnBehindItsFirstLine) {
  const Read got = read("a,b\n1,2\n3,\"x\n5,6\n");
  EXPECT_THAT(got.rows, ElementsAre(Row{"a", "b"}, Row{"1", "2"}, Row{"5", "6"}));
  EXPECT_THAT(got.bad, ElementsAre("3:3: the quote that opens here is never closed"));
}

TEST(Csv, AQuoteThatIsNeverClosedAndTooLongIsTooLongInPiecesToo) {
  const CsvOptions small{.line_bytes = 1000, .field_bytes = 100};
  const std::string text = "a,\"" + std::string(107, 'x');
  const std::string later = std::string(101, 'x') + ",\"y";
  for (const std::size_t piece : {std::size_t{2}, std::size_t{3}, SIZE_MAX}) {
    EXPECT_THAT(read(later, small, piece).bad, ElementsAre("1:1: the field is longer than 100 bytes"));
    EXPECT_THAT(read(text, small, piece).bad,
                ElementsAre(HasSubstr("1:3: the field is longer than 100 bytes; is the quote")));
  }
}

TEST(Csv, AFieldAboveTheLimitIsNamedAndReadingGoesOn) {
  const CsvOptions small{.line_bytes = 4096, .field_bytes = 1000};
  const std::string text = "a,b\n1," + std::string(2000, 'x') + "\n3,4\n5,\"" + std::string(2000, 'y') + "\"\n7,8\n";
  for (const std::size_t piece : {std::size_t{100}, SIZE_MAX}) {
    const Read got = read(text, small, piece);
    EXPECT_THAT(got.rows, ElementsAre(Row{"a", "b"}, Row{"3", "4"}, Row{"7", "8"}));
    EXPECT_THAT(got.bad, ElementsAre("2:3: the field is longer than 1000 bytes",
                                     HasSubstr("4:3: the field is longer than 1000 bytes; is the quote")));
  }
}

TEST(Csv, TheOtherLinesOfARowThatIsTooLongAreReadAsTheyStand) {
  const Read got = read("\"xx\n1,2\nlonger than eight\"\n3,4\n", {.field_bytes = 8});
  EXPECT_THAT(got.rows, ElementsAre(Row{"1", "2"}, Row{"3", "4"}));
  EXPECT_THAT(got.bad, ElementsAre(HasSubstr("1:1: the field is longer than 8 bytes; is the quote"),
                                   "3:1: the field is longer than 8 bytes"));
}

TEST(Csv, WhatIsSaidOfATextDoesNotDependOnHowItIsCut) {
  std::mt19937 random(1);
  std::size_t rows = 0, bad = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (std::size_t size = random() % 80; text.size() < size;) text += "ab\"\"\",,\n\r ;;"[random() % 12];
    CsvOptions small{.line_bytes = 5 + std::uint32_t(random() % 30),
                     .field_bytes = 2 + std::uint32_t(random() % 12),
                     .fields = 3 + std::uint32_t(random() % 4)};
    if (random() % 4 == 0) small.delimiter = '\0';
    const Read whole = read(text, small);
    rows += whole.rows.size();
    bad += whole.bad.size();
    for (const std::size_t piece : {1, 2, 3, 7}) {
      const Read got = read(text, small, piece);
      ASSERT_EQ(got.rows, whole.rows) << piece << ": " << testing::PrintToString(text);
      ASSERT_EQ(got.bad, whole.bad) << piece << ": " << testing::PrintToString(text);
    }
  }
  EXPECT_GT(rows, 10'000U);
  EXPECT_GT(bad, 10'000U);
}

TEST(Csv, ALineAboveTheLimitIsNamed) {
  std::string text = "a\n";
  for (int i = 0; i < 600'000; ++i) text += "x,";
  EXPECT_THAT(read(text + "\nb\n", {.line_bytes = 500'000}, 1000).bad,
              ElementsAre("2:1: the line is longer than 500000 bytes"));
  EXPECT_THAT(read(text + "\nb\n", {.fields = 5000}).bad, ElementsAre("2:1: more than 5000 fields in a line"));
}

TEST(Csv, APlaceIsLineAndColumnOfTheText) {
  const std::string_view text = "a,b\n\n\"1\n\n2\",\"3\n4\",5\n6,7\n";
  TextSource source(text);
  CsvReader reader(source, {});
  ASSERT_EQ(reader.next().value(), CsvReader::Next::kRow);
  ASSERT_EQ(reader.next().value(), CsvReader::Next::kRow);
  EXPECT_EQ(reader.line(), 3U);
  EXPECT_EQ(reader.place(1).line, 5U);
  EXPECT_EQ(reader.place(1).column, 4U);
  EXPECT_EQ(reader.place(2).line, 6U);
  EXPECT_EQ(reader.place(2).column, 4U);
  ASSERT_EQ(reader.next().value(), CsvReader::Next::kRow);
  EXPECT_EQ(reader.line(), 7U);
  EXPECT_EQ(reader.bytes(), text.size());
}

TEST(Csv, ManyRowsCrossTheBufferUnharmed) {
  std::string text;
  std::vector<Row> rows;
  for (int i = 0; i < 50'000; ++i) {
    const std::string number = std::to_string(i);
    rows.push_back({number, "x\"" + std::string(std::size_t(i) % 97, 'y'), "z\n" + number});
    text += number + ",\"x\"\"" + std::string(std::size_t(i) % 97, 'y') + "\",\"z\n" + number + "\"\r\n";
  }
  const Read got = read(text, {}, 4093);
  EXPECT_THAT(got.bad, ElementsAre());
  EXPECT_TRUE(got.rows == rows);
}

TEST(Csv, AFieldIsWrittenAsPythonWritesIt) {
  const auto written = [](std::string_view text, char delimiter = ',') {
    std::string out;
    append_csv(out, text, delimiter);
    return out;
  };
  EXPECT_EQ(written("plain text"), "plain text");
  EXPECT_EQ(written("a,b"), "\"a,b\"");
  EXPECT_EQ(written("a,b", ';'), "a,b");
  EXPECT_EQ(written("say \"hi\""), "\"say \"\"hi\"\"\"");
  EXPECT_EQ(written("two\nlines"), "\"two\nlines\"");
  EXPECT_EQ(written(""), "");
}

}  // namespace
}  // namespace slipway::format
