// SPDX-License-Identifier: Apache-2.0
// Well-formed pickles of support vector machines, neighbours and their kin with a lie in them. Each is refused with the
// path to the attribute and the reason; the honest form of the same file is taken, so that the lie is what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "engine/reference.h"
#include "importer/import.h"
#include "parity/hand_made.h"

namespace slipway::importer {
namespace {

using namespace hand_made;
using testing::ElementsAre;
using testing::HasSubstr;

// Two labels, three support vectors of two columns.
Bag machine() {
  return {{"kernel", text("linear")},
          {"_sparse", flag(false)},
          {"_gamma", "F0.5\n"},
          {"coef0", "F0\n"},
          {"degree", integer(3)},
          {"decision_function_shape", text("ovr")},
          {"classes_", list({text("no"), text("yes")})},
          {"support_vectors_", array({1, 0, 0, 1, 1, 1}, {3, 2})},
          {"_dual_coef_", array({1, 2, -3}, {1, 3})},
          {"_intercept_", array({0.5}, {1})},
          {"_n_support", array({2, 1}, {2})},
          {"_probA", array({}, {0})},
          {"_probB", array({}, {0})}};
}
std::string svc(const std::string& name, const std::string& value) {
  return object("sklearn.svm._classes", "SVC", with(machine(), name, value)) + ".";
}

std::string integers(const std::vector<std::int64_t>& values) {
  std::vector<double> bits;
  for (const std::int64_t value : values) bits.push_back(std::bit_cast<double>(value));
  std::string out = array(bits, {long(values.size())});
  return out.replace(out.find(text("f8")), 4, text("i8"));
}

// Of ones.
std::string csr(const std::vector<std::int64_t>& columns_of, const std::vector<std::int64_t>& starts, long rows,
                long columns) {
  return object("scipy.sparse._csr", "csr_matrix",
                {{"data", array(std::vector<double>(columns_of.size(), 1.0), {long(columns_of.size())})},
                 {"indices", integers(columns_of)},
                 {"indptr", integers(starts)},
                 {"_shape", tuple({integer(rows), integer(columns)})}});
}

// A tree that has the rows in that order.
std::string tree(const std::vector<double>& order) {
  return global("sklearn.neighbors._kd_tree", "newObj") + tuple({global("sklearn.neighbors._kd_tree", "KDTree")}) +
         "R" + tuple({array({0, 0, 1, 0, 5, 5}, {3, 2}), array(order, {long(order.size())})}) + "b";
}

Bag neighbors() {
  return {{"_fit_X", array({0, 0, 1, 0, 5, 5}, {3, 2})},
          {"_y", array({0, 1, 1}, {3})},
          {"classes_", list({text("no"), text("yes")})},
          {"outputs_2d_", flag(false)},
          {"effective_metric_", text("euclidean")},
          {"effective_metric_params_", dict({})},
          {"_fit_method", text("kd_tree")},
          {"_tree", tree({2, 0, 1})},
          {"weights", text("distance")},
          {"n_neighbors", integer(2)}};
}
std::string knn(const std::string& name, const std::string& value) {
  return object("sklearn.neighbors._classification", "KNeighborsClassifier", with(neighbors(), name, value)) + ".";
}

Bag gaussian() {
  return {{"theta_", array({0, 0, 1, 1}, {2, 2})},
          {"var_", array({1, 1, 1, 1}, {2, 2})},
          {"class_prior_", array({0.5, 0.5}, {2})},
          {"classes_", list({text("no"), text("yes")})}};
}
std::string gaussian_nb(const std::string& name, const std::string& value) {
  return object("sklearn.naive_bayes", "GaussianNB", with(gaussian(), name, value)) + ".";
}
Bag discrete() {
  return {{"feature_log_prob_", array({-1, -2, -2, -1}, {2, 2})},
          {"class_log_prior_", array({-0.5, -1}, {2})},
          {"classes_", list({text("no"), text("yes")})},
          {"binarize", "F0\n"}};
}
std::string discrete_nb(const std::string& kind, const std::string& name, const std::string& value) {
  return object("sklearn.naive_bayes", kind, with(discrete(), name, value)) + ".";
}

Bag perceptron() {
  const Bag binarizer = {{"y_type_", text("binary")}, {"classes_", list({text("no"), text("yes")})}};
  return {{"coefs_", list({array({1, 2, 3, 4}, {2, 2}), array({1, -1}, {2, 1})})},
          {"intercepts_", list({array({0, 1}, {2}), array({0.5}, {1})})},
          {"activation", text("relu")},
          {"out_activation_", text("logistic")},
          {"classes_", list({text("no"), text("yes")})},
          {"_label_binarizer", object("sklearn.preprocessing._label", "LabelBinarizer", binarizer)}};
}
std::string mlp(const std::string& name, const std::string& value) {
  return object("sklearn.neural_network._multilayer_perceptron", "MLPClassifier", with(perceptron(), name, value)) +
         ".";
}

Bag components() {
  return {{"components_", array({1, 0, 0, 1}, {2, 2})},
          {"mean_", array({1, 2}, {2})},
          {"whiten", flag(true)},
          {"explained_variance_", array({4, 9}, {2})},
          {"_sklearn_version", text("1.4.2")}};
}
std::string pca(const std::string& name, const std::string& value) {
  return object("sklearn.decomposition._pca", "PCA", with(components(), name, value)) + ".";
}
std::string k_means(const std::string& centres) {
  return object("sklearn.cluster._kmeans", "KMeans", {{"cluster_centers_", centres}}) + ".";
}

engine::Answer answer(const std::string& file) {
  const model::Cell cells[] = {model::Cell::of(3.0), model::Cell::of(4.0)};
  const auto model = import_bytes(file);
  EXPECT_TRUE(model) << model.error().to_string();
  return model ? engine::run_reference(*model, {.fields = cells, .extras = {}}) : engine::Answer{};
}

// One entry beyond the columns, pointers that fall, and so on are sparse.h's business; here is what it cannot know.
std::string sparse_svc(const std::string& vectors, const std::string& coef) {
  return object("sklearn.svm._classes", "SVC",
                with(with(with(machine(), "_sparse", flag(true)), "support_vectors_", vectors), "_dual_coef_", coef)) +
         ".";
}

TEST(Hostile, TheHonestFormsOfMachinesAndNeighboursAreTaken) {
  EXPECT_THAT(answer(svc("", "")).decision, ElementsAre(-(1 * 3 + 2 * 4 - 3 * 7 + 0.5)));
  EXPECT_THAT(answer(svc("_n_support", list({integer(1), integer(2)}))).index, ElementsAre(1));
  EXPECT_THAT(answer(sparse_svc(csr({0, 1, 0, 1}, {0, 1, 2, 4}, 3, 2), csr({0, 1, 2}, {0, 3}, 1, 3))).decision,
              ElementsAre(-(3 + 4 + 7 + 0.5)));
  EXPECT_THAT(answer(knn("", "")).index, ElementsAre(1));
  EXPECT_THAT(answer(gaussian_nb("", "")).index, ElementsAre(1));
  EXPECT_THAT(answer(discrete_nb("MultinomialNB", "", "")).index, ElementsAre(1));
  EXPECT_THAT(answer(mlp("", "")).index, ElementsAre(0));
  EXPECT_THAT(answer(pca("", "")).transform, ElementsAre(1.0, 2.0 / 3));
  EXPECT_THAT(answer(k_means(array({0, 0, 3, 5}, {2, 2}))).transform, ElementsAre(5.0, 1.0));
}

struct Lie {
  const char* name;
  std::string file;
  const char* says;
};

const Lie kLies[] = {
    {"AMachineThatIsNotFitted", svc("support_vectors_", ""), "svc: is not fitted: it has no support_vectors_"},
    {"AMachineWithMoreVectorsThanItHas", svc("_n_support", array({2, 1000000}, {2})),
     "svc -> _n_support: has a count that is not 0 to 3"},
    {"AMachineWithVectorsMissing", svc("_n_support", array({1, 1}, {2})),
     "svc -> _n_support: adds up to 2, there are 3 vectors"},
    {"AMachineWithNegativeVectors", svc("_n_support", array({-1, 4}, {2})), "svc -> _n_support: has a count"},
    {"AMachineWithHalfAVector", svc("_n_support", array({1.5, 1.5}, {2})), "svc -> _n_support: has a count"},
    {"AMachineWithCountsOfThreeLabels", svc("_n_support", array({1, 1, 1}, {3})),
     "svc -> _n_support: has shape (3,), want (2,)"},
    {"AMachineOfManyLabels", svc("classes_", list({text("a"), text("b"), text("c")})),
     "svc -> _dual_coef_: has 3 values, want 2 x 3"},
    {"AMachineOfAnotherWidth", svc("_dual_coef_", array({1, 2}, {1, 2})),
     "svc -> _dual_coef_: has shape (1, 2), want (sums, 3)"},
    {"AMachineWithoutVectors",
     object("sklearn.svm._classes", "SVC",
            with(with(machine(), "support_vectors_", array({}, {0, 2})), "_dual_coef_", array({}, {1, 0}))) +
         ".",
     "svc -> support_vectors_: are none"},
    {"AMachineWithAVectorThatIsNan", svc("support_vectors_", array({1, 0, 0, std::nan(""), 1, 1}, {3, 2})),
     "svc -> support_vectors_: has values that are NaN"},
    {"AMachineInThreeDimensions", svc("support_vectors_", array({1, 0, 0, 1, 1, 1}, {3, 2, 1})),
     "svc -> support_vectors_: has shape (3, 2, 1), want (vectors, columns)"},
    {"AMachineWithInterceptsOfThreeLabels", svc("_intercept_", array({1, 2, 3}, {3})),
     "svc -> _intercept_: has shape (3,), want (1,)"},
    {"AMachineWithHalfItsSigmoids", svc("_probA", array({1, 2, 3}, {3})), "svc -> _probA: has shape (3,), want (1,)"},
    {"APrecomputedKernel", svc("kernel", text("precomputed")), "svc -> kernel: is 'precomputed', want linear, poly"},
    {"AKernelThatIsAFunction", svc("kernel", global("numpy", "dot")), "svc -> kernel: is a function"},
    {"AKernelThatIsANumber", svc("kernel", integer(3)), "svc -> kernel: is a function"},
    {"AGammaThatIsNan",
     object("sklearn.svm._classes", "SVC", with(with(machine(), "kernel", text("rbf")), "_gamma", "Fnan\n")) + ".",
     "svc -> _gamma: is not a finite number"},
    {"ADegreeBelowZero",
     object("sklearn.svm._classes", "SVC", with(with(machine(), "kernel", text("poly")), "degree", integer(-1))) + ".",
     "svc -> degree: is out of range"},
    {"AShapeOfAnotherName", svc("decision_function_shape", text("ova")), "is 'ova', want ovr or ovo"},
    {"TiesBrokenBetweenPairs",
     object("sklearn.svm._classes", "SVC",
            with(with(machine(), "decision_function_shape", text("ovo")), "break_ties", flag(true))) +
         ".",
     "svc -> break_ties: is True with decision_function_shape='ovo'"},
    {"SparseCoefWithoutAValue", sparse_svc(csr({0, 1, 0}, {0, 1, 2, 3}, 3, 2), csr({0, 1}, {0, 2}, 1, 3)),
     "svc -> _dual_coef_: has 2 values in 3 columns for 3 support vectors"},
    {"SparseVectorsThatDoNotAscend", sparse_svc(csr({1, 0, 1, 0}, {0, 2, 3, 4}, 3, 2), csr({0, 1, 2}, {0, 3}, 1, 3)),
     "compare_rows: row 0 has columns that do not ascend below 2"},
    {"SparseVectorsOutOfRange", sparse_svc(csr({0, 1, 7}, {0, 1, 2, 3}, 3, 2), csr({0, 1, 2}, {0, 3}, 1, 3)),
     "svc -> support_vectors_: "},
    {"NeighboursThatAreNotFitted", knn("_fit_X", ""), "is not fitted: it has no _fit_X"},
    {"MoreNeighboursThanRows", knn("n_neighbors", integer(4)), "n_neighbors: is 4, want 1 to 3"},
    {"NoNeighbours", knn("n_neighbors", integer(0)), "n_neighbors: is 0, want 1 to 3"},
    {"ATreeWithARowTwice", knn("_tree", tree({2, 0, 2})), "_tree: does not have each row once"},
    {"ATreeWithARowThatIsNone", knn("_tree", tree({0, 1, 3})), "_tree: does not have each row once"},
    {"ATreeWithARowBelowZero", knn("_tree", tree({0, 1, -1})), "_tree: does not have each row once"},
    {"ALabelThatIsNone", knn("_y", array({0, 1, 2}, {3})), "_y: has an index that is not 0 to 1"},
    {"ALabelBelowZero", knn("_y", array({0, -1, 1}, {3})), "_y: has an index that is not 0 to 1"},
    {"LabelsOfOtherRows", knn("_y", array({0, 1}, {2})), "_y: has 2 values for 3 rows and 1 targets"},
    {"AMetricOfAnotherName", knn("effective_metric_", text("mahalanobis")),
     "effective_metric_: is 'mahalanobis' with kd_tree, want one of euclidean"},
    {"ACosineInATree", knn("effective_metric_", text("cosine")), "effective_metric_: is 'cosine' with kd_tree"},
    {"AMetricThatIsANumber", knn("effective_metric_", integer(2)), "effective_metric_: is a function or an object"},
    {"APowerBelowZero", knn("effective_metric_params_", dict({{"p", integer(-2)}})),
     "effective_metric_params_: has a p that is not above 0"},
    {"WeightsOfColumns", knn("effective_metric_params_", dict({{"w", list({integer(1), integer(2)})}})),
     "effective_metric_params_: has weights of the columns"},
    {"WeightsThatAreANumber", knn("weights", integer(1)), "weights: is a function, want 'uniform' or 'distance'"},
    {"RowsWithNan", knn("_fit_X", array({0, 0, 1, 0, 5, std::nan("")}, {3, 2})), "_fit_X: has values that are NaN"},
    {"VariancesOfZero", gaussian_nb("var_", array({1, 0, 1, 1}, {2, 2})), "var_: has values that are not above 0"},
    {"VariancesOfAnotherShape", gaussian_nb("var_", array({1, 1}, {1, 2})), "var_: has shape (1, 2), want (2, 2)"},
    {"PriorsBelowZero", gaussian_nb("class_prior_", array({-1, 2}, {2})), "class_prior_: has values below 0"},
    {"MeansOfThreeLabels", gaussian_nb("theta_", array({0, 0, 1, 1, 2, 2}, {3, 2})), "theta_: has 3 rows for 2 labels"},
    {"ProbabilitiesAboveOne", discrete_nb("BernoulliNB", "feature_log_prob_", array({-1, 0.5, -1, -1}, {2, 2})),
     "feature_log_prob_: has a value that is no logarithm of a probability below 1"},
    {"PriorsOfThreeLabels", discrete_nb("MultinomialNB", "class_log_prior_", array({-1, -1, -1}, {3})),
     "class_log_prior_: is not 2 logarithms of probabilities"},
    {"LayersThatDoNotMeet", mlp("coefs_", list({array({1, 2, 3, 4}, {2, 2}), array({1, -1, 1}, {3, 1})})),
     "coefs_: [1] has shape (3, 1), want (2, outputs)"},
    {"LayersWithoutBiases", mlp("intercepts_", list({array({0, 1}, {2})})), "coefs_: are 2 layers, intercepts_ of 1"},
    {"ABiasOfAnotherWidth", mlp("intercepts_", list({array({0}, {1}), array({0.5}, {1})})),
     "intercepts_: [0] has shape (1,), want (2,)"},
    {"ALayerOfNothing", mlp("coefs_", list({array({}, {2, 0}), array({}, {0, 1})})), "coefs_: [0] has shape (2, 0)"},
    {"LayersThatAreText", mlp("coefs_", text("x")), "coefs_: is text, want a list of arrays"},
    {"AnActivationOfAnotherName", mlp("activation", text("swish")), "activation: is 'swish', want identity"},
    {"ANetworkOfOtherLabels", mlp("classes_", list({text("a"), text("b"), text("c")})),
     "coefs_: end in 1 outputs, want 3 for 3 labels"},
    {"AVarianceBelowZero", pca("explained_variance_", array({4, -9}, {2})), "explained_variance_: has values"},
    {"AMeanOfAnotherWidth", pca("mean_", array({1, 2, 3}, {3})), "mean_: has shape (3,), want (2,)"},
    {"CentresThatAreFlat", k_means(array({1, 2}, {2})), "cluster_centers_: has shape (2,), want two dimensions"},
};

class LyingKernel : public testing::TestWithParam<Lie> {};
TEST_P(LyingKernel, IsRefusedWithPathAndReason) {
  const auto model = import_bytes(GetParam().file);
  ASSERT_FALSE(model);
  EXPECT_THAT(model.error().message(), HasSubstr(GetParam().says));
  EXPECT_TRUE(model.error().message().starts_with("m.pkl: ")) << model.error().message();
}
INSTANTIATE_TEST_SUITE_P(, LyingKernel, testing::ValuesIn(kLies), [](const auto& c) { return c.param.name; });

}  // namespace
}  // namespace slipway::importer
