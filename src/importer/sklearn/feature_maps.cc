// SPDX-License-Identifier: Apache-2.0
// Transformers of numbers that learnt a shape for each column: products of columns, bins, powers, quantiles.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include "base/text.h"
#include "importer/attributes.h"
#include "importer/sklearn/estimators.h"
#include "importer/sklearn/functions.h"
#include "importer/sklearn/lowering.h"

namespace slipway::importer::sklearn {
namespace {

using pickle::NodeId;

constexpr std::int64_t kMaxColumns = 100'000;    // that nothing but a number in the file speaks of
constexpr std::size_t kMaxProducts = 4'000'000;  // columns that a file of a few bytes may ask for
constexpr std::int64_t kMaxDegree = 64;

void emit_check(const Attributes& fitted, Lowering& out, bool allow_nan) {
  out.emit(model::RequireFinite{.allow_nan = allow_nan, .estimator = std::string(fitted.class_name().name)});
}

// An attribute that is a whole number from `low` to `high`.
Result<std::int64_t> whole(const Attributes& fitted, std::string_view name, std::int64_t low, std::int64_t high) {
  const std::int64_t value = SLIPWAY_TRY(fitted.integer(name));
  if (value >= low && value <= high) return value;
  return fail(fitted.error(Code::kCorrupt, name, fmt::format("is {}, want {} to {}", value, low, high)));
}

// ---- PolynomialFeatures -------------------------------------------------------------------------------------------

struct Degrees {
  std::int64_t low = 0, high = 0;
};

// Since 1.0 two private attributes; before, degree is one number (0.24: or a pair).
Result<Degrees> read_degrees(const Attributes& fitted) {
  Degrees out;
  if (fitted.has("_max_degree")) {
    out.high = SLIPWAY_TRY(whole(fitted, "_max_degree", 0, kMaxDegree));
    out.low = SLIPWAY_TRY(whole(fitted, "_min_degree", 0, out.high));
    return out;
  }
  out.high = SLIPWAY_TRY(whole(fitted, "degree", 0, kMaxDegree));
  return out;
}

// All products of a degree, from those of the degree before, in the library's order: of columns that ascend.
// `reversed`: x0 * (x1 * x2), as dense rows have it since 0.21; else (x0 * x1) * x2.
struct Expansion {
  std::vector<std::uint32_t> left, right;
  std::vector<std::int64_t> degree;
  std::vector<std::uint32_t> first, last;  // columns of each product
};

bool expand(Expansion& all, std::int64_t degree, std::uint32_t columns, bool interaction_only, bool reversed) {
  const std::uint32_t step = interaction_only ? 1 : 0;
  const auto add = [&](std::uint32_t left, std::uint32_t right, std::uint32_t first, std::uint32_t last) {
    all.left.push_back(left);
    all.right.push_back(right);
    all.degree.push_back(degree);
    all.first.push_back(first);
    all.last.push_back(last);
    return all.left.size() <= kMaxProducts;
  };
  if (degree == 1) {
    for (std::uint32_t i = 0; i < columns; ++i) {
      if (!add(model::Products::kNone, i, i, i)) return false;
    }
    return true;
  }
  const auto begin = std::uint32_t(std::ranges::lower_bound(all.degree, degree - 1) - all.degree.begin());
  const auto end = std::uint32_t(all.left.size());
  if (!reversed) {  // each shorter product by every column behind its last: the order is the same
    for (std::uint32_t k = begin; k < end; ++k) {
      for (std::uint32_t i = all.last[k] + step; i < columns; ++i) {
        if (!add(k, i, all.first[k], i)) return false;
      }
    }
    return true;
  }
  for (std::uint32_t i = 0; i < columns; ++i) {  // each column by the shorter products that begin there or behind
    for (std::uint32_t k = begin; k < end; ++k) {
      if (all.first[k] >= i + step && !add(k, i, i, all.last[k])) return false;
    }
  }
  return true;
}

Result<void> polynomial_features(const Attributes& fitted, Lowering& out) {
  const std::string_view counted = fitted.has("n_features_in_") ? "n_features_in_" : "n_input_features_";
  SLIPWAY_TRY(fitted.fitted(counted));
  const std::int64_t columns = SLIPWAY_TRY(whole(fitted, counted, 1, kMaxColumns));
  const Degrees degrees = SLIPWAY_TRY(read_degrees(fitted));
  const bool bias = SLIPWAY_TRY(fitted.flag("include_bias"));
  const bool interaction_only = SLIPWAY_TRY(fitted.flag("interaction_only"));
  SLIPWAY_TRY(out.take_rows(fitted, std::size_t(columns)));
  emit_check(fitted, out, false);
  const bool sparse = out.sparse();
  if (sparse) out.emit(model::Densify{});
  Expansion all;
  const bool reversed = !sparse && fitted.version() >= Version{0, 21};
  for (std::int64_t degree = 1; degree <= degrees.high; ++degree) {
    if (expand(all, degree, std::uint32_t(columns), interaction_only, reversed)) continue;
    const auto what = fmt::format("makes more than {} columns", kMaxProducts);
    return fail(fitted.error(Code::kTooLarge, degrees.high > 0 && fitted.has("degree") ? "degree" : "", what));
  }
  std::vector<std::uint32_t> kept;
  for (std::uint32_t k = 0; k < all.left.size(); ++k) {
    if (all.degree[k] >= degrees.low) kept.push_back(k);
  }
  if (bias) {
    kept.insert(kept.begin(), std::uint32_t(all.left.size()));
    all.left.push_back(model::Products::kNone);
    all.right.push_back(model::Products::kNone);
  }
  if (fitted.has("n_output_features_")) {
    SLIPWAY_TRY(whole(fitted, "n_output_features_", std::int64_t(kept.size()), std::int64_t(kept.size())));
  }
  out.emit(model::Products{.left = std::move(all.left), .right = std::move(all.right)});
  out.emit(model::Select{std::move(kept)});
  if (sparse) out.set_flow(out.join({out.flow()}, true));
  return {};
}

// ---- KBinsDiscretizer ---------------------------------------------------------------------------------------------

Result<void> k_bins_discretizer(const Attributes& fitted, Lowering& out) {
  SLIPWAY_TRY(fitted.fitted("bin_edges_"));
  const pickle::Document& document = fitted.document();
  const auto wrong = [&](std::string_view what) { return fail(fitted.error(Code::kCorrupt, "bin_edges_", what)); };
  if (!pickle::is_array(document, fitted.node("bin_edges_"))) return wrong("is not an array");
  const pickle::Array columns = SLIPWAY_TRY(pickle::read_array(document, fitted.node("bin_edges_")));
  if (columns.dtype.kind != 'O' || columns.objects.empty())
    return wrong("is not an array with the edges of each column");
  if (fitted.has("dtype") && !fitted.is_none("dtype") && document.kind(fitted.node("dtype")) == pickle::Kind::kGlobal &&
      document.global(fitted.node("dtype")).name == "float32") {
    return fail(fitted.error(Code::kUnsupported, "dtype", "is float32, which rounds before it looks for a bin"));
  }
  std::vector<std::uint32_t> starts = {0}, bins = {0};
  std::vector<double> edges;
  for (const NodeId column : columns.objects) {
    const auto numbers = pickle::read_numbers(document, column);
    if (!numbers || numbers->values.size() < 2) return wrong(fmt::format("column {} has no edges", starts.size() - 1));
    edges.insert(edges.end(), numbers->values.begin() + 1, numbers->values.end() - 1);
    starts.push_back(std::uint32_t(edges.size()));
    bins.push_back(bins.back() + std::uint32_t(numbers->values.size()) - 1);
    if (edges.size() >= (1U << 29)) return wrong("are more than 2^29");
  }
  const std::string encode = SLIPWAY_TRY(fitted.text("encode"));
  if (encode != "onehot" && encode != "onehot-dense" && encode != "ordinal") {
    return fail(fitted.error(Code::kUnsupported, "encode", fmt::format("is '{}'", printable(encode))));
  }
  SLIPWAY_TRY(out.take_dense(fitted, columns.objects.size()));
  emit_check(fitted, out, false);
  const bool nudged = fitted.version() < Version{1, 1};
  out.emit(model::Discretize{.starts = std::move(starts), .edges = std::move(edges), .nudged = nudged});
  if (encode != "ordinal") out.emit(model::OneHot{.starts = std::move(bins), .sparse = encode == "onehot"});
  return {};
}

// ---- PowerTransformer ---------------------------------------------------------------------------------------------

// True if 2 - lambda, of a lambda that is float32, is float32: since NumPy 2. Arrays of a pickle name the module that
// makes them again, which NumPy 2 moved; those of joblib do not, but then the scaler's count does. Where neither is
// there, the release tells which NumPy was new.
bool is_numpy_2(const Attributes& fitted) {
  const pickle::Document& document = fitted.document();
  const auto of = [&](const Attributes& owner, std::string_view name) {
    const NodeId node = owner.node(name);
    if (node == pickle::kNoNode || document.kind(node) != pickle::Kind::kObject) return std::string_view();
    const NodeId callable = document.object(node).callable;
    const bool named = callable != pickle::kNoNode && document.kind(callable) == pickle::Kind::kGlobal;
    return named ? document.global(callable).module : std::string_view();
  };
  std::string_view module = of(fitted, "lambdas_");
  if (!module.starts_with("numpy.") && !fitted.is_none("_scaler")) {
    const auto scaler = Attributes::of(document, fitted.node("_scaler"), fitted.path() + "._scaler");
    if (scaler) module = of(*scaler, "n_samples_seen_");
  }
  return module.starts_with("numpy.") ? module.starts_with("numpy._core") : fitted.version() >= Version{1, 5};
}

Result<void> power_transformer(const Attributes& fitted, Lowering& out) {
  using Method = model::PowerTransform::Method;
  SLIPWAY_TRY(fitted.fitted("lambdas_"));
  const pickle::Numbers lambdas = SLIPWAY_TRY(fitted.numbers("lambdas_"));
  if (lambdas.shape.size() > 1 || lambdas.values.empty()) {
    return fail(fitted.error(Code::kCorrupt, "lambdas_", "is not one number a column"));
  }
  const std::string method = SLIPWAY_TRY(fitted.text("method"));
  if (method != "yeo-johnson" && method != "box-cox") {
    return fail(fitted.error(Code::kUnsupported, "method", fmt::format("is '{}'", printable(method))));
  }
  const bool standardize = SLIPWAY_TRY(fitted.flag("standardize"));
  SLIPWAY_TRY(out.take_dense(fitted, lambdas.values.size()));
  emit_check(fitted, out, true);
  const Method yeo_johnson =
      fitted.version() < Version{1, 9} ? Method::kYeoJohnsonByPower : Method::kYeoJohnson;  // then scipy.stats' own
  out.emit(model::PowerTransform{.method = method == "box-cox" ? Method::kBoxCox : yeo_johnson,
                                 .lambdas = lambdas.values,
                                 .single = lambdas.is_float32 && is_numpy_2(fitted)});
  if (!standardize) return {};
  Lowered scaled = SLIPWAY_TRY(out.apart(fitted, "_scaler", out.flow()));
  out.set_flow(std::move(scaled.flow));
  return {};
}

// ---- QuantileTransformer ------------------------------------------------------------------------------------------

}  // namespace

Result<model::QuantileTransform> read_quantiles(const Attributes& fitted) {
  using Output = model::QuantileTransform::Output;
  SLIPWAY_TRY(fitted.fitted("quantiles_"));
  const pickle::Numbers quantiles = SLIPWAY_TRY(fitted.numbers("quantiles_"));
  const pickle::Numbers references = SLIPWAY_TRY(fitted.numbers("references_"));
  const std::size_t size = references.values.size();
  if (quantiles.shape.size() != 2 || quantiles.shape[0] != size || quantiles.values.empty()) {
    const auto what = fmt::format("has shape {}, want ({}, columns)", shape_text(quantiles.shape), size);
    return fail(fitted.error(Code::kCorrupt, "quantiles_", what));
  }
  const std::string distribution = SLIPWAY_TRY(fitted.text("output_distribution"));
  if (distribution != "uniform" && distribution != "normal") {
    return fail(
        fitted.error(Code::kUnsupported, "output_distribution", fmt::format("is '{}'", printable(distribution))));
  }
  model::QuantileTransform op;
  op.output = distribution == "normal"             ? Output::kNormal
              : fitted.version() >= Version{0, 21} ? Output::kUniform
                                                   : Output::kUniformClipped;
  const std::size_t columns = quantiles.shape[1];
  std::vector<double> by_column(quantiles.values.size());
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t k = 0; k < columns; ++k) by_column[k * size + i] = quantiles.values[i * columns + k];
  }
  op.quantiles = std::move(by_column);
  op.references = references.values;
  return op;
}

