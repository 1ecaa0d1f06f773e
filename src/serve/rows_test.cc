// SPDX-License-Identifier: Apache-2.0
// testdata/csv/pandas.json has cells and what pandas.read_csv makes of them; tools/fixtures/csv_cases.py wrote it.
#include "serve/rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <cmath>
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
    const double number = std::stod(std::string(wanted["value"].get_string().value()));
    EXPECT_EQ(cell.number(), number) << text;
  }
}

}  // namespace
}  // namespace slipway::serve
