// SPDX-License-Identifier: Apache-2.0
// Selectors: the mask is worked out from what was learnt, as the library does at every call; serving only picks
// columns.
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"
#include "importer/attributes.h"
#include "importer/sklearn/estimators.h"
#include "importer/sklearn/fitted_tree.h"
#include "importer/sklearn/importances.h"
#include "importer/sklearn/lowering.h"

namespace slipway::importer::sklearn {
namespace {

using Mask = std::vector<bool>;

// Takes the rows, checks them, keeps the columns of the mask.
Result<void> keep(const Attributes& fitted, Lowering& out, const Mask& mask, bool allow_nan) {
  SLIPWAY_TRY(out.take_rows(fitted, mask.size()));
  out.emit(model::RequireFinite{.allow_nan = allow_nan, .estimator = std::string(fitted.class_name().name)});
  std::vector<std::uint32_t> kept;
  for (std::uint32_t i = 0; i < mask.size(); ++i) {
    if (mask[i]) kept.push_back(i);
  }
  if (kept.empty()) return fail(fitted.error(Code::kUnsupported, "", "keeps no column"));
  out.emit(model::Select{std::move(kept)});
  return {};
}

// One number a column, NaN allowed.
Result<std::vector<double>> column_numbers(const Attributes& fitted, std::string_view name) {
  SLIPWAY_TRY(fitted.fitted(name));
  pickle::Numbers numbers = SLIPWAY_TRY(fitted.numbers(name));
  if (numbers.shape.size() == 1 && !numbers.values.empty()) return std::move(numbers.values);
  return fail(fitted.error(Code::kCorrupt, name, "is not one number a column"));
}

Result<double> number(const Attributes& fitted, std::string_view name) {
  const pickle::Numbers numbers = SLIPWAY_TRY(fitted.numbers(name));
  if (numbers.shape.empty() && !std::isnan(numbers.values[0])) return numbers.values[0];
  return fail(fitted.error(Code::kCorrupt, name, "is not a number"));
}

// ---- by scores and p-values ---------------------------------------------------------------------------------------

// A score that is NaN is the worst.
void drop_nan(std::vector<double>& scores) {
  for (double& score : scores) score = std::isnan(score) ? std::numeric_limits<double>::lowest() : score;
}

// The largest `count`; of equal ones the last.
Mask largest(const std::vector<double>& scores, std::size_t count) {
  std::vector<std::uint32_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return std::pair(scores[a], a) < std::pair(scores[b], b); });
  Mask mask(scores.size());
  for (std::size_t i = scores.size() - std::min(count, scores.size()); i < scores.size(); ++i) mask[order[i]] = true;
  return mask;
}

Result<Mask> k_best(const Attributes& fitted, std::string_view parameter) {
  std::vector<double> scores = SLIPWAY_TRY(column_numbers(fitted, "scores_"));
  drop_nan(scores);
  if (fitted.has(parameter) && fitted.document().kind(fitted.node(parameter)) == pickle::Kind::kText) {
    return Mask(scores.size(), true);  // "all"
  }
  const std::int64_t k = SLIPWAY_TRY(fitted.integer(parameter));
  if (k < 0) return fail(fitted.error(Code::kCorrupt, parameter, "is negative"));
  return largest(scores, std::size_t(k));
}

// numpy.percentile, linear.
double percentile(std::vector<double> values, double percent) {
  std::ranges::sort(values);
  const double at = double(values.size() - 1) * (percent / 100);
  const auto low = std::size_t(std::floor(at));
  const double a = values[low], b = values[std::min(low + 1, values.size() - 1)], t = at - double(low);
  return t >= 0.5 ? b - (b - a) * (1 - t) : a + (b - a) * t;
}

Result<Mask> by_percentile(const Attributes& fitted, std::string_view parameter) {
  std::vector<double> scores = SLIPWAY_TRY(column_numbers(fitted, "scores_"));
  drop_nan(scores);
  const double percent = SLIPWAY_TRY(number(fitted, parameter));
  if (!(percent >= 0 && percent <= 100)) return fail(fitted.error(Code::kCorrupt, parameter, "is not from 0 to 100"));
  if (percent == 100) return Mask(scores.size(), true);
  if (percent == 0) return Mask(scores.size(), false);
  const double threshold = percentile(scores, 100 - percent);
  const auto most = std::int64_t(double(scores.size()) * percent / 100);
  Mask mask(scores.size());
  std::int64_t kept = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    mask[i] = scores[i] > threshold;
    kept += mask[i] ? 1 : 0;
  }
  for (std::size_t i = 0; i < scores.size() && kept < most; ++i) {  // of equal ones the first
    if (scores[i] != threshold) continue;
    mask[i] = true;
    ++kept;
  }
  return mask;
}

