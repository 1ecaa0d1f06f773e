// SPDX-License-Identifier: Apache-2.0
// Forests with a lie in them: well-formed files that no library would write. The honest form of the same file is taken.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "engine/plan.h"
#include "engine/reference.h"
#include "parity/hand_made.h"

namespace slipway::importer {
namespace {

using namespace hand_made;
using testing::HasSubstr;

// left, right, feature, threshold, impurity, samples, weight
using Node = std::vector<double>;

std::string dtype(const std::string& code, const std::string& state) {
  return global("numpy", "dtype") + tuple({text(code), integer(0), integer(1)}) + "R" + state + "b";
}
std::string number_dtype(char kind) {
  return dtype(std::string(1, kind) + "8",
               tuple({integer(3), text("<"), "N", "N", "N", integer(-1), integer(-1), integer(0)}));
}

struct Field {
  std::string name;
  char kind;  // 'i' or 'f', of 8 bytes
};

std::string structures(const std::vector<Field>& fields, const std::vector<Node>& rows) {
  Parts names;
  Bag places;
  for (const Field& field : fields) {
    places.emplace_back(field.name, tuple({number_dtype(field.kind), integer(long(8 * names.size()))}));
    names.push_back(text(field.name));
  }
  std::string data;
  for (const Node& row : rows) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const auto whole = fields[i].kind == 'i' ? static_cast<std::int64_t>(row[i]) : 0;
      data.append(
          fields[i].kind == 'i' ? reinterpret_cast<const char*>(&whole) : reinterpret_cast<const char*>(&row[i]), 8);
    }
  }
  std::string size(4, '\0');
  const auto length = static_cast<std::uint32_t>(data.size());
  std::memcpy(size.data(), &length, 4);
  const long width = long(8 * fields.size());
  const std::string type =
      dtype("V" + std::to_string(width),
            tuple({integer(3), text("|"), "N", tuple(names), dict(places), integer(width), integer(1), integer(16)}));
  return global("numpy.core.multiarray", "_reconstruct") +
         tuple({global("numpy", "ndarray"), tuple({integer(0)}), text("b")}) + "R" +
         tuple({integer(1), tuple({integer(long(rows.size()))}), type, flag(false), "B" + size + data}) + "b";
}

const std::vector<Field> kNode = {{"left_child", 'i'},
                                  {"right_child", 'i'},
                                  {"feature", 'i'},
                                  {"threshold", 'f'},
                                  {"impurity", 'f'},
                                  {"n_node_samples", 'i'},
                                  {"weighted_n_node_samples", 'f'}};
const std::vector<Node> kHonest = {{1, 2, 0, 0.5, 0, 10, 10},
                                   {-1, -1, -2, -2, 0, 6, 6},
                                   {3, 4, 1, -1.5, 0, 4, 4},
                                   {-1, -1, -2, -2, 0, 1, 1},
                                   {-1, -1, -2, -2, 0, 3, 3}};

std::string tree(const std::vector<Node>& nodes, const std::string& values, const std::string& columns = integer(2)) {
  const Bag state = {{"max_depth", integer(2)},
                     {"node_count", integer(long(nodes.size()))},
                     {"nodes", structures(kNode, nodes)},
                     {"values", values}};
  return global("sklearn.tree._tree", "Tree") + tuple({columns, array({1}, {1}), integer(1)}) + "R" + dict(state) + "b";
}
std::string values() { return array({0, 10, 0, 20, 40}, {5, 1, 1}); }

std::string regressor(const std::string& tree) {
  return object("sklearn.tree._classes", "DecisionTreeRegressor",
                {{"tree_", tree},
                 {"criterion", text("squared_error")},
                 {"splitter", text("best")},
                 {"_sklearn_version", text("1.2.2")}});
}
std::string forest(const std::vector<std::string>& trees) {
  Parts estimators;
  for (const std::string& one : trees) estimators.push_back(regressor(one));
  return object("sklearn.ensemble._forest", "RandomForestRegressor",
                {{"estimators_", list(estimators)}, {"_sklearn_version", text("1.2.2")}}) +
         ".";
}
std::string with_node(std::size_t at, const Node& node) {
  std::vector<Node> nodes = kHonest;
  nodes[at] = node;
  return forest({tree(kHonest, values()), tree(nodes, values())});
}

