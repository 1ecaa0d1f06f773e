// SPDX-License-Identifier: Apache-2.0
// A container lowers its members by calling back. The depth is bounded, and so is the number of estimators: a file may
// contain itself.
#include "importer/sklearn/lowering.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <utility>

#include "base/text.h"
#include "importer/refusals.h"
#include "importer/sklearn/estimators.h"
#include "importer/sklearn/linear.h"

namespace slipway::importer::sklearn {
namespace {

using model::SlotType;

constexpr int kMaxDepth = 50;
constexpr std::size_t kMaxVisits = 10'000;

bool is_cells(SlotType type) { return type == SlotType::kRecord || type == SlotType::kCells; }

}  // namespace

std::optional<std::uint32_t> Lowered::slot(model::OutputKind kind, std::uint32_t target) const {
  for (const model::Output& output : outputs) {
    if (output.kind == kind && output.target == target) return output.slot;
  }
  return std::nullopt;
}

Result<void> Lowering::add(const pickle::Document& document, pickle::NodeId root, const std::string& path) {
  return visit(document, root, path);
}

Result<void> Lowering::next(const pickle::Document& document, pickle::NodeId node, const std::string& path) {
  ++wrapped_;
  return visit(document, node, path);
}

Result<Lowered> Lowering::apart(const pickle::Document& document, pickle::NodeId node, const std::string& path,
                                Flow from) {
  const bool head = from.slot == 0 && from.columns == 0;  // what waits there waits for this chain too
  Chain inner{.flow = std::move(from), .outputs = {}, .targets = {}, .waiting = {}, .last = {}};
  if (head) inner.waiting = chain_.waiting;
  Chain kept = std::exchange(chain_, std::move(inner));
  const std::size_t wrapped = wrapped_;
  const bool apart = std::exchange(apart_, true);
  SLIPWAY_TRY(visit(document, node, path));
  SLIPWAY_TRY(settle());
  apart_ = apart;
  wrapped_ = wrapped;
  Chain done = std::exchange(chain_, std::move(kept));
  return Lowered{std::move(done.flow), std::move(done.outputs), std::move(done.targets)};
}

Result<Lowered> Lowering::apart(const Attributes& of, std::string_view attribute, Flow from) {
  SLIPWAY_TRY(of.fitted(attribute));
  return apart(of.document(), of.node(attribute), fmt::format("{}.{}", of.path(), attribute), std::move(from));
}

Result<void> Lowering::visit(const pickle::Document& document, pickle::NodeId node, const std::string& path) {
  const auto limit = [&](std::string_view what) {
    return fail(Code::kCorrupt,
                fmt::format("{}: {} (byte {}): does it contain itself?", path, what, document.offset(node)));
  };
  if (depth_ > kMaxDepth) return limit(fmt::format("is nested more than {} deep", kMaxDepth));
  if (++visited_ > kMaxVisits) return limit(fmt::format("is one of more than {} estimators", kMaxVisits));
  if (document.kind(node) != pickle::Kind::kObject) return fail(refuse_node(document, node, path));
  const Estimator* row = find_estimator(pickle::class_of(document, node));
  if (row == nullptr) return fail(refuse_node(document, node, path));
  auto fitted = Attributes::of(document, node, path);
  if (!fitted) return fail(std::move(fitted).error());
  SLIPWAY_TRY(go_on(*fitted));
  chain_.began = parts_.steps.size();
  if (std::string version = fitted->version_text(); !version.empty()) {
    auto& versions = parts_.provenance.versions;
    if (std::ranges::find(versions, version) == versions.end()) versions.push_back(std::move(version));
  }
  ++depth_;
  const std::size_t wrapped = wrapped_;
  SLIPWAY_TRY(row->lower(*fitted, *this));
  if (misfit_) return fail(fitted->error(misfit_->code(), "", misfit_->message()));
  --depth_;
  if (wrapped_ != wrapped || row->name == "Pipeline") return {};
  if (!apart_) parts_.provenance.chain.emplace_back(row->name);
  chain_.last = path;
  ++lowered_;
  return {};
}

// After what transforms as well as it predicts, its transform goes on.
Result<void> Lowering::go_on(const Attributes& fitted) {
  if (!chain_.ended || (has_labels() && fitted.class_name().name == "LabelEncoder")) return {};
  const auto transform = std::ranges::find(chain_.outputs, model::OutputKind::kTransform, &model::Output::kind);
  if (transform == chain_.outputs.end()) {
    const auto what = fmt::format("stands after {}, which ends a chain", chain_.last);
    return fail(fitted.error(Code::kUnsupported, "", what));
  }
  ignore_checks(transform->slot);
  chain_.flow = flow_of(transform->slot);
  chain_.outputs.clear();
  chain_.targets.clear();
  chain_.ended = false;
  return {};
}

// In the middle of a chain only `slot` is asked of the estimator, so what its other answers check is not checked.
void Lowering::ignore_checks(std::uint32_t slot) {
  std::vector<bool> read(slots_.size());
  read[slot] = true;
  for (std::size_t i = parts_.steps.size(); i-- > chain_.began;) {
    if (!read[i + 1]) {
      idle_.insert(i);
      continue;
    }
    for (const std::uint32_t input : parts_.steps[i].inputs) read[input] = true;
  }
}

bool Lowering::has_rows() const { return !is_cells(chain_.flow.type); }

// The head of a chain: the schema is made, or is there already.
Result<void> Lowering::open_table(const Attributes& fitted, std::size_t columns,
                                  const std::vector<std::string>& given) {
  std::optional<std::vector<std::string>> own = SLIPWAY_TRY(fitted.names("feature_names_in_"));
  if (!own && !given.empty()) own = given;
  if (records_) {
    const auto what = "takes a table where another part of the model takes records";
    return fail(fitted.error(Code::kUnsupported, "", what));
  }
  const std::vector<std::string>& names = own ? *own : options_.feature_names;
  if (own ? names.size() != columns : !names.empty() && names.size() != columns) {
    const auto what = fmt::format("there are {} names for {} columns", names.size(), columns);
    return fail(own ? fitted.error(Code::kCorrupt, "feature_names_in_", what)
                    : Error(Code::kUsage, fmt::format("feature names: {}", what)));
  }
  if (columns == 0) return fail(fitted.error(Code::kCorrupt, "", "takes no columns"));
  const bool fresh = fields_.empty();
  if (!fresh && columns != fields_.size()) {
    const auto what = fmt::format("takes {} columns, the model's other parts take {}", columns, fields_.size());
    return fail(fitted.error(Code::kCorrupt, "", what));
  }
  for (std::size_t i = 0; fresh && i < columns; ++i) {
    fields_.push_back({.name = names.empty() ? fmt::format("x{}", i) : names[i]});
  }
  for (std::size_t i = 0; !fresh && own && i < columns; ++i) {
    if (named_ && fields_[i].name != names[i]) {
      const auto what = fmt::format("calls column {} '{}', another part of the model calls it '{}'", i,
                                    printable(names[i]), printable(fields_[i].name));
      return fail(fitted.error(Code::kCorrupt, "feature_names_in_", what));
    }
    fields_[i].name = names[i];
  }
  named_ = named_ || own || !names.empty();
  slots_[0].columns = static_cast<std::uint32_t>(columns);
  Flow& flow = chain_.flow;
  flow.columns = columns;
  flow.names.clear();
  for (const model::Field& field : fields_) flow.names.push_back(field.name);
  flow.fields.resize(columns);
  std::iota(flow.fields.begin(), flow.fields.end(), 0U);
  return {};
}

Result<void> Lowering::take_waiting(std::size_t columns) {
  for (Waiting& before : std::exchange(chain_.waiting, {})) {  // each asks in turn, and nothing waits any more
    SLIPWAY_TRY(take_rows(before.fitted, columns));
    for (model::Op& op : before.ops) emit(std::move(op));
  }
  return {};
}

Result<void> Lowering::take_columns(const Attributes& fitted, std::size_t columns,
                                    const std::vector<std::string>& names) {
  // A FunctionTransformer without `validate` gives names on that it does not hold.
  const bool at_head = chain_.flow.type == SlotType::kRecord && chain_.flow.columns == 0;
  if (at_head && !chain_.waiting.empty() && fitted.has("feature_names_in_") &&
      !chain_.waiting.front().fitted.has("feature_names_in_")) {
    SLIPWAY_TRY(open_table(fitted, columns, names));
  }
  SLIPWAY_TRY(take_waiting(columns));
  if (!fitted.is_none("n_features_in_")) {  // None: a Dummy of 0.24, which looks at no column
    const std::int64_t want = SLIPWAY_TRY(fitted.integer("n_features_in_"));
    if (want < 0 || std::cmp_not_equal(want, columns)) {
      const auto what = fmt::format("is {}, but the fitted arrays have {} columns", want, columns);
      return fail(fitted.error(Code::kCorrupt, "n_features_in_", what));
    }
  }
  if (chain_.flow.type == SlotType::kRecord && chain_.flow.columns == 0) return open_table(fitted, columns, names);
  if (columns == chain_.flow.columns) return {};
  const auto what = fmt::format("takes {} columns, {} gives {}", columns,
                                chain_.last.empty() ? "what stands before" : chain_.last, chain_.flow.columns);
  return fail(fitted.error(Code::kCorrupt, "", what));
}

Result<void> Lowering::take_cells(const Attributes& fitted, std::size_t columns,
                                  const std::vector<std::string>& names) {
  return take_columns(fitted, columns, names);
}

Result<void> Lowering::take_rows(const Attributes& fitted, std::size_t columns) {
  SLIPWAY_TRY(take_columns(fitted, columns, {}));
  chain_.flow = numbers(std::move(chain_.flow));
  return {};
}

// Cells as rows of numbers, once for all who ask. What was put together of cells and rows is put together anew, of rows
// alone; nobody may read the former any more then.
std::uint32_t Lowering::stacked(std::uint32_t cells) {
  if (const auto found = stacked_.find(cells); found != stacked_.end()) return found->second;
  std::vector<std::uint32_t> parts;
  if (cells != 0 && std::holds_alternative<model::Concat>(parts_.steps[cells - 1].op)) {
    parts = parts_.steps[cells - 1].inputs;
  }
  for (std::uint32_t& part : parts) {  // each stands before: this ends
    if (is_cells(slots_[part].type)) part = stacked(part);
  }
  const std::uint32_t rows = parts.empty() ? branch(model::StackNumbers{slots_[cells].columns}, cells)
                                           : branch(model::Concat{}, std::move(parts));
  return stacked_[cells] = rows;
}

Flow Lowering::numbers(Flow from) {
  if (!is_cells(from.type)) return from;
  for (const std::uint32_t field : from.fields) {
    if (field < fields_.size()) fields_[field].takes_number = true;
  }
  from.slot = stacked(from.slot);
  from.type = SlotType::kDense;
  return from;
}

Flow Lowering::select(std::span<const std::uint32_t> columns) {
  const Flow& from = chain_.flow;
  std::vector<Flow> runs;  // of sparse rows one for each run of columns that ascend
  for (std::size_t begin = 0, end = 0; begin < columns.size(); begin = end) {
    end = from.type == SlotType::kCsr ? begin + 1 : columns.size();
    while (end < columns.size() && columns[end] > columns[end - 1]) ++end;
    model::Select op{std::vector(columns.begin() + std::ptrdiff_t(begin), columns.begin() + std::ptrdiff_t(end))};
    runs.push_back(flow_of(branch(std::move(op), from.slot)));
  }
  Flow out = runs.size() == 1 ? std::move(runs[0]) : join(std::move(runs), from.type == SlotType::kCsr);
  for (const std::uint32_t column : columns) {
    if (column < from.fields.size()) out.fields.push_back(from.fields[column]);
    if (column < from.names.size()) out.names.push_back(from.names[column]);
  }
  return out;
}

Flow Lowering::join(std::vector<Flow> parts, bool sparse) {
  std::vector<std::uint32_t> slots, fields;
  for (Flow& part : parts) {
    if (sparse) part = numbers(std::move(part));
    if (part.type == SlotType::kRecord) {
      std::vector<std::uint32_t> all(part.columns);
      std::iota(all.begin(), all.end(), 0U);
      part.slot = branch(model::Select{std::move(all)}, part.slot);
    }
    slots.push_back(part.slot);
    fields.insert(fields.end(), part.fields.begin(), part.fields.end());
    fields.resize(fields.size() + part.columns - part.fields.size(), model::Schema::kNoField);
  }
  const bool alone = slots.size() == 1 && (parts[0].type == SlotType::kCsr) == sparse;
  Flow out = flow_of(alone ? slots[0] : branch(model::Concat{sparse}, std::move(slots)));
  out.fields = std::move(fields);
  return out;
}

Result<void> Lowering::take_dense(const Attributes& fitted, std::size_t columns) {
  SLIPWAY_TRY(take_rows(fitted, columns));
  if (sparse()) emit(model::Densify{});
  return {};
}

Result<void> Lowering::take_any_rows(const Attributes& fitted, std::vector<model::Op> ops) {
  if (chain_.flow.columns == 0) {
    chain_.waiting.push_back({fitted, std::move(ops)});
    return {};
  }
  SLIPWAY_TRY(take_rows(fitted, chain_.flow.columns));
  for (model::Op& op : ops) emit(std::move(op));
  return {};
}

Result<Flow> Lowering::ready() {
  SLIPWAY_TRY(settle());
  return chain_.flow;
}

// At the end of a chain: who still waits for the number of columns has to say it.
Result<void> Lowering::settle() {
  if (chain_.waiting.empty()) return {};
  const Attributes first = chain_.waiting[0].fitted;
  if (first.is_none("n_features_in_")) {
    return fail(first.error(Code::kUnsupported, "", "does not say how many columns it takes, and nothing after it does")
                    .or_hint("dump it in a Pipeline with the model"));
  }
  const std::int64_t columns = SLIPWAY_TRY(first.integer("n_features_in_"));
  if (columns < 1 || columns > kMaxClaimed) {
    return fail(
        first.error(Code::kCorrupt, "n_features_in_", fmt::format("is {}, want 1 to {}", columns, kMaxClaimed)));
  }
  SLIPWAY_TRY(take_waiting(static_cast<std::size_t>(columns)));
  if (misfit_) return fail(first.error(misfit_->code(), "", misfit_->message()));
  return {};
}

Result<void> Lowering::take_records(const Attributes& fitted, std::vector<model::Field> fields) {
  if (chain_.flow.slot != 0 || !chain_.waiting.empty()) {
    const auto what = fmt::format("takes records and cannot stand after {}, which gives rows of numbers", chain_.last);
    return fail(fitted.error(Code::kUnsupported, "", what));
  }
  if (!options_.feature_names.empty()) {
    return fail(Code::kUsage, fmt::format("feature names were given, but {} has names of its own", fitted.path()));
  }
  if (!fields_.empty() && !records_) {
    return fail(fitted.error(Code::kUnsupported, "", "takes records where another part of the model takes a table"));
  }
  records_ = true;
  merge(std::move(fields));
  slots_[0].columns = static_cast<std::uint32_t>(fields_.size());
  return {};
}

// Several vectorizers may read one record: a field takes what any of them takes.
void Lowering::merge(std::vector<model::Field> fields) {
  std::map<std::string, std::size_t, std::less<>> known;
  for (std::size_t i = 0; i < fields_.size(); ++i) known.emplace(fields_[i].name, i);
  for (model::Field& field : fields) {
    const auto found = known.find(field.name);
    if (found == known.end()) {
      fields_.push_back(std::move(field));
      continue;
    }
    model::Field& have = fields_[found->second];
    have.takes_number = have.takes_number || field.takes_number;
    have.takes_text = have.takes_text || field.takes_text;
    const std::set<std::string> categories(have.categories.begin(), have.categories.end());
    for (std::string& category : field.categories) {
      if (!categories.contains(category)) have.categories.push_back(std::move(category));
    }
  }
}

std::uint32_t Lowering::branch(model::Op op, std::vector<std::uint32_t> inputs) {
  std::vector<model::Slot> in;
  for (const std::uint32_t input : inputs) in.push_back(slots_.at(input));
  auto shape = std::visit([&](const auto& it) { return it.shape(in); }, op);
  if (!shape && !misfit_) misfit_ = Error(shape.error()).within(op_name(op));
  slots_.push_back(shape.value_or(model::Slot{.type = SlotType::kDense, .columns = 0}));
  parts_.steps.push_back({std::move(op), std::move(inputs)});
  return static_cast<std::uint32_t>(parts_.steps.size());
}

std::uint32_t Lowering::emit(model::Op op) {
  const std::uint32_t slot = branch(std::move(op), chain_.flow.slot);
  follow(parts_.steps.back().op, slot);
  return slot;
}

// What is still known of the columns behind a step.
void Lowering::follow(const model::Op& op, std::uint32_t slot) {
  Flow& flow = chain_.flow;
  const Flow before = std::exchange(flow, flow_of(slot));
  if (const auto* vectorize = std::get_if<model::VectorizeDict>(&op)) {
    std::map<std::string_view, std::uint32_t> numbers;
    for (std::uint32_t i = 0; i < fields_.size(); ++i) {
      if (fields_[i].takes_number) numbers.emplace(fields_[i].name, i);
    }
    for (const std::string_view name : vectorize->names.all()) {
      const auto found = numbers.find(name);
      flow.fields.push_back(found == numbers.end() ? model::Schema::kNoField : found->second);
    }
    flow.names = vectorize->names.strings();
  } else if (const auto* select = std::get_if<model::Select>(&op)) {
    for (const std::uint32_t column : select->columns) {
      if (column < before.fields.size()) flow.fields.push_back(before.fields[column]);
      if (column < before.names.size()) flow.names.push_back(before.names[column]);
    }
  } else if (std::holds_alternative<model::StackNumbers>(op) || std::holds_alternative<model::Impute>(op) ||
             std::holds_alternative<model::RequireFinite>(op) || std::holds_alternative<model::Densify>(op) ||
             std::holds_alternative<model::RoundToFloat>(op)) {
    flow.fields = before.fields;
    flow.names = before.names;
  }
}

Flow Lowering::flow_of(std::uint32_t slot) const {
  const model::Slot& at = slots_.at(slot);
  return {.slot = slot, .type = at.type, .columns = at.columns, .names = {}, .fields = {}};
}

model::Field* Lowering::field(std::size_t column) {
  const auto& fields = chain_.flow.fields;
  const bool known = column < fields.size() && fields[column] < fields_.size();
  return known ? &fields_[fields[column]] : nullptr;
}

void Lowering::set_typical(std::span<const double> column_values) {
  for (std::size_t i = 0; i < column_values.size(); ++i) {
    model::Field* known = field(i);
    const bool wanted = known != nullptr && known->takes_number && !known->typical;
    if (wanted && std::isfinite(column_values[i])) known->typical = column_values[i];
  }
}

}  // namespace slipway::importer::sklearn
