// SPDX-License-Identifier: Apache-2.0
// Files of several pieces, written by scikit-learn (tools/fixtures/containers.py), and what the pieces give together:
// what fits in one order is composed, what does not is refused with the --steps to say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include "engine/plan.h"
#include "importer/import.h"

namespace slipway::importer {
namespace {

using simdjson::dom::element;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Names = std::vector<std::string>;

Result<model::Model> import_piece(const std::string& name, const Options& options = {}) {
  FileBytes bytes = SLIPWAY_TRY(FileBytes::open("testdata/containers/pieces." + name + ".joblib", 1 << 20));
  const Source source{name, std::move(bytes)};
  return import_files(std::span(&source, 1), options);
}

std::vector<double> doubles(element list) {
  std::vector<double> out;
  for (const element value : list.get_array()) out.push_back(double(value));
  return out;
}

Names texts(element list) {
  Names out;
  for (const element value : list.get_array()) out.emplace_back(std::string_view(value));
  return out;
}

class Answers {
 public:
  explicit Answers(model::Model model) : plan_(std::move(*engine::Plan::compile(std::move(model)))) {}

  // A row by the names of its columns where the model has them, else by place.
  engine::Answer of(const std::vector<double>& row, const Names& names) {
    const model::Schema& schema = plan_.model().schema();
    std::vector<model::Cell> cells(schema.fields().size());
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::uint32_t field = schema.find(names[i]);
      cells.at(field == model::Schema::kNoField ? i : field) = model::Cell::of(row[i]);
    }
    engine::Answer answer;
    plan_.run({.fields = cells, .extras = {}}, *plan_.scratch(), answer);
    return answer;
  }
  std::string label(const engine::Answer& answer) {
    return model::label_text(plan_.model().labels()[answer.index.at(0)]);
  }

 private:
  engine::Plan plan_;
};

TEST(Pieces, GiveTogetherWhatScikitLearnGives) {
  simdjson::dom::parser parser;
  const element root = parser.load("testdata/containers/pieces.json");
  const Names names = texts(root["names"]);
  int files = 0;
  for (const element file : root["files"].get_array()) {
    const std::string name = std::string(std::string_view(file["file"])).substr(7);
    auto model = import_piece(name.substr(0, name.size() - 7), {.steps = texts(file["steps"])});
    ASSERT_TRUE(model) << name << ": " << model.error().to_string();
    Answers answers(std::move(*model));
    std::size_t i = 0;
    for (const element row : root["rows"].get_array()) {
      const engine::Answer answer = answers.of(doubles(row), names);
      ASSERT_EQ(answer.refusal, nullptr) << name;
      ASSERT_EQ(answer.index.size() + answer.prediction.size(), 1U) << name;
      const element want = file["predictions"].at(i++);
      if (want.type() == simdjson::dom::element_type::DOUBLE) {
        EXPECT_NEAR(answer.prediction.at(0), double(want), 1e-12) << name;
      } else {
        EXPECT_EQ(answers.label(answer),
                  want.is_string() ? std::string(std::string_view(want)) : std::to_string(std::int64_t(want)))
            << name;
      }
    }
    ++files;
  }
  EXPECT_EQ(files, 11);
}

TEST(Pieces, ADictSaysWhatItNamesAndWhatIsLeftOut) {
  const auto model = import_piece("dict");
  ASSERT_TRUE(model) << model.error().to_string();
  EXPECT_THAT(model->schema().names(), ElementsAre("tenure", "charges", "score"));
  EXPECT_EQ(model->chain(), "StandardScaler > LogisticRegression");
  EXPECT_THAT(model->provenance().notes, ElementsAre("the columns are named by root['feature_names']",
                                                                                "root['metrics'] (dict) is left out: it is no estimator",
                                                     "root['version'] (text) is left out: it is no estimator",
                                                     "root['threshold'] (float) is left out: it is no estimator"));
  const auto chosen = import_piece("dict", {.feature_names = {"a", "b", "c"}, .steps = {"scaler", "model"}});
  ASSERT_TRUE(chosen) << chosen.error().to_string();
  EXPECT_THAT(chosen->schema().names(), ElementsAre("a", "b", "c"));
  EXPECT_THAT(chosen->provenance().notes, IsEmpty());
}

TEST(Pieces, NamesThatDoNotFitNameNothing) {
  const auto model = import_piece("wrong-names");
  ASSERT_TRUE(model) << model.error().to_string();
  EXPECT_THAT(model->schema().names(), ElementsAre("x0", "x1", "x2"));
}

TEST(Pieces, ALabelEncoderNamesTheLabels) {
  const auto model = import_piece("label-encoder");
  ASSERT_TRUE(model) << model.error().to_string();
  EXPECT_EQ(model->labels().size(), 3U);
  EXPECT_EQ(model::label_text(model->labels()[2]), "silver");
  EXPECT_THAT(model->provenance().notes, ElementsAre("the labels are named by root['label_encoder']"));
}

struct Unclear {
  const char* name;
  const char* says;
  const char* hint;
};

TEST(Pieces, WhatIsNotClearIsAskedFor) {
  for (const Unclear& row : {
           Unclear{"two-scalers", "two-scalers: the 3 pieces fit together in 2 orders",
                   "say which: --steps 0,1,2 or --steps 1,0,2; or dump them as one Pipeline"},
           Unclear{"two-models", "stands after", "--steps scaler,model"},
           Unclear{"column-encoder", "root['city']: is a LabelEncoder, and nothing says whether it encodes the labels",
                   "--steps scaler,model"},
           Unclear{"encoders-inside", "root['encoders']: holds estimators of its own", "--steps scaler,model"},
           Unclear{"label-encoder-of-another",
                   "root['label_encoder']: names 3 classes, but root['model'] predicts other labels than 0, 1, ...",
                   "--steps scaler,model"},
       }) {
    const auto model = import_piece(row.name);
    ASSERT_FALSE(model) << row.name;
    EXPECT_EQ(model.error().code(), Code::kUnsupported);
    EXPECT_THAT(model.error().message(), HasSubstr(row.says)) << row.name;
    EXPECT_THAT(model.error().hint(), HasSubstr(row.hint)) << row.name;
  }
}

TEST(Pieces, StepsNameWhatIsThere) {
  const auto absent = import_piece("dict", {.steps = {"scaler", "modell"}});
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code(), Code::kUsage);
  EXPECT_EQ(absent.error().message(), "--steps: there is no piece 'modell'");
  EXPECT_EQ(absent.error().hint(), "there are 'model', 'scaler', 'feature_names', 'metrics', 'version' and 1 more");
  EXPECT_THAT(import_piece("dict", {.steps = {"scaler", "scaler"}}).error().message(), HasSubstr("'scaler'"));
  EXPECT_THAT(import_piece("dict", {.steps = {"model", "scaler"}}).error().message(), HasSubstr("stands after"));
  EXPECT_THAT(import_piece("dict", {.steps = {"metrics", "model"}}).error().message(),
              HasSubstr("root['metrics']: is dict"));
  EXPECT_EQ(import_piece("label-encoder", {.steps = {"label_encoder"}}).error().message(),
            "--steps names no estimator");
}

}  // namespace
}  // namespace slipway::importer
