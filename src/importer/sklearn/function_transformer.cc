// SPDX-License-Identifier: Apache-2.0
// FunctionTransformer: only its name of a function is in the file. None is the identity.
#include <fmt/core.h>

#include <string>
#include <utility>
#include <vector>

#include "importer/attributes.h"
#include "importer/refusals.h"
#include "importer/sklearn/estimators.h"
#include "importer/sklearn/lowering.h"

namespace slipway::importer::sklearn {
namespace {

Result<void> function_transformer_steps(const Attributes& fitted, Lowering& out) {
  if (!fitted.is_none("func")) {
    return fail(refuse_node(fitted.document(), fitted.node("func"), fitted.path() + ".func"));
  }
  if (fitted.is_none("validate")) return {};  // before 0.22 the default was None, which is false
  const bool validate = SLIPWAY_TRY(fitted.flag("validate"));
  if (!validate) return {};
  std::vector<model::Op> ops;
  ops.emplace_back(model::RequireFinite{.allow_nan = false, .estimator = "FunctionTransformer"});
  return out.take_any_rows(fitted, std::move(ops));
}

constexpr std::string_view kModules[] = {"sklearn.preprocessing._function_transformer"};

constexpr Estimator kRows[] = {
    {"FunctionTransformer", "sklearn.preprocessing", kModules, function_transformer_steps, "the rows as they come"},
};

}  // namespace

std::span<const Estimator> function_transformer() { return kRows; }

}  // namespace slipway::importer::sklearn