Mask at_most(const std::vector<double>& values, double limit, bool strictly) {
  Mask mask(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) mask[i] = strictly ? values[i] < limit : values[i] <= limit;
  return mask;
}

Result<Mask> by_false_positives(const Attributes& fitted, std::string_view parameter) {
  const std::vector<double> values = SLIPWAY_TRY(column_numbers(fitted, "pvalues_"));
  const double alpha = SLIPWAY_TRY(number(fitted, parameter));
  return at_most(values, alpha, true);
}

Result<Mask> by_family_error(const Attributes& fitted, std::string_view parameter) {
  const std::vector<double> values = SLIPWAY_TRY(column_numbers(fitted, "pvalues_"));
  const double alpha = SLIPWAY_TRY(number(fitted, parameter));
  return at_most(values, alpha / double(values.size()), true);
}

Result<Mask> by_false_discoveries(const Attributes& fitted, std::string_view parameter) {
  const std::vector<double> values = SLIPWAY_TRY(column_numbers(fitted, "pvalues_"));
  const double alpha = SLIPWAY_TRY(number(fitted, parameter));
  std::vector<double> sorted;
  std::ranges::copy_if(values, std::back_inserter(sorted), [](double value) { return !std::isnan(value); });
  std::ranges::sort(sorted);
  std::optional<double> limit;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (sorted[i] <= alpha / double(values.size()) * double(i + 1)) limit = sorted[i];
  }
  return limit ? at_most(values, *limit, false) : Mask(values.size());
}

using Rule = Result<Mask> (*)(const Attributes&, std::string_view);

template <Rule kRule>
Result<void> univariate(const Attributes& fitted, Lowering& out) {
  constexpr std::string_view kParameter = kRule == &k_best ? "k" : kRule == &by_percentile ? "percentile" : "alpha";
  SLIPWAY_TRY(fitted.fitted("scores_"));
  const Mask mask = SLIPWAY_TRY(kRule(fitted, kParameter));
  return keep(fitted, out, mask, false);
}

Result<void> generic_univariate(const Attributes& fitted, Lowering& out) {
  constexpr std::pair<std::string_view, Rule> kModes[] = {{"percentile", by_percentile},
                                                          {"k_best", k_best},
                                                          {"fpr", by_false_positives},
                                                          {"fdr", by_false_discoveries},
                                                          {"fwe", by_family_error}};
  SLIPWAY_TRY(fitted.fitted("scores_"));
  const std::string mode = SLIPWAY_TRY(fitted.text("mode"));
  for (const auto& [name, rule] : kModes) {
    if (name != mode) continue;
    const Mask mask = SLIPWAY_TRY(rule(fitted, "param"));
    return keep(fitted, out, mask, false);
  }
  return fail(fitted.error(Code::kUnsupported, "mode", fmt::format("is '{}'", printable(mode))));
}

Result<void> variance_threshold(const Attributes& fitted, Lowering& out) {
  const std::vector<double> variances = SLIPWAY_TRY(column_numbers(fitted, "variances_"));
  const double threshold = SLIPWAY_TRY(number(fitted, "threshold"));
  Mask mask(variances.size());
  for (std::size_t i = 0; i < variances.size(); ++i) mask[i] = variances[i] > threshold;
  return keep(fitted, out, mask, fitted.version() >= Version{0, 21});
}

// ---- by a model ---------------------------------------------------------------------------------------------------

// True if an estimator takes NaN, so that its selector lets it pass.
bool takes_nan(const Attributes& fitted, std::string_view attribute) {
  const pickle::NodeId node = fitted.node(attribute);
  if (node == pickle::kNoNode || fitted.document().kind(node) != pickle::Kind::kObject) return false;
  const std::string_view name = pickle::class_of(fitted.document(), node).name;
  const Version version = fitted.version();
  if (name.starts_with("HistGradientBoosting")) return version >= Version{0, 24};
  if (name.starts_with("DecisionTree")) return version >= Version{1, 3};
  if (name.starts_with("RandomForest")) return version >= Version{1, 4};
  return (name.starts_with("ExtraTree")) && version >= Version{1, 6};
}

Result<Mask> read_support(const Attributes& fitted) {
  const std::vector<double> support = SLIPWAY_TRY(column_numbers(fitted, "support_"));
  Mask mask(support.size());
  for (std::size_t i = 0; i < support.size(); ++i) mask[i] = support[i] != 0;
  return mask;
}

