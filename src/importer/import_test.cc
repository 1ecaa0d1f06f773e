// SPDX-License-Identifier: Apache-2.0
// What people hand over, and what they are told.
#include "importer/import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "importer/sklearn/estimators.h"

namespace slipway::importer {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

Result<model::Model> import_bytes(std::string bytes, const Options& options = {}) {
  const Source source{"model.pkl", FileBytes::of(std::move(bytes))};
  return import_files(std::span(&source, 1), options);
}

Result<model::Model> import_paths(const std::vector<std::string>& paths, const Options& options = {}) {
  std::vector<Source> sources;
  for (const std::string& path : paths) {
    FileBytes bytes = SLIPWAY_TRY(FileBytes::open(path, 1 << 30));
    sources.push_back({std::filesystem::path(path).filename().string(), std::move(bytes)});
  }
  return import_files(sources, options);
}

std::string fixture(const std::string& name) { return "testdata/sklearn/" + name; }

struct Handed {
  const char* name;
  std::string bytes;
  Code code;
  const char* says;
};

// Pickles of protocol 0, written by hand from the opcode table.
const Handed kHanded[] = {
    {"AnEmptyFile", "", Code::kCorrupt, "model.pkl: the file is empty"},
    {"ANumber", "I1\n.", Code::kRefused, "model.pkl: root: is int (byte 0), not a model"},
    {"AFunctionName", "cmymod\nclean\n.", Code::kRefused,
     "model.pkl: root: is the Python function or class mymod.clean (byte 0)"},
    {"ACallOfOsSystem", "cposix\nsystem\n(Vecho hi\ntR.", Code::kRefused,
     "model.pkl: system: is made by posix.system (byte 25), which is not scikit-learn's. In all this file asks Python "
     "to "
     "call posix.system; nothing was called"},
    {"AnEstimatorThatIsNotServed", "(isklearn.cluster._birch\nBirch\n(db.", Code::kUnsupported,
     "model.pkl: birch: sklearn.cluster._birch.Birch is not served yet (byte 1)"},
    {"AnotherModulesLogisticRegression", "(imymodels\nLogisticRegression\n(db.", Code::kRefused,
     "is made by mymodels.LogisticRegression"},
    {"ANameWithADot", "(isklearn.linear_model._logistic\nLogisticRegression.fit\n(db.", Code::kRefused, "is made by"},
    {"AnArray", "(inumpy\nndarray\n(db.", Code::kRefused, "is a numpy.ndarray"},
    {"AnUnfittedModel", "(isklearn.linear_model._logistic\nLogisticRegression\n(dVsolver\nVlbfgs\nsb.",
     Code::kUnsupported, "model.pkl: logisticregression: is not fitted: it has no coef_ (byte 1)"},
    {"AnUnfittedVectorizer", "(isklearn.feature_extraction.dict_vectorizer\nDictVectorizer\n(dVsparse\nI01\nsb.",
     Code::kUnsupported, "is not fitted: it has no vocabulary_"},
    {"AnObjectWithoutState", "(isklearn.linear_model._base\nLinearRegression\n.", Code::kCorrupt, "has no attributes"},
    {"ADictOfPieces", "(dVmodel\nI1\nsVdv\nI2\ns.", Code::kUnsupported,
     "model.pkl: holds 2 pieces, none of them an estimator: 'model' and 'dv'"},
    {"AnEmptyTuple", "(t.", Code::kUnsupported, "model.pkl: holds 0 pieces, none of them an estimator"},
    {"TwoPickles", std::string("\x80\x04K\x01.\x80\x04K\x02.", 10), Code::kUnsupported,
     "model.pkl: holds 2 pieces, none of them an estimator"},
    {"ATail", "I1\n.xyz", Code::kUnsupported, "something follows at byte 4, 3 bytes after the first pickle ended"},
    {"ATransformerAlone", "(isklearn.pipeline\nPipeline\n(dVsteps\n(lsb.", Code::kUnsupported,
     "the model transforms; nothing after it predicts"},
};

class HandedOver : public testing::TestWithParam<Handed> {};
TEST_P(HandedOver, IsRefusedByName) {
  const auto model = import_bytes(GetParam().bytes);
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code(), GetParam().code) << model.error().to_string();
  EXPECT_THAT(model.error().message(), HasSubstr(GetParam().says));
}
INSTANTIATE_TEST_SUITE_P(, HandedOver, testing::ValuesIn(kHanded), [](const auto& c) { return c.param.name; });

