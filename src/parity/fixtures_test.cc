// SPDX-License-Identifier: Apache-2.0
// Every fixture in testdata/sklearn: imported, run by the reference engine and by the plan, and compared with what the
// real library answered (tools/fixtures/train.py writes them). Labels and refusals must be equal, always. Numbers:
//   - equal to the last bit where about.json lists the answer as "exact": scipy's CSR product adds in a written order,
//     and its sigmoid is 1 / (1 + exp(-x)) with the C library's exp;
//   - within a relative 1e-12 elsewhere: there BLAS chooses the order of the sum, or numpy's own exp is used, and
//     scikit-learn is not equal to itself between batch sizes or machines;
//   - and where about.json allows more ("absolute"), within that.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <random>
#include <set>

#include "base/file.h"
#include "engine/plan.h"
#include "engine/random_record.h"
#include "engine/reference.h"
#include "importer/import.h"
#include "importer/sklearn/estimators.h"
#include "parity/fixture_input.h"

namespace slipway::importer {
namespace {

using engine::Answer;
using fixtures::Input;
using simdjson::dom::element;

std::vector<std::string> fixtures() {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator("testdata/sklearn"))
    out.push_back(entry.path().string());
  std::ranges::sort(out);
  return out;
}

struct About {
  std::string version;
  std::vector<std::string> estimators, files, exact;
  std::vector<std::string> methods;                     // only these were asked; empty: all that there are
  std::map<std::string, double, std::less<>> absolute;  // what is allowed beyond a relative 1e-12

  bool asked(const std::string& method) const {
    return methods.empty() || std::ranges::find(methods, method) != methods.end();
  }

