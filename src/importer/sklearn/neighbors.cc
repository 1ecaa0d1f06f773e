// SPDX-License-Identifier: Apache-2.0
// Estimators of sklearn.neighbors: distances to every row of _fit_X, the nearest of them, and what their labels or
// targets say. Of the trees that a file may hold only the order of the rows is taken, in which near ones stand
// together: the engine searches with that. It finds the same rows (of equally near ones perhaps others). Trees measure
// differences; the brute way measures by products, which rounds otherwise, and so do we.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "format/pickle/sparse.h"
#include "importer/sklearn/estimators.h"
#include "importer/sklearn/fitted_tree.h"
#include "importer/sklearn/linear.h"
#include "importer/sklearn/lowering.h"
#include "importer/sklearn/matrix.h"

namespace slipway::importer::sklearn {
namespace {

using model::OutputKind;
using pickle::NodeId;
using With = model::CompareRows::With;
using Finish = model::Nearest::Finish;

constexpr double kTiny = 10 * std::numeric_limits<double>::epsilon();

struct Metric {
  std::string_view name;
  With brute, tree;  // tree: kDot where the trees do not have it
  Finish finish;
};
constexpr Metric kMetrics[] = {
    {"euclidean", With::kSquares, With::kDifferences, Finish::kRoot},
    {"l2", With::kSquares, With::kDifferences, Finish::kRoot},
    {"sqeuclidean", With::kSquares, With::kDot, Finish::kKeep},
    {"manhattan", With::kManhattan, With::kManhattan, Finish::kKeep},
    {"cityblock", With::kManhattan, With::kManhattan, Finish::kKeep},
    {"l1", With::kManhattan, With::kManhattan, Finish::kKeep},
    {"chebyshev", With::kChebyshev, With::kChebyshev, Finish::kKeep},
    {"infinity", With::kChebyshev, With::kChebyshev, Finish::kKeep},
    {"minkowski", With::kMinkowski, With::kMinkowski, Finish::kPower},
    {"p", With::kMinkowski, With::kMinkowski, Finish::kPower},
    {"hamming", With::kHamming, With::kHamming, Finish::kKeep},
    {"cosine", With::kCosine, With::kDot, Finish::kKeep},
    {"correlation", With::kCorrelation, With::kDot, Finish::kKeep},
    {"canberra", With::kCanberra, With::kCanberra, Finish::kKeep},
    {"braycurtis", With::kBrayCurtis, With::kBrayCurtis, Finish::kKeep},
    {"seuclidean", With::kScaled, With::kScaled, Finish::kRoot},
    {"haversine", With::kHaversine, With::kHaversine, Finish::kKeep},
    {"nan_euclidean", With::kNanSquares, With::kDot, Finish::kRoot},
};

struct Stored {
  model::CompareRows compare;
  Finish finish = Finish::kKeep;
  std::size_t rows = 0, columns = 0;
  std::vector<double> first;         // of dense rows, as the file has it
  std::vector<std::uint32_t> order;  // row i is the file's row order[i]; none: they stand as in the file
};

// A parameter of the metric; kNoNode if it has none.
NodeId metric_parameter(const Attributes& fitted, std::string_view name) {
  const pickle::Document& document = fitted.document();
  const NodeId parameters = fitted.node("effective_metric_params_");
  const bool is_dict = parameters != pickle::kNoNode && document.kind(parameters) == pickle::Kind::kDict;
  const NodeId found = is_dict ? pickle::find(document, parameters, name) : pickle::kNoNode;
  return found == pickle::kNoNode || document.kind(found) == pickle::Kind::kNone ? pickle::kNoNode : found;
}

Result<double> read_power(const Attributes& fitted) {
  const NodeId power = metric_parameter(fitted, "p");
  if (power == pickle::kNoNode) return 2.0;
  auto value = pickle::read_numbers(fitted.document(), power);
  if (value && value->values.size() == 1 && value->values[0] > 0) return value->values[0];
  return fail(fitted.error(Code::kCorrupt, "effective_metric_params_", "has a p that is not above 0"));
}

// V of seuclidean, above 0, or w of minkowski, not below; empty if it has none.
Result<std::vector<double>> read_weights(const Attributes& fitted, With with) {
  const bool scaled = with == With::kScaled;
  const NodeId node = metric_parameter(fitted, scaled ? "V" : "w");
  if (node == pickle::kNoNode && !scaled) return std::vector<double>();
  const auto wrong = [&](std::string_view what) {
    return fail(fitted.error(Code::kCorrupt, "effective_metric_params_", what));
  };
  if (node == pickle::kNoNode) return wrong("has no V, the variance of each column");
  if (!scaled && with != With::kMinkowski) {
    return fail(fitted.error(Code::kUnsupported, "effective_metric_params_", "has weights of the columns"));
  }
  auto numbers = pickle::read_numbers(fitted.document(), node);
  if (!numbers || numbers->shape.size() != 1) return wrong("has weights that are not one number a column");
  for (const double one : numbers->values) {
    if (!std::isfinite(one) || one < 0 || (scaled && one == 0)) return wrong(fmt::format("has a weight of {}", one));
  }
  return std::move(numbers->values);
}

Result<void> read_metric(const Attributes& fitted, Stored& stored) {
  const NodeId node = fitted.node("effective_metric_");
  SLIPWAY_TRY(fitted.fitted("effective_metric_"));
  const pickle::Kind kind = fitted.document().kind(node);
  if (kind != pickle::Kind::kText && kind != pickle::Kind::kBytes) {
    return fail(fitted.error(Code::kUnsupported, "effective_metric_", "is a function or an object")
                    .or_hint("fit it with a metric that scikit-learn has a name for"));
  }
  const std::string name = SLIPWAY_TRY(fitted.text("effective_metric_"));
  const std::string method = SLIPWAY_TRY(fitted.text("_fit_method"));
  const bool brute = method == "brute";
  if (!brute && method != "kd_tree" && method != "ball_tree") {
    const auto what = fmt::format("is '{}', want brute, kd_tree or ball_tree", printable(method));
    return fail(fitted.error(Code::kUnsupported, "_fit_method", what));
  }
  const auto found = std::ranges::find(kMetrics, name, &Metric::name);
  if (found == std::end(kMetrics) || (!brute && found->tree == With::kDot)) {
    std::string names;
    for (const Metric& metric : kMetrics) names += fmt::format("{}{}", names.empty() ? "" : ", ", metric.name);
    const auto what = fmt::format("is '{}' with {}, want one of {}", printable(name), method, names);
    return fail(fitted.error(Code::kUnsupported, "effective_metric_", what));
  }
  stored.compare.with = brute ? found->brute : found->tree;
  stored.finish = found->finish;
  stored.compare.p = SLIPWAY_TRY(read_power(fitted));
  std::vector<double> weights = SLIPWAY_TRY(read_weights(fitted, stored.compare.with));
  stored.compare.weights = std::move(weights);
  if (brute && stored.compare.with == With::kBrayCurtis && fitted.version() < Version{1, 1}) {
    const auto what =
        "is 'braycurtis' by brute force, which scikit-learn before 1.1 left to scipy: it divides by |x + y|";
    return fail(fitted.error(Code::kUnsupported, "effective_metric_", what));
  }
  if (stored.compare.with == With::kMinkowski && std::isinf(stored.compare.p) && stored.compare.weights.empty()) {
    stored.compare.with = With::kChebyshev;
    stored.finish = Finish::kKeep;
  }
  return {};
}

// As model::NormalizeRows does it, of rows that are stored.
void normalize(std::span<double> row, double tiny) {
  double norm = 0;
  for (const double x : row) norm += x * x;
  norm = std::sqrt(norm);
  if (norm == 0 || norm < tiny) return;
  for (double& x : row) x /= norm;
}

// The order of the rows in the library's tree: idx_array, the second of its state.
Result<std::vector<std::uint32_t>> read_order(const Attributes& fitted, std::size_t rows) {
  const pickle::Document& document = fitted.document();
  std::vector<std::uint32_t> out;
  const pickle::NodeId tree = fitted.node("_tree");
  if (tree == pickle::kNoNode || document.kind(tree) != pickle::Kind::kObject) return out;
  const pickle::NodeId state = document.object(tree).state;
  if (state == pickle::kNoNode || document.kind(state) != pickle::Kind::kTuple) return out;
  if (document.items(state).size() < 2) return out;
  const auto order = pickle::read_numbers(document, document.items(state)[1]);
  if (!order || order->values.size() != rows) return out;
  std::vector<bool> seen(rows);
  out.reserve(rows);
  for (const double row : order->values) {
    if (!(row >= 0 && row < double(rows)) || seen[std::size_t(row)]) {
      return fail(fitted.error(Code::kCorrupt, "_tree", "does not have each row once"));
    }
    seen[std::size_t(row)] = true;
    out.push_back(static_cast<std::uint32_t>(row));
  }
  return out;
}

// Rows of so many values each, in that order.
std::vector<double> in_order(std::vector<double> values, std::size_t columns, std::span<const std::uint32_t> order) {
  if (order.empty()) return values;
  std::vector<double> out;
  out.reserve(values.size());
  for (const std::size_t row : order) {
    out.insert(out.end(), &values[row * columns], &values[row * columns] + columns);
  }
  return out;
}

// Takes each row's mean away.
void centre(std::vector<double>& values, std::size_t columns) {
  for (std::size_t begin = 0; begin < values.size(); begin += columns) {
    const auto row = std::span(values).subspan(begin, columns);
    const double mean = numpy_sum(row) / double(columns);
    for (double& value : row) value -= mean;
  }
}

Result<Stored> read_rows(const Attributes& fitted) {
  SLIPWAY_TRY(fitted.fitted("_fit_X"));
  Stored out;
  SLIPWAY_TRY(read_metric(fitted, out));
  const NodeId node = fitted.node("_fit_X");
  model::CompareRows& compare = out.compare;
  std::vector<double> values;
  std::vector<std::uint64_t> row_start;
  compare.sparse = pickle::is_sparse(fitted.document(), node);
  if (compare.sparse) {
    auto csr = pickle::read_csr(fitted.document(), node);
    if (!csr) return fail(fitted.error(csr.error().code(), "_fit_X", csr.error().message()));
    if (csr->rows >= (1U << 30)) return fail(fitted.error(Code::kTooLarge, "_fit_X", "has more than 2^30 rows"));
    if (!std::ranges::all_of(csr->value, [](double x) { return std::isfinite(x); })) {
      return fail(fitted.error(Code::kCorrupt, "_fit_X", "has values that are NaN or infinite"));
    }
    out.rows = csr->rows;
    out.columns = csr->columns;
    values = std::move(csr->value);
    row_start = std::move(csr->row_start);
    compare.column = std::move(csr->column);
  } else {
    const bool gaps = compare.with == With::kNanSquares && fitted.version() >= Version{1, 6};
    Matrix matrix = SLIPWAY_TRY(read_matrix(fitted, "_fit_X", gaps ? Gaps::kAllowed : Gaps::kRefused));
    out.rows = matrix.rows;
    out.columns = matrix.columns;
    if (out.rows > 0) out.first.assign(matrix.values.begin(), matrix.values.begin() + std::ptrdiff_t(out.columns));
    if (compare.with >= With::kDifferences && compare.with <= With::kHamming) {
      out.order = SLIPWAY_TRY(read_order(fitted, out.rows));
    }
    values = in_order(std::move(matrix.values), out.columns, out.order);
  }
  if (compare.with == With::kCosine) {
    const double tiny = !compare.sparse && fitted.version() >= Version{1, 0} ? kTiny : 0;
    for (std::size_t i = 0; i < out.rows; ++i) {
      const std::size_t begin = compare.sparse ? row_start[i] : i * out.columns;
      const std::size_t end = compare.sparse ? row_start[i + 1] : begin + out.columns;
      normalize(std::span(values).subspan(begin, end - begin), tiny);
    }
  }
  if (compare.with == With::kCorrelation && !compare.sparse) centre(values, out.columns);
  compare.rows = static_cast<std::uint32_t>(out.rows);
  compare.values = std::move(values);
  compare.row_start = std::move(row_start);
  compare.norms = compare.add_up_norms(out.columns);
  return out;
}

// Adds the steps to the neighbours.
Result<void> add_neighbors(const Attributes& fitted, Lowering& out, Stored stored) {
  const std::int64_t count = SLIPWAY_TRY(fitted.integer("n_neighbors"));
  if (count < 1 || std::cmp_greater(count, stored.rows)) {
    const auto what = fmt::format("is {}, want 1 to {}: it was fitted on so many rows", count, stored.rows);
    return fail(fitted.error(Code::kCorrupt, "n_neighbors", what));
  }
  if (stored.compare.sparse) SLIPWAY_TRY(out.take_rows(fitted, stored.columns));
  if (!stored.compare.sparse) SLIPWAY_TRY(out.take_dense(fitted, stored.columns));
  out.set_typical(stored.first);
  const bool gaps = stored.compare.with == With::kNanSquares && fitted.version() >= Version{1, 6};
  out.emit(model::RequireFinite{.allow_nan = gaps, .estimator = std::string(fitted.class_name().name)});
  if (stored.compare.with == With::kCosine) {
    const double tiny = !out.sparse() && fitted.version() >= Version{1, 0} ? kTiny : 0;
    out.emit(model::NormalizeRows{
        .norm = model::NormalizeRows::Norm::kL2, .zero = model::NormalizeRows::Zero::kKeep, .tiny = tiny});
  }
  const double p = stored.finish == Finish::kPower ? stored.compare.p : 2;
  out.emit(std::move(stored.compare));
  out.emit(model::Nearest{.count = static_cast<std::uint32_t>(count), .finish = stored.finish, .p = p});
  return {};
}

Result<bool> by_distance(const Attributes& fitted) {
  if (fitted.is_none("weights")) return false;
  const pickle::Kind kind = fitted.document().kind(fitted.node("weights"));
  if (kind == pickle::Kind::kText || kind == pickle::Kind::kBytes) {
    const std::string weights = SLIPWAY_TRY(fitted.text("weights"));
    if (weights == "uniform") return false;
    if (weights == "distance") return true;
  }
  return fail(fitted.error(Code::kUnsupported, "weights", "is a function, want 'uniform' or 'distance'"));
}

// The labels of every target: classes_ is one array, or a list of them.
Result<std::vector<std::vector<model::Label>>> read_classes(const Attributes& fitted, bool several) {
  std::vector<std::vector<model::Label>> out;
  if (!several) {
    const std::vector<pickle::Scalar> scalars = SLIPWAY_TRY(fitted.scalars("classes_"));
    std::vector<model::Label> labels = SLIPWAY_TRY(make_labels(fitted, scalars, 1));
    out.push_back(std::move(labels));
    return out;
  }
  const NodeId list = fitted.node("classes_");
  if (list == pickle::kNoNode || fitted.document().kind(list) != pickle::Kind::kList) {
    return fail(fitted.error(Code::kCorrupt, "classes_", "is no list of arrays"));
  }
  for (const NodeId item : fitted.document().items(list)) {
    auto scalars = pickle::read_scalars(fitted.document(), item);
    if (!scalars) return fail(fitted.error(scalars.error().code(), "classes_", scalars.error().message()));
    std::vector<model::Label> labels = SLIPWAY_TRY(make_labels(fitted, *scalars, 1));
    out.push_back(std::move(labels));
  }
  return out;
}

// Column `target` of _y: the index of each row's label.
Result<std::vector<std::uint32_t>> column_of(const Attributes& fitted, const pickle::Numbers& y, std::size_t target,
                                             std::size_t targets, std::size_t labels) {
  std::vector<std::uint32_t> out;
  out.reserve(y.values.size() / targets);
  for (std::size_t i = target; i < y.values.size(); i += targets) {
    if (!(y.values[i] >= 0 && y.values[i] < double(labels))) {
      const auto what = fmt::format("has an index that is not 0 to {}", labels - 1);
      return fail(fitted.error(Code::kCorrupt, "_y", what));
    }
    out.push_back(static_cast<std::uint32_t>(y.values[i]));
  }
  return out;
}

Result<void> classifier(const Attributes& fitted, Lowering& out) {
  Stored stored = SLIPWAY_TRY(read_rows(fitted));
  const bool distance = SLIPWAY_TRY(by_distance(fitted));
  const bool several = SLIPWAY_TRY(fitted.flag("outputs_2d_"));
  const std::vector<std::vector<model::Label>> classes = SLIPWAY_TRY(read_classes(fitted, several));
  pickle::Numbers y = SLIPWAY_TRY(fitted.numbers("_y"));
  if (classes.empty() || y.values.size() != stored.rows * classes.size()) {
    const auto what =
        fmt::format("has {} values for {} rows and {} targets", y.values.size(), stored.rows, classes.size());
    return fail(fitted.error(Code::kCorrupt, "_y", what));
  }
  y.values = in_order(std::move(y.values), classes.size(), stored.order);
  SLIPWAY_TRY(add_neighbors(fitted, out, std::move(stored)));
  const std::uint32_t neighbors = out.flow().slot;
  std::vector<model::Output> outputs;
  std::vector<model::Target> targets;
  for (std::uint32_t i = 0; i < classes.size(); ++i) {
    const auto labels = static_cast<std::uint32_t>(classes[i].size());
    std::vector<std::uint32_t> label = SLIPWAY_TRY(column_of(fitted, y, i, classes.size(), labels));
    const std::uint32_t votes = out.branch(model::NeighborVotes{labels, distance, std::move(label)}, neighbors);
    outputs.push_back({OutputKind::kPrediction, out.branch(model::ArgmaxIndex{}, votes), i});
    const std::uint32_t shares = out.branch(
        model::NormalizeRows{.norm = model::NormalizeRows::Norm::kSum, .zero = model::NormalizeRows::Zero::kKeep},
        votes);
    outputs.push_back({OutputKind::kProbability, shares, i});
    targets.push_back({.name = {}, .labels = classes[i]});
  }
  out.predicts_many(std::move(outputs), std::move(targets));
  return {};
}

Result<void> regressor(const Attributes& fitted, Lowering& out) {
  Stored stored = SLIPWAY_TRY(read_rows(fitted));
  const bool distance = SLIPWAY_TRY(by_distance(fitted));
  SLIPWAY_TRY(fitted.fitted("_y"));
  pickle::Numbers y = SLIPWAY_TRY(fitted.numbers("_y"));
  const std::size_t outputs = y.shape.size() == 2 ? y.shape[1] : 1;
  if (y.shape.empty() || y.shape.size() > 2 || y.shape[0] != stored.rows || outputs == 0 || outputs >= (1U << 30)) {
    const auto what =
        fmt::format("has shape {}, want ({},) or ({}, outputs)", shape_text(y.shape), stored.rows, stored.rows);
    return fail(fitted.error(Code::kCorrupt, "_y", what));
  }
  y.values = in_order(std::move(y.values), outputs, stored.order);
  SLIPWAY_TRY(add_neighbors(fitted, out, std::move(stored)));
  const std::uint32_t numbers =
      out.emit(model::NeighborMean{static_cast<std::uint32_t>(outputs), distance, std::move(y.values)});
  out.predicts({{OutputKind::kPrediction, numbers}}, {});
  return {};
}

constexpr std::string_view kIn = "sklearn.neighbors";
constexpr std::string_view kClassification[] = {"sklearn.neighbors._classification",
                                                "sklearn.neighbors.classification"};
constexpr std::string_view kRegression[] = {"sklearn.neighbors._regression", "sklearn.neighbors.regression"};

constexpr Estimator kRows[] = {
    {"KNeighborsClassifier", kIn, kClassification, classifier, "the label most of the n_neighbors nearest rows have"},
    {"KNeighborsRegressor", kIn, kRegression, regressor, "the mean of the n_neighbors nearest rows' targets"},
};

}  // namespace

std::span<const Estimator> neighbors() { return kRows; }

}  // namespace slipway::importer::sklearn
