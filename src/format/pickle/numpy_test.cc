// SPDX-License-Identifier: Apache-2.0
// Arrays whose parts do not fit together, and the old versions that today's NumPy no longer writes. What NumPy writes
// is compared with NumPy in fixtures_test.cc.
#include "format/pickle/numpy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "format/pickle/outline.h"
#include "format/pickle/test_support.h"

namespace slipway::pickle {
namespace {

using namespace test;

// Small writers of pickle, protocol 2 and text: streams that read like the Python that they mean.
std::string integer(std::int64_t value) { return fmt::format("I{}\n", value); }
std::string bytes(const std::string& raw) {
  const auto size = static_cast<std::uint32_t>(raw.size());
  return "B" + std::string(reinterpret_cast<const char*>(&size), 4) + raw;
}
std::string text(const std::string& ascii) { return "V" + ascii + "\n"; }
std::string tuple(const std::vector<std::string>& parts) { return "(" + fmt::format("{}", fmt::join(parts, "")) + "t"; }
std::string list(const std::vector<std::string>& parts) { return "(" + fmt::format("{}", fmt::join(parts, "")) + "l"; }
std::string none() { return "N"; }

std::string dtype(const std::string& name, const std::string& state = "") {
  const std::string made = "cnumpy\ndtype\n" + tuple({text(name), integer(0), integer(1)}) + "R";
  return state.empty() ? made : made + state + "b";
}
std::string little(const std::string& name) {
  return dtype(name, tuple({integer(3), text("<"), none(), none(), none(), integer(-1), integer(-1), integer(0)}));
}
std::string sized(const std::string& name, std::int64_t size) {
  return dtype(name, tuple({integer(3), text("<"), none(), none(), none(), integer(size), integer(1), integer(0)}));
}
std::string structured(std::int64_t size, const std::string& names, const std::string& fields) {
  return dtype("V8", tuple({integer(3), text("|"), none(), names, fields, integer(size), integer(1), integer(0)}));
}
std::string reconstruct(const std::string& state) {
  return "cnumpy.core.multiarray\n_reconstruct\n" + tuple({"cnumpy\nndarray\n", tuple({integer(0)}), bytes("b")}) +
         "R" + state + "b";
}
std::string array(const std::string& shape, const std::string& type, const std::string& data, int fortran = 0) {
  return reconstruct(tuple({integer(1), shape, type, integer(fortran), data}));
}

std::string array_error(const std::string& stream) {
  const auto document = read(stream + ".");
  const auto result = read_array(document, document.root());
  EXPECT_FALSE(result) << "was read";
  if (result) return "was read";
  EXPECT_EQ(result.error().message().find("byte "), 0U);
  const std::string& message = result.error().message();
  return message.substr(message.find(": ") + 2);
}

std::vector<double> numbers(const std::string& stream) {
  const auto document = read(stream + ".");
  const auto result = read_numbers(document, document.root());
  EXPECT_TRUE(result) << result.error().to_string();
  return result ? result->values : std::vector<double>();
}

std::string numbers_error(const std::string& stream) {
  const auto document = read(stream + ".");
  const auto result = read_numbers(document, document.root());
  EXPECT_FALSE(result) << "was read";
  return result ? "was read" : result.error().message();
}

const std::string kTwo("\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\0\x40", 16);  // 1.0, 2.0

TEST(Array, OldAndNewStatesAreRead) {
  const std::vector<double> want = {1, 2};
  EXPECT_EQ(numbers(array(tuple({integer(2)}), little("f8"), bytes(kTwo))), want);
  EXPECT_EQ(numbers(array(tuple({integer(2)}), little("<f8"), bytes(kTwo))), want);
  // Version 0 has no version number; a dtype without state is native.
  EXPECT_EQ(numbers(reconstruct(tuple({tuple({integer(2)}), dtype("f8"), integer(0), bytes(kTwo)}))), want);
  // dtype states of 5 (version 0), 6 (1) and 9 (4, with metadata) parts.
  for (const std::string& state : {
           tuple({text("<"), none(), none(), integer(-1), integer(-1)}),
           tuple({integer(1), text("<"), none(), none(), integer(-1), integer(-1)}),
           tuple({integer(4), text("<"), none(), none(), none(), integer(-1), integer(-1), integer(0), none()}),
           tuple({integer(3), bytes("<"), none(), none(), none(), integer(-1), integer(-1), integer(0)}),
       }) {
    EXPECT_EQ(numbers(array(tuple({integer(2)}), dtype("f8", state), bytes(kTwo))), want);
  }
  const std::string as_text = "V\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u00f0?\n";  // 1.0 as Latin-1
  EXPECT_EQ(numbers(array(tuple({integer(1)}), little("f8"), as_text)), std::vector<double>{1});
  EXPECT_EQ(
      numbers(array(tuple({integer(1)}), little("f8"), "c_codecs\nencode\n" + tuple({as_text, text("latin1")}) + "R")),
      std::vector<double>{1});
  EXPECT_EQ(numbers(array(tuple({integer(0)}), little("f8"), "c__builtin__\nbytes\n)R")), std::vector<double>{});
}

// Long arrays are read in blocks: none of their ends may be lost, or read twice.
TEST(Array, LongArraysAreReadToTheirLastElement) {
  for (const std::int64_t count : {1, 511, 512, 513, 1024, 3000}) {
    std::string data;
    std::vector<double> want;
    for (std::int64_t i = 0; i < count; ++i) {
      const auto value = static_cast<std::uint16_t>(i * 7 + 1);
      data += {static_cast<char>(value & 0xFF), static_cast<char>(value >> 8)};
      want.push_back(value);
    }
    EXPECT_EQ(numbers(array(tuple({integer(count)}), little("u2"), bytes(data))), want) << count;
  }
}

TEST(Array, FromABufferIsReadInBothOrders) {
  const std::string made = "cnumpy._core.numeric\n_frombuffer\n";
  const auto frombuffer = [&](const std::string& order) {
    return made + tuple({bytes(kTwo + kTwo), little("f8"), tuple({integer(2), integer(2)}), order}) + "R";
  };
  EXPECT_EQ(numbers(frombuffer(text("C"))), (std::vector<double>{1, 2, 1, 2}));
  EXPECT_EQ(numbers(frombuffer(text("F"))), (std::vector<double>{1, 1, 2, 2}));
  EXPECT_EQ(array_error(frombuffer(text("K"))), "an array in the order 'K'; C and F are read");
  EXPECT_EQ(array_error(made + tuple({bytes(kTwo), little("f8")}) + "R"),
            "an array from a buffer needs buffer, dtype, shape and order");
}

TEST(Array, PartsThatDoNotFitAreRefused) {
  const std::string two = tuple({integer(2)});
  struct Case {
    std::string stream, want;
  };
  const Case cases[] = {
      {array(tuple({integer(3)}), little("f8"), bytes(kTwo)), "an array of 3 items of 8 bytes each has 16 bytes"},
      {array(tuple({integer(1)}), little("f8"), bytes(kTwo)), "an array of 1 items of 8 bytes each has 16 bytes"},
      {array(tuple({integer(-2)}), little("f8"), bytes(kTwo)), "a shape with something else than counts"},
      {array(tuple({text("2")}), little("f8"), bytes(kTwo)), "a shape with something else than counts"},
      {array(integer(2), little("f8"), bytes(kTwo)), "the shape of an array is not a tuple"},
      {array(two, none(), bytes(kTwo)), "a dtype expected, found none"},
      {array(two, little("q9"), bytes(kTwo)), "dtype 'q9' is not read"},
      {array(two, little("f-8"), bytes(kTwo)), "'f-8' is no dtype"},
      {array(two, little("f99999999999"), bytes(kTwo)), "'f99999999999' is no dtype"},
      {array(two, dtype("f8", none()), bytes(kTwo)), "the state of a dtype is not a tuple"},
      {array(two, dtype("f8", tuple({integer(9), text("<"), none(), none(), none(), integer(-1)})), bytes(kTwo)),
       "a dtype of an unknown version; 0 to 4 are read"},
      {array(two, sized("S8", -7), bytes(kTwo)), "a dtype whose item size is out of range"},
      {array(two, sized("U2", 7), bytes(kTwo)), "a text dtype whose items are not whole characters"},
      {array(two, little("f8"), integer(7)), "bytes expected, found int"},
      {array(two, little("f8"), list({integer(7)})), "an array of structures that hold objects"},
      {array(two, little("O8"), bytes(kTwo)), "an array of objects without its list"},
      {array(two, little("O8"), list({integer(7)})), "an array of 2 objects has a list of 1"},
      {reconstruct(tuple({integer(1)})), "the state of an array is not a tuple of 4 or 5"},
      {reconstruct(tuple({integer(7), two, little("f8"), integer(0), bytes(kTwo)})),
       "an array of an unknown version; 0 and 1 are read"},
      {"cnumpy.core.multiarray\n_reconstruct\n)R", "an array without its state"},
      {"cos\nsystem\n)R", "an array expected, found object"},
      {"N", "an array expected, found none"},
  };
  for (const Case& row : cases) EXPECT_EQ(array_error(row.stream), row.want);
}

TEST(Array, ProductsThatOverflowAreRefused) {
  const auto square = [](std::int64_t side) { return tuple({integer(side), integer(side)}); };
  const std::string too_many = "an array of more than 2^40 elements";
  EXPECT_EQ(array_error(array(square(std::int64_t{1} << 32), little("f8"), bytes(""))), too_many);
  EXPECT_EQ(array_error(array(square((std::int64_t{1} << 62) + 1), little("f8"), bytes(""))), too_many);
  EXPECT_EQ(array_error(array(tuple({integer(INT64_MAX), integer(0), integer(INT64_MAX)}), little("f8"), bytes(""))),
            too_many);
  EXPECT_EQ(array_error(array(tuple({integer(1 << 30)}), little("f8"), bytes(""))),
            "an array of 1073741824 items of 8 bytes each has 0 bytes");
  EXPECT_EQ(array_error(array(tuple({integer(std::int64_t{1} << 40)}), sized("V8", INT32_MAX), bytes(""))).substr(0, 8),
            "an array");
  EXPECT_EQ(array_error(array(tuple({integer(1 << 30)}), sized("S0", 0), bytes(""))),
            "an array of 1073741824 empty items");
  std::string dimensions = "(";
  for (int i = 0; i < 65; ++i) dimensions += integer(1);
  EXPECT_EQ(array_error(array(dimensions + "t", little("f8"), bytes(""))), "an array of 65 dimensions");
}

TEST(DType, FieldsMustLieInsideAndApart) {
  const auto field = [](const std::string& type, std::int64_t offset) {
    return tuple({little(type), integer(offset)});
  };
  const auto fields = [&](std::int64_t a, std::int64_t b) {
    return "(" + text("a") + field("f8", a) + text("b") + field("i4", b) + "d";
  };
  const std::string names = tuple({text("a"), text("b")});
  const std::string shape = tuple({integer(0)});
  const auto error = [&](const std::string& type) { return array_error(array(shape, type, bytes(""))); };
  EXPECT_EQ(error(structured(12, names, fields(0, 9))), "field 'b' lies outside its item of 12 bytes");
  EXPECT_EQ(error(structured(12, names, fields(-1, 8))), "field 'a' lies outside its item of 12 bytes");
  EXPECT_EQ(error(structured(12, names, fields(0, INT64_MAX))), "field 'b' lies outside its item of 12 bytes");
  EXPECT_EQ(error(structured(12, names, fields(0, 4))), "field 'b' overlaps another");
  EXPECT_EQ(error(structured(12, names, fields(0, 0))), "field 'a' overlaps another");
  EXPECT_EQ(error(structured(12, tuple({text("c")}), fields(0, 8))), "no field 'c'");
  EXPECT_EQ(error(structured(12, none(), fields(0, 8))), "a structured dtype without names");
  const auto document = read(array(shape, structured(12, names, fields(4, 0)), bytes("")) + ".");
  const auto good = read_array(document, document.root());
  ASSERT_TRUE(good) << good.error().to_string();
  ASSERT_EQ(good->dtype.fields.size(), 2U);
  EXPECT_EQ(good->dtype.fields[0].name, "b");  // by offset
}

TEST(DType, OneThatContainsItselfIsReadOnce) {
  // The field's dtype is the structured dtype itself, through the memo.
  const std::string stream =
      "cnumpy\ndtype\n" + tuple({text("V8"), integer(0), integer(1)}) + "Rp0\n" +
      tuple({integer(3), text("|"), none(), tuple({text("a")}), "(" + text("a") + tuple({"g0\n", integer(0)}) + "d",
             integer(8), integer(1), integer(0)}) +
      "b.";
  const auto document = read(stream);
  const auto type = read_dtype(document, document.root());
  ASSERT_TRUE(type) << type.error().to_string();
  EXPECT_EQ(type->fields[0].dtype, document.root());
}

TEST(Numbers, PythonNumbersAndListsAreTaken) {
  EXPECT_EQ(numbers(integer(7)), std::vector<double>{7});
  EXPECT_EQ(numbers("\x88"), std::vector<double>{1});
  EXPECT_EQ(numbers("F0.1\n"), std::vector<double>{0.1});
  EXPECT_EQ(numbers(list({integer(1), "F2.5\n", "\x88"})), (std::vector<double>{1, 2.5, 1}));
  EXPECT_EQ(numbers(tuple({integer(1)})), std::vector<double>{1});
  EXPECT_EQ(numbers(list({})), std::vector<double>{});
  EXPECT_EQ(numbers_error(list({list({integer(1)})})), "byte 5: a number expected, found list");
  EXPECT_EQ(numbers_error(text("1")), "byte 0: a number expected, found text");
  EXPECT_EQ(numbers_error(none()), "byte 0: a number expected, found none");
}

TEST(Numbers, BigIntegersRoundToTheNearestDouble) {
  // float(2**64 + 2**11) rounds to even, +1 rounds up; as CPython's int.__float__.
  EXPECT_EQ(numbers("L18446744073709551616L\n")[0], 0x1p64);
  EXPECT_EQ(numbers("L18446744073709553664L\n")[0], 0x1p64);
  EXPECT_EQ(numbers("L18446744073709553665L\n")[0], 0x1.0000000000001p64);
  EXPECT_EQ(numbers("L-18446744073709553665L\n")[0], -0x1.0000000000001p64);
  EXPECT_EQ(numbers("L-170141183460469231731687303715884105728L\n")[0], -0x1p127);
  EXPECT_EQ(numbers_error("L1" + std::string(400, '0') + "L\n"), "byte 0: an integer beyond the range of a double");
}

TEST(Numbers, HalvesAreExact) {
  const auto half = [](const std::string& raw) {
    return numbers(array(tuple({integer(1)}), little("f2"), bytes(raw)))[0];
  };
  EXPECT_EQ(half("\x00\x3c"s), 1.0);
  EXPECT_EQ(half("\x01\x00"s), 0x1p-24);
  EXPECT_EQ(half("\xff\x03"), 1023 * 0x1p-24);
  EXPECT_EQ(half("\xff\x7b"), 65504.0);
  EXPECT_EQ(half("\x00\xfc"s), -INFINITY);
  EXPECT_TRUE(std::isnan(half("\x01\x7c")));
}

TEST(Scalars, TextBeyondUnicodeIsRefused) {
  const auto document = read(array(tuple({integer(1)}), sized("U1", 4), bytes("\x00\x00\x11\x00"s)) + ".");
  const auto labels = read_scalars(document, document.root());
  ASSERT_FALSE(labels);
  EXPECT_NE(labels.error().message().find("characters beyond Unicode"), std::string::npos);
}

TEST(Scalars, LabelsThatAreNoLabelsAreRefused) {
  for (const std::string& stream : {list({list({})}), "L18446744073709551616L\n"s, "cos\nsystem\n"s,
                                    array(tuple({integer(1)}), little("c16"), bytes(kTwo))}) {
    const auto document = read(stream + ".");
    EXPECT_FALSE(read_scalars(document, document.root()));
  }
}

TEST(Scalars, AnArrayThatHoldsItselfEnds) {
  const std::string stream = "cnumpy.core.multiarray\n_reconstruct\n)Rp0\n" +
                             tuple({integer(1), tuple({integer(1)}), little("O8"), integer(0), list({"g0\n"})}) + "b.";
  const auto document = read(stream);
  EXPECT_TRUE(read_array(document, document.root()));
  EXPECT_FALSE(read_numbers(document, document.root()));
  EXPECT_FALSE(read_scalars(document, document.root()));
  EXPECT_NE(outline_text(make_outline(document, {})).find("(seen above)"), std::string::npos);
}

}  // namespace
}  // namespace slipway::pickle