  double allowed(std::string_view name, double value) const {
    if (std::ranges::find(exact, name) != exact.end()) return 0;
    const auto found = absolute.find(name);
    return 1e-12 * std::fabs(value) + (found == absolute.end() ? 0 : found->second);
  }
};

About about(const std::string& fixture) {
  simdjson::dom::parser parser;
  const element root = parser.load(fixture + "/about.json");
  const auto texts = [&](std::string_view key) {
    std::vector<std::string> out;
    for (const element item : root[key].get_array()) out.emplace_back(std::string_view(item));
    return out;
  };
  About out{
      std::string(std::string_view(root["scikit-learn"])), texts("estimators"), texts("files"), texts("exact"), {}, {}};
  if (root["methods"].error() == simdjson::SUCCESS) out.methods = texts("methods");
  simdjson::dom::object absolute;
  if (root["absolute"].get(absolute) == simdjson::SUCCESS) {
    for (const auto& [name, value] : absolute) out.absolute.emplace(name, double(value));
  }
  return out;
}

Result<model::Model> import_fixture(const std::string& fixture, const std::vector<std::string>& files) {
  std::vector<Source> sources;
  for (const std::string& file : files) {
    FileBytes bytes = SLIPWAY_TRY(FileBytes::open(fixture + "/" + file, 1 << 30));
    sources.push_back({file, std::move(bytes)});
  }
  return import_files(sources);
}

bool label_is(const model::Label& label, element want) {
  if (const auto* value = std::get_if<bool>(&label)) return want.is_bool() && bool(want) == *value;
  if (const auto* value = std::get_if<std::int64_t>(&label)) return want.is_int64() && std::int64_t(want) == *value;
  if (const auto* value = std::get_if<double>(&label)) return want.is_double() && double(want) == *value;
  return want.is_string() && std::string_view(want) == std::get<std::string>(label);
}

// null is NaN; infinities are texts.
double number(element value) {
  if (value.is_null()) return std::nan("");
  if (!value.is_string()) return double(value);
  return std::string_view(value) == "inf" ? HUGE_VAL : -HUGE_VAL;
}

// What the library does not have, the model does not have either.
void expect_numbers(const std::vector<double>& got, element answer, const std::string& name, const About& fixture) {
  if (!fixture.asked(name == "numbers" ? "predict" : name)) return;
  const auto want = answer[name];
  if (want.error() == simdjson::NO_SUCH_FIELD) {
    EXPECT_TRUE(got.empty()) << name;
    return;
  }
  const auto numbers = want.get_array().value();
  ASSERT_EQ(got.size(), numbers.size()) << name;
  std::size_t i = 0;
  for (const element item : numbers) {
    const double value = number(item);
    const bool same = engine::same_number(got[i], value) || std::fabs(got[i] - value) <= fixture.allowed(name, value);
    EXPECT_TRUE(same) << name << " [" << i << "]: got " << got[i] << ", want " << value;
    ++i;
  }
}

void expect_labels(const model::Model& model, const Answer& got, element want) {
  ASSERT_EQ(got.index.size(), model.targets().size());
  for (std::size_t i = 0; i < got.index.size(); ++i) {
    const element one = got.index.size() == 1 ? want : want.get_array().value().at(i).value();
    const model::Label& label = model.targets()[i].labels[got.index[i]];
    EXPECT_TRUE(label_is(label, one)) << "target " << i << ": " << model::label_text(label);
  }
}

void expect_answer(const model::Model& model, const Answer& got, element want, const About& fixture) {
  const bool raises = want["raises"].error() == simdjson::SUCCESS;
  EXPECT_EQ(got.refusal != nullptr, raises) << (got.refusal ? got.refusal : "answered");
  if (raises || got.refusal != nullptr) return;
  if (!model.targets().empty()) expect_labels(model, got, want["predict"]);
  expect_numbers(got.prediction, want, "numbers", fixture);
  expect_numbers(got.decision, want, "decision_function", fixture);
  expect_numbers(got.probability, want, "predict_proba", fixture);
  expect_numbers(got.score, want, "score_samples", fixture);
  expect_numbers(got.transform, want, "transform", fixture);
}

class Fixture : public testing::TestWithParam<std::string> {};

TEST_P(Fixture, GivesTheLibrarysAnswersInBothEngines) {
  const About fixture = about(GetParam());
  auto model = import_fixture(GetParam(), fixture.files);
  ASSERT_TRUE(model) << model.error().to_string();
  EXPECT_THAT(model->provenance().versions, testing::ElementsAre(fixture.version));
  auto plan = engine::Plan::compile(std::move(*model));
  ASSERT_TRUE(plan) << plan.error().to_string();
  const auto scratch = plan->scratch();
  Answer answer;
  simdjson::dom::parser parser;
  simdjson::dom::document_stream cases;
  const simdjson::padded_string json = simdjson::padded_string::load(GetParam() + "/cases.jsonl");
  ASSERT_EQ(parser.parse_many(json).get(cases), simdjson::SUCCESS);
  int count = 0;
  for (auto found : cases) {
    const element one = found.value();
    SCOPED_TRACE(simdjson::minify(one));
    const Input input(plan->model().schema(), one["input"]);
    plan->run(input.record(), *scratch, answer);
    EXPECT_TRUE(engine::same_answer(answer, engine::run_reference(plan->model(), input.record())));
    expect_answer(plan->model(), answer, one, fixture);
    ++count;
  }
  EXPECT_GE(count, 4);
  std::mt19937 random(3);
  for (int i = 0; i < 500; ++i) {
    const engine::RandomRecord record(plan->model(), random);
    plan->run(record.record(), *scratch, answer);
    ASSERT_TRUE(engine::same_answer(answer, engine::run_reference(plan->model(), record.record())));
  }
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string out = std::filesystem::path(info.param).filename().string();
  std::ranges::replace_if(out, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
  return out;
}
INSTANTIATE_TEST_SUITE_P(, Fixture, testing::ValuesIn(fixtures()), test_name);

TEST(Fixtures, StandForEveryEstimatorAndEveryEstimatorForThem) {
  std::set<std::string> shown, served;
  for (const std::string& fixture : fixtures()) {
    for (const std::string& name : about(fixture).estimators) shown.insert(name);
  }
  for (const sklearn::Estimator& row : sklearn::estimators()) {
    served.insert(std::string(row.name));
    EXPECT_FALSE(row.formula.empty()) << row.name;
    for (const std::string_view module : row.modules) {
      EXPECT_TRUE(module == row.subpackage || module.starts_with(std::string(row.subpackage) + ".")) << module;
    }
  }
  EXPECT_EQ(shown, served) << "a row without a fixture, or a fixture without a row: docs/adding_an_estimator.md";
}

TEST(Fixtures, TwoFilesMayBeNamedInEitherOrder) {
  const std::string fixture = "testdata/sklearn/two_files-1.6.1";
  const auto forwards = import_fixture(fixture, {"dv.bin", "model.bin"});
  const auto backwards = import_fixture(fixture, {"model.bin", "dv.bin"});
  ASSERT_TRUE(forwards && backwards);
  EXPECT_EQ(forwards->chain(), "DictVectorizer > LogisticRegression");
  EXPECT_EQ(backwards->chain(), forwards->chain());
}

}  // namespace
}  // namespace slipway::importer