TEST(Hostile, TheHonestFormOfAForestIsTaken) {
  auto model = import_bytes(forest({tree(kHonest, values()), tree(kHonest, array({0, 1, 0, 2, 4}, {5, 1, 1}))}));
  ASSERT_TRUE(model) << model.error().to_string();
  const model::Cell cells[] = {model::Cell::of(1.0), model::Cell::of(-2.0)};
  const model::Record record{.fields = cells, .extras = {}};
  EXPECT_EQ(engine::run_reference(*model, record).prediction.at(0), 11);  // (20 + 2) / 2
  const auto plan = engine::Plan::compile(std::move(*model));
  engine::Answer answer;
  plan->run(record, *plan->scratch(), answer);
  EXPECT_EQ(answer.prediction.at(0), 11);
}

TEST(Hostile, AForestWithALieIsRefusedByPath) {
  const double nan = std::nan("");
  const std::pair<std::string, const char*> lies[] = {
      {with_node(1, {3, 4, 1, 0, 0, 1, 1}), "leads to a node that another leads to"},
      {with_node(2, {0, 2, 1, 0, 0, 1, 1}), "leads to a node that another leads to"},  // round in circles
      {with_node(0, {0, 0, 1, 0, 0, 1, 1}), "it is no tree"},
      {with_node(2, {3, 5, 1, 0, 0, 1, 1}), "node 2 has children 3 and 5; there are 5 nodes"},
      {with_node(2, {3, -2, 1, 0, 0, 1, 1}), "node 2 has children 3 and -2"},
      {with_node(2, {3, 9e15, 1, 0, 0, 1, 1}), "there are 5 nodes"},
      {with_node(2, {3, 4, 2, 0, 0, 1, 1}), "node 2 asks for column 2 of 2"},
      {with_node(2, {3, 4, -2, 0, 0, 1, 1}), "node 2 asks for column -2 of 2"},
      {with_node(2, {3, 4, 1, nan, 0, 1, 1}), "node 2 has threshold NaN"},
      {forest({tree({}, array({}, {0, 1, 1}))}), "has no nodes"},
      {forest({tree(kHonest, array({1, 2, 3, 4}, {4, 1, 1}))}), "has shape (4, 1, 1), want (5, outputs, classes)"},
      {forest({tree(kHonest, array({1, 2, 3, 4, 5}, {5}))}), "has shape (5,), want (5, outputs, classes)"},
      {forest({tree(kHonest, values(), integer(0))}), "does not say how many columns"},
      {forest({tree(kHonest, values(), integer(1L << 40))}), "does not say how many columns"},
      {forest({tree(kHonest, values()), tree(kHonest, values(), integer(3))}), "the first tree of 2"},
      {forest({}), "estimators_: is not a list of estimators"},
      {forest({text("a")}), "estimators_[0].tree_: is text, not an object"},
  };
  for (const auto& [file, says] : lies) {
    const auto model = import_bytes(file);
    ASSERT_FALSE(model) << says;
    EXPECT_THAT(model.error().message(), HasSubstr(says));
    EXPECT_THAT(model.error().message(), HasSubstr("randomforestregressor"));
  }
}

TEST(Hostile, AForestThatNamesOneTreeManyTimesIsRefused) {
  std::string estimators = "(" + regressor(tree(kHonest, values())) + "p5\n";
  for (int i = 0; i < 5000; ++i) estimators += "g5\n";
  const auto model = import_bytes(object("sklearn.ensemble._forest", "RandomForestRegressor",
                                         {{"estimators_", estimators + "l"}, {"_sklearn_version", text("1.2.2")}}) +
                                  ".");
  ASSERT_FALSE(model);
  EXPECT_THAT(model.error().message(), HasSubstr("more nodes than the file has bytes for"));
}

TEST(Hostile, AForestThatClaimsAHugeNumberOfColumnsIsRefusedBeforeTheyAreMade) {
  const auto model = import_bytes(forest({tree(kHonest, values(), integer(400'000'000))}));
  ASSERT_FALSE(model);
  EXPECT_THAT(model.error().message(), HasSubstr("400000000 columns"));
}

