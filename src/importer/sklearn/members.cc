// SPDX-License-Identifier: Apache-2.0
#include "importer/sklearn/members.h"

#include <fmt/core.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/text.h"

namespace slipway::importer::sklearn {

using model::OutputKind;

namespace {

std::string_view method_name(OutputKind kind) {
  constexpr std::string_view kNames[] = {"predict", "predict_proba", "decision_function", "score_samples", "transform"};
  static_assert(std::size(kNames) == model::kOutputKinds);
  return kNames[std::size_t(kind)];
}

}  // namespace

Result<std::vector<Member>> members(const Attributes& fitted, std::string_view name) {
  SLIPWAY_TRY(fitted.fitted(name));
  const pickle::Document& document = fitted.document();
  const pickle::NodeId node = fitted.node(name);
  std::span<const pickle::NodeId> items;
  if (document.kind(node) == pickle::Kind::kList || document.kind(node) == pickle::Kind::kTuple) {
    items = document.items(node);
  } else if (pickle::is_array(document, node)) {
    auto array = pickle::read_array(document, node);
    if (!array) return fail(fitted.error(array.error().code(), name, array.error().message()));
    items = array->objects;
  }
  if (items.empty()) return fail(fitted.error(Code::kCorrupt, name, "is not a list of estimators"));
  std::vector<Member> out;
  for (std::size_t i = 0; i < items.size(); ++i) {
    out.push_back({items[i], fmt::format("{}.{}[{}]", fitted.path(), name, i)});
  }
  return out;
}

Result<std::vector<Lowered>> lower_members(const Attributes& fitted, std::string_view name, Lowering& out) {
  const std::vector<Member> all = SLIPWAY_TRY(members(fitted, name));
  const Flow from = SLIPWAY_TRY(out.ready());
  std::vector<Lowered> lowered;
  for (const Member& member : all) {
    Lowered one = SLIPWAY_TRY(out.apart(fitted.document(), member.node, member.path, from));
    lowered.push_back(std::move(one));
  }
  return lowered;
}

Result<std::uint32_t> output_of(const Attributes& fitted, const Lowered& member, OutputKind kind) {
  if (const auto slot = member.slot(kind); slot && member.targets.size() <= 1) return *slot;
  const auto what = member.targets.size() > 1 ? fmt::format("has a member with {} targets", member.targets.size())
                                              : fmt::format("has a member without {}", method_name(kind));
  return fail(fitted.error(Code::kUnsupported, "", what));
}

Result<std::uint32_t> score_of(const Attributes& fitted, const Lowered& member) {
  if (member.slot(OutputKind::kDecision)) return output_of(fitted, member, OutputKind::kDecision);
  return output_of(fitted, member, OutputKind::kProbability);
}

std::vector<model::Label> codes(std::size_t count) {
  std::vector<model::Label> out;
  for (std::size_t i = 0; i < count; ++i) out.emplace_back(std::int64_t(i));
  return out;
}

Result<std::vector<std::uint32_t>> places(const Attributes& fitted, const Lowered& member,
                                          std::span<const model::Label> all) {
  std::vector<std::uint32_t> out;
  if (member.targets.size() != 1) return fail(fitted.error(Code::kCorrupt, "", "has a member that is no classifier"));
  for (const model::Label& label : member.targets[0].labels) {
    const auto found = std::ranges::find_if(all, [&](const model::Label& it) {
      // 1.0 and True are the class 1 to the library
      const auto* integer = std::get_if<std::int64_t>(&it);
      const auto* real = std::get_if<double>(&label);
      return it == label || (integer != nullptr && real != nullptr && double(*integer) == *real);
    });
    if (found == all.end()) {
      const auto what = fmt::format("has a member with the class '{}', which it does not have itself",
                                    printable(model::label_text(label)));
      return fail(fitted.error(Code::kCorrupt, "", what));
    }
    out.push_back(static_cast<std::uint32_t>(found - all.begin()));
  }
  return out;
}

Result<std::vector<double>> label_numbers(const Attributes& fitted, std::span<const model::Label> labels) {
  std::vector<double> out;
  for (const model::Label& label : labels) {
    if (const auto* flag = std::get_if<bool>(&label)) {
      out.push_back(*flag ? 1 : 0);
    } else if (const auto* integer = std::get_if<std::int64_t>(&label)) {
      out.push_back(double(*integer));
    } else if (const auto* real = std::get_if<double>(&label)) {
      out.push_back(*real);
    } else {
      return fail(fitted.error(Code::kUnsupported, "", "feeds labels that are text to another estimator"));
    }
  }
  return out;
}

Result<std::uint32_t> spread(const Attributes& fitted, Lowering& out, const Lowered& member, std::uint32_t slot,
                             std::span<const model::Label> all) {
  std::vector<std::uint32_t> columns = SLIPWAY_TRY(places(fitted, member, all));
  std::vector<std::uint32_t> same(all.size());
  std::iota(same.begin(), same.end(), 0U);
  if (columns == same) return slot;
  return out.branch(model::Spread{static_cast<std::uint32_t>(all.size()), std::move(columns)}, slot);
}

Result<std::size_t> column_count(const Attributes& fitted, const Lowering& out) {
  if (out.flow().columns != 0) return out.flow().columns;
  if (out.fields() != 0) return out.fields();  // a member has said it
  const std::string_view name = fitted.has("n_features_in_") ? "n_features_in_" : "n_features_";
  const std::int64_t columns = SLIPWAY_TRY(fitted.integer(name));
  if (columns >= 1 && columns <= kMaxClaimed) return static_cast<std::size_t>(columns);
  return fail(fitted.error(Code::kCorrupt, name, fmt::format("is {}, want 1 to {}", columns, kMaxClaimed)));
}

std::uint32_t side_by_side(Lowering& out, std::vector<std::uint32_t> slots) {
  const bool alone = slots.size() == 1 && out.slot_at(slots[0]).type == model::SlotType::kDense;
  return alone ? slots[0] : out.branch(model::Concat{}, std::move(slots));
}

}  // namespace slipway::importer::sklearn