TEST(Import, UnfittedModelsAreToldToFit) {
  const auto model = import_bytes("(isklearn.linear_model._base\nLinearRegression\n(dVa\nI1\nsb.");
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().hint(), "call fit() before dumping");
}

TEST(Import, ReadsTheSchemaOffTheColumns) {
  const auto model = import_paths({fixture("pipeline_dict_logistic-1.6.1/model.pkl")});
  ASSERT_TRUE(model) << model.error().to_string();
  const auto& schema = model->schema();
  EXPECT_TRUE(schema.records_only());
  EXPECT_THAT(schema.names(), ElementsAre("charges", "code", "contract", "paperless", "region", "tenure"));
  EXPECT_THAT(schema.fields()[2].categories, ElementsAre("month-to-month", "one year", "two year"));
  EXPECT_EQ(schema.fields()[1].expected(), "number or text");
  EXPECT_EQ(schema.fields()[5].expected(), "number");
  EXPECT_EQ(model->chain(), "DictVectorizer > LogisticRegression");
  EXPECT_THAT(model->provenance().versions, ElementsAre("1.6.1"));
}

TEST(Import, NamesTableColumnsByFitByTheUserOrByNumber) {
  const auto named = import_paths({fixture("logistic_named_columns-1.6.1/model.pkl")});
  ASSERT_TRUE(named) << named.error().to_string();
  EXPECT_THAT(named->schema().names(), ElementsAre("tenure", "charges", "score", "letters"));
  EXPECT_TRUE(named->schema().fields()[0].typical.has_value());  // a scaler's mean_
  const std::string bare = fixture("linear_alone-1.6.1/model.pkl");
  EXPECT_THAT(import_paths({bare})->schema().names(), ElementsAre("x0", "x1", "x2", "x3"));
  EXPECT_THAT(import_paths({bare}, {{"a", "b", "c", "d"}})->schema().names(), ElementsAre("a", "b", "c", "d"));
  const auto few = import_paths({bare}, {{"a", "b"}});
  ASSERT_FALSE(few);
  EXPECT_THAT(few.error().message(), HasSubstr("there are 2 names for 4 columns"));
}

TEST(Import, ComposesPiecesOnlyInTheOneOrderThatFits) {
  const std::string dv = fixture("two_files-1.6.1/dv.bin"), model = fixture("two_files-1.6.1/model.bin");
  EXPECT_TRUE(import_paths({model, dv}));
  const auto alone = import_paths({dv});
  ASSERT_FALSE(alone);
  EXPECT_THAT(alone.error().message(), HasSubstr("dictvectorizer transforms; nothing after it predicts"));
  const auto twice = import_paths({model, model});
  ASSERT_FALSE(twice);
  EXPECT_THAT(twice.error().message(), HasSubstr("stands after logisticregression, which ends a chain"));
  const auto other = import_paths({dv, fixture("linear_alone-1.6.1/model.pkl")});
  ASSERT_FALSE(other);
  EXPECT_THAT(
      other.error().message(),
      AllOf(StartsWith("model.pkl: linearregression: takes 4 columns, dictvectorizer gives "), HasSubstr("(byte ")));
}

TEST(Import, SupportIsByExactName) {
  using sklearn::Support;
  using sklearn::support_of;
  EXPECT_EQ(support_of({"sklearn.linear_model.logistic", "LogisticRegression"}), Support::kEstimator);
  EXPECT_EQ(support_of({"sklearn.linear_model._logistic", "LogisticRegression"}), Support::kEstimator);
  EXPECT_EQ(support_of({"sklearn.linear_model", "LogisticRegression"}), Support::kEstimator);
  EXPECT_EQ(support_of({"_loss", "CyHalfBinomialLoss"}), Support::kInert);
  EXPECT_EQ(support_of({"_loss", "Payload"}), Support::kUnknown);
  EXPECT_EQ(support_of({"sklearn.linear_model._ransac", "RANSACRegressor"}), Support::kKnownUnsupported);
  EXPECT_EQ(support_of({"sklearn.evil", "LogisticRegression"}), Support::kKnownUnsupported);
  EXPECT_EQ(support_of({"sklearnx", "LogisticRegression"}), Support::kUnknown);
  EXPECT_EQ(support_of({"numpy.core.multiarray", "_reconstruct"}), Support::kInert);
  EXPECT_EQ(support_of({"numpy.core.multiarray", "_reconstruct scalar"}), Support::kUnknown);
  EXPECT_EQ(support_of({"builtins", "eval"}), Support::kUnknown);
  EXPECT_EQ(support_of({"", ""}), Support::kUnknown);
}

}  // namespace
}  // namespace slipway::importer
