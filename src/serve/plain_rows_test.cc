// SPDX-License-Identifier: Apache-2.0
// Against strtod, and against the same rows with every cell in quotes, which are read the general way.
#include "serve/plain_rows.h"

#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "serve/rows.h"
#include "serve/small_model.h"

namespace slipway::serve {
namespace {

using model::Cell;
using Random = std::mt19937_64;

constexpr std::size_t kAround = format::CsvReader::kAround;

// What this processor has.
std::vector<PlainRows::Level> levels() {
  using enum PlainRows::Level;
  std::vector<PlainRows::Level> out;
  for (const auto level : {kAvx2, kAvx512}) {
    if (level <= PlainRows::best_level(',')) out.push_back(level);
  }
  return out;
}

// A row of numbers and a column that is nothing. Fields follow one another as their columns, or are shuffled.
class Numbers {
 public:
  static constexpr std::uint32_t kFields = 21;

  Numbers(PlainRows::Level level, bool shuffled) : plan_(sum_plan(kFields)), cells_(kFields), texts_(kFields, "1.5") {
    std::vector<PlainRows::Column> columns(kFields, {.kind = PlainRows::Kind::kNumber});
    for (std::uint32_t i = 0; i < kFields; ++i) columns[i].field = shuffled ? i * 5 % kFields : i;
    for (const auto& column : columns) fields_.push_back(column.field);
    columns.push_back({});
    rows_.emplace(plan_, std::move(columns), ',', level);
  }

  // Reads numbers by the row and holds each against strtod.
  void add(const std::string& number) {
    texts_[at_] = number;
    at_ = (at_ + 1) % kFields;
    if (at_ == 0) read_row();
  }
  void read_row() {
    const std::string row = this->row();
    text_.assign(kAround, '7');  // digits, which must not be taken for the number's own
    text_ += row;
    text_.append(kAround, '8');
    ASSERT_EQ(rows_->read(std::string_view(text_).substr(kAround, row.size()), cells_), row.size()) << row;
    for (std::uint32_t i = 0; i < kFields; ++i) ASSERT_EQ((*rows_)[i], texts_[i]);
    ASSERT_EQ((*rows_)[kFields], "99");
    judge();
  }

 private:
  std::string row() const {
    std::string out;
    for (const std::string& text : texts_) out += text + ",";
    return out + "99\n";
  }
  void judge() {
    for (std::uint32_t i = 0; i < kFields; ++i) judge(cells_[fields_[i]], texts_[i]);
  }
  static void judge(const Cell& cell, const std::string& text) {
    ASSERT_TRUE(cell.is_number()) << text;
    const double wanted = std::strtod(text.c_str(), nullptr);
    if (cell.kind == Cell::Kind::kReal) {
      ASSERT_EQ(std::bit_cast<std::uint64_t>(cell.real), std::bit_cast<std::uint64_t>(wanted)) << text;
      ASSERT_NE(text.find_first_of(".e"), std::string::npos) << text;
    } else {
      ASSERT_EQ(text.find_first_of(".e"), std::string::npos) << text;
      ASSERT_EQ(cell.integer, std::strtoll(text.c_str(), nullptr, 10)) << text;
    }
  }

