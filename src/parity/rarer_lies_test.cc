// SPDX-License-Identifier: Apache-2.0
// Well-formed pickles of rarer options with a lie in them: inverse transforms, positive labels, checks before trees.
// Refused with path and reason.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "importer/import.h"
#include "parity/hand_made.h"

namespace slipway::importer {
namespace {

using namespace hand_made;
using testing::HasSubstr;

std::string part(const std::string& module, const std::string& name, const Bag& state) {
  return object("sklearn." + module, name, with(state, "_sklearn_version", text("1.6.1")));
}
std::string line() {
  return part("linear_model._base", "LinearRegression",
              {{"coef_", array({1, 2}, {2})}, {"intercept_", array({0.5}, {1})}});
}
std::string target(const std::string& transformer) {
  return part("compose._target", "TransformedTargetRegressor",
              {{"regressor_", line()}, {"transformer_", transformer}}) +
         ".";
}
Bag power() { return {{"method", text("box-cox")}, {"standardize", flag(false)}, {"lambdas_", array({0.5}, {1})}}; }
std::string powered(const std::string& name, const std::string& value) {
  return target(part("preprocessing._data", "PowerTransformer", with(power(), name, value)));
}
std::string ranked(const std::vector<long>& shape) {
  return target(part("preprocessing._data", "QuantileTransformer",
                     {{"quantiles_", array({1, 2, 3, 4}, shape)},
                      {"references_", array({0, 1}, {2})},
                      {"output_distribution", text("uniform")}}));
}

std::string labelled() { return object("sklearn.linear_model._logistic", "LogisticRegression", logistic()); }
std::string fixed(const std::string& label) {
  return part("model_selection._classification_threshold", "FixedThresholdClassifier",
              {{"estimator_", labelled()},
               {"pos_label", label},
               {"threshold", text("auto")},
               {"response_method", text("auto")}}) +
         ".";
}
std::string scorer(const Bag& options, const std::string& function) {
  return part("metrics._scorer", "_CurveScorer", {{"_kwargs", dict(options)}, {"_score_func", function}});
}
std::string tuned(const std::string& scorer) {
  return part("model_selection._classification_threshold", "TunedThresholdClassifierCV",
              {{"estimator_", labelled()},
               {"best_threshold_", "F0.5\n"},
               {"_curve_scorer", scorer},
               {"response_method", text("predict_proba")}}) +
         ".";
}

const Bag kAnything = {{"dtype", list({global("numpy", "float64")})}, {"ensure_all_finite", flag(false)}};
std::string partial(const std::string& function, const std::string& arguments, const Bag& options) {
  return global("functools", "partial") + tuple({function}) + "R" + tuple({function, arguments, dict(options), "N"}) +
         "b";
}
std::string check_array() { return global("sklearn.utils.validation", "check_array"); }
std::string through(const std::string& function) {
  return part("preprocessing._function_transformer", "FunctionTransformer",
              {{"func", function}, {"validate", flag(false)}, {"kw_args", "N"}, {"n_features_in_", integer(2)}}) +
         ".";
}

// The integer mode of OneHotEncoder before 0.22.
Bag integers() {
  return {{"_legacy_mode", flag(true)},
          {"_n_values_", array({2, 3}, {2})},
          {"_active_features_", array({0, 1, 2, 4}, {4})},
          {"categorical_features", "N"},
          {"handle_unknown", text("error")},
          {"sparse", flag(true)}};
}
std::string counted(const std::string& name, const std::string& value) {
  return object("sklearn.preprocessing._encoders", "OneHotEncoder", with(integers(), name, value)) + ".";
}
std::string likely(const std::string& name, const std::string& value) {
  const Bag state = {{"components_", array({0.6, 0.8}, {1, 2})},
                     {"mean_", array({1, 2}, {2})},
                     {"explained_variance_", array({3}, {1})},
                     {"noise_variance_", array({0.5}, {1})},
                     {"whiten", flag(false)},
                     {"n_features_in_", integer(2)}};
  return part("decomposition._pca", "PCA", with(state, name, value)) + ".";
}

std::string nearest(const std::string& metric, const Bag& parameters,
                    const std::string& rows = array({1, 2, 3, 4}, {2, 2})) {
  return part("neighbors._classification", "KNeighborsClassifier",
              {{"effective_metric_", text(metric)},
               {"effective_metric_params_", dict(parameters)},
               {"_fit_method", text("brute")},
               {"_fit_X", rows},
               {"_y", array({0, 1}, {2})},
               {"classes_", list({text("no"), text("yes")})},
               {"outputs_2d_", flag(false)},
               {"n_neighbors", integer(1)},
               {"weights", text("uniform")}}) +
         ".";
}

TEST(RarerLies, TheHonestFormsAreTaken) {
  for (const std::string& file :
       {powered("lambdas_", array({2}, {1})),
        target(part("preprocessing._data", "StandardScaler",
                    {{"with_mean", flag(true)}, {"with_std", flag(false)}, {"mean_", array({3}, {1})}})),
        fixed(text("no")), fixed("N"), tuned(scorer({{"pos_label", text("yes")}}, "N")),
        tuned(scorer({}, global("sklearn.metrics._classification", "accuracy_score"))),
        through(partial(check_array(), tuple({}), kAnything)), counted("sparse", flag(false)),
        counted("categorical_features", list({flag(true), flag(false), flag(true)})),
        likely("noise_variance_", array({0}, {1})), nearest("canberra", {}), nearest("haversine", {}),
        nearest("seuclidean", {{"V", array({1, 2}, {2})}}),
        nearest("minkowski", {{"p", integer(3)}, {"w", array({1, 0}, {2})}}),
        nearest("nan_euclidean", {}, array({1, std::nan(""), 3, 4}, {2, 2}))}) {
    const auto model = import_bytes(file);
    EXPECT_TRUE(model) << model.error().to_string();
  }
}

TEST(RarerLies, AreRefusedWithPathAndReason) {
  const Bag rounds = {{"dtype", list({global("numpy", "float32")})}};
  const struct {
    std::string file;
    const char* says;
  } lies[] = {
      {powered("lambdas_", array({2, 3}, {2})), "transformer_ -> lambdas_: is not one number a column"},
      {powered("method", text("log")), "method: is 'log'"},
      {powered("standardize", flag(true)), "_scaler"},
      {ranked({1, 4}), "quantiles_: has shape (1, 4), want (2, columns)"},
      {ranked({2, 2}), "quantiles"},
      {fixed(text("maybe")), "pos_label: is 'maybe', which is none of the classes"},
      {fixed(list({text("no"), text("yes")})), "pos_label: is not one label"},
      {fixed(global("os", "system")), "pos_label"},
      {tuned(scorer({}, global("os", "system"))),
       "_curve_scorer._score_func: is the Python function or class os.system"},
      {tuned(scorer({}, global("sklearn.metrics._classification", "f1_score"))), "is '1', which is none"},
      {tuned("N"), "_curve_scorer"},
      {through(partial(global("os", "system"), tuple({}), kAnything)), "func: is a functools.partial"},
      {through(partial(check_array(), tuple({integer(1)}), kAnything)), "func: is a functools.partial"},
      {through(partial(check_array(), tuple({}), rounds)), "func: is a functools.partial"},
      {through(partial(check_array(), tuple({}), with(kAnything, "ensure_2d", flag(false)))), "functools.partial"},
      {counted("_n_values_", array({2, 1e9}, {2})), "_n_values_: are not one or more whole numbers of at most"},
      {counted("_n_values_", array({2, 0.5}, {2})), "_n_values_: are not one or more whole numbers"},
      {counted("_active_features_", array({0, 5}, {2})), "_active_features_: are not below n_values_"},
      {counted("_active_features_", array({-1}, {1})), "_active_features_: are not below n_values_"},
      {counted("handle_unknown", text("ignore")), "handle_unknown: is 'ignore' in the integer mode"},
      {counted("categorical_features", list({integer(0), integer(2)})), "does not say how many columns there are"},
      {counted("categorical_features", list({flag(true), flag(false)})), "categorical_features: are not 2 columns"},
      {likely("explained_variance_", array({3, 4}, {2})), "explained_variance_"},
      {likely("noise_variance_", array({1, 2}, {2})), "noise_variance_: is not a number"},
      {nearest("jaccard", {}), "effective_metric_: is 'jaccard' with brute"},
      {nearest("seuclidean", {}), "effective_metric_params_: has no V"},
      {nearest("seuclidean", {{"V", array({1, 0}, {2})}}), "effective_metric_params_: has a weight of 0"},
      {nearest("seuclidean", {{"V", array({1, 2, 3}, {3})}}), "weights has 3 values, want 2"},
      {nearest("minkowski", {{"p", integer(3)}, {"w", array({1, -1}, {2})}}), "has a weight of -1"},
      {nearest("minkowski", {{"p", integer(3)}, {"w", array({1}, {1})}}), "weights has 1 values, want 2"},
      {nearest("manhattan", {{"w", array({1, 1}, {2})}}), "has weights of the columns"},
      {nearest("haversine", {}, array({1, 2, 3, 4, 5, 6}, {2, 3})), "a place has 3 values, want 2"},
      {nearest("canberra", {}, array({1, std::nan(""), 3, 4}, {2, 2})), "_fit_X: has values that are NaN"},
  };
  for (const auto& [file, says] : lies) {
    const auto model = import_bytes(file);
    ASSERT_FALSE(model) << says;
    EXPECT_THAT(model.error().message(), HasSubstr(says));
  }
}

}  // namespace
}  // namespace slipway::importer
