// SPDX-License-Identifier: Apache-2.0
// Against real Python: testdata/pickle/*.pkl and expected.json are written by tools/fixtures/pickles.py. And against
// damage: every fixture, cut at every byte, with every byte changed.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "base/text.h"
#include "format/pickle/array_support.h"
#include "format/pickle/numpy.h"
#include "format/pickle/outline.h"
#include "format/pickle/test_support.h"

namespace slipway::pickle {
namespace {

using namespace test;

const std::string kFolder = "testdata/pickle/";

const simdjson::dom::element& expected() {
  static simdjson::dom::parser parser;
  static const simdjson::dom::element root = parser.load(kFolder + "expected.json");
  return root;
}

std::string load(const std::string& name) {
  const auto file = FileBytes::open(kFolder + name, 1 << 20);
  EXPECT_TRUE(file) << name;
  return file ? std::string(file->bytes()) : std::string();
}

std::vector<std::string> fixtures() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".pkl") names.push_back(entry.path().filename());
  }
  EXPECT_GT(names.size(), 100U);
  return names;
}

TEST(Opcodes, MeanWhatCPythonSays) {
  int cases = 0;
  for (const auto& [name, row] : simdjson::dom::object(expected()["opcodes"])) {
    const std::string stream = unhex(std::string_view(row["stream"]));
    const auto document = Document::read(FileBytes::of(stream));
    ++cases;
    if (row["value"].is_null()) {
      EXPECT_FALSE(document) << name;
      if (!document) EXPECT_FALSE(document.error().message().empty()) << name;
      continue;
    }
    ASSERT_TRUE(document) << name << ": " << document.error().to_string();
    EXPECT_EQ(show(*document, document->root()), std::string_view(row["value"])) << name;
  }
  EXPECT_GT(cases, 100);
}

TEST(Fixtures, PlainValuesAreReadInEveryProtocol) {
  int cases = 0;
  for (const auto& [name, value] : simdjson::dom::object(expected()["plain"])) {
    for (int protocol = 0; protocol <= 5; ++protocol) {
      const auto document = read(load(fmt::format("{}.{}.pkl", name, protocol)));
      EXPECT_EQ(show(document, document.root()), std::string_view(value)) << name << " protocol " << protocol;
      EXPECT_EQ(document.protocol(), protocol < 2 ? 0 : protocol);
      EXPECT_EQ(document.trailing_bytes(), 0U);
      ++cases;
    }
  }
  EXPECT_EQ(cases, 14 * 6);
}

TEST(Fixtures, ArraysAreReadInEveryProtocol) {
  for (int protocol = 0; protocol <= 5; ++protocol) {
    const auto document = read(load(fmt::format("numpy_all.{}.pkl", protocol)));
    const auto nodes = document.items(document.root());
    std::size_t i = 0;
    for (const simdjson::dom::element want : simdjson::dom::array(expected()["arrays"])) {
      ASSERT_LT(i, nodes.size());
      const std::string where = fmt::format("{} protocol {}", std::string_view(want["name"]), protocol);
      compare_array(document, nodes[i++], want, where);
    }
    EXPECT_EQ(i, nodes.size());
  }
}

TEST(Fixtures, StructuredArraysGiveTheirFieldsByOffset) {
  for (int protocol = 0; protocol <= 5; ++protocol) {
    const auto document = read(load(fmt::format("structured.{}.pkl", protocol)));
    const auto array = read_array(document, document.root());
    ASSERT_TRUE(array) << array.error().to_string();
    EXPECT_EQ(array->dtype.itemsize, 24U);
    ASSERT_EQ(array->dtype.fields.size(), 3U);
    EXPECT_EQ(array->dtype.fields[1].name, "threshold");
    EXPECT_EQ(array->dtype.fields[1].offset, 8U);
    EXPECT_EQ(array->dtype.fields[2].name, "leaf");
    EXPECT_EQ(array->dtype.fields[2].offset, 20U);
    const auto threshold = read_dtype(document, array->dtype.fields[1].dtype);
    ASSERT_TRUE(threshold);
    EXPECT_EQ(threshold->kind, 'f');
    double value = 0;
    std::memcpy(&value, array->data.data() + 24 + 8, 8);
    EXPECT_EQ(value, -4.0);
  }
}

