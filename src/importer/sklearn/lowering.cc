// SPDX-License-Identifier: Apache-2.0
// A work list instead of recursion: a container leaves its members, and a budget ends files that contain themselves.
#include "importer/sklearn/lowering.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/text.h"
#include "importer/refusals.h"
#include "importer/sklearn/estimators.h"

namespace slipway::importer::sklearn {
namespace {

constexpr int kMaxDepth = 50;
constexpr std::size_t kMaxVisits = 10'000;

}  // namespace

Result<void> Lowering::add(const pickle::Document& document, pickle::NodeId root, const std::string& path) {
  pending_.clear();
  pending_.push_back({&document, root, path, 0});
  while (!pending_.empty()) {
    const Pending item = std::move(pending_.back());
    pending_.pop_back();
    SLIPWAY_TRY(add_one(item));
  }
  return {};
}

Result<void> Lowering::add_one(const Pending& item) {
  const auto limit = [&](std::string_view what) {
    return fail(Code::kCorrupt, fmt::format("{}: {} (byte {}): does it contain itself?", item.path, what,
                                            item.document->offset(item.node)));
  };
  if (item.depth > kMaxDepth) return limit(fmt::format("is nested more than {} deep", kMaxDepth));
  if (++visited_ > kMaxVisits) return limit(fmt::format("is one of more than {} estimators", kMaxVisits));
  if (item.document->kind(item.node) != pickle::Kind::kObject) {
    return fail(refuse_node(*item.document, item.node, item.path));
  }
  const Estimator* row = find_estimator(pickle::class_of(*item.document, item.node));
  if (row == nullptr) return fail(refuse_node(*item.document, item.node, item.path));
  auto fitted = Attributes::of(*item.document, item.node, item.path);
  if (!fitted) return fail(std::move(fitted).error());
  if (!parts_.outputs.empty()) {
    return fail(fitted->error(Code::kUnsupported, "", fmt::format("stands after {}, which ends a chain", last_)));
  }
  if (std::string version = fitted->version_text(); !version.empty()) {
    auto& versions = parts_.provenance.versions;
    if (std::ranges::find(versions, version) == versions.end()) versions.push_back(std::move(version));
  }
  depth_ = item.depth;
  const std::size_t before = pending_.size();
  SLIPWAY_TRY(row->lower(*fitted, *this));
  if (pending_.size() == before && row->name != "Pipeline") {
    parts_.provenance.chain.emplace_back(row->name);
    last_ = item.path;
    ++lowered_;
  }
  return {};
}

Result<void> Lowering::take_rows(const Attributes& fitted, std::size_t columns) {
  for (Waiting& before : std::exchange(waiting_, {})) {  // each asks in turn, and nothing waits any more
    SLIPWAY_TRY(take_rows(before.fitted, columns));
    for (model::Op& op : before.ops) emit(std::move(op), model::SlotType::kDense);
  }
  if (fitted.has("n_features_in_")) {
    const std::int64_t want = SLIPWAY_TRY(fitted.integer("n_features_in_"));
    if (want < 0 || std::cmp_not_equal(want, columns)) {
      const auto what = fmt::format("is {}, but the fitted arrays have {} columns", want, columns);
      return fail(fitted.error(Code::kCorrupt, "n_features_in_", what));
    }
  }
  if (has_rows()) {
    if (columns == columns_) return {};
    const auto what = fmt::format("takes {} columns, {} gives {}", columns, last_, columns_);
    return fail(fitted.error(Code::kCorrupt, "", what));
  }
  const std::optional<std::vector<std::string>> own = SLIPWAY_TRY(fitted.names("feature_names_in_"));
  const std::vector<std::string>& names = own ? *own : options_.feature_names;
  if (own ? names.size() != columns : !names.empty() && names.size() != columns) {
    const auto what = fmt::format("there are {} names for {} columns", names.size(), columns);
    return fail(own ? fitted.error(Code::kCorrupt, "feature_names_in_", what)
                    : Error(Code::kUsage, fmt::format("feature names: {}", what)));
  }
  if (columns == 0) return fail(fitted.error(Code::kCorrupt, "", "takes no columns"));
  for (std::size_t i = 0; i < columns; ++i) {
    column_names_.push_back(names.empty() ? fmt::format("x{}", i) : names[i]);
    fields_.push_back({.name = column_names_.back(), .takes_number = true});
  }
  columns_ = columns;
  emit(model::StackNumbers{static_cast<std::uint32_t>(columns)}, model::SlotType::kDense);
  return {};
}

Result<void> Lowering::take_any_rows(const Attributes& fitted, std::vector<model::Op> ops) {
  if (!has_rows()) {
    waiting_.push_back({fitted, std::move(ops)});
    return {};
  }
  SLIPWAY_TRY(take_rows(fitted, columns_));
  for (model::Op& op : ops) emit(std::move(op), type_);
  return {};
}

Result<void> Lowering::take_records(const Attributes& fitted, std::vector<model::Field> fields) {
  if (has_rows() || !waiting_.empty()) {
    const auto what = fmt::format("takes records and cannot stand after {}, which gives rows of numbers", last_);
    return fail(fitted.error(Code::kUnsupported, "", what));
  }
  if (!options_.feature_names.empty()) {
    return fail(Code::kUsage, fmt::format("feature names were given, but {} has names of its own", fitted.path()));
  }
  fields_ = std::move(fields);
  records_ = true;
  return {};
}

std::uint32_t Lowering::emit(model::Op op, model::SlotType type) {
  if (const auto* vectorize = std::get_if<model::VectorizeDict>(&op)) {
    column_names_ = vectorize->names;
    columns_ = column_names_.size();
  }
  if (const auto* linear = std::get_if<model::Linear>(&op)) columns_ = linear->outputs;
  slot_ = branch(std::move(op), slot_);
  type_ = type;
  return slot_;
}

std::uint32_t Lowering::branch(model::Op op, std::uint32_t slot) {
  parts_.steps.push_back({std::move(op), slot});
  return static_cast<std::uint32_t>(parts_.steps.size());
}

void Lowering::set_typical(std::span<const double> column_values) {
  for (const model::Step& step : parts_.steps) {
    const bool unchanged =
        std::holds_alternative<model::VectorizeDict>(step.op) || std::holds_alternative<model::StackNumbers>(step.op) ||
        std::holds_alternative<model::RequireFinite>(step.op) || std::holds_alternative<model::Densify>(step.op);
    if (!unchanged) return;  // what was centred is not what the record says
  }
  std::vector<std::pair<std::string_view, double>> typical;
  typical.reserve(column_names_.size());
  for (std::size_t i = 0; i < column_names_.size(); ++i) typical.emplace_back(column_names_[i], column_values[i]);
  std::ranges::sort(typical);
  for (model::Field& field : fields_) {
    if (!field.takes_number) continue;
    const auto found =
        std::ranges::lower_bound(typical, std::string_view(field.name), {}, &decltype(typical)::value_type::first);
    if (found != typical.end() && found->first == field.name && std::isfinite(found->second))
      field.typical = found->second;
  }
}

void Lowering::predicts(std::vector<model::Output> outputs, std::vector<model::Label> labels) {
  parts_.outputs = std::move(outputs);
  parts_.labels = std::move(labels);
}

Result<model::Model> Lowering::finish() && {
  if (parts_.outputs.empty()) {
    return fail(Code::kUnsupported,
                fmt::format("{} transforms; nothing after it predicts", last_.empty() ? "the model" : last_),
                "dump the whole pipeline, or (vectorizer, model) together; or name both files");
  }
  parts_.schema = SLIPWAY_TRY(model::Schema::create(std::move(fields_), records_));
  return model::Model::create(std::move(parts_));
}

}  // namespace slipway::importer::sklearn
