// SPDX-License-Identifier: Apache-2.0
// Files that joblib wrote, from 0.8 in Python 2.7 to 1.5 in Python 3.13, with every compressor and protocol
// (tools/fixtures/containers.py), and what a hostile one could say instead.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <filesystem>

#include "base/text.h"
#include "format/pickle/array_support.h"
#include "format/pickle/outline.h"
#include "format/pickle/records.h"
#include "format/pickle/test_support.h"

namespace slipway::pickle {
namespace {

using namespace test;
using testing::HasSubstr;

const std::string kFolder = "testdata/containers/";

const simdjson::dom::element& expected() {
  static simdjson::dom::parser parser;
  static const simdjson::dom::element root = parser.load(kFolder + "expected.json");
  return root;
}

// The files that hold containers.py's values(): all joblib files but a few.
std::vector<std::string> files() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    const std::string name = entry.path().filename();
    const auto is = [&](std::string_view part) { return name.find(part) != name.npos; };
    const bool side_files = is("joblib0.8.none") || is("joblib0.9.none");
    if (name.ends_with(".joblib") && !is("pieces.") && !is(".two.") && !is(".nodes.") && !is(".matrices.") &&
        !side_files) {
      names.push_back(name);
    }
  }
  std::ranges::sort(names);
  EXPECT_GT(names.size(), 70U);
  return names;
}

std::string load(const std::string& name) { return std::string(FileBytes::open(kFolder + name, 1 << 20)->bytes()); }

class JoblibFile : public testing::TestWithParam<std::string> {};
TEST_P(JoblibFile, HoldsWhatPythonPutIn) {
  const auto document = Document::read(*FileBytes::open(kFolder + GetParam(), 1 << 20));
  ASSERT_TRUE(document) << document.error().to_string();
  EXPECT_EQ(document->trailing_bytes(), 0U);
  const auto nodes = document->items(document->root());
  std::size_t i = 0;
  for (const simdjson::dom::element want : simdjson::dom::array(expected()["values"])) {
    ASSERT_LT(i, nodes.size());
    compare_array(*document, nodes[i++], want, std::string(std::string_view(want["name"])));
  }
  EXPECT_EQ(i, nodes.size());
  EXPECT_EQ(make_outline(*document, {}).dangerous_names, 0U);
}
std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return name;
}
INSTANTIATE_TEST_SUITE_P(, JoblibFile, testing::ValuesIn(files()), test_name);

TEST(Joblib, TellsWhatAFileWasCompressedWith) {
  const std::pair<const char*, const char*> packings[] = {
      {"py312-joblib1.4.none", ""},     {"py312-joblib1.4.zlib", "zlib"},
      {"py312-joblib1.4.gzip", "gzip"}, {"py312-joblib1.4.bz2", "bzip2"},
      {"py312-joblib1.4.xz", "xz"},     {"py312-joblib1.4.lzma", "lzma"},
      {"py312-joblib1.4.lz4", "lz4"},   {"py36-joblib0.9.old-zlib", "joblib's ZF"}};
  for (const auto& [name, packing] : packings) {
    EXPECT_EQ(Document::read(FileBytes::of(load(std::string(name) + ".joblib")))->packing(), packing);
  }
}

TEST(Joblib, ArraysAreViewsIntoTheFile) {
  const auto file = FileBytes::of(load("py313-joblib1.5.none.joblib"));
  const auto document = Document::read(file);
  const auto array = read_array(*document, document->items(document->root())[0]);
  ASSERT_TRUE(array);
  EXPECT_GE(array->data.data(), file.bytes().data());
  EXPECT_LE(array->data.data() + array->data.size(), file.bytes().data() + file.bytes().size());
}

