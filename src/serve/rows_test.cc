// SPDX-License-Identifier: Apache-2.0
// testdata/csv/pandas.json has cells and what pandas.read_csv makes of them; tools/fixtures/csv_cases.py wrote it.
#include "serve/rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <cstdlib>
#include <random>
#include <string>

#include "serve/csv_cell.h"
#include "serve/small_model.h"

namespace slipway::serve {
namespace {

using model::Cell;

TEST(CsvCell, IsReadAsPandasReadsIt) {
  simdjson::dom::parser parser;
  simdjson::dom::array cases;
  ASSERT_EQ(parser.load("testdata/csv/pandas.json").get(cases), simdjson::SUCCESS);
  ASSERT_GT(cases.size(), 80U);
  for (const simdjson::dom::element wanted : cases) {
    const std::string text(wanted["cell"].get_string().value());
    const std::string kind(wanted["kind"].get_string().value());
    Cell cell;
    EXPECT_EQ(read_number(text, cell), kind == "number") << text;
    EXPECT_EQ(is_missing_text(text), kind == "missing") << text;
    if (kind != "number") continue;
    const double number = std::strtod(std::string(wanted["value"].get_string().value()).c_str(), nullptr);
    EXPECT_EQ(cell.number(), number) << text;
  }
}

TEST(CsvCell, NumbersOfEveryLengthAreThoseOfStrtod) {
  std::mt19937 random(3);
  constexpr std::string_view kCharacters = "0123456789012345678901234567890123456789.+-e/:x";
  std::size_t numbers = 0;
  for (int i = 0; i < 300'000; ++i) {
    std::string text;
    for (std::size_t size = random() % 22 + 1; size > 0; --size) text += kCharacters[random() % kCharacters.size()];
    Cell cell;
    char* end = nullptr;
    const double wanted = std::strtod(text.c_str(), &end);
    const bool whole = *end == '\0' && text.find('x') == std::string::npos;
    ASSERT_EQ(read_number(text, cell), whole) << text;
    if (!whole) continue;
    ++numbers;
    ASSERT_EQ(cell.number(), wanted) << text;
  }
  EXPECT_GT(numbers, 50'000U);
}

// contract takes text ("month", "year"), tenure a number.
struct Rows {
  Rows(std::string_view text, RowOptions options = {}) : source(text, 5), plan(small_plan()) {
    options.name = "f";
    auto opened = RowReader::open(source, plan, std::move(options));
    if (opened) {
      reader = std::move(*opened);
    } else {
      error = opened.error().message();
    }
  }
  // The next record as text: what each field is, and what is handed through.
  std::string next() {
    const auto next = reader->next();
    if (!next) return next.error().message();
    if (*next == RowReader::Next::kEnd) return "end";
    if (*next == RowReader::Next::kBad) return where("f", reader->problem_place()) + reader->problem();
    std::string out;
    for (const Cell& cell : reader->cells()) out.append(text_of(cell)).append(" ");
    for (const model::Extra& extra : reader->extras()) out.append("+").append(extra.name).append(" ");
    for (const Cell& cell : reader->kept()) out.append("[").append(text_of(cell)).append("]");
    return out;
  }
  static std::string text_of(const Cell& cell) {
    if (cell.missing()) return cell.kind == Cell::Kind::kNull ? "null" : "absent";
    if (cell.kind == Cell::Kind::kText) return std::string(cell.text());
    return (cell.kind == Cell::Kind::kBool ? "bool:" : "#") + std::to_string(cell.number()).substr(0, 4);
  }

  TextSource source;
  engine::Plan plan;
  std::unique_ptr<RowReader> reader;
  std::string error;
};

TEST(CsvRows, ColumnsAreTakenByNameInAnyOrder) {
  Rows rows("tenure,contract\n24,month\n1.5,year\n");
  EXPECT_EQ(rows.next(), "month #24.0 ");
  EXPECT_EQ(rows.next(), "year #1.50 ");
  EXPECT_EQ(rows.next(), "end");
}

TEST(CsvRows, ACellIsReadByItsField) {
  Rows rows("contract,tenure\n01,01\nTrue,True\nNA,NA\n,\n1e5,x\n");
  EXPECT_EQ(rows.next(), "01 #1.00 ");
  EXPECT_EQ(rows.next(), "True bool:1.00 ");
  EXPECT_EQ(rows.next(), "null null ");
  EXPECT_EQ(rows.next(), "null null ");
  EXPECT_EQ(rows.next(), "1e5 x ");
}

TEST(CsvRows, AnUnnamedFirstColumnAndAnIdAreHandedThrough) {
  Rows index(",contract,tenure\n7,month,1\n");
  EXPECT_EQ(index.next(), "month #1.00 [7]");
  EXPECT_THAT(index.reader->kept_names(), testing::ElementsAre(""));
  Rows id("contract,id,tenure,x\nmonth,a-1,1,9\n");
  EXPECT_EQ(id.next(), "month #1.00 [a-1]");
  EXPECT_THAT(id.reader->ignored(), testing::ElementsAre("x"));
  Rows chosen("contract,id,tenure,x\nmonth,a-1,1,9\n", {.keep = {"x", "tenure"}});
  EXPECT_EQ(chosen.next(), "month #1.00 [9][1]");
  EXPECT_THAT(Rows("contract\n", {.keep = {"contrat"}}).error, testing::HasSubstr("no column \"contrat\" to keep"));
}

TEST(CsvRows, AHeaderIsHeldAgainstTheContractOnce) {
  EXPECT_EQ(Rows("contract,Tenure\n").error, "f:1:10: unknown column \"Tenure\"; did you mean \"tenure\"?");
  EXPECT_EQ(Rows("contract,Tenure\n", {.contract = Contract::kIgnore}).error, "");
  EXPECT_EQ(Rows("contract,Tenure,tenure\n").error, "");
  EXPECT_EQ(Rows("contract,tenure,x\n", {.contract = Contract::kStrict}).error, "f:1:17: unknown column \"x\"");
  EXPECT_EQ(Rows("contract\n", {.contract = Contract::kStrict}).error, "f:1:1: missing column \"tenure\"");
  EXPECT_EQ(Rows("contract,tenure,contract\n").error, "f:1:17: column \"contract\" stands in the header twice");
  EXPECT_THAT(Rows("a;b\n").error, testing::HasSubstr("no column of the header is a field"));
  EXPECT_EQ(Rows("").error, "f: there is no header: the input is empty");
  EXPECT_THAT(Rows("month,1\n", {.header = false}).error, testing::HasSubstr("needs a header"));
}

TEST(CsvRows, AMissingColumnIsAbsentInEachRow) {
  Rows rows("tenure\n1\n2\n");
  EXPECT_EQ(rows.next(), "absent #1.00 ");
  rows.reader->cells()[0] = Cell::of(true);
  EXPECT_EQ(rows.next(), "absent #2.00 ");
}

TEST(CsvRows, AnUnknownColumnThatTheVectorizerUsesIsAnExtra) {
  Rows rows("contract=month,tenure\n1,2\nx,2\n");
  EXPECT_EQ(rows.next(), "absent #2.00 +contract=month ");
  EXPECT_EQ(rows.next(), "absent #2.00 ");
}

TEST(CsvRows, ARowOfAnotherLengthIsBadAndTheNextIsRead) {
  Rows rows("contract,tenure\nmonth\nmonth,1,2\n\nyear,3\n");
  EXPECT_EQ(rows.next(), "f:2:1: the row has 1 field, the header has 2");
  EXPECT_EQ(rows.next(), "f:3:1: the row has 3 fields, the header has 2");
  EXPECT_EQ(rows.next(), "year #3.00 ");
  EXPECT_EQ(rows.reader->place(1).line, 5U);
  EXPECT_EQ(rows.reader->place(1).column, 6U);
}

TEST(JsonLines, ALineIsARecord) {
  Rows rows(
      "{\"tenure\":1,\"id\":\"a\"}\n\n  "
      "\n{\"contract\":\"year\"}\r\n[1,2]\nnonsense\n[{\"tenure\":1}]\n{\"tenure\":3,\"id\":4}",
      {.format = RowFormat::kJsonLines});
  EXPECT_EQ(rows.next(), "absent #1.00 +id [a]");
  EXPECT_EQ(rows.next(), "year absent [absent]");
  EXPECT_THAT(rows.next(), testing::StartsWith("f:5:1: "));
  EXPECT_THAT(rows.next(), testing::StartsWith("f:6:1: the line is not JSON"));
  EXPECT_EQ(rows.next(), "f:7:1: the line is a list; a line has one record or one row");
  EXPECT_EQ(rows.next(), "absent #3.00 +id [#4.00]");
  EXPECT_EQ(rows.next(), "end");
}

TEST(JsonFile, HoldsRecordsOrColumns) {
  Rows records(" [{\"tenure\":1},{\"contract\":\"year\"}] ", {.format = RowFormat::kJson});
  EXPECT_EQ(records.next(), "absent #1.00 ");
  EXPECT_EQ(records.next(), "year absent ");
  EXPECT_EQ(records.next(), "end");
  Rows columns("{\"tenure\":[1,2],\"contract\":[\"year\",null]}", {.format = RowFormat::kJson});
  EXPECT_EQ(columns.next(), "year #1.00 ");
  EXPECT_EQ(columns.next(), "null #2.00 ");
  EXPECT_EQ(columns.next(), "end");
  EXPECT_THAT(Rows("[{]", {.format = RowFormat::kJson}).error, testing::StartsWith("f: the file is not JSON"));
}

}  // namespace
}  // namespace slipway::serve
