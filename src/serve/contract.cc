// SPDX-License-Identifier: Apache-2.0
// Three passes over one record: its fields in the schema's order, what it has besides, and only then, if something is
// missing and something unknown, whether the one was meant by the other. What the library itself would raise on is not
// known here: the plan says so when the row is run.
#include "serve/contract.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/text.h"

namespace slipway::serve {

using model::Cell;
using model::Extra;
using model::Field;
using Kind = monitor::Deviation;

namespace {

constexpr std::uint32_t kComparisons = 20'000;

std::string quoted(std::string_view text) { return '"' + printable(text) + '"'; }

std::string_view got(const Cell& cell) {
  switch (cell.kind) {
    case Cell::Kind::kText:
      return "text";
    case Cell::Kind::kTexts:
      return "a list of texts";
    case Cell::Kind::kOther:
      return "an object or a list";
    case Cell::Kind::kBool:
      return "true or false";
    default:
      return "a number";
  }
}

bool fits(const Field& field, const Cell& cell) {
  if (cell.is_number()) return field.takes_number;
  return field.takes_text && cell.kind != Cell::Kind::kOther;  // a text, or a list of texts
}

// The texts that a cell holds: one, those of a list, or none.
std::span<const Cell> texts_of(const Cell& cell) {
  if (cell.kind == Cell::Kind::kTexts) return cell.texts();
  return std::span(&cell, cell.kind == Cell::Kind::kText ? 1 : 0);
}

Deviation wrong_type(std::uint32_t row, const Field& field, const Cell& cell) {
  return {.kind = Kind::kWrongType,
          .row = row,
          .field = field.name,
          .nearest = {},
          .expected = std::string(field.expected()),
          .message = "field " + quoted(field.name) + " takes " + std::string(field.expected()) + ", not " +
                     std::string(got(cell))};
}

Deviation missing(std::uint32_t row, const Field& field) {
  return {.kind = Kind::kMissingField,
          .row = row,
          .field = field.name,
          .nearest = {},
          .expected = std::string(field.expected()),
          .message = "missing field " + quoted(field.name) + " (" + std::string(field.expected()) + ")"};
}

// The nearest of `names`, within what is left to spend.
std::string_view nearest_within(Findings& findings, std::string_view name, std::span<const std::string_view> names) {
  if (findings.comparisons < names.size()) return {};
  findings.comparisons -= std::uint32_t(names.size());
  return nearest(name, names);
}

Deviation unseen(std::uint32_t row, const Field& field, std::string_view value, Findings& findings) {
  std::string_view near;
  if (findings.comparisons >= field.categories.size()) {
    const std::vector<std::string_view> names(field.categories.begin(), field.categories.end());
    near = nearest_within(findings, value, names);
  }
  std::string message = "field " + quoted(field.name) + " has no category " + quoted(value);
  if (!near.empty()) message += "; did you mean " + quoted(near) + "?";
  return {.kind = Kind::kUnseenCategory,
          .row = row,
          .field = field.name,
          .nearest = std::string(near),
          .expected = {},
          .message = std::move(message)};
}

void judge_unseen(Contract contract, std::uint32_t row, const Field& field, std::string_view value,
                  Findings& findings) {
  switch (contract) {
    case Contract::kStrict:
      return findings.error(Kind::kUnseenCategory, [&] { return unseen(row, field, value, findings); });
    case Contract::kAuto:
      return findings.warning(Kind::kUnseenCategory, [&] { return unseen(row, field, value, findings); });
    case Contract::kIgnore:
      return findings.count_ignored(Kind::kUnseenCategory);
  }
}

Deviation unknown(std::uint32_t row, std::string_view name, std::string_view near) {
  std::string message = "unknown field " + quoted(name);
  if (!near.empty()) message += "; did you mean " + quoted(near) + "?";
  return {.kind = Kind::kUnknownField,
          .row = row,
          .field = std::string(name),
          .nearest = std::string(near),
          .expected = {},
          .message = std::move(message)};
}

class Judgement {
 public:
  Judgement(const engine::Plan& plan, Contract contract, std::uint32_t row, Findings& findings)
      : plan_(plan), contract_(contract), row_(row), findings_(findings) {}

  bool run(std::span<Cell> cells, std::span<const Extra> extras) {
    const auto fields = plan_.model().schema().fields();
    for (std::size_t i = 0; i < fields.size(); ++i) field(fields[i], cells[i]);
    if (!extras.empty()) unknowns(cells, extras);
    if (missing_ > 0 && contract_ != Contract::kIgnore) missings(cells);
    if (!good_ && contract_ == Contract::kStrict) categories(cells);
    return good_;
  }

 private:
  template <class Build>
  void refuse(Kind kind, const Build& build) {
    findings_.error(kind, build);
    good_ = false;
  }

  void field(const Field& field, Cell& cell) {
    if (cell.missing()) {
      if (contract_ != Contract::kIgnore) cell = Cell{};
      ++missing_;
      return;
    }
    if (!fits(field, cell)) {
      if (contract_ != Contract::kIgnore)
        return refuse(Kind::kWrongType, [&] { return wrong_type(row_, field, cell); });
      findings_.count_ignored(Kind::kWrongType);
      return;
    }
  }

  void unknowns(std::span<const Cell> cells, std::span<const Extra> extras) {
    std::vector<std::string_view> absent;
    if (missing_ > 0 && contract_ == Contract::kAuto) {
      const auto names = plan_.model().schema().names();
      for (std::size_t i = 0; i < cells.size(); ++i) {
        if (cells[i].missing()) absent.push_back(names[i]);
      }
    }
    for (const Extra& extra : extras) {
      if (!plan_.uses(extra) && !is_caller_id(plan_, extra)) unknown_extra(extra, absent);
    }
  }

