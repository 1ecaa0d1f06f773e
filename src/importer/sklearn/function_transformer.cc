// SPDX-License-Identifier: Apache-2.0
// FunctionTransformer: only its function's name is in the file. None is the identity; numpy's and scipy's functions of
// one number are served by name, however the release spelt them; all others are refused by name.
#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "importer/attributes.h"
#include "importer/refusals.h"
#include "importer/sklearn/estimators.h"
#include "importer/sklearn/functions.h"
#include "importer/sklearn/lowering.h"

namespace slipway::importer::sklearn {
namespace {

using model::Apply;
using pickle::Document;
using pickle::Kind;
using pickle::NodeId;

struct Named {
  std::string_view name;
  Apply::Function function;
};

using enum model::Apply::Function;
constexpr Named kNumpy[] = {
    {"log", kLog},
    {"log2", kLog2},
    {"log10", kLog10},
    {"log1p", kLog1p},
    {"exp", kExp},
    {"exp2", kExp2},
    {"expm1", kExpm1},
    {"sqrt", kSqrt},
    {"cbrt", kCbrt},
    {"square", kSquare},
    {"absolute", kAbsolute},
    {"abs", kAbsolute},
    {"fabs", kAbsolute},
    {"negative", kNegative},
    {"sign", kSign},
    {"floor", kFloor},
    {"ceil", kCeil},
    {"rint", kRint},
    {"trunc", kTrunc},
    {"sin", kSin},
    {"cos", kCos},
    {"tan", kTan},
    {"arcsin", kArcsin},
    {"arccos", kArccos},
    {"arctan", kArctan},
    {"sinh", kSinh},
    {"cosh", kCosh},
    {"tanh", kTanh},
    {"arcsinh", kArcsinh},
    {"arccosh", kArccosh},
    {"arctanh", kArctanh},
    {"asin", kArcsin},
    {"acos", kArccos},
    {"atan", kArctan},
    {"asinh", kArcsinh},
    {"acosh", kArccosh},
    {"atanh", kArctanh},
    {"radians", kDegreesToRadians},
    {"deg2rad", kDegreesToRadians},
    {"degrees", kRadiansToDegrees},
    {"rad2deg", kRadiansToDegrees},
};
constexpr Named kScipy[] = {
    {"expit", kExpit}, {"logit", kLogit}, {"log1p", kLog1p}, {"expm1", kExpm1}, {"cbrt", kCbrt}, {"exp2", kExp2},
};
constexpr std::string_view kNumpyModules[] = {"numpy", "numpy.core._multiarray_umath", "numpy._core._multiarray_umath",
                                              "numpy.core.umath", "numpy._core.umath"};
constexpr std::string_view kScipyModules[] = {"scipy.special._ufuncs", "scipy.special._special_ufuncs",
                                              "scipy.special"};

// The name that a ufunc is pickled by: itself, or _ufunc_reconstruct(module, name) until numpy 1.19.
std::optional<pickle::Global> ufunc_name(const Document& document, NodeId node) {
  if (document.kind(node) == Kind::kGlobal) return pickle::modern(document.global(node));
  if (document.kind(node) != Kind::kObject) return std::nullopt;
  const pickle::Global made = pickle::class_of(document, node);
  if (made.module != "numpy.core" || made.name != "_ufunc_reconstruct") return std::nullopt;
  const auto arguments = document.items(document.object(node).args);
  if (arguments.size() != 2 || document.kind(arguments[0]) != Kind::kText ||
      document.kind(arguments[1]) != Kind::kText) {
    return std::nullopt;
  }
  return pickle::Global{document.text(arguments[0]), document.text(arguments[1])};
}

std::optional<Apply::Function> find_function(pickle::Global global) {
  const bool numpy = std::ranges::find(kNumpyModules, global.module) != std::end(kNumpyModules);
  const bool scipy = std::ranges::find(kScipyModules, global.module) != std::end(kScipyModules);
  if (!numpy && !scipy) return std::nullopt;
  const std::span<const Named> names = numpy ? std::span<const Named>(kNumpy) : std::span<const Named>(kScipy);
  for (const Named& named : names) {
    if (named.name == global.name) return named.function;
  }
  return std::nullopt;
}

}  // namespace

Result<std::optional<Apply::Function>> read_function(const Attributes& fitted, std::string_view attribute) {
  if (fitted.is_none(attribute)) return std::nullopt;
  const Document& document = fitted.document();
  const auto name = ufunc_name(document, fitted.node(attribute));
  const auto function = name ? find_function(*name) : std::nullopt;
  if (function) return function;
  return fail(refuse_node(document, fitted.node(attribute), fmt::format("{}.{}", fitted.path(), attribute)));
}

namespace {

// What functools.partial(check_array, dtype=[numpy.float64], ...) wants of its rows: HistGradientBoosting since 1.4
// lets it look at the columns that are no categories. It gives them back as numbers.
enum class Checked : std::uint8_t { kFinite, kNan, kAnything };

bool is_global(const Document& document, NodeId node, std::string_view module, std::string_view name) {
  if (document.kind(node) != Kind::kGlobal) return false;
  const pickle::Global global = document.global(node);
  return global.module == module && global.name == name;
}

// Of the options of such a call; nullopt: there are others, or other values.
std::optional<Checked> read_options(const Document& document, NodeId options) {
  if (document.kind(options) != Kind::kDict) return std::nullopt;
  const auto items = document.items(options);
  auto checked = Checked::kFinite;
  bool float64 = false;
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
    if (document.kind(items[i]) != Kind::kText) return std::nullopt;
    const std::string_view name = document.text(items[i]);
    const NodeId value = items[i + 1];
    if (name == "dtype" && document.kind(value) == Kind::kList && document.items(value).size() == 1) {
      const NodeId type = document.items(value)[0];
      float64 = is_global(document, type, "numpy", "float64");
    } else if (name != "force_all_finite" && name != "ensure_all_finite") {
      return std::nullopt;
    } else if (document.kind(value) == Kind::kText && document.text(value) == "allow-nan") {
      checked = Checked::kNan;
    } else if (document.kind(value) == Kind::kBool) {
      checked = document.boolean(value) ? Checked::kFinite : Checked::kAnything;
    } else {
      return std::nullopt;
    }
  }
  return float64 ? std::optional(checked) : std::nullopt;
}

// nullopt: the attribute is something else.
std::optional<Checked> read_check(const Attributes& fitted, std::string_view attribute) {
  const Document& document = fitted.document();
  const NodeId node = fitted.node(attribute);
  if (node == pickle::kNoNode || document.kind(node) != Kind::kObject) return std::nullopt;
  if (!is_global(document, document.object(node).callable, "functools", "partial")) return std::nullopt;
  const NodeId state = document.object(node).state;  // function, arguments, options, __dict__
  if (state == pickle::kNoNode || document.kind(state) != Kind::kTuple || document.items(state).size() != 4) {
    return std::nullopt;
  }
  const auto parts = document.items(state);
  const bool of_library = is_global(document, parts[0], "sklearn.utils.validation", "check_array");
  const bool plain = document.kind(parts[1]) == Kind::kTuple && document.items(parts[1]).empty();
  return of_library && plain ? read_options(document, parts[2]) : std::nullopt;
}

Result<void> function_transformer_steps(const Attributes& fitted, Lowering& out) {
  const Document& document = fitted.document();
  std::vector<model::Op> ops;
  bool validate = false;  // None was the default before 0.22
  if (!fitted.is_none("validate")) validate = SLIPWAY_TRY(fitted.flag("validate"));
  if (validate) {
    ops.emplace_back(model::RequireFinite{.allow_nan = false, .estimator = "FunctionTransformer"});
  }
  if (const auto checked = read_check(fitted, "func")) {
    const bool allow_nan = *checked == Checked::kNan;
    if (*checked != Checked::kAnything) {
      ops.emplace_back(model::RequireFinite{.allow_nan = allow_nan, .estimator = "FunctionTransformer"});
    }
    return out.take_any_rows(fitted, std::move(ops));
  }
  const std::optional<Apply::Function> function = SLIPWAY_TRY(read_function(fitted, "func"));
  if (function) {
    if (!fitted.is_none("kw_args") && !document.items(fitted.node("kw_args")).empty()) {
      return fail(fitted.error(Code::kUnsupported, "kw_args", "gives the function more than its number"));
    }
    ops.emplace_back(Apply{*function});
  }
  if (ops.empty()) return {};
  if (out.sparse()) return fail(fitted.error(Code::kUnsupported, "func", "is not served on sparse rows"));
  return out.take_any_rows(fitted, std::move(ops));
}

constexpr std::string_view kModules[] = {"sklearn.preprocessing._function_transformer"};

constexpr Estimator kRows[] = {
    {"FunctionTransformer", "sklearn.preprocessing", kModules, function_transformer_steps,
     "the rows as they come, or one of numpy's functions of each number"},
};

}  // namespace

std::span<const Estimator> function_transformer() { return kRows; }

}  // namespace slipway::importer::sklearn