  engine::Plan plan_;
  std::optional<PlainRows> rows_;
  std::vector<Cell> cells_;
  std::vector<std::string> texts_;
  std::vector<std::uint32_t> fields_;
  std::string text_;
  std::uint32_t at_ = 0;
};

// Calls f(numbers) with each way of reading them.
template <class F>
void for_each_way(F f) {
  if (levels().empty()) GTEST_SKIP();
  for (const PlainRows::Level level : levels()) {
    for (const bool shuffled : {false, true}) {
      SCOPED_TRACE(int(level));
      Numbers numbers(level, shuffled);
      f(numbers);
      numbers.read_row();
    }
  }
}

std::vector<PlainRows::Column> columns_of(std::uint32_t fields) {
  std::vector<PlainRows::Column> columns(fields, {.kind = PlainRows::Kind::kNumber});
  for (std::uint32_t i = 0; i < fields; ++i) columns[i].field = i;
  return columns;
}

std::string printed(double value, const char* format) {
  char out[64];
  return {out, std::size_t(std::snprintf(out, sizeof out, format, value))};
}

std::string shortest(double value) {
  char out[32];
  return {out, std::to_chars(out, out + sizeof out, value).ptr};
}

TEST(PlainRows, NumbersAsProgramsPrintThemAreThoseOfStrtod) {
  for_each_way([](Numbers& numbers) {
    Random random(1);
    std::normal_distribution<double> normal;
    for (int i = 0; i < 150'000; ++i) {
      const double value = normal(random) * std::pow(10.0, int(random() % 9) - 4);
      for (const char* format : {"%.5f", "%.2f", "%.17g", "%.15g", "%.18e", "%.7g", "%.12f", "%.0f"}) {
        numbers.add(printed(value, format));
      }
      numbers.add(shortest(value));
      numbers.add(printed(double(float(value)), "%.18e"));
    }
  });
}

TEST(PlainRows, NumbersOfAnyDigitsAreThoseOfStrtod) {
  for_each_way([](Numbers& numbers) {
    Random random(2);
    for (int i = 0; i < 800'000; ++i) {
      std::string text = random() % 2 == 0 ? "-" : "";
      const auto digits = [&](std::size_t count) {
        const bool nines = random() % 8 == 0, zeros = random() % 8 == 0;
        for (; count > 0; --count) text += nines ? '9' : zeros ? '0' : char('0' + random() % 10);
      };
      digits(random() % 5 + (random() % 4 == 0 ? 12 : 1));
      if (random() % 8 != 0) {
        text += '.';
        digits(random() % 22);
        if (random() % 4 == 0) text += "e" + std::string(1, "+-"[random() % 2]) + std::to_string(random() % 90 + 10);
      }
      numbers.add(text);
    }
  });
}

// Halves between two doubles, and their neighbours: what rounding has to be exact for.
TEST(PlainRows, NumbersHalfWayBetweenTwoDoublesAreThoseOfStrtod) {
  for_each_way([](Numbers& numbers) {
    Random random(3);
    for (int i = 0; i < 100'000; ++i) {
      const std::uint64_t odd = (random() >> 10) | 1 | std::uint64_t{1} << 53;  // 54 bits: half way
      for (const std::uint64_t value : {odd - 1, odd, odd + 1}) {
        std::string text = std::to_string(value);
        numbers.add(text + ".0");
        numbers.add(text + ".001");
        text.insert(text.size() - random() % 5, ".");
        numbers.add(text);
      }
    }
  });
}

// Nineteen digits as near to half way between two doubles as those of 10^q get: where a product of too few bits errs.
TEST(PlainRows, NumbersNearlyHalfWayAreThoseOfStrtod) {
  for_each_way([](Numbers& numbers) {
    Random random(5);
    for (int i = 0; i < 300'000; ++i) {
      const double value = std::ldexp(1 + double(random() >> 12) * 0x1p-52, int(random() % 500) - 250);
      const double next = std::nextafter(value, INFINITY);
      char middle[64];
      std::snprintf(middle, sizeof middle, "%.18Le", ((long double)value + (long double)next) / 2);
      numbers.add(middle);
    }
  });
}

// What is read by RowReader, as text, from a table of the fields' cells.
std::string read_all(const std::string& table, const engine::Plan& plan, std::size_t piece,
                     std::optional<std::size_t> text_field) {
  TextSource source(table, piece);
  const auto opened = RowReader::open(source, plan, {.name = "f", .contract = Contract::kIgnore});
  EXPECT_TRUE(opened.has_value());
  std::string out;
  for (RowReader& rows = **opened;;) {
    const auto next = rows.next();
    if (*next == RowReader::Next::kEnd) return out;
    out += std::to_string(int(*next)) + " " + std::to_string(rows.place(0).line);
    if (*next == RowReader::Next::kBad) {
      out += rows.problem();
      continue;
    }
    const std::vector<std::string>& categories = plan.model().schema().fields()[0].categories;
    for (const Cell& cell : rows.cells()) {
      if (cell.known != 0) {
        EXPECT_EQ(categories.at(cell.known - 1U), cell.text());
      }
      out += " " + std::to_string(int(cell.kind)) + ":";
      out += cell.kind == Cell::Kind::kText ? std::string(cell.text()) : "";
      if (cell.is_number()) out += std::to_string(std::bit_cast<std::uint64_t>(cell.number()));
      if (rows.sound()) {
        EXPECT_TRUE(text_field == std::size_t(&cell - rows.cells().data()) ? cell.kind == Cell::Kind::kText
                                                                           : cell.is_number());
      }
    }
    for (const Cell& cell : rows.kept()) out += " [" + std::string(cell.text()) + "]";
    out += "\n";
  }
}

constexpr std::string_view kCells[] = {
    "month",
    "year",
    "",
    "NA",
    "None",
    "True",
    "true",
    "0",
    "-0",
    "-0.0",
    "12",
    "1.5",
    ".5",
    "5.",
    ".",
    "-",
    "--5",
    "+5",
    " 5",
    "5 ",
    "1e5",
    "1e+05",
    "1e-05",
    "1e",
    "e-05",
    "1.5e",
    "1.e-5",
    "inf",
    "-inf",
    "nan",
    "1_000",
    "0x10",
    "1,5",
    "1.2.3",
    "1..2",
    "1-2",
    "é",
    "a\tb",
    "'x'",
    "123456",
    "1234567",
    "a text that is longer than a block of sixty-four bytes, of which there are",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "123456789012345678",
    "1234567890123456789",
    "0.1234567890123456789",
    "1234567890.123456789",
    "12345678901.123456789",
    "00000000000000000001.5",
    "-1.234567890123456789e-05",
    "-12.34567890123456789e-05",
    "1.5e-400",
    "1.5e+99",
    "\xC3",
};

TEST(PlainRows, ARowMeansTheSameInQuotes) {
  const engine::Plan plan = small_plan();
  Random random(4);
  for (int i = 0; i < 3000; ++i) {
    std::string plain = "contract,id,tenure,x\n", quoted = plain;
    const std::string end = random() % 2 == 0 ? "\n" : "\r\n";
    for (int row = 0; row < 20; ++row) {
      for (int column = 0; column < 4; ++column) {
        const std::string_view cell = kCells[random() % std::size(kCells)];
        const bool comma = cell.find(',') != cell.npos;
        const std::string in_quotes = '"' + std::string(cell) + '"';
        plain += (column > 0 ? "," : "") + (comma || random() % 100 == 0 ? in_quotes : std::string(cell));
        quoted += (column > 0 ? "," : "") + in_quotes;
      }
      if (random() % 50 == 0) plain += ",x", quoted += ",x";
      plain += end;
      quoted += end;
    }
    const std::string wanted = read_all(quoted, plan, SIZE_MAX, 0);
    ASSERT_EQ(read_all(plain, plan, SIZE_MAX, 0), wanted) << plain;
    ASSERT_EQ(read_all(plain, plan, random() % 300 + 1, 0), wanted) << plain;
  }
}

// Twenty columns of numbers, most of them such, among cells of any kind.
TEST(PlainRows, ARowOfNumbersMeansTheSameInQuotes) {
  constexpr std::uint32_t kFields = 20;
  const engine::Plan plan = sum_plan(kFields);
  Random random(6);
  for (int i = 0; i < 1000; ++i) {
    std::string header = "id";
    for (std::uint32_t field = 0; field < kFields; ++field) header += ",x" + std::to_string((field * 3 + i) % kFields);
    std::string plain = header + "\n", quoted = plain;
    const std::string end = random() % 2 == 0 ? "\n" : "\r\n";
    for (int row = 0; row < 30; ++row) {
      for (std::uint32_t column = 0; column <= kFields; ++column) {
        std::string cell = shortest(double(std::int64_t(random())) * 1e-18);
        if (random() % 16 == 0) cell = kCells[random() % std::size(kCells)];
        const bool comma = cell.find(',') != cell.npos;
        plain += (column > 0 ? "," : "") + (comma || random() % 300 == 0 ? '"' + cell + '"' : cell);
        quoted += (column > 0 ? "," : "") + ('"' + cell + '"');
      }
      if (random() % 50 == 0) plain += ",x", quoted += ",x";
      plain += end;
      quoted += end;
    }
    const std::string wanted = read_all(quoted, plan, SIZE_MAX, {});
    ASSERT_EQ(read_all(plain, plan, SIZE_MAX, {}), wanted) << plain;
    ASSERT_EQ(read_all(plain, plan, random() % 700 + 1, {}), wanted) << plain;
  }
}

TEST(PlainRows, ACategoryIsRecognisedAndOtherTextsAreNot) {
  if (levels().empty()) GTEST_SKIP() << "no AVX2";
  const engine::Plan plan = small_plan();
  PlainRows rows(plan, {{PlainRows::Kind::kText, 0}, {}}, ',', PlainRows::Level::kAvx2);
  Cell cells[2];
  const auto known = [&](const std::string& cell) {
    const std::string row = cell + ",month\n";
    const std::string text = std::string(kAround, 'm') + row + std::string(kAround, 'h');
    EXPECT_EQ(rows.read(std::string_view(text).substr(kAround, row.size()), cells), row.size()) << cell;
    return int(cells[0].known);
  };
  EXPECT_EQ(known("month"), 1);
  EXPECT_EQ(known("year"), 2);
  for (const std::string other : {"", "mont", "months", "Month", "yea", "None", "week"})
    EXPECT_EQ(known(other), 0) << other;
}

TEST(PlainRows, ARowThatHasNotBeenReadWholeIsNone) {
  const engine::Plan plan = sum_plan(8);
  for (const PlainRows::Level level : levels()) {
    PlainRows rows(plan, columns_of(8), ',', level);
    std::vector<Cell> cells(8);
    const std::string row = "1.25,99,-3,4,5.5,6,7,8\r\n";
    const std::string text = std::string(kAround, '7') + row + std::string(kAround, '8');
    for (std::size_t size = 0; size < row.size(); ++size) {
      EXPECT_EQ(rows.read(std::string_view(text).substr(kAround, size), cells), 0U) << size;
    }
    EXPECT_EQ(rows.read(std::string_view(text).substr(kAround, row.size()), cells), row.size());
    EXPECT_EQ(cells[2].integer, -3);
  }
}

TEST(PlainRows, ARowOfAnotherWidthIsNone) {
  const engine::Plan plan = sum_plan(8);
  for (const PlainRows::Level level : levels()) {
    for (const std::string row :
         {"1,2,3,4,5,6,7\n8\n", "1,2,3,4,5,6,7,8,9\n", "1,2,3,\"4\",5,6,7,8\n", "1,2,3,4,5,6,7,8\r9\n"}) {
      PlainRows rows(plan, columns_of(8), ',', level);
      std::vector<Cell> cells(8);
      const std::string text = std::string(kAround, '7') + row + std::string(kAround, '8');
      EXPECT_EQ(rows.read(std::string_view(text).substr(kAround, row.size()), cells), 0U) << row;
    }
  }
}

TEST(PlainRows, LongRowsAndManyOfThemAreFound) {
  const engine::Plan plan = sum_plan(8);
  for (const PlainRows::Level level : levels()) {
    auto columns = columns_of(8);
    columns.push_back({});
    PlainRows rows(plan, std::move(columns), ',', level);
    std::string text(kAround, '7');
    for (int i = 0; i < 5000; ++i) {
      text += std::to_string(i) + ".5,1,2,3,4,5,6,7,x" + std::string(std::size_t(i % 7) * 9000, 'y');
      text += i % 5 == 0 ? "\r\n" : "\n";
    }
    const std::size_t size = text.size() - kAround;
    text.append(kAround, '8');
    std::string_view left = std::string_view(text).substr(kAround, size);
    std::vector<Cell> cells(8);
    for (int i = 0; i < 5000; ++i) {
      const std::size_t taken = rows.read(left, cells);
      ASSERT_GT(taken, 0U) << i;
      ASSERT_EQ(cells[0].number(), i + 0.5);
      ASSERT_EQ(cells[7].number(), 7);
      left.remove_prefix(taken);
    }
    EXPECT_TRUE(left.empty());
  }
}

}  // namespace
}  // namespace slipway::serve