  void unknown_extra(const Extra& extra, std::span<const std::string_view> absent) {
    switch (contract_) {
      case Contract::kIgnore:
        break;
      case Contract::kStrict:
        return refuse(Kind::kUnknownField, [&] {
          return unknown(row_, extra.name, nearest_within(findings_, extra.name, plan_.model().schema().names()));
        });
      case Contract::kAuto:
        if (const auto near = nearest_within(findings_, extra.name, absent); !near.empty()) {
          meant_.emplace_back(near);
          return refuse(Kind::kUnknownField, [&] { return unknown(row_, extra.name, near); });
        }
        break;
    }
    findings_.count_ignored(Kind::kUnknownField);
  }

  // A row that is not run has its categories looked up here, so that all its errors are listed at once.
  void categories(std::span<const Cell> cells) {
    const auto fields = plan_.model().schema().fields();
    for (std::uint32_t i = 0; i < fields.size(); ++i) {
      if (!fields[i].takes_text) continue;
      for (const Cell& text : texts_of(cells[i])) {
        if (!plan_.unseen(i, text.text())) continue;
        refuse(Kind::kUnseenCategory, [&] { return unseen(row_, fields[i], text.text(), findings_); });
      }
    }
  }

  // What is missing is refused under kStrict, and under kAuto where an unknown field was meant for it.
  void missings(std::span<const Cell> cells) {
    const auto fields = plan_.model().schema().fields();
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (!cells[i].missing() || !fields[i].required) continue;
      const bool meant = std::ranges::find(meant_, fields[i].name) != meant_.end();
      if (contract_ == Contract::kStrict || meant) {
        refuse(Kind::kMissingField, [&] { return missing(row_, fields[i]); });
      } else {
        findings_.warning(Kind::kMissingField, [&] { return missing(row_, fields[i]); });
      }
    }
  }

  const engine::Plan& plan_;
  const Contract contract_;
  const std::uint32_t row_;
  Findings& findings_;
  std::size_t missing_ = 0;
  std::vector<std::string_view> meant_;  // missing fields that an unknown one was meant for
  bool good_ = true;
};

}  // namespace

Result<Contract> parse_contract(std::string_view name) {
  if (name == "auto") return Contract::kAuto;
  if (name == "strict") return Contract::kStrict;
  if (name == "ignore") return Contract::kIgnore;
  return fail(Code::kUsage, "contract " + quoted(name) + " is none of auto, strict, ignore");
}

void Findings::clear() {
  errors_.clear();
  warnings_.clear();
  error_count_ = 0;
  for (auto& row : counts_) row[0] = row[1] = 0;
  comparisons = kComparisons;
}

bool Findings::any() const {
  return std::ranges::any_of(counts_, [](const auto& row) { return row[0] + row[1] > 0; });
}

bool is_caller_id(const engine::Plan& plan, const Extra& extra) {
  const bool scalar = extra.value.kind == Cell::Kind::kText || extra.value.kind == Cell::Kind::kInt;
  return extra.name == "id" && scalar && !plan.uses(extra);
}

bool judge(const engine::Plan& plan, Contract contract, std::uint32_t row, std::span<Cell> cells,
           std::span<const Extra> extras, Findings& findings) {
  return Judgement(plan, contract, row, findings).run(cells, extras);
}

bool judge_categories(const engine::Plan& plan, Contract contract, std::uint32_t row,
                      std::span<const std::uint32_t> unseen, std::span<const Cell> cells, Findings& findings) {
  std::uint32_t last = model::Schema::kNoField;
  for (const std::uint32_t index : unseen) {
    if (std::exchange(last, index) == index) continue;  // once for each text of a list; all of them are judged below
    const Field& field = plan.model().schema().fields()[index];
    if (!field.takes_text) continue;  // a text where numbers are taken: under kIgnore, and counted already
    for (const Cell& text : texts_of(cells[index])) {
      if (plan.unseen(index, text.text())) judge_unseen(contract, row, field, text.text(), findings);
    }
  }
  return contract != Contract::kStrict || unseen.empty();
}

bool is_finite(const engine::Answer& answer) {
  const auto finite = [](double value) { return std::isfinite(value); };
  const auto sayable = [](double value) { return !std::isinf(value); };
  return std::ranges::all_of(answer.prediction, finite) && std::ranges::all_of(answer.probability, finite) &&
         std::ranges::all_of(answer.decision, finite) && std::ranges::all_of(answer.score, finite) &&
         std::ranges::all_of(answer.transform, sayable);
}

void note_refusal(const engine::Plan& plan, const engine::Answer& answer, std::uint32_t row,
                  std::span<const Cell> cells, Findings& findings) {
  const std::uint32_t index = answer.refusal == nullptr ? model::Schema::kNoField : answer.refusal_field;
  if (index == model::Schema::kNoField) {
    const std::string_view why =
        answer.refusal != nullptr ? answer.refusal : "the answer is not a finite number: the values are too large";
    return findings.error(Kind::kNotAccepted, [&] {
      return Deviation{.kind = Kind::kNotAccepted,
                       .row = row,
                       .field = {},
                       .nearest = {},
                       .expected = {},
                       .message = std::string(why)};
    });
  }
  const Field& field = plan.model().schema().fields()[index];
  if (cells[index].kind == Cell::Kind::kAbsent) {
    return findings.error(Kind::kMissingField, [&] { return missing(row, field); });
  }
  findings.error(Kind::kNotAccepted, [&] {
    return Deviation{.kind = Kind::kNotAccepted,
                     .row = row,
                     .field = field.name,
                     .nearest = {},
                     .expected = {},
                     .message = "field " + quoted(field.name) + ": " + answer.refusal};
  });
}

}  // namespace slipway::serve