namespace {

Result<void> quantile_transformer(const Attributes& fitted, Lowering& out) {
  model::QuantileTransform op = SLIPWAY_TRY(read_quantiles(fitted));
  const std::size_t size = op.references.size(), columns = op.quantiles.size() / size;
  SLIPWAY_TRY(out.take_rows(fitted, columns));
  emit_check(fitted, out, true);
  const bool ignores = SLIPWAY_TRY(fitted.flag("ignore_implicit_zeros"));
  op.refuse_negative = !ignores;
  std::vector<double> middle(columns);
  for (std::size_t k = 0; k < columns; ++k) middle[k] = op.quantiles[k * size + size / 2];
  out.set_typical(middle);
  out.emit(std::move(op));
  return {};
}

constexpr std::string_view kData[] = {"sklearn.preprocessing._data", "sklearn.preprocessing.data"};
constexpr std::string_view kPolynomial[] = {"sklearn.preprocessing._polynomial", "sklearn.preprocessing._data",
                                            "sklearn.preprocessing.data"};
constexpr std::string_view kBins[] = {"sklearn.preprocessing._discretization"};

constexpr Estimator kRows[] = {
    {"KBinsDiscretizer", "sklearn.preprocessing", kBins, k_bins_discretizer, "the bin of bin_edges_ that x is in"},
    {"PolynomialFeatures", "sklearn.preprocessing", kPolynomial, polynomial_features,
     "products of the columns up to a degree"},
    {"PowerTransformer", "sklearn.preprocessing", kData, power_transformer,
     "Yeo-Johnson or Box-Cox by lambdas_, then scaled"},
    {"QuantileTransformer", "sklearn.preprocessing", kData, quantile_transformer,
     "the rank of x among quantiles_, as a uniform or normal number"},
};

}  // namespace

std::span<const Estimator> feature_maps() { return kRows; }

}  // namespace slipway::importer::sklearn
