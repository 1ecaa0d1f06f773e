// SPDX-License-Identifier: Apache-2.0
// Against strtod, and against the same rows with every cell in quotes, which are read the general way.
#include "serve/plain_rows.h"

#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>

#include "serve/rows.h"
#include "serve/small_model.h"

namespace slipway::serve {
namespace {

using model::Cell;
using Random = std::mt19937_64;

constexpr std::size_t kAround = format::CsvReader::kAround;

bool available() { return __builtin_cpu_supports("x86-64-v3"); }

// Two columns of numbers: the field of small_plan() that takes them, and nothing.
struct Numbers {
  Numbers() : plan(small_plan()), rows(plan, {{PlainRows::Kind::kNumber, 1}, {}}, ',') {}

  // Reads `number` between other digits, which must not be taken for its own.
  Cell read(const std::string& number) {
    const std::string row = number + ",99\n";
    text.assign(kAround, '7');
    text += row;
    text.append(kAround, '8');
    EXPECT_EQ(rows.read(std::string_view(text).substr(kAround, row.size()), cells), row.size()) << number;
    return cells[1];
  }

  engine::Plan plan;
  PlainRows rows;
  std::string text;
  Cell cells[2];
};

void expect_strtod(Numbers& numbers, const std::string& text) {
  const Cell cell = numbers.read(text);
  ASSERT_TRUE(cell.is_number()) << text;
  const double wanted = std::strtod(text.c_str(), nullptr);
  if (cell.kind == Cell::Kind::kReal) {
    ASSERT_EQ(std::bit_cast<std::uint64_t>(cell.real), std::bit_cast<std::uint64_t>(wanted)) << text;
  } else {
    ASSERT_EQ(text.find_first_of(".e"), std::string::npos) << text;
    ASSERT_EQ(std::to_string(cell.integer), text.substr(text[0] == '0' && text.size() > 1 ? 1 : 0)) << text;
  }
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
  if (!available()) GTEST_SKIP();
  Numbers numbers;
  Random random(1);
  std::normal_distribution<double> normal;
  for (int i = 0; i < 400'000; ++i) {
    const double value = normal(random) * std::pow(10.0, int(random() % 9) - 4);
    for (const char* format : {"%.5f", "%.2f", "%.17g", "%.15g", "%.18e", "%.7g", "%.12f"}) {
      expect_strtod(numbers, printed(value, format));
    }
    expect_strtod(numbers, shortest(value));
    expect_strtod(numbers, printed(double(float(value)), "%.18e"));
  }
}

TEST(PlainRows, NumbersOfAnyDigitsAreThoseOfStrtod) {
  if (!available()) GTEST_SKIP();
  Numbers numbers;
  Random random(2);
  for (int i = 0; i < 2'000'000; ++i) {
    std::string text = random() % 2 == 0 ? "-" : "";
    const auto digits = [&](std::size_t count) {
      const bool nines = random() % 8 == 0, zeros = random() % 8 == 0;
      for (; count > 0; --count) text += nines ? '9' : zeros ? '0' : char('0' + random() % 10);
    };
    digits(random() % 5 + 1);
    text += '.';
    digits(random() % 22);
    if (random() % 4 == 0) text += "e" + std::string(1, "+-"[random() % 2]) + std::to_string(random() % 90 + 10);
    expect_strtod(numbers, text);
  }
}

// Halves between two doubles, and their neighbours: what rounding has to be exact for.
TEST(PlainRows, NumbersHalfWayBetweenTwoDoublesAreThoseOfStrtod) {
  if (!available()) GTEST_SKIP();
  Numbers numbers;
  Random random(3);
  for (int i = 0; i < 300'000; ++i) {
    const std::uint64_t odd = (random() >> 10) | 1 | std::uint64_t{1} << 53;  // 54 bits: half way
    for (const std::uint64_t value : {odd - 1, odd, odd + 1}) {
      std::string text = std::to_string(value);
      expect_strtod(numbers, text + ".0");
      text.insert(text.size() - random() % 5, ".");
      expect_strtod(numbers, text);
    }
  }
}

// What is read by RowReader, as text, from a table of the fields' cells.
std::string read_all(const std::string& table, const engine::Plan& plan, std::size_t piece) {
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
        EXPECT_TRUE(&cell == &rows.cells()[0] ? cell.kind == Cell::Kind::kText : cell.is_number());
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
    const std::string wanted = read_all(quoted, plan, SIZE_MAX);
    ASSERT_EQ(read_all(plain, plan, SIZE_MAX), wanted) << plain;
    ASSERT_EQ(read_all(plain, plan, random() % 300 + 1), wanted) << plain;
  }
}

TEST(PlainRows, ACategoryIsRecognisedAndOtherTextsAreNot) {
  if (!available()) GTEST_SKIP() << "no AVX2";
  const engine::Plan plan = small_plan();
  PlainRows rows(plan, {{PlainRows::Kind::kText, 0}, {}}, ',');
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
  if (!available()) GTEST_SKIP();
  Numbers numbers;
  const std::string row = "1.25,99\r\n";
  numbers.text = std::string(kAround, '7') + row + std::string(kAround, '8');
  for (std::size_t size = 0; size < row.size(); ++size) {
    EXPECT_EQ(numbers.rows.read(std::string_view(numbers.text).substr(kAround, size), numbers.cells), 0U) << size;
  }
  EXPECT_EQ(numbers.rows.read(std::string_view(numbers.text).substr(kAround, row.size()), numbers.cells), row.size());
}

TEST(PlainRows, LongRowsAndManyOfThemAreFound) {
  if (!available()) GTEST_SKIP();
  Numbers numbers;
  std::string rows;
  for (int i = 0; i < 5000; ++i)
    rows += std::to_string(i) + ".5,x" + std::string(std::size_t(i % 7) * 9000, 'y') + "\n";
  numbers.text = std::string(kAround, '7') + rows + std::string(kAround, '8');
  std::string_view left = std::string_view(numbers.text).substr(kAround, rows.size());
  for (int i = 0; i < 5000; ++i) {
    const std::size_t size = numbers.rows.read(left, numbers.cells);
    ASSERT_GT(size, 0U) << i;
    ASSERT_EQ(numbers.cells[1].number(), i + 0.5);
    left.remove_prefix(size);
  }
  EXPECT_TRUE(left.empty());
}

}  // namespace
}  // namespace slipway::serve
