// SPDX-License-Identifier: Apache-2.0
// Estimators of sklearn.svm. The linear ones are liblinear's: what they learnt is a linear model like any other. The
// others are libsvm's: a row is compared with every support vector, and sums of that are decisions. libsvm's signs are
// in the attributes with an underscore, and those are read.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "format/pickle/sparse.h"
#include "importer/sklearn/estimators.h"
#include "importer/sklearn/linear.h"

namespace slipway::importer::sklearn {
namespace {

using model::OutputKind;
using With = model::CompareRows::With;

// What all of libsvm's have. Without support vectors `compare.rows` is 0.
struct Machine {
  model::CompareRows compare;
  std::size_t columns = 0, vectors = 0;
  std::vector<double> coef, intercept;  // coef: [sums, vectors]
};

Result<void> read_kernel(const Attributes& fitted, model::CompareRows& compare) {
  const pickle::Kind kind = fitted.document().kind(fitted.node("kernel"));
  if (fitted.has("kernel") && kind != pickle::Kind::kText && kind != pickle::Kind::kBytes) {
    return fail(fitted.error(Code::kUnsupported, "kernel", "is a function")
                    .or_hint("fit it with a kernel that scikit-learn has a name for: rbf, linear, poly or sigmoid"));
  }
  const std::string kernel = SLIPWAY_TRY(fitted.text("kernel"));
  struct Known {
    std::string_view name;
    With with;
  };
  constexpr Known kKnown[] = {
      {"linear", With::kDot}, {"poly", With::kPolynomial}, {"rbf", With::kRbf}, {"sigmoid", With::kSigmoid}};
  const auto found = std::ranges::find(kKnown, kernel, &Known::name);
  if (found == std::end(kKnown)) {
    const auto what = fmt::format("is '{}', want linear, poly, rbf or sigmoid", printable(kernel));
    return fail(fitted.error(Code::kUnsupported, "kernel", what)
                    .or_hint("a precomputed kernel needs the training rows, which the file does not have"));
  }
  compare.with = found->with;
  if (compare.with == With::kDot) return {};
  const auto number = [&](std::string_view name) -> Result<double> {
    const pickle::Numbers value = SLIPWAY_TRY(fitted.numbers(name));
    if (value.values.size() == 1 && std::isfinite(value.values[0])) return value.values[0];
    return fail(fitted.error(Code::kCorrupt, name, "is not a finite number"));
  };
  SLIPWAY_TRY(fitted.fitted("_gamma"));
  compare.gamma = SLIPWAY_TRY(number("_gamma"));
  compare.coef0 = SLIPWAY_TRY(number("coef0"));
  if (compare.with != With::kPolynomial) return {};
  const std::int64_t degree = SLIPWAY_TRY(fitted.integer("degree"));
  if (degree < 0 || degree > 0x7fffffff) return fail(fitted.error(Code::kCorrupt, "degree", "is out of range"));
  compare.degree = static_cast<std::uint32_t>(degree);
  return {};
}

Error bad_shape(const Attributes& fitted, std::string_view name, const pickle::Numbers& have, std::string_view want) {
  return fitted.error(Code::kCorrupt, name, fmt::format("has shape {}, want {}", shape_text(have.shape), want));
}

Result<pickle::Csr> read_csr(const Attributes& fitted, std::string_view name) {
  SLIPWAY_TRY(fitted.fitted(name));
  auto csr = pickle::read_csr(fitted.document(), fitted.node(name));
  if (!csr) return fail(fitted.error(csr.error().code(), name, csr.error().message()));
  return csr;
}

Result<void> read_sparse(const Attributes& fitted, Machine& out) {
  pickle::Csr vectors = SLIPWAY_TRY(read_csr(fitted, "support_vectors_"));
  const pickle::Csr coef = SLIPWAY_TRY(read_csr(fitted, "_dual_coef_"));
  out.columns = vectors.columns;
  out.vectors = vectors.rows;
  // scikit-learn hands libsvm the stored values as they are: every vector has one.
  if (coef.columns != vectors.rows || coef.value.size() != coef.rows * vectors.rows) {
    const auto what = fmt::format("has {} values in {} columns for {} support vectors", coef.value.size(), coef.columns,
                                  vectors.rows);
    return fail(fitted.error(Code::kCorrupt, "_dual_coef_", what));
  }
  out.coef = coef.value;
  out.compare.sparse = true;
  out.compare.values = std::move(vectors.value);
  out.compare.row_start = std::move(vectors.row_start);
  out.compare.column = std::move(vectors.column);
  return {};
}

Result<void> read_dense(const Attributes& fitted, Machine& out) {
  pickle::Numbers vectors = SLIPWAY_TRY(fitted.numbers("support_vectors_"));
  if (vectors.shape.size() != 2) return fail(bad_shape(fitted, "support_vectors_", vectors, "(vectors, columns)"));
  out.vectors = vectors.shape[0];
  out.columns = vectors.shape[1];
  pickle::Numbers coef = SLIPWAY_TRY(fitted.numbers("_dual_coef_"));
  if (coef.shape.size() != 2 || coef.shape[1] != out.vectors) {
    return fail(bad_shape(fitted, "_dual_coef_", coef, fmt::format("(sums, {})", out.vectors)));
  }
  out.compare.values = std::move(vectors.values);
  out.coef = std::move(coef.values);
  return {};
}

Result<Machine> read_machine(const Attributes& fitted, std::size_t sums, std::size_t intercepts) {
  SLIPWAY_TRY(fitted.fitted("support_vectors_"));
  SLIPWAY_TRY(fitted.fitted("_dual_coef_"));
  SLIPWAY_TRY(fitted.fitted("_intercept_"));
  Machine out;
  SLIPWAY_TRY(read_kernel(fitted, out.compare));
  const bool sparse = SLIPWAY_TRY(fitted.flag("_sparse"));
  SLIPWAY_TRY(sparse ? read_sparse(fitted, out) : read_dense(fitted, out));
  if (out.coef.size() != sums * out.vectors) {
    const auto what = fmt::format("has {} values, want {} x {}", out.coef.size(), sums, out.vectors);
    return fail(fitted.error(Code::kCorrupt, "_dual_coef_", what));
  }
  const auto finite = [](double x) { return std::isfinite(x); };
  if (!std::ranges::all_of(out.coef, finite)) {
    return fail(fitted.error(Code::kCorrupt, "_dual_coef_", "has values that are NaN or infinite"));
  }
  if (!std::ranges::all_of(out.compare.values, finite)) {
    return fail(fitted.error(Code::kCorrupt, "support_vectors_", "has values that are NaN or infinite"));
  }
  out.intercept = SLIPWAY_TRY(fitted.doubles("_intercept_", intercepts));
  out.compare.rows = static_cast<std::uint32_t>(out.vectors);
  if (out.vectors >= (1U << 30)) return fail(fitted.error(Code::kTooLarge, "support_vectors_", "are too many"));
  return out;
}

// Adds the check of the input.
Result<void> take(const Attributes& fitted, Lowering& out, const Machine& machine) {
  SLIPWAY_TRY(out.take_rows(fitted, machine.columns));
  if (out.sparse() && !machine.compare.sparse) {
    const auto what = "was trained on dense rows and stands behind a step that gives sparse ones";
    return fail(fitted.error(Code::kUnsupported, "_sparse", what));
  }
  out.emit(model::RequireFinite{.estimator = std::string(fitted.class_name().name)});
  return {};
}

// The one sum of a regressor or of a one-class machine.
Result<std::uint32_t> one_sum(const Attributes& fitted, Lowering& out) {
  Machine machine = SLIPWAY_TRY(read_machine(fitted, 1, 1));
  SLIPWAY_TRY(take(fitted, out, machine));
  if (machine.vectors == 0) machine.coef.assign(machine.columns, 0.0);  // the intercept, whatever comes
  if (machine.vectors != 0) out.emit(std::move(machine.compare));
  return out.emit(model::Linear{1, std::move(machine.coef), std::move(machine.intercept)});
}

Result<void> svr(const Attributes& fitted, Lowering& out) {
  const std::uint32_t numbers = SLIPWAY_TRY(one_sum(fitted, out));
  out.predicts({{OutputKind::kPrediction, numbers}}, {});
  return {};
}

Result<void> one_class(const Attributes& fitted, Lowering& out) {
  const std::uint32_t decision = SLIPWAY_TRY(one_sum(fitted, out));
  const std::uint32_t index = out.branch(model::PositiveIndex{}, decision);
  std::vector<model::Output> outputs = {{OutputKind::kPrediction, index}, {OutputKind::kDecision, decision}};
  if (fitted.has("offset_")) {  // since 0.20, and score_samples() with it: decision + offset_
    const std::vector<double> offset = SLIPWAY_TRY(fitted.doubles("offset_", 1));
    const std::vector<double> subtrahend = {-offset[0]};
    const std::uint32_t score = out.branch(model::Standardize{.offset = subtrahend, .scale = {}}, decision);
    outputs.push_back({OutputKind::kScore, score});
  }
  out.predicts(std::move(outputs), {std::int64_t{-1}, std::int64_t{1}});
  return {};
}

// `_probA` since 0.24, `probA_` before; where the fit made no probabilities it is empty.
Result<std::vector<double>> read_sigmoids(const Attributes& fitted, char which, std::size_t pairs) {
  std::string name = fmt::format("_prob{}", which);
  if (!fitted.has(name)) name = fmt::format("prob{}_", which);
  SLIPWAY_TRY(fitted.fitted(name));
  const pickle::Numbers found = SLIPWAY_TRY(fitted.numbers(name));
  if (found.values.empty()) return std::vector<double>();
  return fitted.doubles(name, pairs);
}

// The support vectors of each label, `_n_support` since 0.22, `n_support_` before: as many as there are
// (a file that says more than it has made scikit-learn read beyond its memory: CVE-2020-28975).
Result<std::vector<std::uint32_t>> read_support(const Attributes& fitted, std::size_t labels, std::size_t vectors) {
  const std::string_view name = fitted.has("_n_support") ? "_n_support" : "n_support_";
  SLIPWAY_TRY(fitted.fitted(name));
  const std::vector<double> counts = SLIPWAY_TRY(fitted.doubles(name, labels));
  double sum = 0;
  std::vector<std::uint32_t> out;
  for (const double count : counts) {
    if (count < 0 || count > double(vectors) || count != std::floor(count)) {
      return fail(fitted.error(Code::kCorrupt, name, fmt::format("has a count that is not 0 to {}", vectors)));
    }
    sum += count;
    out.push_back(static_cast<std::uint32_t>(count));
  }
  if (sum == double(vectors)) return out;
  return fail(fitted.error(Code::kCorrupt, name, fmt::format("adds up to {}, there are {} vectors", sum, vectors)));
}

struct Shape {
  bool one_vs_rest = true;
  bool break_ties = false;
};
Result<Shape> read_shape(const Attributes& fitted, std::size_t labels) {
  const std::string shape = SLIPWAY_TRY(fitted.text("decision_function_shape"));
  if (shape != "ovr" && shape != "ovo") {
    const auto what = fmt::format("is '{}', want ovr or ovo", printable(shape));
    return fail(fitted.error(Code::kUnsupported, "decision_function_shape", what));
  }
  Shape out{.one_vs_rest = shape == "ovr" && labels > 2};
  if (fitted.has("break_ties")) out.break_ties = SLIPWAY_TRY(fitted.flag("break_ties"));
  if (out.break_ties && shape == "ovo") {
    const auto what = "is True with decision_function_shape='ovo': scikit-learn's predict() raises";
    return fail(fitted.error(Code::kUnsupported, "break_ties", what));
  }
  return out;
}

// decision_function(): libsvm's sign turned for two labels, a column a pair or a label for more.
std::uint32_t add_decision(const Attributes& fitted, Lowering& out, std::uint32_t pairs, std::uint32_t labels,
                           bool one_vs_rest) {
  using enum model::PairwiseScores::Confidence;
  if (labels == 2) return out.branch(model::ScaleColumns{{-1.0}}, pairs);
  if (!one_vs_rest) return pairs;
  const auto confidence = fitted.version() >= Version{0, 21} ? kBounded : kScaled;
  return out.branch(model::PairwiseScores{.labels = labels, .confidence = confidence}, pairs);
}

Result<void> svc(const Attributes& fitted, Lowering& out) {
  SLIPWAY_TRY(fitted.fitted("support_vectors_"));
  std::vector<model::Label> classes = SLIPWAY_TRY(read_labels(fitted));
  const auto labels = static_cast<std::uint32_t>(classes.size());
  const std::size_t pair_count = classes.size() * (classes.size() - 1) / 2;
  const Shape shape = SLIPWAY_TRY(read_shape(fitted, labels));
  Machine machine = SLIPWAY_TRY(read_machine(fitted, labels - 1, pair_count));
  if (machine.vectors == 0) return fail(fitted.error(Code::kCorrupt, "support_vectors_", "are none"));
  std::vector<std::uint32_t> support = SLIPWAY_TRY(read_support(fitted, labels, machine.vectors));
  std::vector<double> a = SLIPWAY_TRY(read_sigmoids(fitted, 'A', pair_count));
  std::vector<double> b = SLIPWAY_TRY(read_sigmoids(fitted, 'B', pair_count));

  SLIPWAY_TRY(take(fitted, out, machine));
  out.emit(std::move(machine.compare));
  const std::uint32_t pairs =
      out.emit(model::PairwiseSum{std::move(support), std::move(machine.coef), std::move(machine.intercept)});
  const std::uint32_t decision = add_decision(fitted, out, pairs, labels, shape.one_vs_rest);
  const bool by_decision = shape.break_ties && labels > 2;
  const std::uint32_t index =
      by_decision ? out.branch(model::ArgmaxIndex{}, decision) : out.branch(model::PairwiseVote{labels}, pairs);
  std::vector<model::Output> outputs = {{OutputKind::kPrediction, index}, {OutputKind::kDecision, decision}};
  if (!a.empty() && !b.empty()) {
    const std::uint32_t probability = out.branch(model::PairwiseProbability{labels, std::move(a), std::move(b)}, pairs);
    outputs.push_back({OutputKind::kProbability, probability});
  }
  out.predicts(std::move(outputs), std::move(classes));
  return {};
}

constexpr std::string_view kClasses[] = {"sklearn.svm._classes", "sklearn.svm.classes"};
constexpr std::string_view kIn = "sklearn.svm";
constexpr std::string_view kVotes = "votes of sum(dual_coef_ k(x, support_vectors_)) + intercept_ over pairs";
constexpr std::string_view kSum = "sum(dual_coef_ k(x, support_vectors_)) + intercept_";

constexpr Estimator kRows[] = {
    {"LinearSVC", kIn, kClasses, linear_classifier, "the label of the largest x coef_^T + intercept_"},
    {"LinearSVR", kIn, kClasses, linear_regressor, "x coef_^T + intercept_"},
    {"NuSVC", kIn, kClasses, svc, kVotes},
    {"NuSVR", kIn, kClasses, svr, kSum},
    {"OneClassSVM", kIn, kClasses, one_class, "1 if sum(dual_coef_ k(x, support_vectors_)) + intercept_ > 0, else -1"},
    {"SVC", kIn, kClasses, svc, kVotes},
    {"SVR", kIn, kClasses, svr, kSum},
};

}  // namespace

std::span<const Estimator> svm() { return kRows; }

}  // namespace slipway::importer::sklearn