TEST(Fixtures, ObjectsAreRecordsOfWhatPythonWouldDo) {
  for (int protocol = 0; protocol <= 5; ++protocol) {
    const auto bag = read(load(fmt::format("bag.{}.pkl", protocol)));
    EXPECT_EQ(class_of(bag, bag.root()).module, "shop.models");
    EXPECT_EQ(class_of(bag, bag.root()).name, "Bag");
    const NodeId attrs = attributes(bag, bag.root());
    EXPECT_EQ(show(bag, find(bag, attrs, "name")), "text:" + hex("churn"));
    const NodeId nested = attributes(bag, find(bag, attrs, "nested"));
    EXPECT_EQ(show(bag, find(bag, nested, "_sklearn_version")), "text:" + hex("1.6.1"));
    const auto coef = read_numbers(bag, find(bag, attrs, "coef"));
    ASSERT_TRUE(coef) << coef.error().to_string();
    EXPECT_EQ(coef->values, (std::vector<double>{1, 2}));

    const auto cycle = read(load(fmt::format("cycle.{}.pkl", protocol)));
    ASSERT_EQ(cycle.items(cycle.root()).size(), 1U);
    EXPECT_EQ(cycle.items(cycle.root())[0], cycle.root());

    const auto counts = read(load(fmt::format("default.{}.pkl", protocol)));
    EXPECT_EQ(class_of(counts, counts.root()).name, "defaultdict");
    EXPECT_EQ(counts.pairs(counts.root()).size(), 2U);
    const auto deque = read(load(fmt::format("deque.{}.pkl", protocol)));
    EXPECT_EQ(class_of(deque, deque.root()).name, "deque");
    EXPECT_EQ(deque.items(deque.root()).size(), 3U);
  }
}

TEST(Fixtures, SlotsAndKeywordArgumentsAreKept) {
  for (int protocol = 2; protocol <= 5; ++protocol) {
    const auto slots = read(load(fmt::format("slots.{}.pkl", protocol)));
    EXPECT_EQ(show(slots, attributes(slots, slots.root())), "{text:79=int:2}");
    const auto keywords = read(load(fmt::format("keywords.{}.pkl", protocol)));
    if (protocol < 4) continue;  // written as a functools.partial of __new__ there
    const Object& object = keywords.object(keywords.root());
    EXPECT_EQ(object.made, Made::kNewObjEx);
    EXPECT_EQ(show(keywords, object.args), "(int:1)");
    EXPECT_EQ(show(keywords, object.kwargs), "{text:62=int:2}");
  }
}

// Everything that a user of a document may do with it; nothing may crash or give invalid output.
void exercise(const std::string& bytes, const std::string& where) {
  const auto partial = Document::read_partial(FileBytes::of(bytes));
  if (partial.error) ASSERT_FALSE(partial.error->message().empty()) << where;
  const Outline outline = make_outline(partial.document, partial.error);
  ASSERT_TRUE(is_utf8(outline_text(outline))) << where;
  simdjson::dom::parser parser;
  const std::string json = outline_json(outline);
  ASSERT_TRUE(is_utf8(json)) << where;
  ASSERT_EQ(parser.parse(json).error(), simdjson::SUCCESS) << where << json;
}

TEST(Damage, CutAtEveryByteIsAnErrorAndNothingElse) {
  for (const std::string& name : fixtures()) {
    const std::string whole = load(name);
    const std::size_t step = whole.size() > 4000 ? 37 : 1;  // the long ones repeat themselves
    for (std::size_t size = 0; size < whole.size(); size += step) {
      const auto document = Document::read(FileBytes::of(whole.substr(0, size)));
      ASSERT_FALSE(document) << name << " cut to " << size;
      ASSERT_FALSE(document.error().message().empty());
      if (size % 7 == 0) exercise(whole.substr(0, size), name);
    }
    EXPECT_TRUE(Document::read(FileBytes::of(whole))) << name;
  }
}

