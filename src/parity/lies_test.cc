// SPDX-License-Identifier: Apache-2.0
// Well-formed pickles with a lie in them. Each is refused with the path to the attribute and the reason; the honest
// form of the same file is taken, so that the lie is what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "engine/reference.h"
#include "importer/import.h"
#include "parity/hand_made.h"

namespace slipway::importer {
namespace {

using namespace hand_made;
using testing::HasSubstr;

struct Lie {
  const char* name;
  std::string file;
  const char* says;
};

const double kNan = std::nan("");
const double kInfinity = std::numeric_limits<double>::infinity();

std::string with_model(const std::string& name, const std::string& value) {
  return pipeline(vectorizer(), {}, with(logistic(), name, value));
}
std::string with_dv(const std::string& name, const std::string& value) {
  return pipeline(with(vectorizer(), name, value), {}, logistic());
}
std::string with_scaler(const std::string& name, const std::string& value) {
  return pipeline(vectorizer(), with(scaler(), name, value), logistic());
}

// Any other model behind the vectorizer.
std::string behind_dv(const std::string& module, const std::string& name, const Bag& state) {
  const Parts steps = {
      tuple({text("dv"), object("sklearn.feature_extraction._dict_vectorizer", "DictVectorizer", vectorizer())}),
      tuple({text("m"), object(module, name, state)})};
  return object("sklearn.pipeline", "Pipeline", {{"steps", list(steps)}}) + ".";
}
Bag regressor() { return {{"coef_", array({1, 2, 3}, {3})}, {"intercept_", "F0.5\n"}}; }
std::string with_ridge(const std::string& name, const std::string& value) {
  return behind_dv("sklearn.linear_model._ridge", "Ridge", with(regressor(), name, value));
}

TEST(Hostile, TheHonestFormOfARegressorIsTaken) {
  const model::Cell cells[] = {model::Cell::of(2.0), model::Cell::of(std::string_view("y"))};
  for (const std::string& coef : {array({1, 2, 3}, {3}), array({1, 2, 3}, {1, 3})}) {
    const auto model = import_bytes(with_ridge("coef_", coef));
    ASSERT_TRUE(model) << model.error().to_string();
    EXPECT_EQ(engine::run_reference(*model, {.fields = cells, .extras = {}}).prediction.at(0), 5.5);
  }
}

Bag ridge_classifier(const std::string& targets, const std::string& coef) {
  const Bag binarizer = {{"y_type_", text(targets)}, {"classes_", list({text("no"), text("yes")})}};
  return {{"coef_", coef},
          {"intercept_", array({0.5}, {1})},
          {"_label_binarizer", object("sklearn.preprocessing._label", "LabelBinarizer", binarizer)}};
}
std::string with_ridge_classifier(const std::string& name, const std::string& value) {
  const Bag honest = ridge_classifier("binary", array({1, 2, 3}, {1, 3}));
  return behind_dv("sklearn.linear_model._ridge", "RidgeClassifier", with(honest, name, value));
}
std::string with_sgd(const std::string& name, const std::string& value) {
  return behind_dv("sklearn.linear_model._stochastic_gradient", "SGDClassifier",
                   with(with(logistic(), "loss", text("modified_huber")), name, value));
}

TEST(Hostile, TheHonestFormsOfClassifiersAreTaken) {
  const model::Cell cells[] = {model::Cell::of(-0.5), model::Cell::of(std::string_view("x"))};
  for (const std::string& coef : {array({1, -0.5, 3}, {3}), array({1, -0.5, 3}, {1, 3})}) {
    const auto model = import_bytes(with_ridge_classifier("coef_", coef));
    ASSERT_TRUE(model) << model.error().to_string();
    EXPECT_EQ(engine::run_reference(*model, {.fields = cells, .extras = {}}).decision.at(0), -0.5);
  }
  const auto model = import_bytes(with_sgd("coef_", array({1, -0.5, 3}, {1, 3})));
  ASSERT_TRUE(model) << model.error().to_string();
  EXPECT_THAT(engine::run_reference(*model, {.fields = cells, .extras = {}}).probability,
              testing::ElementsAre(0.75, 0.25));  // (-0.5 + 1) / 2
}

// A scaler before the classifier: on sparse rows of the vectorizer, or on a table of its own.
std::string scaled(const std::string& name, const Bag& state, bool sparse) {
  Parts steps;
  if (sparse) {
    steps = {
        tuple({text("dv"), object("sklearn.feature_extraction._dict_vectorizer", "DictVectorizer", vectorizer())})};
  }
  steps.push_back(tuple({text("scale"), object("sklearn.preprocessing._data", name, state)}));
  steps.push_back(tuple({text("lr"), object("sklearn.linear_model._logistic", "LogisticRegression", logistic())}));
  return object("sklearn.pipeline", "Pipeline", {{"steps", list(steps)}}) + ".";
}
Bag min_max() {
  return {{"scale_", array({2, 1, 1}, {3})},
          {"min_", array({-1, 0.5, 0}, {3})},
          {"clip", flag(true)},
          {"feature_range", tuple({integer(0), integer(4)})}};
}
Bag robust() {
  return {{"with_centering", flag(true)},
          {"with_scaling", flag(true)},
          {"center_", array({1, 2, 3}, {3})},
          {"scale_", array({1, 2, 4}, {3})}};
}
std::string with_min_max(const std::string& name, const std::string& value) {
  return scaled("MinMaxScaler", with(min_max(), name, value), false);
}
std::string with_robust(const std::string& name, const std::string& value) {
  return scaled("RobustScaler", with(robust(), name, value), false);
}

TEST(Hostile, TheHonestFormsOfScalersAreTaken) {
  const model::Cell cells[] = {model::Cell::of(1.5), model::Cell::of(-3.0), model::Cell::of(1e9)};
  const auto decision = [&](const std::string& file) {
    const auto model = import_bytes(file);
    EXPECT_TRUE(model) << model.error().to_string();
    return engine::run_reference(*model, {.fields = cells, .extras = {}}).decision.at(0);
  };
  EXPECT_EQ(decision(scaled("MinMaxScaler", min_max(), false)), 2 + 0 + 3 * 4 + 0.5);
  EXPECT_EQ(decision(scaled("RobustScaler", robust(), false)), 0.5 + 2 * -2.5 + 3 * ((1e9 - 3) / 4) + 0.5);
  EXPECT_EQ(decision(scaled("Binarizer", {{"threshold", "F1.5\n"}}, false)), 0 + 0 + 3 + 0.5);
}

const Lie kLies[] = {
    {"AMinMaxScalerOfSparseRows", scaled("MinMaxScaler", min_max(), true),
     "pipeline.steps[1] 'scale': takes no sparse rows"},
    {"AMinMaxScalerThatIsNotFitted", with_min_max("scale_", ""), "'scale': is not fitted: it has no scale_"},
    {"AMinMaxScalerOfTwoWidths", with_min_max("min_", array({1, 2}, {2})),
     "'scale' -> min_: has shape (2,), want (3,)"},
    {"AMinMaxScalerOfAnotherWidth", with_min_max("scale_", array({1, 2}, {2})), "'scale' -> min_: has shape (3,)"},
    {"AMinMaxScalerWithARangeBackwards", with_min_max("feature_range", tuple({integer(3), integer(1)})),
     "'scale' -> feature_range: is from 3 to 1"},
    {"AMinMaxScalerWithHalfARange", with_min_max("feature_range", tuple({integer(3)})),
     "'scale' -> feature_range: has shape (1,), want (2,)"},
    {"AMinMaxScalerInTwoDimensions", with_min_max("scale_", array({1, 2, 3}, {1, 3})),
     "'scale' -> scale_: is not one row of numbers"},
    {"AMinMaxScalerWhoseClipIsText", with_min_max("clip", text("yes")), "'scale' -> clip: is text, want a bool"},
    {"AMaxAbsScalerThatIsNotFitted", scaled("MaxAbsScaler", {{"copy", flag(true)}}, true),
     "'scale': is not fitted: it has no scale_"},
    {"AMaxAbsScalerOfAnotherWidth", scaled("MaxAbsScaler", {{"scale_", array({1, 2}, {2})}}, true),
     "'scale': takes 2 columns, pipeline.steps[0] 'dv' gives 3"},
    {"ARobustScalerThatIsNotFitted", with_robust("center_", ""), "'scale': is not fitted: it has no center_"},
    {"ARobustScalerOfTwoWidths", with_robust("scale_", array({1, 2}, {2})), "scale_: has shape (2,), want (3,)"},
    {"ARobustScalerThatCentresSparseRows", scaled("RobustScaler", robust(), true),
     "'scale' -> with_centering: centres, which scikit-learn does not do to sparse rows"},
    {"ANormOfAnotherName", scaled("Normalizer", {{"norm", text("l3")}}, true),
     "'scale' -> norm: is 'l3', want l1, l2 or max"},
    {"ANormalizerOfManyColumns",
     scaled("Normalizer", {{"norm", text("l1")}, {"n_features_in_", integer(1000000000)}}, false),
     "'scale' -> n_features_in_: is 1000000000, but the fitted arrays have 3 columns"},
    {"ANormalizerOfOtherNames",
     scaled("Normalizer", {{"norm", text("l1")}, {"feature_names_in_", list({text("a")})}}, false),
     "'scale' -> feature_names_in_: there are 1 names for 3 columns"},
    {"ANormalizerBeforeRecords",
     object("sklearn.pipeline", "Pipeline",
            {{"steps",
              list({tuple({text("n"), object("sklearn.preprocessing._data", "Normalizer", {{"norm", text("l1")}})}),
                    tuple({text("dv"), object("sklearn.feature_extraction._dict_vectorizer", "DictVectorizer",
                                              vectorizer())})})}}) +
         ".",
     "'dv': takes records and cannot stand after pipeline.steps[0] 'n'"},
    {"ANormalizerAlone", object("sklearn.preprocessing._data", "Normalizer", {{"norm", text("l1")}}) + ".",
     "normalizer: does not say how many columns it takes"},
    {"AThresholdThatIsNan", scaled("Binarizer", {{"threshold", "Fnan\n"}}, true),
     "'scale' -> threshold: is not a number"},
    {"AThresholdThatIsText", scaled("Binarizer", {{"threshold", text("x")}}, true), "'scale' -> threshold: "},
    {"AThresholdBelowZeroOfSparseRows", scaled("Binarizer", {{"threshold", integer(-1)}}, true),
     "'scale' -> threshold: is negative"},
    {"SeveralLabelsARow",
     behind_dv("sklearn.linear_model._ridge", "RidgeClassifier",
               ridge_classifier("multilabel-indicator", array({1, 2, 3, 4, 5, 6}, {2, 3}))),
     "'m' -> _label_binarizer: was fitted on several labels a row (multilabel)"},
    {"NoBinarizer", with_ridge_classifier("_label_binarizer", ""), "'m': is not fitted: it has no _label_binarizer"},
    {"ABinarizerThatIsANumber", with_ridge_classifier("_label_binarizer", integer(3)),
     "'m' -> _label_binarizer: is int, not an object"},
    {"AFlatCoefOfThreeLabels",
     behind_dv("sklearn.linear_model._ridge", "RidgeClassifier",
               with(ridge_classifier("multiclass", array({1, 2, 3, 4, 5, 6, 7, 8, 9}, {9})), "classes_",
                    list({text("a"), text("b"), text("c")}))),
     "coef_: has shape (9,), want (3, columns) for 3 labels"},
    {"ALossThatIsANumber", with_sgd("loss", integer(1)), "'m' -> loss: is int, want text"},
    {"AnSgdThatIsNotFitted", with_sgd("coef_", ""), "'m': is not fitted: it has no coef_"},
    {"AnSgdWithoutLabels", with_sgd("classes_", ""), "'m' -> classes_: is missing"},
    {"ALinearSvcOfAnotherHeight",
     behind_dv("sklearn.svm._classes", "LinearSVC", with(logistic(), "coef_", array({1, 2, 3, 4, 5, 6}, {2, 3}))),
     "'m' -> coef_: has shape (2, 3), want (1, columns) for 2 labels"},
    {"ARegressorThatIsNotFitted", with_ridge("coef_", ""),
     "pipeline.steps[1] 'm': is not fitted: it has no coef_ (byte "},
    {"ARegressorWithoutIntercept", with_ridge("intercept_", ""), "'m': is not fitted: it has no intercept_"},
    {"ARegressorInThreeDimensions", with_ridge("coef_", array({1, 2, 3}, {1, 1, 3})),
     "'m' -> coef_: has shape (1, 1, 3), want (outputs, columns)"},
    {"ARegressorWithoutDimensions", with_ridge("coef_", "F0.5\n"), "coef_: has shape (), want (outputs, columns)"},
    {"ARegressorOfNoColumns", with_ridge("coef_", array({}, {0})), "coef_: has shape (0,): it is empty"},
    {"ARegressorOfAnotherWidth", with_ridge("coef_", array({1, 2}, {2})),
     "'m': takes 2 columns, pipeline.steps[0] 'dv' gives 3"},
    {"ARegressorWithAnInterceptTooMany", with_ridge("intercept_", array({1, 2}, {2})),
     "'m' -> intercept_: has shape (2,), want (1,)"},
    {"ARegressorWithNanForIntercept", with_ridge("intercept_", "Fnan\n"), "'m' -> intercept_: is NaN or infinite"},
    {"ARegressorWithSparseCoef", with_ridge("coef_", object("scipy.sparse._csr", "csr_matrix", {{"data", integer(1)}})),
     "'m' -> coef_: was made sparse by sparsify()"},
    {"ARegressorOfAModuleThatNeverHadIt", behind_dv("sklearn.linear_model._ridges", "Ridge", regressor()),
     "sklearn.linear_model._ridges.Ridge is not served yet"},
    {"CoefOfAnotherWidth", with_model("coef_", array({1, 2}, {1, 2})),
     "pipeline.steps[1] 'lr': takes 2 columns, pipeline.steps[0] 'dv' gives 3 (byte "},
    {"CoefOfAnotherHeight", with_model("coef_", array({1, 2, 3, 4, 5, 6}, {2, 3})),
     "pipeline.steps[1] 'lr' -> coef_: has shape (2, 3), want (1, columns) for 2 labels (byte "},
    {"CoefWithoutColumns", with_model("coef_", array({}, {1, 0})), "has shape (1, 0): it is empty"},
    {"CoefInThreeDimensions", with_model("coef_", array({1, 2, 3}, {1, 1, 3})), "has shape (1, 1, 3), want"},
    {"CoefThatIsFlat", with_model("coef_", array({1, 2, 3}, {3})), "has shape (3,), want (1, columns) for 2 labels"},
    {"CoefLargerThanItsBytes", with_model("coef_", array({1, 2, 3}, {1, 1000000000})), "'lr' -> coef_: "},
    {"CoefWithNan", with_model("coef_", array({1, kNan, 3}, {1, 3})), "coef_: has values that are NaN or infinite"},
    {"CoefWithInfinity", with_model("coef_", array({1, kInfinity, 3}, {1, 3})), "coef_: has values that are NaN"},
    {"CoefThatIsText", with_model("coef_", text("x")), "'lr' -> coef_: "},
    {"NoCoef", with_model("coef_", ""), "pipeline.steps[1] 'lr': is not fitted: it has no coef_ (byte "},
    {"SparseCoef", with_model("coef_", object("scipy.sparse._csr", "csr_matrix", {{"data", integer(1)}})),
     "'lr' -> coef_: was made sparse by sparsify()"},
    {"InterceptTooLong", with_model("intercept_", array({1, 2}, {2})), "intercept_: has shape (2,), want (1,)"},
    {"InterceptNan", with_model("intercept_", array({kNan}, {1})), "intercept_: has values that are NaN"},
    {"ClassesTooShort", with_model("classes_", list({text("no")})), "classes_: has 1 labels, want 2 or more"},
    {"ClassesTooLong", with_model("classes_", list({text("a"), text("b"), text("c")})),
     "coef_: has shape (1, 3), want (3, columns) for 3 labels"},
    {"ClassesTwice", with_model("classes_", list({text("no"), text("no")})), "the label \"no\" stands twice"},
    {"ClassesOfNone", with_model("classes_", list({text("no"), "N"})), "classes_: has None among the labels"},
    {"AnUnknownMultiClass", with_model("multi_class", text("both")), "multi_class: is 'both'"},
    {"AnotherNumberOfFeatures", with_model("n_features_in_", integer(4)),
     "n_features_in_: is 4, but the fitted arrays have 3 columns"},
    {"ANegativeNumberOfFeatures", with_model("n_features_in_", integer(-3)), "n_features_in_: is -3"},
    {"VocabularyOutOfRange",
     with_dv("vocabulary_", dict({{"a", integer(0)}, {"b=x", integer(1)}, {"b=y", integer(3)}})),
     "pipeline.steps[0] 'dv' -> vocabulary_: 'b=y' has the index 3, there are 3 columns"},
    {"VocabularyNegative", with_dv("vocabulary_", dict({{"a", integer(-1)}, {"b=x", integer(1)}, {"b=y", integer(2)}})),
     "vocabulary_: 'a' has the index -1"},
    {"VocabularyWithOneIndexTwice",
     with_dv("vocabulary_", dict({{"a", integer(0)}, {"b=x", integer(1)}, {"b=y", integer(1)}})),
     "vocabulary_: 'b=y' has the index 1, which feature_names_ calls 'b=x'"},
    {"VocabularyTooLong",
     with_dv("vocabulary_", dict({{"a", integer(0)}, {"b=x", integer(1)}, {"b=y", integer(2)}, {"c", integer(2)}})),
     "vocabulary_: has 4 entries, feature_names_ has 3"},
    {"VocabularyOfAnotherName",
     with_dv("vocabulary_", dict({{"a", integer(0)}, {"b=x", integer(1)}, {"z", integer(2)}})),
     "vocabulary_: 'z' has the index 2, which feature_names_ calls 'b=y'"},
    {"VocabularyThatIsAList", with_dv("vocabulary_", list({})), "vocabulary_: is not a dict"},
    {"NamesTwice",
     pipeline(with(with(vectorizer(), "feature_names_", list({text("a"), text("a"), text("b")})), "vocabulary_",
                   dict({{"a", integer(0)}, {"a", integer(1)}, {"b", integer(2)}})),
              {}, logistic()),
     "the name \"a\" stands twice"},
    {"NamesThatAreNumbers", with_dv("feature_names_", list({integer(1), integer(2), integer(3)})),
     "feature_names_: has a name that is not text"},
    {"NoNames", with_dv("feature_names_", list({})), "feature_names_: has no columns"},
    {"NoSeparator", with_dv("separator", text("")), "separator: is empty"},
    {"ALongSeparator", with_dv("separator", text(std::string(100, '='))), "separator: has more than 64 bytes"},
    {"ASeparatorThatIsANumber", with_dv("separator", integer(1)), "separator: is int, want text"},
    {"AnotherDtype", with_dv("dtype", global("numpy", "float32")), "dtype: is numpy.float32; only numpy.float64"},
    {"ADtypeThatIsAFunction", with_dv("dtype", global("os", "system")), "dtype: is os.system; only numpy.float64"},
    {"ScaleOfAnotherWidth", with_scaler("scale_", array({1, 2}, {2})),
     "pipeline.steps[1] 'scale': takes 2 columns, pipeline.steps[0] 'dv' gives 3"},
    {"ScaleWithNan", with_scaler("scale_", array({1, kNan, 2}, {3})), "scale_: has values that are NaN"},
    {"CentringSparseRows",
     pipeline(vectorizer(), with(with(scaler(), "with_mean", flag(true)), "mean_", array({1, 2, 3}, {3})), logistic()),
     "with_mean: centres sparse rows"},
    {"AFlagThatIsText", with_scaler("with_std", text("yes")), "with_std: is text, want a bool"},
    {"StepsThatAreNoPairs", object("sklearn.pipeline", "Pipeline", {{"steps", list({integer(1)})}}) + ".",
     "pipeline -> steps: item 0 is not a pair"},
    {"AStepThatIsANumber",
     object("sklearn.pipeline", "Pipeline", {{"steps", list({tuple({text("n"), integer(1)})})}}) + ".",
     "pipeline.steps[0] 'n': is int (byte "},
    {"AModelThatHidesACall", with_model("random_state", global("posix", "system") + tuple({text("id")}) + "R"),
     "m.pkl: this file asks Python to call posix.system (byte "},
    {"AModelThatHidesAClass", with_model("random_state", object("evil", "Payload", {{"a", integer(1)}})),
     "this file asks Python to call evil.Payload"},
};

class LyingFile : public testing::TestWithParam<Lie> {};
TEST_P(LyingFile, IsRefusedWithPathAndReason) {
  const auto model = import_bytes(GetParam().file);
  ASSERT_FALSE(model);
  EXPECT_THAT(model.error().message(), HasSubstr(GetParam().says));
  EXPECT_TRUE(model.error().message().starts_with("m.pkl: ")) << model.error().message();
}
INSTANTIATE_TEST_SUITE_P(, LyingFile, testing::ValuesIn(kLies), [](const auto& c) { return c.param.name; });

}  // namespace
}  // namespace slipway::importer
