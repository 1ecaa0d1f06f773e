// SPDX-License-Identifier: Apache-2.0
// Columns and sparse matrices against what NumPy and SciPy wrote (tools/fixtures/containers.py), and against parts that
// do not fit together.
#include "format/pickle/records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <filesystem>
#include <functional>
#include <limits>

#include "format/pickle/sparse.h"
#include "format/pickle/test_support.h"

namespace slipway::pickle {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Documents of testdata/containers whose name contains `part`.
std::vector<std::pair<std::string, Document>> documents(std::string_view part) {
  std::vector<std::pair<std::string, Document>> found;
  for (const auto& entry : std::filesystem::directory_iterator("testdata/containers")) {
    const std::string name = entry.path().filename();
    if (name.find(part) == name.npos || !name.ends_with(".pkl")) continue;
    auto document = Document::read(*FileBytes::open(entry.path(), 1 << 20));
    EXPECT_TRUE(document) << name << ": " << document.error().to_string();
    if (document) found.emplace_back(name, std::move(*document));
  }
  EXPECT_GE(found.size(), 7U) << part;
  return found;
}

TEST(Records, GiveTheSameColumnsWhateverTheirWidthOrderAndPlace) {
  for (const auto& [name, document] : documents(".nodes.")) {
    for (const NodeId node : document.items(document.root())) {
      const auto records = Records::open(document, node);
      ASSERT_TRUE(records) << name << ": " << records.error().to_string();
      EXPECT_EQ(records->size(), 3U);
      EXPECT_THAT(records->f64("threshold")->all(), ElementsAre(0.5, -2.0, kInfinity)) << name;
      EXPECT_THAT(records->i64("left_child")->all(), ElementsAre(1, -1, -1)) << name;
      EXPECT_THAT(records->f64("left_child")->all(), ElementsAre(1, -1, -1)) << name;
      EXPECT_THAT(records->i64("n_node_samples")->all(), ElementsAre(3, 30000, 0)) << name;
      EXPECT_THAT(records->u8("missing_go_to_left")->all(), ElementsAre(1, 0, 1)) << name;
      EXPECT_THAT(records->u8("n_node_samples")->all(), ElementsAre(3, 255, 0)) << "beyond the range: its end";
      EXPECT_THAT(records->u8("left_child")->all(), ElementsAre(1, 0, 0));
    }
  }
}

TEST(Records, SayWhichFieldIsAbsentOrOfAnotherKind) {
  for (const auto& [name, document] : documents(".nodes.")) {
    const auto records = Records::open(document, document.items(document.root())[0]);
    ASSERT_TRUE(records);
    EXPECT_TRUE(records->has("threshold"));
    EXPECT_FALSE(records->has("impurity"));
    EXPECT_THAT(records->f64("impurity").error().message(), HasSubstr("the structures have no field 'impurity'"));
    EXPECT_THAT(records->i64("threshold").error().message(),
                HasSubstr("field 'threshold' should hold integers, its dtype is f8"));
  }
}

TEST(Records, AreOneDimensionalStructures) {
  const auto document = read(
      "cnumpy.core.multiarray\n_reconstruct\n(tR(I1\n(I2\ntcnumpy\ndtype\n(Vf4\ntRI00\nB\x08\0\0\0"
      "\0\0\x80?\0\0\0@tb."s);
  const auto records = Records::open(document, document.root());
  ASSERT_FALSE(records);
  EXPECT_THAT(records.error().message(), HasSubstr("an array of structures expected, found one of dtype f4"));
  const auto floats = f64_values(document, document.root());
  ASSERT_TRUE(floats) << floats.error().to_string();
  EXPECT_THAT(floats->shape, ElementsAre(2));
  EXPECT_THAT(floats->elements.all(), ElementsAre(1.0, 2.0));
  EXPECT_THAT(i64_values(document, document.root()).error().message(), HasSubstr("integers expected"));
}

std::vector<std::vector<double>> dense_of(const Csr& matrix) {
  std::vector<std::vector<double>> dense(matrix.rows, std::vector<double>(matrix.columns));
  for (std::size_t row = 0; row < matrix.rows; ++row) {
    for (std::uint64_t i = matrix.row_start[row]; i < matrix.row_start[row + 1]; ++i) {
      dense[row][matrix.column[i]] += matrix.value[i];
    }
  }
  return dense;
}

TEST(Sparse, MatricesAreWhatSciPySaysTheyAre) {
  simdjson::dom::parser parser;
  const simdjson::dom::element expected = parser.load("testdata/containers/expected.json")["matrices"];
  for (const auto& [name, document] : documents(".matrices.")) {
    const auto items = document.items(document.root());
    ASSERT_GE(items.size(), 14U);
    for (std::size_t i = 0; i < items.size(); i += 2) {
      const std::string key(document.text(items[i]));
      const NodeId node = items[i + 1];
      EXPECT_TRUE(is_sparse(document, node)) << key;
      std::vector<std::vector<double>> want;
      for (const simdjson::dom::array row : simdjson::dom::array(expected[key])) {
        want.emplace_back();
        for (const double value : row) want.back().push_back(value);
      }
      const bool diagonal = key.starts_with("diagonal");
      const auto values = read_diagonal(document, node);
      EXPECT_EQ(values.has_value(), diagonal) << name << " " << key;
      if (diagonal) EXPECT_THAT(*values, ElementsAre(0.5, 1.0, 2.5)) << name << " " << key;
      const auto matrix = read_csr(document, node);
      EXPECT_EQ(matrix.has_value(), key != "diagonal_dia") << name << " " << key;
      if (matrix) EXPECT_EQ(dense_of(*matrix), want) << name << " " << key;
      if (matrix) EXPECT_EQ(matrix->is_float32, key == "csr_f4");
    }
  }
}

// An array of i4 with these elements.
std::string integers(std::string_view numbers) {
  std::string data;
  std::size_t count = 0;
  while (!numbers.empty()) {
    const std::size_t end = std::min(numbers.find(' '), numbers.size());
    const auto value = static_cast<std::int32_t>(std::stol(std::string(numbers.substr(0, end))));
    data.append(reinterpret_cast<const char*>(&value), sizeof value);
    ++count;
    numbers.remove_prefix(std::min(end + 1, numbers.size()));
  }
  return fmt::format("cnumpy.core.multiarray\n_reconstruct\n(tR(I1\n(I{}\ntcnumpy\ndtype\n(Vi4\ntRI00\nC{}{}tb", count,
                     static_cast<char>(data.size()), data);
}

std::string matrix(std::string_view kind, std::string_view shape, std::string_view pointers, std::string_view indices,
                   std::string_view data) {
  return fmt::format(
      "ccopy_reg\n_reconstructor\n(cscipy.sparse.{0}\n{0}_matrix\nc__builtin__\nobject\nNtR(dV_shape\n({1}tsVindptr\n{"
      "2}"
      "sVindices\n{3}sVdata\n{4}sb.",
      kind, shape, integers(pointers), integers(indices), integers(data));
}

struct Broken {
  const char* name;
  std::string bytes;
  const char* says;
};

const Broken kBroken[] = {
    {"AFallingPointer", matrix("csr", "I3\nI3\n", "0 2 1 3", "0 1 2", "1 1 1"),
     "pointer 2 of a sparse matrix is 1 after 2"},
    {"AFirstPointerThatIsNotZero", matrix("csr", "I1\nI3\n", "1 2", "0 1", "1 1"), "pointer 0 of a sparse matrix is 1"},
    {"APointerBelowZero", matrix("csr", "I1\nI3\n", "0 -2", "0 1", "1 1"), "pointer 1 of a sparse matrix is -2"},
    {"TooFewPointers", matrix("csr", "I4\nI3\n", "0 1", "0", "1"), "2 pointers where 5 are needed"},
    {"MorePointersThanEntries", matrix("csr", "I1\nI3\n", "0 9", "0 1", "1 1"),
     "9 entries, but 2 indices and 2 values"},
    {"AnIndexOutOfRange", matrix("csr", "I1\nI3\n", "0 2", "0 3", "1 1"),
     "index 1 of a sparse matrix is 3, not below 3"},
    {"AnIndexBelowZero", matrix("csr", "I1\nI3\n", "0 2", "0 -1", "1 1"), "index 1 of a sparse matrix is -1"},
    {"ARowThatDoesNotExist", matrix("csc", "I2\nI1\n", "0 1", "2", "1"),
     "index 0 of a sparse matrix is 2, not below 2"},
    {"HugeRows", matrix("csc", "I4000000000\nI1\n", "0 1", "2", "1"), "claims 4000000000 rows"},
    {"HugeRowsWithoutPointers", matrix("csr", "I4000000000\nI1\n", "0 1", "0", "1"), "2 pointers where 4000000001"},
    {"AShapeOfThree", matrix("csr", "I1\nI1\nI1\n", "0 1", "0", "1"), "of 3 dimensions"},
    {"ANegativeShape", matrix("csr", "I-1\nI1\n", "0 1", "0", "1"), "whose shape says -1"},
    {"AnotherKind", matrix("lil", "I1\nI1\n", "0 1", "0", "1"), "a sparse matrix expected"},
};

class BrokenMatrix : public testing::TestWithParam<Broken> {};
TEST_P(BrokenMatrix, IsRefusedWithAReason) {
  const auto document = read(GetParam().bytes);
  const auto found = read_csr(document, document.root());
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().message(), HasSubstr(GetParam().says));
  EXPECT_THAT(found.error().message(), HasSubstr("byte "));
}
INSTANTIATE_TEST_SUITE_P(, BrokenMatrix, testing::ValuesIn(kBroken), [](const auto& c) { return c.param.name; });

TEST(Sparse, ARepeatedColumnMeansTheSum) {
  const auto document = read(matrix("csr", "I1\nI2\n", "0 3", "1 0 1", "5 6 7"));
  const auto found = read_csr(document, document.root());
  ASSERT_TRUE(found) << found.error().to_string();
  EXPECT_EQ(dense_of(*found), (std::vector<std::vector<double>>{{6, 12}}));
}

}  // namespace
}  // namespace slipway::pickle