// Boosting
// ---------------------------------------------------------------------------------------------------------------

const std::vector<Field> kHist = {
    {"value", 'f'}, {"count", 'i'}, {"feature_idx", 'i'}, {"num_threshold", 'f'},  {"missing_go_to_left", 'i'},
    {"left", 'i'},  {"right", 'i'}, {"is_leaf", 'i'},     {"is_categorical", 'i'}, {"bitset_idx", 'i'}};
std::string hist(const std::vector<Node>& nodes, const std::string& sets) {
  const std::string predictor = object("sklearn.ensemble._hist_gradient_boosting.predictor", "TreePredictor",
                                       {{"nodes", structures(kHist, nodes)}, {"raw_left_cat_bitsets", sets}});
  const Bag mapper = {{"is_categorical_", array({0, 1}, {2})},
                      {"bin_thresholds_", list({array({1}, {1}), array({0, 3}, {2})})}};
  return object("sklearn.ensemble._hist_gradient_boosting.gradient_boosting", "HistGradientBoostingRegressor",
                {{"_predictors", list({list({predictor})})},
                 {"n_features_in_", integer(2)},
                 {"loss", text("squared_error")},
                 {"_baseline_prediction", array({0.5}, {1, 1})},
                 {"_bin_mapper", object("sklearn.ensemble._hist_gradient_boosting.binning", "_BinMapper", mapper)},
                 {"_sklearn_version", text("1.3.2")}}) +
         ".";
}
std::string sets(const std::vector<std::int64_t>& words) {
  std::string size(4, '\0');
  const auto length = static_cast<std::uint32_t>(8 * words.size());
  std::memcpy(size.data(), &length, 4);
  std::string data(length, '\0');
  if (length != 0) std::memcpy(data.data(), words.data(), length);
  return global("numpy.core.multiarray", "_reconstruct") +
         tuple({global("numpy", "ndarray"), tuple({integer(0)}), text("b")}) + "R" +
         tuple({integer(1), tuple({integer(long(words.size() / 8)), integer(8)}), number_dtype('i'), flag(false),
                "B" + size + data}) +
         "b";
}
std::string with_set(double set, const std::string& words) {
  return hist({{0, 10, 1, 0, 0, 1, 2, 0, 1, set}, {1, 5, 0, 0, 0, 0, 0, 1, 0, 0}, {2, 5, 0, 0, 0, 0, 0, 1, 0, 0}},
              words);
}

TEST(Hostile, TheHonestFormOfACategoricalNodeIsTaken) {
  const auto model = import_bytes(with_set(0, sets({8, 0, 0, 0, 0, 0, 0, 0})));  // category 3 goes left
  ASSERT_TRUE(model) << model.error().to_string();
  for (const auto& [category, want] : {std::pair{3.0, 1.5}, {0.0, 2.5}, {7.0, 2.5}, {-3.0, 2.5}, {1e300, 2.5}}) {
    const model::Cell cells[] = {model::Cell::of(1.0), model::Cell::of(category)};
    EXPECT_EQ(engine::run_reference(*model, {.fields = cells, .extras = {}}).prediction.at(0), want) << category;
  }
}

TEST(Hostile, ACategoricalNodeNeedsASetThatIsThere) {
  for (const double set : {1.0, -1.0, 4e9, 9e15}) {
    const auto model = import_bytes(with_set(set, sets({8, 0, 0, 0, 0, 0, 0, 0})));
    ASSERT_FALSE(model) << set;
    EXPECT_THAT(model.error().message(), HasSubstr("_predictors[0][0]: node 0 asks for a set of categories"));
  }
  const auto none = import_bytes(with_set(0, sets({})));
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message(), HasSubstr("node 0 asks for a set of categories that the tree does not have"));
  const auto odd = import_bytes(with_set(0, array({1, 2, 3}, {1, 3})));
  ASSERT_FALSE(odd);
  EXPECT_THAT(odd.error().message(), HasSubstr("_predictors[0][0] -> raw_left_cat_bitsets"));
}

}  // namespace
}  // namespace slipway::importer
