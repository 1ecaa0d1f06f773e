// SPDX-License-Identifier: Apache-2.0
// What answers hold, by kind of model. The numbers are worked out by hand: z = x, p = 1 / (1 + exp(-z)).
#include "serve/answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "serve/service.h"
#include "serve/testing.h"

namespace slipway::serve {
namespace {

using namespace testing_support;
using model::OutputKind;
using testing::HasSubstr;

constexpr double kThird = 1.0 / 3;  // P of log(1/2)

// x to a binary classifier for each list of labels, whose decision is x times 1, -1, 1, ...
engine::Plan classifiers(std::vector<model::Target> targets) {
  using namespace model;
  Model::Parts parts;
  auto schema = Schema::create({{.name = "x", .takes_number = true}}, false);
  SLIPWAY_ASSERT(schema.has_value());
  parts.schema = std::move(*schema);
  parts.steps.push_back({StackNumbers{.columns = 1}, {0}});
  for (std::uint32_t t = 0; t < targets.size(); ++t) {
    const auto at = std::uint32_t(parts.steps.size());
    parts.steps.push_back({Linear{.outputs = 1, .coef = {t % 2 == 0 ? 1.0 : -1.0}, .intercept = {0}}, {1}});
    parts.steps.push_back({Expit{}, {at + 1}});
    parts.steps.push_back({WithComplement{}, {at + 2}});
    parts.steps.push_back({PositiveIndex{}, {at + 1}});
    parts.outputs.push_back({OutputKind::kPrediction, at + 4, t});
    parts.outputs.push_back({OutputKind::kProbability, at + 3, t});
    parts.outputs.push_back({OutputKind::kDecision, at + 1, t});
  }
  parts.targets = std::move(targets);
  parts.provenance = {.library = "scikit-learn", .versions = {"1.6.1"}, .chain = {"MultiOutputClassifier"}};
  auto made = Model::create(std::move(parts));
  SLIPWAY_ASSERT(made.has_value());
  auto plan = engine::Plan::compile(std::move(*made));
  SLIPWAY_ASSERT(plan.has_value());
  return std::move(*plan);
}

std::vector<model::Label> zero_one() { return {std::int64_t{0}, std::int64_t{1}}; }

// Softmax over (x, 0, -x), labels a, b, c.
engine::Plan three_classes() {
  using namespace model;
  Model::Parts parts;
  auto schema = Schema::create({{.name = "x", .takes_number = true}}, false);
  SLIPWAY_ASSERT(schema.has_value());
  parts.schema = std::move(*schema);
  parts.steps.push_back({StackNumbers{.columns = 1}, {0}});
  parts.steps.push_back({Linear{.outputs = 3, .coef = {1.0, 0.0, -1.0}, .intercept = {0, 0, 0}}, {1}});
  parts.steps.push_back({Softmax{}, {2}});
  parts.steps.push_back({ArgmaxIndex{}, {2}});
  parts.outputs = {{OutputKind::kPrediction, 4}, {OutputKind::kProbability, 3}, {OutputKind::kDecision, 2}};
  parts.targets = {{.name = {}, .labels = {std::string("a"), std::string("b"), std::string("c")}}};
  parts.provenance = {.library = "scikit-learn", .versions = {"1.6.1"}, .chain = {"LogisticRegression"}};
  auto made = Model::create(std::move(parts));
  SLIPWAY_ASSERT(made.has_value());
  return std::move(*engine::Plan::compile(std::move(*made)));
}

// x - 1, 2x: a model that only transforms, or one that predicts by number, as `kind` says.
engine::Plan numbers(OutputKind kind) {
  using namespace model;
  Model::Parts parts;
  auto schema = Schema::create({{.name = "x", .takes_number = true}}, false);
  SLIPWAY_ASSERT(schema.has_value());
  parts.schema = std::move(*schema);
  parts.steps.push_back({StackNumbers{.columns = 1}, {0}});
  parts.steps.push_back({Linear{.outputs = 2, .coef = {1.0, 2.0}, .intercept = {-1, 0}}, {1}});
  parts.outputs = {{kind, 2}};
  parts.provenance = {.library = "scikit-learn", .versions = {"1.6.1"}, .chain = {"PCA"}};
  auto made = Model::create(std::move(parts));
  SLIPWAY_ASSERT(made.has_value());
  return std::move(*engine::Plan::compile(std::move(*made)));
}

class Answers : public testing::Test {
 protected:
  void serve(engine::Plan plan, model::Serving serving = {}) {
    worker_.reset();
    ServedModel::Options options;
    options.name = "m";
    options.serving = std::move(serving);
    service_.publish(Snapshot::of(served(std::move(plan), std::move(options))));
    worker_ = handler_.make_worker();
  }
  std::string ask(std::string body, std::string_view query = {}) {
    const std::size_t size = body.size();
    body.append(64, '\0');
    http::Request request;
    request.method = http::Method::kPost;
    request.path = "/predict";
    request.query = query;
    request.body = std::string_view(body).substr(0, size);
    request.received = http::Clock::now();
    std::string out(handler_.respond(request, *worker_).body);
    const std::size_t tail = out.find(",\"model\":\"m\"}\n");
    return tail == std::string::npos ? out : out.substr(0, tail) + "}";
  }

