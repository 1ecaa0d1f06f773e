// SPDX-License-Identifier: Apache-2.0
// How a chain ends: what it predicts, what its labels are called, and the model that comes of it all.
#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "importer/sklearn/linear.h"
#include "importer/sklearn/lowering.h"

namespace slipway::importer::sklearn {
namespace {

using model::SlotType;

// True for a step that has no finite answer at 0, or none at all.
bool refuses_zero(const model::Step& step) {
  using enum model::Apply::Function;
  if (const auto* power = std::get_if<model::PowerTransform>(&step.op)) {
    return power->method == model::PowerTransform::Method::kBoxCox;
  }
  const auto* apply = std::get_if<model::Apply>(&step.op);
  if (apply == nullptr) return false;
  return apply->function == kLog || apply->function == kLog2 || apply->function == kLog10 || apply->function == kLogit;
}

}  // namespace

void Lowering::predicts(std::vector<model::Output> outputs, std::vector<model::Label> labels) {
  std::vector<model::Target> targets;
  if (!labels.empty()) targets.push_back({.name = {}, .labels = std::move(labels)});
  predicts_many(std::move(outputs), std::move(targets));
}

void Lowering::predicts_many(std::vector<model::Output> outputs, std::vector<model::Target> targets) {
  chain_.outputs = std::move(outputs);
  chain_.targets = std::move(targets);
  chain_.ended = true;
}

Result<void> Lowering::rename_labels(const Attributes& encoder) {
  SLIPWAY_TRY(encoder.fitted("classes_"));
  const std::vector<model::Label> names = SLIPWAY_TRY(read_labels(encoder));
  const auto refuse = [&](std::string_view what) {
    return fail(
        encoder
            .error(Code::kUnsupported, "", fmt::format("names {} classes, but {} {}", names.size(), chain_.last, what))
            .or_hint("leave it out by saying which pieces to use, in order: --steps scaler,model"));
  };
  if (chain_.targets.size() != 1) return refuse("does not predict one label");
  std::vector<model::Label>& labels = chain_.targets.front().labels;
  if (labels.size() != names.size()) return refuse(fmt::format("predicts {}", labels.size()));
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto* code = std::get_if<std::int64_t>(&labels[i]);
    if (code == nullptr || std::cmp_not_equal(*code, i)) return refuse("predicts other labels than 0, 1, ...");
  }
  return rename_labels(encoder, names);
}

Result<void> Lowering::rename_labels(const Attributes& fitted, const std::vector<model::Label>& names) {
  for (model::Target& target : chain_.targets) {
    for (model::Label& label : target.labels) {
      const auto* number = std::get_if<std::int64_t>(&label);
      if (number == nullptr || *number < 0 || std::cmp_greater_equal(*number, names.size())) {
        const auto what =
            fmt::format("has {} names, but the model predicts '{}'", names.size(), printable(model::label_text(label)));
        return fail(fitted.error(Code::kCorrupt, "classes_", what));
      }
      label = names[static_cast<std::size_t>(*number)];
    }
  }
  return {};
}

// Parts that were put together and then by everyone read in another way, and what a selector's model would predict in
// the middle of a chain. A check stays, read or not, unless it belongs to the latter.
void Lowering::drop_unread() {
  std::vector<bool> read(slots_.size());
  for (const model::Output& output : chain_.outputs) read[output.slot] = true;
  std::vector<std::uint32_t> moved(slots_.size());
  std::size_t kept = 0;
  for (std::size_t i = parts_.steps.size(); i-- > 0;) {
    const model::Step& step = parts_.steps[i];
    const bool checks = std::holds_alternative<model::RequireFinite>(step.op) && !idle_.contains(i);
    if (!checks && !read[i + 1]) continue;
    read[i + 1] = true;
    for (const std::uint32_t input : step.inputs) read[input] = true;
  }
  for (std::size_t i = 0; i < parts_.steps.size(); ++i) {
    if (!read[i + 1]) continue;
    moved[i + 1] = static_cast<std::uint32_t>(kept + 1);
    for (std::uint32_t& input : parts_.steps[i].inputs) input = moved[input];
    if (kept != i) parts_.steps[kept] = std::move(parts_.steps[i]);
    ++kept;
  }
  parts_.steps.resize(kept);
  for (model::Output& output : chain_.outputs) output.slot = moved[output.slot];
}

Result<model::Model> Lowering::finish() && {
  SLIPWAY_TRY(settle());
  // A container may give cells: as far as nobody has read them as text, they are numbers.
  const auto only_text = [&](std::uint32_t field) {
    return field < fields_.size() && fields_[field].takes_text && !fields_[field].takes_number;
  };
  if (chain_.outputs.empty() && chain_.flow.type == SlotType::kCells &&
      std::ranges::none_of(chain_.flow.fields, only_text)) {
    chain_.flow = numbers(std::move(chain_.flow));
  }
  if (chain_.outputs.empty()) {
    const bool only_reads = std::ranges::all_of(parts_.steps, [](const model::Step& step) {
      return std::holds_alternative<model::VectorizeDict>(step.op) || std::holds_alternative<model::Densify>(step.op);
    });
    if (only_reads || !has_rows()) {
      return fail(
          Code::kUnsupported,
          fmt::format("{} transforms; nothing after it predicts", chain_.last.empty() ? "the model" : chain_.last),
          "dump the whole pipeline, or (vectorizer, model) together; or name both files");
    }
    chain_.outputs = {{model::OutputKind::kTransform, chain_.flow.slot}};
  }
  if (std::ranges::any_of(parts_.steps, refuses_zero)) {  // the example shall be one that passes
    for (model::Field& field : fields_) field.typical = field.typical.value_or(0.5);
  }
  for (model::Field& unread : fields_) {  // a column that the model was given and does not use
    if (unread.takes_number || unread.takes_text) continue;
    unread.takes_number = unread.takes_text = true;
    unread.required = false;
  }
  drop_unread();
  parts_.outputs = std::move(chain_.outputs);
  parts_.targets = std::move(chain_.targets);
  parts_.schema = SLIPWAY_TRY(model::Schema::create(std::move(fields_), records_));
  return model::Model::create(std::move(parts_));
}

}  // namespace slipway::importer::sklearn
