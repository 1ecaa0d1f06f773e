// SPDX-License-Identifier: Apache-2.0
// SimpleImputer: of numbers, or of single values where it was fitted on text. Columns of which training saw nothing are
// left out; which values were missing may be told beside.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "base/text.h"
#include "importer/attributes.h"
#include "importer/sklearn/estimators.h"
#include "importer/sklearn/lowering.h"
#include "importer/sklearn/values.h"

namespace slipway::importer::sklearn {
namespace {

using pickle::Kind;
using pickle::NodeId;
using pickle::Scalar;

// What counts as missing: missing_values, where None, NaN and pandas.NA are one.
Result<model::Value> read_missing(const Attributes& fitted) {
  const NodeId node = fitted.node("missing_values");
  const pickle::Document& document = fitted.document();
  if (node != pickle::kNoNode && document.kind(node) == Kind::kGlobal) {
    const pickle::Global name = document.global(node);
    if (name.module == "pandas._libs.missing" && name.name == "NA") return model::Value(model::Null{});
  }
  const std::vector<Scalar> values = SLIPWAY_TRY(fitted.scalars("missing_values"));
  if (values.size() != 1) return fail(fitted.error(Code::kCorrupt, "missing_values", "is not one value"));
  return is_missing(values[0]) ? model::Value(model::Null{}) : value_of(values[0]);
}

// True if it was fitted on single values and not on numbers.
Result<bool> is_of_objects(const Attributes& fitted, std::string_view name, const std::vector<Scalar>& values) {
  if (pickle::is_array(fitted.document(), fitted.node(name))) {
    const auto array = pickle::read_array_header(fitted.document(), fitted.node(name));
    if (array) return array->dtype.kind == 'O' || array->dtype.kind == 'U' || array->dtype.kind == 'S';
  }
  return std::ranges::any_of(values, [](const Scalar& it) { return it.kind == Scalar::Kind::kText; });
}

// The columns that stay: those of which training saw a value.
Result<std::vector<std::uint32_t>> kept_columns(const Attributes& fitted, const std::vector<Scalar>& statistics) {
  const std::string strategy = SLIPWAY_TRY(fitted.text("strategy"));
  bool all = strategy == "constant" && fitted.version() < Version{1, 8};
  if (fitted.has("keep_empty_features") && !all) all = SLIPWAY_TRY(fitted.flag("keep_empty_features"));
  std::vector<std::uint32_t> out;
  for (std::uint32_t i = 0; i < statistics.size(); ++i) {
    if (all || !is_nan(statistics[i])) out.push_back(i);
  }
  if (out.empty()) return fail(fitted.error(Code::kUnsupported, "statistics_", "leaves no column"));
  return out;
}

// What a MissingIndicator marks: its features_, ascending.
Result<std::vector<std::uint32_t>> marked_columns(const Attributes& indicator, std::size_t columns) {
  const pickle::Numbers features = SLIPWAY_TRY(indicator.numbers("features_"));
  std::vector<std::uint32_t> out;
  for (const double feature : features.values) {
    if (!(feature >= 0 && feature < double(columns)) || feature != std::floor(feature)) {
      const auto what = fmt::format("has a column out of range: there are {}", columns);
      return fail(indicator.error(Code::kCorrupt, "features_", what));
    }
    out.push_back(std::uint32_t(feature));
  }
  return out;
}

// The flow of the marks that add_indicator puts behind the columns; nothing if it marks none.
Result<std::vector<Flow>> indicator_of(const Attributes& fitted, Lowering& out, const model::Value& missing,
                                       std::size_t columns) {
  std::vector<Flow> marks;
  if (!fitted.has("add_indicator")) return marks;
  const bool wanted = SLIPWAY_TRY(fitted.flag("add_indicator"));
  if (!wanted || fitted.is_none("indicator_")) return marks;
  const Attributes indicator =
      SLIPWAY_TRY(Attributes::of(fitted.document(), fitted.node("indicator_"), fitted.path() + ".indicator_"));
  std::vector<std::uint32_t> marked = SLIPWAY_TRY(marked_columns(indicator, columns));
  if (marked.empty()) return marks;
  model::IsMissing op{.missing = std::vector{missing}, .columns = std::move(marked)};
  marks.push_back(out.flow_of(out.branch(std::move(op), out.flow().slot)));
  return marks;
}

// Since 1.8 what is filled in has the type of the rows that it was fitted on: float32 rounds it.
Result<void> round_as_fitted(const Attributes& fitted, std::vector<Scalar>& statistics) {
  constexpr std::string_view kName = "_fill_dtype";
  if (!fitted.has(kName)) return {};
  const auto dtype = pickle::read_dtype(fitted.document(), fitted.node(kName));
  if (!dtype) return fail(fitted.error(dtype.error().code(), kName, dtype.error().message()));
  if (dtype->kind != 'f' || dtype->itemsize == 8) return {};
  if (dtype->itemsize != 4) {
    const auto what = fmt::format("is of floats of {} bytes; those of 4 and 8 are served", dtype->itemsize);
    return fail(fitted.error(Code::kUnsupported, kName, what));
  }
  for (Scalar& it : statistics) {
    if (it.kind == Scalar::Kind::kText || it.kind == Scalar::Kind::kNone) continue;
    const double value = it.kind == Scalar::Kind::kFloat ? it.real : double(it.integer);
    it = Scalar{.kind = Scalar::Kind::kFloat, .real = double(float(value))};
  }
  return {};
}

// Says what each column takes, as far as its statistic tells.
void describe(Lowering& out, const std::vector<Scalar>& statistics) {
  for (std::size_t i = 0; i < statistics.size(); ++i) {
    model::Field* field = out.field(i);
    if (field == nullptr || is_missing(statistics[i])) continue;
    const bool text = statistics[i].kind == Scalar::Kind::kText;
    field->takes_text = field->takes_text || text;
    field->takes_number = field->takes_number || !text;
  }
}

Result<void> simple_imputer(const Attributes& fitted, Lowering& out) {
  SLIPWAY_TRY(fitted.fitted("statistics_"));
  std::vector<Scalar> statistics = SLIPWAY_TRY(fitted.scalars("statistics_"));
  SLIPWAY_TRY(round_as_fitted(fitted, statistics));
  const std::vector<std::uint32_t> kept = SLIPWAY_TRY(kept_columns(fitted, statistics));
  const model::Value missing = SLIPWAY_TRY(read_missing(fitted));
  const bool any = std::holds_alternative<model::Null>(missing);
  const bool objects = SLIPWAY_TRY(is_of_objects(fitted, "statistics_", statistics));
  if (objects) {
    SLIPWAY_TRY(out.take_cells(fitted, statistics.size()));
    if (!out.has_rows()) describe(out, statistics);
  } else {
    SLIPWAY_TRY(out.take_rows(fitted, statistics.size()));
    std::vector<double> typical;
    for (const Scalar& it : statistics) typical.push_back(it.kind == Scalar::Kind::kInt ? double(it.integer) : it.real);
    out.set_typical(typical);
  }
  out.emit(model::RequireFinite{.allow_nan = any, .estimator = std::string(fitted.class_name().name)});
  std::vector<Flow> parts = SLIPWAY_TRY(indicator_of(fitted, out, missing, statistics.size()));
  if (out.sparse() && missing == model::Value(0.0)) {
    return fail(fitted.error(Code::kCorrupt, "missing_values", "is 0, which scikit-learn refuses of sparse rows"));
  }
  if (kept.size() < statistics.size()) out.emit(model::Select{kept});
  std::vector<model::Value> fill;
  for (const std::uint32_t i : kept) fill.push_back(value_of(statistics[i]));
  out.emit(model::Impute{.missing = std::vector{missing}, .fill = fill});
  if (parts.empty()) return {};
  parts.insert(parts.begin(), out.flow());
  out.set_flow(out.join(std::move(parts), out.sparse()));
  return {};
}

constexpr std::string_view kImpute[] = {"sklearn.impute._base", "sklearn.impute"};

constexpr Estimator kRows[] = {
    {"SimpleImputer", "sklearn.impute", kImpute, simple_imputer, "statistics_ where a value is missing"},
};

}  // namespace

std::span<const Estimator> impute() { return kRows; }

}  // namespace slipway::importer::sklearn