Result<void> sequential_feature_selector(const Attributes& fitted, Lowering& out) {
  const Mask mask = SLIPWAY_TRY(read_support(fitted));
  return keep(fitted, out, mask, takes_nan(fitted, "estimator"));
}

// It predicts by the model that was fitted on the columns that stay, and transforms into them.
Result<void> recursive_elimination(const Attributes& fitted, Lowering& out) {
  const Mask mask = SLIPWAY_TRY(read_support(fitted));
  SLIPWAY_TRY(keep(fitted, out, mask, takes_nan(fitted, "estimator")));
  if (fitted.is_none("estimator_")) return {};
  Lowered inner = SLIPWAY_TRY(out.apart(fitted, "estimator_", out.flow()));
  std::erase_if(inner.outputs, [](const model::Output& it) { return it.kind == model::OutputKind::kTransform; });
  inner.outputs.push_back({model::OutputKind::kTransform, out.flow().slot});
  out.predicts_many(std::move(inner.outputs), std::move(inner.targets));
  return {};
}

// The norm of a column of coefficients.
double norm_of(const pickle::Numbers& coefficients, std::size_t column, double order) {
  const std::size_t columns = coefficients.shape.back();
  const std::size_t rows = coefficients.values.size() / columns;
  double sum = 0;
  for (std::size_t k = 0; k < rows; ++k) {
    const double x = std::fabs(coefficients.values[k * columns + column]);
    if (coefficients.shape.size() == 1) return x;
    if (std::isinf(order)) {
      sum = k == 0 ? x : order > 0 ? std::max(sum, x) : std::min(sum, x);
    } else {
      sum += order == 1 ? x : order == 2 ? x * x : std::pow(x, order);
    }
  }
  if (std::isinf(order) || order == 1) return sum;
  return order == 2 ? std::sqrt(sum) : std::pow(sum, 1 / order);
}

// What SelectFromModel compares: coef_, or what trees say of their columns.
Result<std::vector<double>> importances(const Attributes& fitted, const Attributes& model) {
  std::string getter = "auto";
  if (fitted.has("importance_getter")) getter = SLIPWAY_TRY(fitted.text("importance_getter"));
  if (getter == "auto") getter = model.has("coef_") ? "coef_" : "feature_importances_";
  if (getter == "feature_importances_" && has_tree_importances(model)) return tree_importances(model);
  if (!model.has(getter)) {
    const auto what =
        fmt::format("selects by {}, which the file does not hold: the library computes it", printable(getter));
    return fail(model.error(Code::kUnsupported, "", what)
                    .or_hint("put the columns that are kept into the pipeline by name, with a ColumnTransformer"));
  }
  const pickle::Numbers numbers = SLIPWAY_TRY(model.numbers(getter));
  if (numbers.shape.empty() || numbers.shape.size() > 2 || numbers.values.empty()) {
    return fail(model.error(Code::kCorrupt, getter, fmt::format("has shape {}", shape_text(numbers.shape))));
  }
  const double order = SLIPWAY_TRY(number(fitted, "norm_order"));
  std::vector<double> out;
  for (std::size_t i = 0; i < numbers.shape.back(); ++i) out.push_back(norm_of(numbers, i, order));
  return out;
}

double mean_of(const std::vector<double>& values) { return numpy_sum(values) / double(values.size()); }

bool is_one(const Attributes& model, std::string_view name) {
  const auto value = model.has(name) ? model.numbers(name) : Result<pickle::Numbers>(pickle::Numbers{});
  return value && !value->values.empty() &&
         std::ranges::all_of(value->values, [](double x) { return std::fabs(x - 1) <= 1e-8 + 1e-5; });
}

// True if the library takes 1e-5 for the threshold and not the mean: the model was made sparse.
bool is_sparse_model(const Attributes& model) {
  const std::string_view name = model.class_name().name;
  if (name.find("Lasso") != name.npos) return true;
  if (model.has("penalty")) {
    const auto penalty = model.text("penalty");
    if (penalty && *penalty == "l1") return true;
  }
  const bool newer = model.version() >= Version{1, 8};  // then LogisticRegression tells by l1_ratio
  if (name == "ElasticNet" || (newer && name == "LogisticRegression")) return is_one(model, "l1_ratio");
  if (name == "ElasticNetCV" || (newer && name == "LogisticRegressionCV")) return is_one(model, "l1_ratio_");
  return false;
}