TEST(Damage, AnyByteChangedIsReadOrRefused) {
  for (const std::string& name : fixtures()) {
    const std::string whole = load(name);
    if (whole.size() > 4000) continue;
    for (std::size_t at = 0; at < whole.size(); ++at) {
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ (1 << at % 8));
      exercise(changed, fmt::format("{} byte {}", name, at));
    }
  }
}

TEST(Damage, TheFuzzCorpusIsReadOrRefused) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator("fuzz/corpus/pickle")) {
    const auto file = FileBytes::open(entry.path(), 1 << 20);
    ASSERT_TRUE(file);
    exercise(std::string(file->bytes()), entry.path());
    ++files;
  }
  EXPECT_GT(files, 50);
}

// Models that others published, when they are there.
std::string acceptance(const std::string& name) {
  const char* set = std::getenv("SLIPWAY_ACCEPTANCE");
  return std::string(set != nullptr ? set : "../shared/acceptance") + "/" + name;
}

TEST(Acceptance, ReadsTheLeadsPipeline) {
  const std::string path = acceptance("leads/pipeline_v1.bin");
  if (!std::filesystem::exists(path)) GTEST_SKIP();
  const auto document = Document::read(*FileBytes::open(path, 1 << 30));
  ASSERT_TRUE(document) << document.error().to_string();
  EXPECT_EQ(class_of(*document, document->root()).name, "Pipeline");
  const NodeId steps = find(*document, attributes(*document, document->root()), "steps");
  ASSERT_EQ(document->items(steps).size(), 2U);
  const NodeId model = document->items(document->items(steps)[1])[1];
  const auto coef = read_numbers(*document, find(*document, attributes(*document, model), "coef_"));
  ASSERT_TRUE(coef) << coef.error().to_string();
  EXPECT_EQ(coef->shape, (std::vector<std::uint64_t>{1, 8}));
  EXPECT_EQ(make_outline(*document, {}).dangerous_names, 0U);
}

TEST(Acceptance, ShowsTheCodeThatAFileBrings) {
  const std::string path = acceptance("refuse/user-function.pickle");
  if (!std::filesystem::exists(path)) GTEST_SKIP();
  const auto partial = Document::read_partial(*FileBytes::open(path, 1 << 30));
  const std::string text = outline_text(make_outline(partial.document, partial.error));
  EXPECT_NE(text.find("cloudpickle.cloudpickle._builtin_type, called 2 times (runs code)  <-- DANGEROUS"), text.npos);
  EXPECT_NE(text.find("cloudpickle.cloudpickle_fast._function_setstate"), text.npos);
}

// As many arrays as joblib itself reads from them.
TEST(Acceptance, ReadsJoblibFilesToTheEnd) {
  struct Want {
    const char* name;
    const char* root;
    int arrays;
  };
  for (const Want& want :
       {Want{"house-price/model.joblib", "Pipeline", 15}, Want{"iris-svc/model.joblib", "SVC", 13},
        Want{"digits-svm/model.joblib", "SVC", 11}, Want{"linear/model.pkl", "LinearRegression", 2}}) {
    if (!std::filesystem::exists(acceptance(want.name))) GTEST_SKIP();
    const auto document = Document::read(*FileBytes::open(acceptance(want.name), 1 << 30));
    ASSERT_TRUE(document) << want.name << ": " << document.error().to_string();
    EXPECT_EQ(document->trailing_bytes(), 0U);
    EXPECT_EQ(class_of(*document, document->root()).name, want.root);
    int arrays = 0;
    for (NodeId node = 0; node < document->size(); ++node) {
      if (document->kind(node) != Kind::kObject || document->raw(node) == kNoNode) continue;
      const auto array = read_array(*document, node);
      ASSERT_TRUE(array) << want.name << ": " << array.error().to_string();
      ++arrays;
    }
    EXPECT_EQ(arrays, want.arrays) << want.name;
    EXPECT_EQ(make_outline(*document, {}).dangerous_names, 0U);
  }
}

}  // namespace
}  // namespace slipway::pickle
