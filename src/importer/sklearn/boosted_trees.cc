// SPDX-License-Identifier: Apache-2.0
// GradientBoostingClassifier and GradientBoostingRegressor: what the model begins with, and the trees of every stage
// times the learning rate. What the beginning is made of has changed more often than the rest.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "importer/attributes.h"
#include "importer/sklearn/boosting.h"
#include "importer/sklearn/estimators.h"
#include "importer/sklearn/fitted_tree.h"
#include "importer/sklearn/linear.h"
#include "importer/sklearn/lowering.h"

namespace slipway::importer::sklearn {
namespace {

using model::OutputKind;

// Where the sums begin: numbers, or what another estimator gives for the row.
struct Begin {
  std::vector<double> base;
  std::uint32_t slot = 0;  // if there is no base
};

struct Boosting {
  std::vector<FittedTree> trees;
  std::size_t outputs = 1;  // trees a stage
  bool classifies = false;
  bool exponential = false;
  Version version;
};

// What a probability is kept away from 0 and 1 by.
double margin(Version version) { return version >= Version{1, 8} ? 0x1p-52 : 0x1p-23; }

Result<Boosting> read_boosting(const Attributes& fitted, bool classifies) {
  Boosting out{.trees = {}, .classifies = classifies, .version = fitted.version()};
  const std::vector<Attributes> estimators = SLIPWAY_TRY(tree_members(fitted, "estimators_"));
  if (!pickle::is_array(fitted.document(), fitted.node("estimators_"))) {
    return fail(fitted.error(Code::kCorrupt, "estimators_", "is not an array of (stages, trees)"));
  }
  const pickle::Array array = SLIPWAY_TRY(pickle::read_array(fitted.document(), fitted.node("estimators_")));
  if (array.shape.size() != 2 || array.shape[1] == 0 || array.count != estimators.size()) {
    const auto what = fmt::format("has shape {}, want (stages, trees)", shape_text(array.shape));
    return fail(fitted.error(Code::kCorrupt, "estimators_", what));
  }
  out.outputs = array.shape[1];
  out.trees = SLIPWAY_TRY(open_trees(estimators));
  const pickle::Numbers rate = SLIPWAY_TRY(fitted.numbers("learning_rate"));
  if (!rate.shape.empty()) return fail(fitted.error(Code::kCorrupt, "learning_rate", "is not a number"));
  for (FittedTree& tree : out.trees) {
    SLIPWAY_TRY(tree.give({.scale = rate.values[0], .classes = {}}));
    if (tree.outputs() != 1) return fail(fitted.error(Code::kCorrupt, "estimators_", "has trees of several outputs"));
  }
  const std::string loss = SLIPWAY_TRY(fitted.text("loss"));
  out.exponential = loss == "exponential";
  return out;
}

// loss.get_init_raw_predictions of the classes' shares: log-odds of two, logarithms of more, which since 1.4 are
// centred.
std::vector<double> begin_of_shares(const Boosting& boosting, std::vector<double> shares) {
  const double eps = margin(boosting.version);
  for (double& share : shares) share = std::clamp(share, eps, 1 - eps);
  if (boosting.outputs == 1) {
    const double odds = std::log(shares[1] / (1 - shares[1]));
    return {boosting.exponential ? 0.5 * odds : odds};
  }
  double mean = 0;
  for (double& share : shares) mean += share = std::log(share);
  mean /= double(shares.size());
  if (boosting.version < Version{1, 4}) return shares;
  for (double& share : shares) share -= mean;
  return shares;
}

// The same of what an estimator gives: log(p) - log(1 - p), or log(p) - mean(log(p)).
std::uint32_t begin_of_slot(Lowering& out, const Boosting& boosting, std::uint32_t shares) {
  const double eps = margin(boosting.version);
  const auto outputs = std::uint32_t(boosting.outputs);
  std::uint32_t slot = out.branch(model::Clip{eps, 1 - eps}, shares);
  if (outputs == 1) slot = out.branch(model::Select{{1}}, slot);
  if (outputs == 1) slot = out.branch(model::WithComplement{}, slot);
  slot = out.branch(model::Apply{model::Apply::Function::kLog}, slot);
  const double half = boosting.exponential ? 0.5 : 1;
  if (outputs == 1) return out.branch(model::Linear{1, {-half, half}, {0.0}}, slot);
  if (boosting.version < Version{1, 4}) return slot;
  std::vector<double> centre(std::size_t{outputs} * outputs, -1.0 / outputs);
  for (std::size_t k = 0; k < outputs; ++k) centre[k * outputs + k] += 1;
  return out.branch(model::Linear{outputs, std::move(centre), std::vector<double>(outputs, 0.0)}, slot);
}

// The beginnings that training makes when nobody says otherwise, by the class of init_ and where it keeps the numbers.
struct Constant {
  std::string_view name, attribute;
  bool shares;  // of the classes
};
constexpr Constant kConstants[] = {
    {"DummyRegressor", "constant_", false},         {"DummyClassifier", "class_prior_", true},
    {"LogOddsEstimator", "prior", false},           {"ScaledLogOddsEstimator", "prior", false},
    {"PriorProbabilityEstimator", "priors", false}, {"MeanEstimator", "mean", false},
    {"QuantileEstimator", "quantile", false},
};

Result<Begin> constant_begin(const Attributes& init, const Constant& row, const Boosting& boosting) {
  const pickle::Numbers numbers = SLIPWAY_TRY(init.numbers(row.attribute));
  const std::size_t want = row.shares && boosting.outputs == 1 ? 2 : boosting.outputs;
  const bool finite = std::ranges::all_of(numbers.values, [](double x) { return std::isfinite(x); });
  if (numbers.values.size() == want && finite) {
    return Begin{row.shares ? begin_of_shares(boosting, numbers.values) : numbers.values, 0};
  }
  const auto what = fmt::format("has shape {}, want {} finite numbers", shape_text(numbers.shape), want);
  return fail(init.error(Code::kCorrupt, row.attribute, what));
}

Result<Begin> estimated_begin(const Attributes& fitted, Lowering& out, const Boosting& boosting) {
  const Lowered lowered = SLIPWAY_TRY(out.apart(fitted, "init_", out.flow()));
  const auto kind = boosting.classifies ? OutputKind::kProbability : OutputKind::kPrediction;
  const std::optional<std::uint32_t> slot = lowered.slot(kind);
  const std::size_t columns = boosting.classifies && boosting.outputs == 1 ? 2 : boosting.outputs;
  if (!slot || out.slot_at(*slot).type != model::SlotType::kDense || out.slot_at(*slot).columns != columns) {
    const auto what =
        fmt::format("does not give {} {} a row", columns, boosting.classifies ? "probabilities" : "numbers");
    return fail(fitted.error(Code::kUnsupported, "init_", what));
  }
  return Begin{{}, boosting.classifies ? begin_of_slot(out, boosting, *slot) : *slot};
}

Result<Begin> read_begin(const Attributes& fitted, Lowering& out, const Boosting& boosting) {
  SLIPWAY_TRY(fitted.fitted("init_"));
  const pickle::Document& document = fitted.document();
  const pickle::NodeId node = fitted.node("init_");
  Begin zero{std::vector<double>(boosting.outputs, 0.0), 0};
  if (document.kind(node) == pickle::Kind::kText && document.text(node) == "zero") return zero;
  if (document.kind(node) != pickle::Kind::kObject) return estimated_begin(fitted, out, boosting);
  const std::string_view name = pickle::class_of(document, node).name;
  if (name == "ZeroEstimator") return zero;
  const auto found = std::ranges::find(kConstants, name, &Constant::name);
  if (found == std::end(kConstants)) return estimated_begin(fitted, out, boosting);
  const Attributes init = SLIPWAY_TRY(Attributes::of(document, node, fitted.path() + ".init_"));
  if (name == "DummyClassifier") {
    const std::string strategy = SLIPWAY_TRY(init.text("strategy"));
    if (strategy != "prior") return estimated_begin(fitted, out, boosting);
  }
  return constant_begin(init, *found, boosting);
}

Result<std::uint32_t> add_stages(const Attributes& fitted, Lowering& out, const Boosting& boosting) {
  const std::uint32_t columns = boosting.trees[0].columns();
  SLIPWAY_TRY(take_float_rows(fitted, out, columns, false));
  Begin begin = SLIPWAY_TRY(read_begin(fitted, out, boosting));
  model::TreeSum sum = SLIPWAY_TRY(
      tabulate(boosting.trees, {.columns = columns, .outputs = std::uint32_t(boosting.outputs), .turns = true}));
  const std::uint32_t rows = out.flow().slot;
  if (begin.base.empty()) return out.branch(std::move(sum), std::vector{rows, begin.slot});
  sum.base = std::move(begin.base);
  return out.branch(std::move(sum), rows);
}

Result<void> boosted_classifier(const Attributes& fitted, Lowering& out) {
  const Boosting boosting = SLIPWAY_TRY(read_boosting(fitted, true));
  std::vector<model::Label> labels = SLIPWAY_TRY(read_labels(fitted));
  const std::size_t want = labels.size() == 2 ? 1 : labels.size();
  if (boosting.outputs != want) {
    const auto what = fmt::format("has {} trees a stage, want {} for {} labels", boosting.outputs, want, labels.size());
    return fail(fitted.error(Code::kCorrupt, "estimators_", what));
  }
  const std::uint32_t decision = SLIPWAY_TRY(add_stages(fitted, out, boosting));
  const bool by_decision = boosting.version >= Version{1, 4} || boosting.exponential;
  predict_boosted(out, decision, {.exponential = boosting.exponential, .by_decision = by_decision, .zero_is_one = true},
                  std::move(labels));
  return {};
}

Result<void> boosted_regressor(const Attributes& fitted, Lowering& out) {
  const Boosting boosting = SLIPWAY_TRY(read_boosting(fitted, false));
  if (boosting.outputs != 1) {
    return fail(fitted.error(Code::kCorrupt, "estimators_", "has several trees a stage"));
  }
  const std::uint32_t numbers = SLIPWAY_TRY(add_stages(fitted, out, boosting));
  out.predicts({{OutputKind::kPrediction, numbers}}, {});
  return {};
}

// Where each class has lived: with an underscore since 0.22.
constexpr std::string_view kGradient[] = {"sklearn.ensemble._gb", "sklearn.ensemble.gradient_boosting"};
constexpr std::string_view kHistogram[] = {"sklearn.ensemble._hist_gradient_boosting.gradient_boosting"};

constexpr std::string_view kIn = "sklearn.ensemble";
constexpr std::string_view kProbabilities = "sigmoid or softmax of the beginning and the sum of the trees";

constexpr Estimator kRows[] = {
    {"GradientBoostingClassifier", kIn, kGradient, boosted_classifier, kProbabilities},
    {"GradientBoostingRegressor", kIn, kGradient, boosted_regressor, "the beginning and the sum of the trees"},
    {"HistGradientBoostingClassifier", kIn, kHistogram, hist_classifier, kProbabilities},
    {"HistGradientBoostingRegressor", kIn, kHistogram, hist_regressor,
     "the beginning and the sum of the trees, or exp of it"},
};

}  // namespace

void predict_boosted(Lowering& out, std::uint32_t decision, const BoostedRule& rule, std::vector<model::Label> labels) {
  const bool binary = labels.size() == 2;
  std::uint32_t probability = decision;
  if (binary && rule.exponential) probability = out.branch(model::ScaleColumns{{2.0}}, probability);
  probability = binary ? out.branch(model::Expit{}, probability) : out.branch(model::Softmax{}, probability);
  if (binary) probability = out.branch(model::WithComplement{}, probability);
  std::uint32_t index = 0;
  if (rule.by_decision && binary) {
    index = out.branch(model::ThresholdIndex{.threshold = 0, .equal = rule.zero_is_one}, decision);
  } else {
    index = out.branch(model::ArgmaxIndex{}, rule.by_decision ? decision : probability);
  }
  out.predicts(
      {{OutputKind::kPrediction, index}, {OutputKind::kProbability, probability}, {OutputKind::kDecision, decision}},
      std::move(labels));
}

std::span<const Estimator> boosted_trees() { return kRows; }

}  // namespace slipway::importer::sklearn
