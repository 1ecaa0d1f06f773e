// SPDX-License-Identifier: Apache-2.0
// A sentence a field at the end, instead of one a row.
#include "cli/batch/tally.h"

#include <algorithm>

#include "base/text.h"

namespace slipway::cli {

using model::Cell;

namespace {

std::string quoted(std::string_view text) { return '"' + printable(text) + '"'; }

std::string in_rows(std::uint64_t rows) { return " in " + std::to_string(rows) + (rows == 1 ? " row" : " rows"); }

std::string listed_names(std::span<const std::string> names) {
  constexpr std::size_t kMost = 10;
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < std::min(names.size(), kMost); ++i) shown.push_back(quoted(names[i]));
  if (names.size() > kMost) shown.push_back(std::to_string(names.size() - kMost) + " more");
  const std::vector<std::string_view> parts(shown.begin(), shown.end());
  return join_and(parts);
}

void append_list(std::string& out, std::string_view name, std::span<const std::string> texts) {
  out.append(",\"").append(name).append("\":[");
  for (const std::string& text : texts) {
    if (out.back() != '[') out += ',';
    append_json_string(out, text);
  }
  out += ']';
}

}  // namespace

Tally::Tally(const engine::Plan& plan) : plan_(plan), fields_(plan.model().schema().fields().size()) {}

void Tally::missing(std::span<const Cell> cells) {
  for (std::size_t i = 0; i < cells.size(); ++i) fields_[i].missing += cells[i].missing() ? 1 : 0;
}

void Tally::unseen(std::span<const std::uint32_t> fields, std::span<const Cell> cells) {
  std::uint32_t last = model::Schema::kNoField;
  for (const std::uint32_t field : fields) {
    const Cell& cell = cells[field];
    if (field == last || !plan_.model().schema().fields()[field].takes_text) continue;
    last = field;
    ++fields_[field].unseen;
    if (cell.kind == Cell::Kind::kText) note_unseen(field, cell);
    if (cell.kind != Cell::Kind::kTexts) continue;
    for (const Cell& text : cell.texts()) note_unseen(field, text);
  }
}

void Tally::note_unseen(std::uint32_t field, const Cell& text) {
  std::vector<std::string>& examples = fields_[field].examples;
  if (examples.size() >= kExamples || !plan_.unseen(field, text.text())) return;
  if (std::ranges::find(examples, text.text()) == examples.end()) examples.emplace_back(text.text());
}

std::vector<std::string> Tally::lines(std::span<const std::string> ignored) const {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const std::string name = quoted(plan_.model().schema().names()[i]);
    if (fields_[i].missing > 0) out.push_back("missing: " + name + in_rows(fields_[i].missing));
    if (fields_[i].unseen == 0) continue;
    std::string line = "not seen in training: " + name + in_rows(fields_[i].unseen);
    if (!fields_[i].examples.empty()) line += ", such as " + listed_names(fields_[i].examples);
    out.push_back(std::move(line));
  }
  if (!ignored.empty()) {
    out.push_back((ignored.size() == 1 ? "ignored column: " : "ignored columns: ") + listed_names(ignored));
  }
  return out;
}

std::string Tally::json(std::span<const std::string> ignored) const {
  std::string out = ",\"rows\":" + std::to_string(rows) + ",\"skipped\":" + std::to_string(skipped);
  append_list(out, "errors", listed);
  for (const bool missing : {true, false}) {
    out += missing ? ",\"missing\":{" : ",\"unseen\":{";
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      const std::uint64_t count = missing ? fields_[i].missing : fields_[i].unseen;
      if (count == 0) continue;
      if (out.back() != '{') out += ',';
      append_json_string(out, plan_.model().schema().names()[i]);
      out += ':' + std::to_string(count);
    }
    out += '}';
  }
  append_list(out, "ignored", ignored);
  return out;
}

}  // namespace slipway::cli
