// SPDX-License-Identifier: Apache-2.0
// Every operator of the list, filled through its fields() with values of each type's edges, must come back the same. An
// operator that is added to op.h is tested here without a line.
#include "model/op_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <random>
#include <tuple>

#include "model/enum_names.h"

namespace slipway::model {
namespace {

using Random = std::mt19937;

const std::string kTexts[] = {
    "", "=", "a\"b\\c\n\t", "\xC3\xA9t\xC3\xA9", "\xF0\x9F\x98\x80", std::string("nul\0in", 6)};
constexpr double kReals[] = {0.0,
                             -0.0,
                             0.1,
                             5e-324,
                             1.7976931348623157e308,
                             -1e22,
                             std::numeric_limits<double>::infinity(),
                             -std::numeric_limits<double>::infinity(),
                             std::numeric_limits<double>::quiet_NaN()};

void fill(Random& random, bool& value) { value = random() % 2 == 0; }
void fill(Random& random, std::uint32_t& value) { value = random() % 2 == 0 ? ~0U : std::uint32_t(random()); }
[[maybe_unused]] void fill(Random& random, std::int64_t& value) {
  value = random() % 2 == 0 ? std::numeric_limits<std::int64_t>::min() : std::int64_t(random()) << 31;
}
void fill(Random& random, double& value) { value = kReals[random() % std::size(kReals)]; }
void fill(Random& random, std::string& value) { value = kTexts[random() % std::size(kTexts)]; }
template <class E>
  requires std::is_enum_v<E>
void fill(Random& random, E& value) {
  value = static_cast<E>(random() % kEnumerators<E>);
}
template <class T>
void fill(Random& random, Array<T>& values) {
  std::vector<T> made(random() % 40);
  for (T& it : made) {
    if constexpr (std::is_floating_point_v<T>) it = T(kReals[random() % std::size(kReals)]);
    if constexpr (!std::is_floating_point_v<T>) it = static_cast<T>(random());
  }
  values = std::move(made);
}
void fill(Random& random, Texts& texts) {
  std::vector<std::string> made(random() % 5, "\xED\xB3\xBF of no encoding");  // a lone surrogate: tables may hold them
  for (std::string& it : made) {
    if (random() % 4 != 0) fill(random, it);
  }
  texts = made;
}
[[maybe_unused]] void fill(Random& random, Values& values) {
  std::vector<Value> made{Null{}, true, std::int64_t{-1}, 0.5, std::string("x"), std::string()};
  made.resize(random() % (made.size() + 1));
  values = made;
}

// As bytes, so that NaN is NaN.
std::string bytes_of(double value) { return std::to_string(std::bit_cast<std::uint64_t>(value)); }
std::string bytes_of(const std::string& text) { return text; }
template <class T>
  requires std::is_integral_v<T> || std::is_enum_v<T>
std::string bytes_of(T value) {
  return std::to_string(static_cast<std::int64_t>(value));
}
template <class T>
std::string bytes_of(const Array<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}
std::string bytes_of(const Texts& texts) {
  std::string out;
  for (const std::string_view text : texts.all()) out.append(std::to_string(text.size())).append(":").append(text);
  return out;
}
[[maybe_unused]] std::string bytes_of(const Values& values) {
  return bytes_of(values.kinds()) + bytes_of(values.bits()) + bytes_of(values.texts());
}

template <class T>
std::vector<std::string> content(const T& op) {
  std::vector<std::string> out;
  T::fields([&](std::string_view name, auto member) { out.push_back(std::string(name) + "=" + bytes_of(op.*member)); });
  return out;
}

Result<ReadStep> there_and_back(const Op& op, std::string* json_out = nullptr) {
  JsonWriter json;
  TensorWriter writer;
  const std::vector<std::uint32_t> inputs{0, 7};
  SLIPWAY_TRY(write_step(op, inputs, "steps.0.", json, writer));
  safetensors::File file =
      SLIPWAY_TRY(safetensors::File::parse(FileBytes::of(safetensors::write(writer.tensors()).text())));
  TensorReader reader(std::move(file));
  simdjson::dom::parser parser;
  if (json_out != nullptr) *json_out = json.text();
  const simdjson::dom::element element = SLIPWAY_TRY(parse_json(parser, json.text()));
  ReadStep out = SLIPWAY_TRY(read_step(element, "steps.0.", reader));
  SLIPWAY_TRY(reader.finish());
  return out;
}

template <class T>
void try_operator(Random& random) {
  for (int i = 0; i < 20; ++i) {
    T op;
    T::fields([&](std::string_view, auto member) { fill(random, op.*member); });
    const auto back = there_and_back(Op(op));
    ASSERT_TRUE(back.has_value()) << T::kName << ": " << back.error().message();
    EXPECT_THAT(back->inputs, testing::ElementsAre(0, 7));
    ASSERT_TRUE(std::holds_alternative<T>(back->op));
    EXPECT_EQ(content(std::get<T>(back->op)), content(op)) << T::kName;
  }
}

template <class... Ops>
void try_all(const std::variant<Ops...>*) {
  Random random(1);
  (try_operator<Ops>(random), ...);
}

TEST(OpCodec, EveryOperatorComesBackAsItWas) { try_all(static_cast<const Op*>(nullptr)); }

TEST(OpCodec, EnumeratorsAreWrittenByName) {
  std::string json;
  ASSERT_TRUE(there_and_back(NormalizeRows{.norm = NormalizeRows::Norm::kSignedMax}, &json).has_value());
  EXPECT_EQ(json,
            R"({"op":"normalize_rows","inputs":[0,7],"parameters":{"norm":"signed_max","zero":"divide","tiny":0.0}})");
  EXPECT_EQ(kEnumerators<NormalizeRows::Norm>, 5U);
}

TEST(OpCodec, AParameterThatIsNotUtf8IsRefused) {
  const auto back = there_and_back(VectorizeDict{.names = {"a"}, .separator = "\xED\xB3\xBF"});
  ASSERT_FALSE(back.has_value());
  EXPECT_EQ(back.error().message(), "\"separator\" is not UTF-8");
}

struct Foreign {
  const char* name;
  const char* json;
  const char* says;
};

TEST(OpCodec, WhatThisProgramDoesNotKnowIsRefusedByName) {
  const Foreign cases[] = {
      {"Operator", R"({"op":"quantum","inputs":[0],"parameters":{}})", "the operator \"quantum\" is not known here"},
      {"Field", R"({"op":"clip","inputs":[0],"parameters":{"low":0,"high":1,"soft":true}})",
       "clip: \"soft\" is not known here"},
      {"Enumerator", R"({"op":"normalize_rows","inputs":[0],"parameters":{"norm":"l3","zero":"keep","tiny":0}})",
       "normalize_rows: \"norm\" is \"l3\", which is not known here"},
      {"MissingField", R"({"op":"clip","inputs":[0],"parameters":{"low":0}})", "clip: \"high\" is missing"},
      {"FieldTwice", R"({"op":"clip","inputs":[0],"parameters":{"low":0,"high":1,"low":2}})",
       "clip: a member stands twice"},
      {"NotANumber", R"({"op":"clip","inputs":[0],"parameters":{"low":"nan","high":1}})", "clip: \"low\" is no number"},
      {"Beyond32Bits", R"({"op":"stack_numbers","inputs":[0],"parameters":{"columns":4294967296}})",
       "stack_numbers: \"columns\" is 4294967296, too large"},
      {"NegativeSlot", R"({"op":"expit","inputs":[-1],"parameters":{}})", "an input is no slot"},
      {"NoTensor", R"({"op":"scale_columns","inputs":[0],"parameters":{}})",
       "scale_columns: the tensor \"steps.0.factor\" is missing"},
      {"NoObject", "[]", "is no JSON object"},
      {"More", R"({"op":"expit","inputs":[0],"parameters":{},"when":"now"})", "\"when\" is not known here"},
  };
  for (const Foreign& it : cases) {
    auto file = safetensors::File::parse(FileBytes::of(safetensors::write({}).text()));
    ASSERT_TRUE(file.has_value());
    TensorReader reader(std::move(*file));
    simdjson::dom::parser parser;
    const auto element = parse_json(parser, it.json);
    ASSERT_TRUE(element.has_value()) << it.name;
    const auto step = read_step(*element, "steps.0.", reader);
    ASSERT_FALSE(step.has_value()) << it.name;
    EXPECT_EQ(step.error().message(), it.says) << it.name;
  }
}

TEST(OpCodec, ATensorOfAnotherTypeOrThatNobodyReadsIsRefused) {
  const std::string eight(8, '\0');
  const safetensors::Tensor tensors[] = {
      {.name = "steps.0.factor", .dtype = safetensors::Dtype::kI64, .shape = {1}, .bytes = eight}};
  auto file = safetensors::File::parse(FileBytes::of(safetensors::write(tensors).text()));
  ASSERT_TRUE(file.has_value());
  TensorReader reader(std::move(*file));
  Array<double> factor;
  const auto read = reader.read("steps.0.factor", factor);
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().message(), "the tensor \"steps.0.factor\" is of dtype I64 and rank 1, want F64 and 1");
  EXPECT_EQ(reader.finish().error().message(), "the tensor \"steps.0.factor\" is not known here");
}

}  // namespace
}  // namespace slipway::model
