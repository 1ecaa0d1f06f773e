// SPDX-License-Identifier: Apache-2.0
#include "model/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace slipway::model {
namespace {

// a (number), b=x, b=y -> logistic regression with two labels
Model::Parts parts() {
  Model::Parts out;
  out.schema = *Schema::create(
      {{.name = "a", .takes_number = true}, {.name = "b", .takes_text = true, .categories = {"x", "y"}}}, true);
  out.steps = {{VectorizeDict{.names = {"a", "b=x", "b=y"}, .separator = "="}, {0}},
               {RequireFinite{.estimator = "LogisticRegression"}, {1}},
               {Linear{.outputs = 1, .coef = {1, 2, 3}, .intercept = {0.5}}, {2}},
               {Expit{}, {3}},
               {WithComplement{}, {4}},
               {PositiveIndex{}, {3}}};
  out.outputs = {{OutputKind::kPrediction, 6}, {OutputKind::kProbability, 5}, {OutputKind::kDecision, 3}};
  out.targets = {{.name = {}, .labels = {std::string("no"), std::string("yes")}}};
  out.provenance = {.library = "scikit-learn", .chain = {"DictVectorizer", "LogisticRegression"}};
  return out;
}

TEST(Model, KnowsItsSlotsAndOutputs) {
  const auto model = Model::create(parts());
  ASSERT_TRUE(model) << model.error().message();
  EXPECT_EQ(model->slots()[1].type, SlotType::kCsr);
  EXPECT_EQ(model->slots()[1].columns, 3U);
  EXPECT_EQ(model->slots()[5].columns, 2U);
  EXPECT_EQ(model->slots()[6].type, SlotType::kIndex);
  EXPECT_EQ(model->output(OutputKind::kDecision)->slot, 3U);
  EXPECT_EQ(model->chain(), "DictVectorizer > LogisticRegression");
  EXPECT_STREQ(model->refusal(1, Model::Refused::kInfinity), "LogisticRegression does not take infinite values");
}

TEST(Model, LabelsPrintAsPythonPrintsThem) {
  EXPECT_EQ(label_text(true), "True");
  EXPECT_EQ(label_text(std::int64_t{-3}), "-3");
  EXPECT_EQ(label_text(1.0), "1.0");
  EXPECT_EQ(label_text(1e-7), "1e-07");
  EXPECT_EQ(label_text(std::nan("")), "nan");
  EXPECT_EQ(label_text(std::string("yes")), "yes");
}

TEST(Model, NanInACoefficientIsNotDamage) {
  auto with_nan = parts();
  std::get<Linear>(with_nan.steps[2].op).coef = {1, std::nan(""), 3};
  EXPECT_TRUE(Model::create(std::move(with_nan)));
}

struct Broken {
  const char* name;
  std::function<void(Model::Parts&)> damage;
  const char* says;
};

const Broken kBroken[] = {
    {"CoefficientsOfAnotherWidth", [](auto& p) { std::get<Linear>(p.steps[2].op).coef = {1, 2}; },
     "step 2 (linear): has 2 coefficients, want 1 x 3"},
    {"InterceptsOfAnotherNumber", [](auto& p) { std::get<Linear>(p.steps[2].op).intercept = {0.5, 1}; },
     "step 2 (linear): has 1 outputs and 2 intercepts"},
    {"OutputsThatOverflow", [](auto& p) { p.steps[2].op = Linear{.outputs = ~0U, .coef = {1}, .intercept = {1}}; },
     "step 2 (linear): has 4294967295 outputs and 1 intercepts"},
    {"AStepThatReadsTheFuture", [](auto& p) { p.steps[1].inputs = {5}; },
     "step 1 (require_finite): reads slot 5, which no earlier step has written"},
    {"AStepThatReadsItself", [](auto& p) { p.steps[1].inputs = {2}; },
     "step 1 (require_finite): reads slot 2, which no earlier step has written"},
    {"CentringSparseRows", [](auto& p) { p.steps[1].op = Standardize{}; },
     "step 1 (standardize): takes dense rows, gets sparse rows"},
    {"AVectorizerOfNumbers", [](auto& p) { p.steps[1].op = VectorizeDict{.names = {"a"}, .separator = "="}; },
     "step 1 (vectorize_dict): takes a record, gets sparse rows"},
    {"ColumnsOfOneName", [](auto& p) { std::get<VectorizeDict>(p.steps[0].op).names = {"a", "b=x", "a"}; },
     "step 0 (vectorize_dict): the name \"a\" stands twice"},
    {"NoSeparator", [](auto& p) { std::get<VectorizeDict>(p.steps[0].op).separator = ""; },
     "step 0 (vectorize_dict): has no separator"},
    {"StackingAnotherNumberOfFields", [](auto& p) { p.steps[0].op = StackNumbers{3}; },
     "step 0 (stack_numbers): wants 3 columns, gets 2 cells"},
    {"AComplementOfThree",
     [](auto& p) { p.steps[2].op = Linear{.outputs = 3, .coef = std::vector<double>(9), .intercept = {1, 2, 3}}; },
     "step 4 (with_complement): too many columns"},
    {"AClipBackwards", [](auto& p) { p.steps[1].op = Clip{2, 1}; },
     "step 1 (clip): the lower bound is not below the upper one"},
    {"AClipToNan", [](auto& p) { p.steps[1].op = Clip{0, std::nan("")}; },
     "step 1 (clip): the lower bound is not below the upper one"},
    {"AThresholdOfNan", [](auto& p) { p.steps[1].op = Binarize{std::nan("")}; },
     "step 1 (binarize): the threshold is NaN"},
    {"ANormOfNoKind", [](auto& p) { p.steps[1].op = NormalizeRows{.norm = static_cast<NormalizeRows::Norm>(9)}; },
     "step 1 (normalize_rows): is of no known kind"},
    {"ATinyNormBelowZero", [](auto& p) { p.steps[1].op = NormalizeRows{.tiny = -1}; },
     "step 1 (normalize_rows): tiny is negative or NaN"},
    {"EqualSharesOfASparseRow", [](auto& p) { p.steps[1].op = NormalizeRows{.zero = NormalizeRows::Zero::kUniform}; },
     "step 1 (normalize_rows): takes dense rows, gets sparse rows"},
    {"ALabelTooFew", [](auto& p) { p.targets[0].labels.pop_back(); },
     "output \"prediction\": has 2 columns for 1 labels"},
    {"ALabelTwice", [](auto& p) { p.targets[0].labels[1] = std::string("no"); }, "the label \"no\" stands twice"},
    {"PredictingTheRecord", [](auto& p) { p.outputs[0].slot = 0; },
     "output \"prediction\": slot 0 is not one that a step writes"},
    {"PredictingANumberForALabel", [](auto& p) { p.outputs[0].slot = 3; },
     "output \"prediction\": takes an index, gets dense rows"},
    {"AnOutputOutOfRange", [](auto& p) { p.outputs[1].slot = 7; },
     "output \"probability\": slot 7 is not one that a step writes"},
    {"AnOutputTwice",
     [](auto& p) {
       p.outputs[1].kind = OutputKind::kPrediction;
       p.outputs[1].slot = 6;
     },
     "output \"prediction\": stands twice"},
    {"NoPrediction", [](auto& p) { p.outputs.erase(p.outputs.begin()); }, "the model has no prediction"},
    {"NoSteps", [](auto& p) { p.steps.clear(); }, "the model has no steps"},
    {"NoFields", [](auto& p) { p.schema = Schema(); }, "the model has no input fields"},
};

class BrokenModel : public testing::TestWithParam<Broken> {};
TEST_P(BrokenModel, IsRefusedWithTheStepAndTheReason) {
  auto broken = parts();
  GetParam().damage(broken);
  const auto model = Model::create(std::move(broken));
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().message(), GetParam().says);
}
INSTANTIATE_TEST_SUITE_P(, BrokenModel, testing::ValuesIn(kBroken), [](const auto& c) { return c.param.name; });

}  // namespace
}  // namespace slipway::model
