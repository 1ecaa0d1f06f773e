// SPDX-License-Identifier: Apache-2.0
// Published models that nobody here made, with published answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "engine/plan.h"
#include "importer/import.h"
#include "model/bundle.h"
#include "parity/fixture_input.h"

namespace slipway::importer {
namespace {

using testing::HasSubstr;

Result<model::Model> import_paths(const std::vector<std::string>& paths) {
  std::vector<Source> sources;
  for (const std::string& path : paths) {
    FileBytes bytes = SLIPWAY_TRY(FileBytes::open(path, 1 << 30));
    sources.push_back({std::filesystem::path(path).filename().string(), std::move(bytes)});
  }
  return import_files(sources);
}

model::Model through_a_bundle(const model::Model& model) {
  const auto bundle = model::encode(model, {.importer_version = "test"});
  EXPECT_TRUE(bundle);
  const model::OpenFile open = [&](std::string_view name, std::size_t) -> Result<FileBytes> {
    for (const auto& file : bundle->files) {
      if (file.name == name) return FileBytes::of(file.bytes.text());
    }
    return fail(Code::kNotFound, std::string(name));
  };
  auto loaded = model::load(open, bundle->id, model::Verify::kAll);
  EXPECT_TRUE(loaded) << loaded.error().to_string();
  return std::move(loaded->model);
}

double number_of(const engine::Plan& plan, const engine::Answer& answer) {
  if (answer.index.empty()) return answer.prediction.at(0);
  return std::stod(model::label_text(plan.model().labels()[answer.index[0]]));
}

// How many of the published cases of that file there are; each is compared.
std::size_t answer_cases(model::Model model, const std::string& folder, std::string_view file) {
  auto plan = engine::Plan::compile(std::move(model));
  EXPECT_TRUE(plan);
  std::size_t count = 0;
  std::ifstream lines(folder + "/cases.jsonl");
  for (std::string line; std::getline(lines, line);) {
    simdjson::dom::parser parser;
    const simdjson::dom::element one = parser.parse(line);
    std::string_view of;
    if (one["model"].get(of) == simdjson::SUCCESS && of != file) continue;
    const fixtures::Input input(plan->model().schema(), one["input"]);
    engine::Answer answer;
    plan->run(input.record(), *plan->scratch(), answer);
    EXPECT_EQ(answer.refusal, nullptr) << line;
    double tolerance = 0, want = 0;
    if (one["tolerance"].get(tolerance) != simdjson::SUCCESS) tolerance = 0;
    const bool probability = one["probability"].get(want) == simdjson::SUCCESS;
    if (!probability) want = double(one["prediction"]);
    const double got = probability ? answer.probability.at(1) : number_of(*plan, answer);
    EXPECT_LE(std::fabs(got - want), tolerance * std::fabs(want)) << line;
    ++count;
  }
  return count;
}

// The published models in ../shared/acceptance (or $SLIPWAY_ACCEPTANCE), wherever that folder is there.
class Acceptance : public testing::Test {
 protected:
  void SetUp() override {
    const char* set = std::getenv("SLIPWAY_ACCEPTANCE");
    folder_ = set != nullptr ? set : "../shared/acceptance";
    if (!std::filesystem::exists(folder_)) GTEST_SKIP() << "no acceptance folder here";
  }
  std::string folder_;
};

// Answers the published cases from the file, and from the bundle that it makes.
TEST_F(Acceptance, PublishedModelsGiveTheirAnswers) {
  struct Want {
    const char* folder;
    const char* file;
    std::size_t cases;
  };
  for (const Want& want : {Want{"leads", "pipeline_v1.bin", 2}, Want{"linear", "model.pkl", 2},
                           Want{"house-price", "model.joblib", 1}, Want{"iris-svc", "model.joblib", 1},
                           Want{"iris-svc", "model-0.20.3.pkl", 3}, Want{"digits-svm", "model.joblib", 1}}) {
    SCOPED_TRACE(want.file);
    const std::string folder = folder_ + "/" + want.folder;
    auto model = import_paths({folder + "/" + want.file});
    ASSERT_TRUE(model) << model.error().to_string();
    auto again = import_paths({folder + "/" + want.file});
    ASSERT_TRUE(again);
    EXPECT_EQ(answer_cases(std::move(*model), folder, want.file), want.cases);
    EXPECT_EQ(answer_cases(through_a_bundle(*again), folder, want.file), want.cases);
  }
}

TEST_F(Acceptance, WhatIsNotServedIsRefusedByName) {
  struct Want {
    const char* file;
    Code code;
    const char* says;
  };
  for (const Want& want : {
           Want{"refuse/user-function.pickle", Code::kRefused, "tempo.serve.pipeline.Pipeline"},
           Want{"heart/model.pkl", Code::kUnsupported, "xgboost.sklearn.XGBClassifier is not served yet"},
       }) {
    const auto model = import_paths({folder_ + "/" + want.file});
    ASSERT_FALSE(model) << want.file;
    EXPECT_EQ(model.error().code(), want.code) << want.file << ": " << model.error().to_string();
    EXPECT_THAT(model.error().message(), HasSubstr(want.says));
    EXPECT_FALSE(model.error().hint().empty()) << model.error().message();
  }
}

}  // namespace
}  // namespace slipway::importer