Result<double> threshold_of(const Attributes& fitted, const Attributes& model, const std::vector<double>& values) {
  if (fitted.is_none("threshold")) return is_sparse_model(model) ? 1e-5 : mean_of(values);
  if (fitted.document().kind(fitted.node("threshold")) != pickle::Kind::kText) return number(fitted, "threshold");
  std::string text = SLIPWAY_TRY(fitted.text("threshold"));
  std::erase(text, ' ');
  const std::size_t star = text.find('*');
  double scale = 1;
  if (star != text.npos) {
    const auto read = std::from_chars(text.data(), text.data() + star, scale);
    if (read.ec != std::errc() || read.ptr != text.data() + star) {
      return fail(fitted.error(Code::kCorrupt, "threshold", fmt::format("is '{}'", printable(text))));
    }
    text = text.substr(star + 1);
  }
  if (text == "mean") return scale * mean_of(values);
  if (text == "median") return scale * percentile(values, 50);
  return fail(fitted.error(Code::kUnsupported, "threshold", fmt::format("is '{}'", printable(text))));
}

Result<void> select_from_model(const Attributes& fitted, Lowering& out) {
  const std::string_view attribute = fitted.has("estimator_") ? "estimator_" : "estimator";
  SLIPWAY_TRY(fitted.fitted(attribute));
  const Attributes model = SLIPWAY_TRY(
      Attributes::of(fitted.document(), fitted.node(attribute), fmt::format("{}.{}", fitted.path(), attribute)));
  const std::vector<double> values = SLIPWAY_TRY(importances(fitted, model));
  const double threshold = SLIPWAY_TRY(threshold_of(fitted, model, values));
  Mask mask(values.size(), true);
  const std::string_view most = fitted.has("max_features_") ? "max_features_" : "max_features";
  if (!fitted.is_none("max_features") && !fitted.is_none(most)) {
    const std::int64_t count = SLIPWAY_TRY(fitted.integer(most));
    if (count < 0) return fail(fitted.error(Code::kCorrupt, most, "is negative"));
    std::vector<double> reversed(values.rbegin(), values.rend());  // of equal ones the first
    const Mask last = largest(reversed, std::size_t(count));
    mask.assign(last.rbegin(), last.rend());
  }
  for (std::size_t i = 0; i < values.size(); ++i) mask[i] = mask[i] && !(values[i] < threshold);
  return keep(fitted, out, mask, takes_nan(fitted, attribute));
}

constexpr std::string_view kUnivariate[] = {"sklearn.feature_selection._univariate_selection",
                                            "sklearn.feature_selection.univariate_selection"};
constexpr std::string_view kVariance[] = {"sklearn.feature_selection._variance_threshold",
                                          "sklearn.feature_selection.variance_threshold"};
constexpr std::string_view kFromModel[] = {"sklearn.feature_selection._from_model",
                                           "sklearn.feature_selection.from_model"};
constexpr std::string_view kRecursive[] = {"sklearn.feature_selection._rfe", "sklearn.feature_selection.rfe"};
constexpr std::string_view kSequential[] = {"sklearn.feature_selection._sequential"};
constexpr std::string_view kHome = "sklearn.feature_selection";

constexpr Estimator kRows[] = {
    {"GenericUnivariateSelect", kHome, kUnivariate, generic_univariate, "the columns that its mode keeps"},
    {"RFE", kHome, kRecursive, recursive_elimination, "the columns of support_, and what estimator_ makes of them"},
    {"RFECV", kHome, kRecursive, recursive_elimination, "the columns of support_, and what estimator_ makes of them"},
    {"SelectFdr", kHome, kUnivariate, univariate<by_false_discoveries>, "the columns by pvalues_, Benjamini-Hochberg"},
    {"SelectFpr", kHome, kUnivariate, univariate<by_false_positives>, "the columns with pvalues_ < alpha"},
    {"SelectFromModel", kHome, kFromModel, select_from_model, "the columns whose weight reaches a threshold"},
    {"SelectFwe", kHome, kUnivariate, univariate<by_family_error>, "the columns with pvalues_ < alpha / columns"},
    {"SelectKBest", kHome, kUnivariate, univariate<k_best>, "the k columns with the largest scores_"},
    {"SelectPercentile", kHome, kUnivariate, univariate<by_percentile>, "the columns with the largest scores_"},
    {"SequentialFeatureSelector", kHome, kSequential, sequential_feature_selector, "the columns of support_"},
    {"VarianceThreshold", kHome, kVariance, variance_threshold, "the columns with variances_ > threshold"},
};

}  // namespace

std::span<const Estimator> feature_selection() { return kRows; }

}  // namespace slipway::importer::sklearn
