// SPDX-License-Identifier: Apache-2.0
// Published models that nobody here made, with published answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <filesystem>

#include "engine/plan.h"
#include "importer/import.h"

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

TEST_F(Acceptance, LeadsGivesItsTwoAnswers) {
  auto model = import_paths({folder_ + "/leads/pipeline_v1.bin"});
  ASSERT_TRUE(model) << model.error().to_string();
  const auto plan = engine::Plan::compile(std::move(*model));
  ASSERT_TRUE(plan);
  const auto probability = [&](std::string_view source, std::int64_t viewed, double income) {
    std::vector<model::Cell> cells(3);
    const auto& schema = plan->model().schema();
    cells.at(schema.find("lead_source")) = model::Cell::of(source);
    cells.at(schema.find("number_of_courses_viewed")) = model::Cell::of(viewed);
    cells.at(schema.find("annual_income")) = model::Cell::of(income);
    engine::Answer answer;
    plan->run({.fields = cells, .extras = {}}, *plan->scratch(), answer);
    return answer.probability.at(1);
  };
  EXPECT_EQ(probability("paid_ads", 2, 79276.0), 0.5336072702798061);
  EXPECT_EQ(probability("organic_search", 4, 80304.0), 0.5340417283801275);
}

TEST_F(Acceptance, LinearGivesItsTwoAnswersFromJoblib) {
  auto model = import_paths({folder_ + "/linear/model.pkl"});
  ASSERT_TRUE(model) << model.error().to_string();
  const auto plan = engine::Plan::compile(std::move(*model));
  ASSERT_TRUE(plan);
  const auto predict = [&](std::vector<double> row) {
    std::vector<model::Cell> cells;
    for (const double value : row) cells.push_back(model::Cell::of(value));
    engine::Answer answer;
    plan->run({.fields = cells, .extras = {}}, *plan->scratch(), answer);
    return answer.prediction.at(0);
  };
  // The published answers differ in the last bit between BLAS builds.
  const double up = predict({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}), down = predict({10, 9, 8, 7, 6, 5, 4, 3, 2, 1});
  EXPECT_NEAR(up, 11055.977245525677, 11055.977245525677 * 1e-12);
  EXPECT_NEAR(down, 4503.079536107787, 4503.079536107787 * 1e-12);
}

TEST_F(Acceptance, WhatIsNotServedIsRefusedByName) {
  struct Want {
    const char* file;
    Code code;
    const char* says;
  };
  for (const Want& want : {
           Want{"refuse/user-function.pickle", Code::kRefused, "tempo.serve.pipeline.Pipeline"},
           Want{"house-price/model.joblib", Code::kUnsupported, "ColumnTransformer"},
           Want{"heart/model.pkl", Code::kUnsupported, "sklearn.compose._column_transformer.ColumnTransformer"},
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
