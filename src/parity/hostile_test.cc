// SPDX-License-Identifier: Apache-2.0
// Files that no library would write: well-formed pickles with a lie in them, and real ones with bytes changed. Each is
// refused with a path and a reason, or gives a model that both engines run alike; none crashes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>
#include <random>

#include "engine/plan.h"
#include "engine/random_record.h"
#include "engine/reference.h"
#include "importer/import.h"

namespace slipway::importer {
namespace {

using testing::HasSubstr;

// ---- pickles written by hand, protocols 0 and 2
// ----------------------------------------------------------------------

std::string text(const std::string& value) { return "V" + value + "\n"; }
std::string integer(long value) { return "I" + std::to_string(value) + "\n"; }
std::string flag(bool value) { return value ? "I01\n" : "I00\n"; }
std::string global(const std::string& module, const std::string& name) { return "c" + module + "\n" + name + "\n"; }

using Parts = std::vector<std::string>;
std::string join(const Parts& parts) {
  std::string out;
  for (const std::string& part : parts) out += part;
  return out;
}
std::string list(const Parts& items) { return "(" + join(items) + "l"; }
std::string tuple(const Parts& items) { return "(" + join(items) + "t"; }

using Bag = std::vector<std::pair<std::string, std::string>>;
std::string dict(const Bag& items) {
  std::string out = "(";
  for (const auto& [key, value] : items) out += text(key) + value;
  return out + "d";
}
std::string object(const std::string& module, const std::string& name, const Bag& state) {
  return "(i" + module + "\n" + name + "\n" + dict(state) + "b";
}

std::string array(const std::vector<double>& values, const std::vector<long>& shape) {
  std::string data(values.size() * sizeof(double), '\0');
  if (!values.empty()) std::memcpy(data.data(), values.data(), data.size());
  const auto length = static_cast<std::uint32_t>(data.size());
  std::string size(4, '\0');
  std::memcpy(size.data(), &length, 4);
  Parts dims;
  for (const long dim : shape) dims.push_back(integer(dim));
  const std::string bytes = "B" + size + data;
  const std::string dtype = global("numpy", "dtype") + tuple({text("f8"), integer(0), integer(1)}) + "R" +
                            tuple({integer(3), text("<"), "N", "N", "N", integer(-1), integer(-1), integer(0)}) + "b";
  return global("numpy.core.multiarray", "_reconstruct") +
         tuple({global("numpy", "ndarray"), tuple({integer(0)}),
                std::string("C\x01"
                            "b",
                            3)}) +
         "R" + tuple({integer(1), tuple(dims), dtype, flag(false), bytes}) + "b";
}

Bag logistic() {
  return {{"coef_", array({1, 2, 3}, {1, 3})},
          {"intercept_", array({0.5}, {1})},
          {"classes_", list({text("no"), text("yes")})},
          {"solver", text("lbfgs")},
          {"_sklearn_version", text("1.6.1")}};
}
Bag vectorizer() {
  return {{"feature_names_", list({text("a"), text("b=x"), text("b=y")})},
          {"vocabulary_", dict({{"a", integer(0)}, {"b=x", integer(1)}, {"b=y", integer(2)}})},
          {"separator", text("=")},
          {"sparse", flag(true)},
          {"dtype", global("numpy", "float64")},
          {"_sklearn_version", text("1.6.1")}};
}
Bag scaler() {
  return {{"with_mean", flag(false)}, {"with_std", flag(true)}, {"mean_", "N"}, {"scale_", array({1, 2, 4}, {3})}};
}

Bag with(Bag bag, const std::string& name, const std::string& value) {
  std::erase_if(bag, [&](const auto& item) { return item.first == name; });
  if (!value.empty()) bag.emplace_back(name, value);
  return bag;
}

std::string pipeline(const Bag& dv, const Bag& scale, const Bag& model) {
  Parts steps = {tuple({text("dv"), object("sklearn.feature_extraction._dict_vectorizer", "DictVectorizer", dv)})};
  if (!scale.empty()) {
    steps.push_back(tuple({text("scale"), object("sklearn.preprocessing._data", "StandardScaler", scale)}));
  }
  steps.push_back(tuple({text("lr"), object("sklearn.linear_model._logistic", "LogisticRegression", model)}));
  return object("sklearn.pipeline", "Pipeline", {{"steps", list(steps)}}) + ".";
}

Result<model::Model> import_bytes(std::string bytes) {
  const Source source{"m.pkl", FileBytes::of(std::move(bytes))};
  return import_files(std::span(&source, 1));
}

TEST(Hostile, TheHonestFormsOfTheseFilesAreTaken) {
  const auto model = import_bytes(pipeline(vectorizer(), scaler(), logistic()));
  ASSERT_TRUE(model) << model.error().to_string();
  const model::Cell cells[] = {model::Cell::of(2.0), model::Cell::of(std::string_view("y"))};
  // 1*2/1 + 3*1/4 + 0.5
  EXPECT_EQ(engine::run_reference(*model, {.fields = cells, .extras = {}}).decision.at(0), 3.25);
  EXPECT_TRUE(import_bytes(pipeline(vectorizer(), {}, logistic())));
}

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
     "normalizer transforms; nothing after it predicts"},
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

// ---- graphs
// ----------------------------------------------------------------------------------------------------------

constexpr char kNewPipeline[] = "(isklearn.pipeline\nPipeline\n";

TEST(Hostile, APipelineThatContainsItselfIsRefused) {
  const auto model = import_bytes(std::string(kNewPipeline) + "p0\n(dVsteps\n((Vme\ng0\ntlsb.");
  ASSERT_FALSE(model);
  EXPECT_THAT(model.error().message(), HasSubstr("is nested more than 50 deep"));
}

// Each holds `copies` of the one before; the memo keeps the file flat.
std::string tower(int height, int copies) {
  std::string out = std::string(kNewPipeline) + "(dVsteps\n(lsbp0\n0";
  for (int i = 0; i < height; ++i) {
    out += std::string(kNewPipeline) + "}Vsteps\n]";
    for (int k = 0; k < copies; ++k)
      out += "Va\ng" + std::to_string(i) +
             "\n\x86"
             "a";
    out += "sbp" + std::to_string(i + 1) + "\n0";
  }
  return out + "g" + std::to_string(height) + "\n.";
}

TEST(Hostile, AHundredThousandNestedPipelinesAreRefused) {
  const auto model = import_bytes(tower(100'000, 1));
  ASSERT_FALSE(model);
  EXPECT_THAT(model.error().message(), HasSubstr("is nested more than 50 deep"));
}

TEST(Hostile, ASharedPipelineIsNotWalkedExponentially) {
  const auto model = import_bytes(tower(40, 4));  // 4^40 steps
  ASSERT_FALSE(model);
  EXPECT_THAT(model.error().message(), HasSubstr("is one of more than 10000 estimators"));
}

TEST(Hostile, AColumnNameOfSeparatorsTakesNoLongerThanAnother) {
  const std::string name(60'000, '=');
  Bag dv = with(with(vectorizer(), "feature_names_", list({text("a"), text("b"), text(name)})), "vocabulary_",
                dict({{"a", integer(0)}, {"b", integer(1)}, {name, integer(2)}}));
  auto model = import_bytes(pipeline(with(dv, "separator", text("==")), {}, logistic()));
  ASSERT_TRUE(model) << model.error().to_string();
  EXPECT_TRUE(engine::Plan::compile(std::move(*model)));
}

// ---- real files, changed
// ---------------------------------------------------------------------------------------------

std::string fixture_bytes(const std::string& name) {
  const auto file = FileBytes::open("testdata/sklearn/" + name + "/model.pkl", 1 << 20);
  EXPECT_TRUE(file) << "testdata/sklearn/" << name;
  return file ? std::string(file->bytes()) : "";
}

void refuse_or_run_alike(std::string bytes, std::mt19937& random) {
  auto model = import_bytes(std::move(bytes));
  if (!model) {
    EXPECT_TRUE(model.error().message().starts_with("m.pkl: ")) << model.error().message();
    return;
  }
  auto plan = engine::Plan::compile(std::move(*model));
  ASSERT_TRUE(plan) << plan.error().message();
  const auto scratch = plan->scratch();
  engine::Answer answer;
  for (int i = 0; i < 3; ++i) {
    const engine::RandomRecord record(plan->model(), random);
    plan->run(record.record(), *scratch, answer);
    ASSERT_TRUE(engine::same_answer(answer, engine::run_reference(plan->model(), record.record())));
  }
}

TEST(Hostile, AFileCutAnywhereIsRefused) {
  for (const char* name : {"pipeline_dict_logistic-1.6.1", "scaler_logistic-0.20.4", "protocol_0-1.6.1"}) {
    const std::string whole = fixture_bytes(name);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const auto model = import_bytes(whole.substr(0, size));
      ASSERT_FALSE(model) << name << " cut at " << size;
      ASSERT_TRUE(model.error().message().starts_with("m.pkl: ")) << model.error().message();
    }
  }
}

TEST(Hostile, AFileWithBytesChangedIsRefusedOrRunsAlike) {
  std::mt19937 random(11);
  for (const char* name : {"pipeline_dict_dense_scaled-1.6.1", "scaler_logistic-0.20.4", "protocol_0-1.6.1"}) {
    const std::string whole = fixture_bytes(name);
    ASSERT_FALSE(whole.empty());
    for (int i = 0; i < 4000; ++i) {
      std::string bytes = whole;
      const int changes = 1 + int(random() % 3);
      for (int k = 0; k < changes; ++k) bytes[random() % bytes.size()] = static_cast<char>(random());
      refuse_or_run_alike(std::move(bytes), random);
    }
  }
}

TEST(Hostile, AttributesTakenAwayFromARealFileAreMissed) {
  std::mt19937 random(5);
  for (const std::string name : {"coef_", "intercept_", "classes_", "vocabulary_", "feature_names_", "separator",
                                 "sparse", "dtype", "steps", "with_mean", "with_std", "scale_", "solver"}) {
    std::string bytes = fixture_bytes("pipeline_dict_dense_scaled-1.6.1");
    const std::size_t at = bytes.find("\x8c" + std::string(1, char(name.size())) + name);
    ASSERT_NE(at, std::string::npos) << name;
    bytes[at + 2] = 'X';
    const auto model = import_bytes(bytes);
    if (name == "dtype") continue;  // the first one may be an array's
    ASSERT_FALSE(model) << name;
    EXPECT_THAT(model.error().message(), HasSubstr(name)) << model.error().message();
  }
}

}  // namespace
}  // namespace slipway::importer