TEST(Joblib, SeveralDumpsInOneFileAreSeveralDocuments) {
  for (const char* name : {"py36-joblib0.11", "py38-joblib1.1", "py313-joblib1.5"}) {
    const auto documents = Document::read_all(FileBytes::of(load(fmt::format("{}.two.joblib", name))), 3);
    ASSERT_TRUE(documents) << name << ": " << documents.error().to_string();
    ASSERT_EQ(documents->size(), 3U);
    EXPECT_EQ(read_numbers(documents->at(0), documents->at(0).items(documents->at(0).root())[1])->values.at(1), -2.5);
    EXPECT_EQ(documents->at(1).text(documents->at(1).root()), "between");
    const auto last = read_numbers(documents->at(2), documents->at(2).items(documents->at(2).root())[0]);
    EXPECT_EQ(last->values, (std::vector<double>{0, 1, 2}));
    const auto few = Document::read_all(FileBytes::of(load(fmt::format("{}.two.joblib", name))), 2);
    ASSERT_FALSE(few);
    EXPECT_THAT(few.error().message(), HasSubstr("another pickle at byte"));
  }
}

TEST(Joblib, SideFilesAreNamedAndNotOpened) {
  for (const char* name : {"py27-joblib0.8.none.joblib", "py36-joblib0.9.none.joblib"}) {
    const Error error = refused(load(name));
    EXPECT_EQ(error.code(), Code::kUnsupported);
    EXPECT_THAT(error.message(), HasSubstr("written by joblib before 0.10, which put the arrays into '"));
    EXPECT_THAT(error.message(), HasSubstr("none.joblib_01.npy' and its like"));
    EXPECT_THAT(error.hint(), HasSubstr("joblib.load('model.pkl')"));
  }
}

TEST(Joblib, StructuredArraysAreReadByField) {
  for (const char* name : {"py36-joblib0.11.nodes.joblib", "py313-joblib1.5.nodes.joblib"}) {
    const auto document = Document::read(FileBytes::of(load(name)));
    for (const NodeId node : document->items(document->root())) {
      const auto records = Records::open(*document, node);
      ASSERT_TRUE(records) << records.error().to_string();
      EXPECT_EQ(records->i64("n_node_samples")->all(), (std::vector<std::int64_t>{3, 30000, 0}));
      EXPECT_EQ(records->f64("threshold")->all().at(1), -2.0);
    }
  }
}

// A wrapper of joblib, in protocol 0 with raw bytes after it.
std::string wrapper(std::string_view shape, std::string_view dtype, std::string_view more, std::string_view after) {
  return fmt::format(
      "cjoblib.numpy_pickle\nNumpyArrayWrapper\n(tR(dVsubclass\ncnumpy\nndarray\nsVshape\n({}tsVorder\nVC\nsVdtype\n"
      "cnumpy\ndtype\n(V{}\ntRs{}b{}",
      shape, dtype, more, after);
}
const std::string kPadded = "Vnumpy_array_alignment_bytes\nI16\ns";
const std::string kEight(8, 'x');

struct Hostile {
  const char* name;
  std::string bytes;
  const char* says;
};

const Hostile kHostile[] = {
    {"AShapeBeyondTheFile", wrapper("I3\n", "f8", "", kEight + "."), "24 bytes announced, but the file has 9 left"},
    {"AShapeThatOverflows", wrapper("L4294967296L\nL4294967296L\n", "f8", "", "."), "more than 2^40 elements"},
    {"BytesThatOverflow", wrapper("L1099511627776L\n", "V2147483647", "", "."), "an array of more than 2^64 bytes"},
    {"PaddingBeyondTheFile", wrapper("I1\n", "f8", kPadded, "\x7f" + kEight + "."), "128 bytes announced"},
    {"NoPaddingByte", wrapper("I1\n", "f8", kPadded, ""), "1 bytes announced, but the file has 0 left"},
    {"ADataLessThanTheShape", wrapper("I1\n", "f8", kPadded, "\x08" + kEight + kEight.substr(1)), "8 bytes announced"},
    {"ANegativeShape", wrapper("I-1\n", "f8", "", "."), "something else than counts"},
    {"NoShape", "cjoblib.numpy_pickle\nNumpyArrayWrapper\n(tR(db.", "an array of joblib without subclass"},
    {"NoState", "cjoblib.numpy_pickle\nNumpyArrayWrapper\n(tRNb.", "without a dict of its few attributes"},
    {"AnotherOrder", wrapper("I1\n", "f8", "Vorder\nVA\ns", kEight + "."), "does not say its order"},
    {"AnotherClass", wrapper("I1\n", "f8", "Vsubclass\nconnx\nndarray\ns", kEight + "."),
     "an array of the class onnx.ndarray"},
    {"AClassThatIsCalled", wrapper("I1\n", "f8", "Vsubclass\ncnumpy.testing\nruncode\ns", kEight + "."),
     "numpy.testing.runcode"},
    {"TheSameWrapperTwice", wrapper("I1\n", "u1", "", "xNb."), "a second array for the same wrapper"},
    {"AFrameThatGoesOn", "\x80\x04\x95\xff" + std::string(7, '\0') + wrapper("I1\n", "u1", "", std::string(200, 'N')),
     "array bytes inside a frame"},
    {"AnObjectArrayCutOff", wrapper("I1\n", "O", "", "]"), "the file ends before STOP"},
    {"AnArrayInsideAnArray", wrapper("I1\n", "O", "", wrapper("I1\n", "u1", "", "x.") + "."),
     "inside the pickle of another array"},
    {"AMemoBombInside", wrapper("I1\n", "O", "", "]r\xff\0\0\0.."s + std::string(1000, '.')), "memo index 255"},
    {"ACallInside", wrapper("I1\n", "O", "", "P1\n.."), "a persistent id"},
};

