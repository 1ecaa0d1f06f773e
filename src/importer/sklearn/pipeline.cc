// SPDX-License-Identifier: Apache-2.0
// Containers: what they hold is lowered in turn.
#include <fmt/core.h>

#include "base/text.h"
#include "importer/attributes.h"
#include "importer/sklearn/estimators.h"
#include "importer/sklearn/lowering.h"

namespace slipway::importer::sklearn {
namespace {

using pickle::Kind;
using pickle::NodeId;

bool is_sequence(const pickle::Document& document, NodeId node) {
  return document.kind(node) == Kind::kList || document.kind(node) == Kind::kTuple;
}

Result<void> pipeline_steps(const Attributes& fitted, Lowering& out) {
  SLIPWAY_TRY(fitted.fitted("steps"));
  const pickle::Document& document = fitted.document();
  const NodeId steps = fitted.node("steps");
  if (!is_sequence(document, steps)) return fail(fitted.error(Code::kCorrupt, "steps", "is not a list"));
  const auto items = document.items(steps);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto pair = is_sequence(document, items[i]) ? document.items(items[i]) : std::span<const NodeId>();
    if (pair.size() != 2 || document.kind(pair[0]) != Kind::kText) {
      return fail(fitted.error(Code::kCorrupt, "steps", fmt::format("item {} is not a pair (name, estimator)", i)));
    }
    const bool skipped = document.kind(pair[1]) == Kind::kNone ||
                         (document.kind(pair[1]) == Kind::kText && document.text(pair[1]) == "passthrough");
    if (skipped) continue;
    SLIPWAY_TRY(out.next(document, pair[1],
                         fmt::format("{}.steps[{}] '{}'", fitted.path(), i, printable(document.text(pair[0])))));
  }
  return {};
}

constexpr std::string_view kModules[] = {"sklearn.pipeline"};

constexpr Estimator kRows[] = {
    {"Pipeline", "sklearn.pipeline", kModules, pipeline_steps,
     "its steps in order; None and 'passthrough' are skipped"},
};

}  // namespace

std::span<const Estimator> pipeline() { return kRows; }

}  // namespace slipway::importer::sklearn
