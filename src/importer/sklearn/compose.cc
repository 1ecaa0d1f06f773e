// SPDX-License-Identifier: Apache-2.0
// ColumnTransformer and FeatureUnion: each part is lowered apart from columns of the rows that come in, and what they
// give stands side by side.
#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"
#include "importer/attributes.h"
#include "importer/sklearn/columns.h"
#include "importer/sklearn/estimators.h"
#include "importer/sklearn/lowering.h"

namespace slipway::importer::sklearn {
namespace {

using pickle::Document;
using pickle::Kind;
using pickle::kNoNode;
using pickle::NodeId;

constexpr std::int64_t kMaxColumns = 100'000;  // that nothing but a number in the file speaks of

bool is_text(const Document& document, NodeId node, std::string_view text) {
  return document.kind(node) == Kind::kText && document.text(node) == text;
}
bool is_sequence(const Document& document, NodeId node) {
  return document.kind(node) == Kind::kList || document.kind(node) == Kind::kTuple;
}

// One of the parts that stand side by side.
struct Part {
  NodeId name = kNoNode, estimator = kNoNode, columns = kNoNode;
  std::string path;
};

// An attribute's list of tuples: (name, estimator) or (name, estimator, columns).
Result<std::vector<Part>> read_parts(const Attributes& fitted, std::string_view attribute, std::size_t size) {
  const Document& document = fitted.document();
  const NodeId list = fitted.node(attribute);
  if (!is_sequence(document, list)) return fail(fitted.error(Code::kCorrupt, attribute, "is not a list"));
  std::vector<Part> out;
  for (const NodeId item : document.items(list)) {
    const auto parts = is_sequence(document, item) ? document.items(item) : std::span<const NodeId>();
    if (parts.size() != size || document.kind(parts[0]) != Kind::kText) {
      const auto what = fmt::format("item {} is not a tuple of {}", out.size(), size);
      return fail(fitted.error(Code::kCorrupt, attribute, what));
    }
    out.push_back({.name = parts[0],
                   .estimator = parts[1],
                   .columns = size > 2 ? parts[2] : kNoNode,
                   .path = fmt::format("{}.{}[{}] '{}'", fitted.path(), attribute, out.size(),
                                       printable(document.text(parts[0])))});
  }
  return out;
}

// What a part is multiplied by, nothing for 1.
Result<std::optional<double>> weight_of(const Attributes& fitted, const Part& part) {
  if (fitted.is_none("transformer_weights")) return std::optional<double>();
  const Document& document = fitted.document();
  const NodeId weights = fitted.node("transformer_weights");
  if (document.kind(weights) != Kind::kDict) {
    return fail(fitted.error(Code::kCorrupt, "transformer_weights", "is not a dict"));
  }
  const NodeId weight = pickle::find(document, weights, document.text(part.name));
  if (weight == kNoNode || document.kind(weight) == Kind::kNone) return std::optional<double>();
  const auto number = pickle::read_numbers(document, weight);
  if (number && number->shape.empty()) return std::optional(number->values[0]);
  return fail(fitted.error(Code::kCorrupt, "transformer_weights", fmt::format("of {} is no number", part.path)));
}

// What a part makes of its rows.
Result<Flow> lower_part(const Attributes& fitted, Lowering& out, const Part& part, Flow from) {
  const Document& document = fitted.document();
  Flow flow = from;
  if (!is_text(document, part.estimator, "passthrough")) {
    Lowered lowered = SLIPWAY_TRY(out.apart(document, part.estimator, part.path, std::move(from)));
    flow = std::move(lowered.flow);
    if (lowered.predicts()) {
      const auto transform = lowered.slot(model::OutputKind::kTransform);
      if (!transform) return fail(fitted.error(Code::kUnsupported, "", part.path + " does not transform"));
      flow = out.flow_of(*transform);
    }
  }
  const std::optional<double> weight = SLIPWAY_TRY(weight_of(fitted, part));
  if (!weight) return flow;
  flow = out.numbers(std::move(flow));
  Flow scaled = out.flow_of(out.branch(model::ScaleColumns{std::vector(flow.columns, *weight)}, flow.slot));
  scaled.fields = std::move(flow.fields);
  return scaled;
}

// The names of the table it was fitted on, if it knows them: by release in one of three places, or from what its parts
// choose.
Result<std::vector<std::string>> table_names(const Attributes& fitted, const std::vector<Part>& parts) {
  const Document& document = fitted.document();
  for (const std::string_view name : {"feature_names_in_", "_feature_names_in", "_df_columns"}) {
    if (fitted.is_none(name)) continue;
    std::vector<std::string> names = names_in(document, fitted.node(name));
    if (!names.empty()) return names;
  }
  std::vector<std::string> chosen;
  for (const Part& part : parts) {
    for (std::string& name : names_in(document, part.columns)) {
      if (std::ranges::find(chosen, name) == chosen.end()) chosen.push_back(std::move(name));
      if (std::cmp_greater(chosen.size(), kMaxColumns)) {
        return fail(fitted.error(Code::kTooLarge, "transformers_", "chooses too many columns by name"));
      }
    }
  }
  return chosen;
}

// How many columns the table has.
Result<std::size_t> table_columns(const Attributes& fitted, const std::vector<std::string>& names) {
  if (!names.empty()) return names.size();
  const std::string_view attribute = fitted.has("n_features_in_") ? "n_features_in_" : "_n_features";
  const std::int64_t columns = SLIPWAY_TRY(fitted.integer(attribute));
  if (columns >= 1 && columns <= kMaxColumns) return std::size_t(columns);
  return fail(fitted.error(Code::kCorrupt, attribute, fmt::format("is {}, want 1 to {}", columns, kMaxColumns)));
}

// The columns of part number `i`: as resolved when it was fitted, if that is there, else as it was written.
Result<std::vector<std::uint32_t>> part_columns(const Attributes& fitted, const Part& part, std::size_t i,
                                                std::size_t columns, const std::vector<std::string>& names) {
  const Document& document = fitted.document();
  const NodeId resolved = fitted.node("_transformer_to_input_indices");
  if (resolved != kNoNode && document.kind(resolved) == Kind::kDict) {
    const NodeId indices = pickle::find(document, resolved, document.text(part.name));
    if (indices != kNoNode) {
      auto found = read_columns(document, indices, columns, names);
      if (found) return found;
    }
  }
  auto written = read_columns(document, part.columns, columns, names);
  if (written) return written;
  const NodeId all = fitted.node("_columns");
  if (all != kNoNode && is_sequence(document, all) && i < document.items(all).size()) {
    auto found = read_columns(document, document.items(all)[i], columns, names);
    if (found) return found;
  }
  return fail(std::move(written).error().within(part.path));
}

Result<void> column_transformer(const Attributes& fitted, Lowering& out) {
  SLIPWAY_TRY(fitted.fitted("transformers_"));
  const Document& document = fitted.document();
  const std::vector<Part> parts = SLIPWAY_TRY(read_parts(fitted, "transformers_", 3));
  const std::vector<std::string> names = SLIPWAY_TRY(table_names(fitted, parts));
  const std::size_t columns = SLIPWAY_TRY(table_columns(fitted, names));
  SLIPWAY_TRY(out.take_cells(fitted, columns, names));
  const bool sparse = SLIPWAY_TRY(fitted.flag("sparse_output_"));
  const Flow rows = out.flow();
  std::vector<Flow> joined;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (is_text(document, parts[i].estimator, "drop")) continue;
    if (document.kind(parts[i].columns) == Kind::kNone) continue;  // the remainder of nothing, before 0.24
    const std::vector<std::uint32_t> chosen = SLIPWAY_TRY(part_columns(fitted, parts[i], i, columns, names));
    if (chosen.empty()) continue;
    Flow part = SLIPWAY_TRY(lower_part(fitted, out, parts[i], out.select(chosen)));
    joined.push_back(std::move(part));
  }
  if (joined.empty()) return fail(fitted.error(Code::kUnsupported, "transformers_", "keeps no columns"));
  out.set_flow(out.join(std::move(joined), sparse));
  return {};
}

// Sparse if one of its parts is.
Result<void> feature_union(const Attributes& fitted, Lowering& out) {
  SLIPWAY_TRY(fitted.fitted("transformer_list"));
  const std::vector<Part> parts = SLIPWAY_TRY(read_parts(fitted, "transformer_list", 2));
  const Document& document = fitted.document();
  const Flow rows = out.flow();
  std::vector<Flow> joined;
  bool sparse = false;
  for (const Part& part : parts) {
    if (is_text(document, part.estimator, "drop") || document.kind(part.estimator) == Kind::kNone) continue;
    Flow flow = SLIPWAY_TRY(lower_part(fitted, out, part, rows));
    sparse = sparse || flow.type == model::SlotType::kCsr;
    joined.push_back(std::move(flow));
  }
  if (joined.empty()) return fail(fitted.error(Code::kUnsupported, "transformer_list", "keeps no columns"));
  out.set_flow(out.join(std::move(joined), sparse));
  return {};
}

constexpr std::string_view kCompose[] = {"sklearn.compose._column_transformer"};
constexpr std::string_view kPipeline[] = {"sklearn.pipeline"};

constexpr Estimator kRows[] = {
    {"ColumnTransformer", "sklearn.compose", kCompose, column_transformer,
     "parts of the columns, each transformed apart, side by side"},
    {"FeatureUnion", "sklearn.pipeline", kPipeline, feature_union, "what its members give, side by side"},
};

}  // namespace

std::span<const Estimator> compose() { return kRows; }

}  // namespace slipway::importer::sklearn