  std::unique_ptr<Log> log_ = std::move(*Log::open("off"));
  Service service_{{.model_name = {}, .version = "1", .contract = {}, .limits = {}}, *log_};
  ServiceHandler handler_{service_, {.shows = Listener::kBoth, .loopback_only = false}};
  std::unique_ptr<http::Worker> worker_;
};

TEST_F(Answers, OnlyWhatIsAskedForIsGiven) {
  serve(classifiers({{.name = {}, .labels = zero_one()}}));
  EXPECT_EQ(ask("[0]"), R"({"prediction":0,"probability":0.5})");
  EXPECT_EQ(ask("[3]", "outputs=decision"), R"({"decision":3.0})");
  EXPECT_EQ(ask("[3]", "outputs=decision,prediction"), R"({"decision":3.0,"prediction":1})");
  EXPECT_EQ(ask("[3]", "a=b&outputs=decision%2Cprediction"), R"({"decision":3.0,"prediction":1})");
  EXPECT_EQ(ask("[0]", "outputs=prediction&probabilities=true"),
            R"({"prediction":0,"probabilities":{"0":0.5,"1":0.5}})");
}

TEST_F(Answers, AnOutputThatTheModelDoesNotGiveIsRefusedByName) {
  serve(classifiers({{.name = {}, .labels = zero_one()}}));
  EXPECT_THAT(ask("[3]", "outputs=decisoin"), HasSubstr("did you mean \\\"decision\\\"?"));
  EXPECT_THAT(ask("[3]", "outputs=transform"), HasSubstr("It has prediction, probability and decision"));
  EXPECT_THAT(ask("[3]", "outputs="), HasSubstr("\"status\":400"));
}

TEST_F(Answers, SeveralBinaryTargetsGiveLists) {
  serve(classifiers(
      {{.name = "p", .labels = zero_one()}, {.name = "q", .labels = {std::string("no"), std::string("yes")}}}));
  EXPECT_EQ(ask("[0]"), R"({"prediction":[0,"no"],"probability":[0.5,0.5]})");
  EXPECT_EQ(
      ask("[0]", "probabilities=true"),
      R"({"prediction":[0,"no"],"probability":[0.5,0.5],"probabilities":[{"0":0.5,"1":0.5},{"no":0.5,"yes":0.5}]})");
  EXPECT_EQ(ask("[3]", "outputs=decision"), R"({"decision":[3.0,-3.0]})");
  EXPECT_EQ(ask("[[1],[-1]]", "outputs=prediction"),
            R"({"predictions":[{"prediction":[1,"no"]},{"prediction":[0,"yes"]}])"
            "}");
}

TEST_F(Answers, MoreThanTwoLabelsGiveProbabilitiesByLabel) {
  serve(three_classes());
  const std::string third = "0.3333333333333333";
  EXPECT_EQ(ask("[0]"),
            R"({"prediction":"a","probabilities":{"a":)" + third + R"(,"b":)" + third + R"(,"c":)" + third + "}}");
  EXPECT_EQ(ask("[0]", "outputs=probability"),
            R"({"probabilities":{"a":)" + third + R"(,"b":)" + third + R"(,"c":)" + third + "}}");
  EXPECT_EQ(ask("[2]", "outputs=decision"), R"({"decision":[2.0,0.0,-2.0]})");
  EXPECT_NEAR(kThird, 0.3333333333333333, 1e-16);
}

TEST_F(Answers, AModelWithoutAPredictionGivesItsTransform) {
  serve(numbers(OutputKind::kTransform));
  EXPECT_EQ(ask("[3]"), R"({"transform":[2.0,6.0]})");
  EXPECT_THAT(ask("[3]", "outputs=prediction"), HasSubstr("\"status\":400"));
}

TEST_F(Answers, ARegressorOfSeveralNumbersGivesAList) {
  serve(numbers(OutputKind::kPrediction));
  EXPECT_EQ(ask("[3]"), R"({"prediction":[2.0,6.0]})");
}

// As IsolationForest's: labels -1 and 1, a score, no probability.
TEST_F(Answers, AnAnomalyDetectorGivesItsLabelAndItsScoreOnRequest) {
  using namespace model;
  Model::Parts parts;
  auto schema = Schema::create({{.name = "x", .takes_number = true}}, false);
  parts.schema = std::move(*schema);
  parts.steps.push_back({StackNumbers{.columns = 1}, {0}});
  parts.steps.push_back({Linear{.outputs = 1, .coef = {1.0}, .intercept = {-0.5}}, {1}});
  parts.steps.push_back({PositiveIndex{}, {2}});
  parts.outputs = {{OutputKind::kPrediction, 3}, {OutputKind::kDecision, 2}, {OutputKind::kScore, 1}};
  parts.targets = {{.name = {}, .labels = {std::int64_t{-1}, std::int64_t{1}}}};
  parts.provenance = {.library = "scikit-learn", .versions = {"1.6.1"}, .chain = {"IsolationForest"}};
  serve(std::move(*engine::Plan::compile(std::move(*Model::create(std::move(parts))))));
  EXPECT_EQ(ask("[0]"), R"({"prediction":-1})");
  EXPECT_EQ(ask("[2]", "outputs=prediction,score,decision"), R"({"prediction":1,"score":2.0,"decision":1.5})");
}

TEST_F(Answers, TheImportMayRenameAndChoose) {
  model::Serving serving;
  serving.response = {{.name = "churn_probability", .what = "probability"}, {.name = "churn", .what = "positive"}};
  serving.threshold = 0.6;
  serving.positive_class = "0";
  serving.input_key = "customer";
  serve(classifiers({{.name = {}, .labels = zero_one()}}), serving);
  EXPECT_EQ(ask("[0]"), R"({"churn_probability":0.5,"churn":false})");
  EXPECT_THAT(ask(R"({"customer":{"x":-3}})"), testing::EndsWith(R"("churn":true})"));  // P(0) = 0.95
  EXPECT_EQ(ask(R"({"customer":[{"x":0},[0]]})", "outputs=prediction"),
            R"({"predictions":[{"prediction":0},{"prediction":0}]})");
  EXPECT_EQ(ask(R"({"x":0})"), R"({"churn_probability":0.5,"churn":false})");
}

TEST_F(Answers, PositiveIsGivenOnceThereIsAThreshold) {
  model::Serving serving;
  serving.threshold = 0.5;
  serve(classifiers({{.name = {}, .labels = zero_one()}}), serving);
  EXPECT_EQ(ask("[0]"), R"({"prediction":0,"probability":0.5,"positive":true})");
}

TEST(ServedModel, RefusesASettingThatIsNotTheModels) {
  ServedModel::Options options;
  options.serving.positive_class = "maybe";
  EXPECT_EQ(ServedModel::create(constant_plan(1), options).error().code(), Code::kCorrupt);
  options.serving = {};
  options.serving.response = {{.name = "p", .what = "probability"}};
  EXPECT_EQ(ServedModel::create(constant_plan(1), options).error().code(), Code::kCorrupt);
}

}  // namespace
}  // namespace slipway::serve