class HostileJoblib : public testing::TestWithParam<Hostile> {};
TEST_P(HostileJoblib, IsRefusedWithAReason) {
  const Error error = refused(GetParam().bytes);
  EXPECT_THAT(error.message(), HasSubstr(GetParam().says));
  EXPECT_THAT(error.message(), HasSubstr("byte "));
}
INSTANTIATE_TEST_SUITE_P(, HostileJoblib, testing::ValuesIn(kHostile), [](const auto& c) { return c.param.name; });

TEST(Joblib, TheWrappersOfHandAreRead) {  // so that the hostile ones fail for their reason
  const auto plain = read(wrapper("I1\n", "u1", kPadded, "\x02??\x07."));
  EXPECT_EQ(read_numbers(plain, plain.root())->values, (std::vector<double>{7}));
  const auto objects = read(wrapper("I2\n", "O", "",
                                    "cnumpy.core.multiarray\n_reconstruct\n(tR(I1\n(I2\ntcnumpy\ndtype\n(VO8\ntRI00\n"
                                    "(Va\nVb\nltb.."));
  EXPECT_EQ(read_scalars(objects, objects.root())->at(1).text, "b");
}

TEST(Joblib, WhatANestedPickleHoldsInsteadOfAnArrayIsSaid) {
  const auto document = read(wrapper("I1\n", "O", "", "I1\n.."));
  const auto array = read_array(document, document.root());
  ASSERT_FALSE(array);
  EXPECT_THAT(array.error().message(), HasSubstr("an array expected, found int"));
}

TEST(Joblib, CodeInsideANestedPickleIsSeen) {
  const auto document = read(wrapper("I1\n", "O", "", "cos\nsystem\n(Vecho\ntR.."));
  EXPECT_EQ(make_outline(document, {}).dangerous_names, 1U);
}

TEST(Joblib, AnyCutAndAnyChangedByteIsReadOrRefused) {
  for (const std::string& name : files()) {
    if (name.find("joblib1.5") == name.npos && name.find("py36") == name.npos) continue;
    const std::string whole = load(name);
    for (std::size_t at = 0; at < whole.size(); at += 7) {
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ (1 << at % 8));
      for (const std::string& bytes : {whole.substr(0, at), changed}) {
        const auto partial = Document::read_partial(FileBytes::of(bytes));
        if (partial.error) EXPECT_FALSE(partial.error->message().empty());
        for (NodeId node = 0; node < partial.document.size(); ++node) {
          if (partial.document.kind(node) != Kind::kObject) continue;
          (void)read_numbers(partial.document, node).has_value();
          (void)read_scalars(partial.document, node).has_value();
        }
        EXPECT_TRUE(is_utf8(outline_text(make_outline(partial.document, partial.error))));
      }
      EXPECT_FALSE(Document::read(FileBytes::of(whole.substr(0, at)))) << name << " cut to " << at;
    }
  }
}

}  // namespace
}  // namespace slipway::pickle
