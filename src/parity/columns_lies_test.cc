// SPDX-License-Identifier: Apache-2.0
// Well-formed pickles of encoders, imputers, containers and selectors with a lie in them: refused with path and reason.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engine/reference.h"
#include "importer/import.h"
#include "parity/hand_made.h"

namespace slipway::importer {
namespace {

using namespace hand_made;
using testing::HasSubstr;

std::string whole(const std::string& module, const std::string& name, const Bag& state) {
  return object("sklearn." + module, name, state) + ".";
}
Bag one_hot() {
  return {{"categories_", list({list({text("a"), text("b"), text("c")}), list({integer(1), integer(2)})})},
          {"handle_unknown", text("error")},
          {"sparse_output", flag(false)},
          {"drop_idx_", "N"},
          {"_sklearn_version", text("1.6.1")}};
}
std::string hot(const std::string& name, const std::string& value) {
  return whole("preprocessing._encoders", "OneHotEncoder", with(one_hot(), name, value));
}
std::string rare(const std::string& mappings) {
  Bag state = with(one_hot(), "_infrequent_enabled", flag(true));
  return whole("preprocessing._encoders", "OneHotEncoder", with(state, "_default_to_infrequent_mappings", mappings));
}
std::string scaler_of(long columns) {
  const std::vector<double> ones(std::size_t(columns), 1.0);
  return object(
      "sklearn.preprocessing._data", "StandardScaler",
      {{"with_mean", flag(false)}, {"with_std", flag(true)}, {"mean_", "N"}, {"scale_", array(ones, {columns})}});
}
Bag table() {
  return {{"transformers_", list({tuple({text("s"), scaler_of(2), list({integer(0), integer(-1)})})})},
          {"n_features_in_", integer(3)},
          {"sparse_output_", flag(false)},
          {"_sklearn_version", text("1.6.1")}};
}
std::string columns(const std::string& chosen, const std::string& estimator = scaler_of(2)) {
  const Bag state = with(table(), "transformers_", list({tuple({text("s"), estimator, chosen})}));
  return whole("compose._column_transformer", "ColumnTransformer", state);
}
std::string slice(const std::string& start, const std::string& stop, const std::string& step) {
  return global("builtins", "slice") + tuple({start, stop, step}) + "R";
}
Bag imputer() {
  return {{"statistics_", array({1, 2}, {2})},
          {"missing_values", "Fnan\n"},
          {"strategy", text("mean")},
          {"_sklearn_version", text("1.6.1")}};
}
std::string imputed(const std::string& name, const std::string& value) {
  return whole("impute._base", "SimpleImputer", with(imputer(), name, value));
}
Bag polynomial() {
  return {{"n_features_in_", integer(3)}, {"_min_degree", integer(0)},       {"_max_degree", integer(2)},
          {"include_bias", flag(true)},   {"interaction_only", flag(false)}, {"_sklearn_version", text("1.6.1")}};
}
std::string products(const std::string& name, const std::string& value) {
  return whole("preprocessing._polynomial", "PolynomialFeatures", with(polynomial(), name, value));
}
std::string best(const std::string& k) {
  return whole("feature_selection._univariate_selection", "SelectKBest",
               {{"scores_", array({3, 1, 2}, {3})}, {"k", k}, {"_sklearn_version", text("1.6.1")}});
}
std::string quantiles(const std::vector<long>& shape) {
  return whole("preprocessing._data", "QuantileTransformer",
               {{"quantiles_", array({1, 2, 3, 4}, shape)},
                {"references_", array({0, 1}, {2})},
                {"output_distribution", text("normal")},
                {"ignore_implicit_zeros", flag(false)},
                {"_sklearn_version", text("1.6.1")}});
}

TEST(ColumnLies, TheHonestFormsAreTaken) {
  for (const std::string& file :
       {hot("drop_idx_", "N"), rare(list({array({1, 0, 1}, {3}), "N"})), columns(list({integer(0), integer(-1)})),
        columns(slice(integer(0), integer(2), "N")), imputed("strategy", text("median")),
        products("_max_degree", integer(3)), best(integer(2)), quantiles({2, 2})}) {
    const auto model = import_bytes(file);
    EXPECT_TRUE(model) << model.error().to_string();
  }
}

TEST(ColumnLies, AreRefusedWithPathAndReason) {
  const struct {
    std::string file;
    const char* says;
  } lies[] = {
      {hot("categories_", "N"), "onehotencoder -> categories_: is not a list"},
      {hot("categories_", list({})), "onehotencoder -> categories_: is empty"},
      {hot("categories_", list({list({text("a"), text("a")})})), "a"},
      {hot("drop_idx_", list({integer(3), "N"})), "column 0 drops category 3 of 3"},
      {hot("drop_idx_", list({integer(0)})), "drop_idx_: is not a number or None for each of 2 columns"},
      {hot("handle_unknown", text("guess")), "handle_unknown: is 'guess'"},
      {hot("_legacy_mode", flag(true)), "old integer mode"},
      {rare("N"), "_default_to_infrequent_mappings: is not a list"},
      {rare(list({})), "column 0: has no member"},
      {rare(list({array({0, 1, 3}, {3}), "N"})), "column 0: has a group out of range"},
      {rare(list({array({0, 1}, {2}), "N"})), "column 0: is not of one number a category"},
      {columns(list({integer(0), integer(3)})), "chooses column 3 of 3"},
      {columns(list({integer(0), integer(-4)})), "chooses column -4 of 3"},
      {columns(list({text("a"), text("b")}), scaler_of(3)),
       "n_features_in_: is 3, but the fitted arrays have 2 columns"},
      {columns(list({flag(true)})), "chooses by 1 booleans among 3 columns"},
      {columns(slice("N", "N", integer(0))), "slice whose step is 0"},
      {columns(list({integer(0)})), "takes 2 columns"},
      {columns(global("os", "system")), "chooses its columns in a way that is not read"},
      {columns(list({integer(0), integer(1)}), text("predict")), "is text"},
      {whole("compose._column_transformer", "ColumnTransformer", with(table(), "n_features_in_", integer(2000000000))),
       "n_features_in_: is 2000000000, want 1 to 100000"},
      {whole("compose._column_transformer", "ColumnTransformer", with(table(), "transformers_", list({text("s")}))),
       "item 0 is not a tuple of 3"},
      {imputed("statistics_", array({std::nan(""), std::nan("")}, {2})), "statistics_: leaves no column"},
      {imputed("missing_values", list({integer(1), integer(2)})), "missing_values: is not one value"},
      {imputed("_fill_dtype", text("f4")), "_fill_dtype: "},
      {products("_max_degree", integer(65)), "_max_degree: is 65, want 0 to 64"},
      {products("n_features_in_", integer(90000)), "makes more than 4000000 columns"},
      {products("n_output_features_", integer(7)), "n_output_features_"},
      {best(integer(0)), "keeps no column"},
      {best(integer(-1)), "k: is negative"},
      {quantiles({4, 1}), "quantiles_: has shape (4, 1), want (2, columns)"},
  };
  for (const auto& [file, says] : lies) {
    const auto model = import_bytes(file);
    ASSERT_FALSE(model) << says;
    EXPECT_THAT(model.error().message(), HasSubstr(says));
  }
}

TEST(ColumnLies, AnUnionThatContainsItselfEnds) {
  // {"transformer_list": [("a", <itself>)]}
  const std::string file = "(isklearn.pipeline\nFeatureUnion\np0\n(Vtransformer_list\n((Va\ng0\ntldb.";
  const auto model = import_bytes(file);
  ASSERT_FALSE(model);
  EXPECT_THAT(model.error().message(), HasSubstr("does it contain itself?"));
}

}  // namespace
}  // namespace slipway::importer
