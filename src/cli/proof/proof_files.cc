// SPDX-License-Identifier: Apache-2.0
// Two files are read side by side, row by row. Each pair becomes a line of proof.jsonl, in the words of that format;
// then serve::check_proof() runs the lines, as it will when the model is served. So what is judged at the import is
// what is stored.
#include "cli/proof/proof_files.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "base/json_writer.h"
#include "base/text.h"
#include "cli/batch/answer_columns.h"
#include "cli/proof/expected_file.h"
#include "cli/proof/row_file.h"
#include "engine/reference.h"

namespace slipway::cli {
namespace {

using model::Cell;
using model::OutputKind;

// False for a value that JSON cannot say.
bool write_cell(JsonWriter& json, const Cell& cell) {
  switch (cell.kind) {
    case Cell::Kind::kBool:
      json.value(cell.integer != 0);
      return true;
    case Cell::Kind::kInt:
      json.value(cell.integer);
      return true;
    case Cell::Kind::kReal:
      if (std::isinf(cell.real)) return false;
      if (std::isnan(cell.real)) {
        json.null();
      } else {
        json.value(cell.real);
      }
      return true;
    case Cell::Kind::kText:
      json.value(cell.text());
      return is_utf8(cell.text());
    case Cell::Kind::kTexts:
      json.begin_array();
      for (const Cell& text : cell.texts()) write_cell(json, text);
      json.end_array();
      return true;
    case Cell::Kind::kAbsent:
    case Cell::Kind::kNull:
      json.null();
      return true;
    case Cell::Kind::kOther:
      break;
  }
  return false;
}

// {"contract":"month-to-month","tenure":24}; nullopt for what JSON cannot say.
bool write_record(JsonWriter& json, const model::Schema& schema, const model::Record& record) {
  bool good = true;
  json.begin_object();
  for (std::size_t i = 0; i < record.fields.size(); ++i) {
    if (record.fields[i].kind == Cell::Kind::kAbsent) continue;
    good = write_cell(json.key(schema.fields()[i].name), record.fields[i]) && good;
  }
  for (const model::Extra& extra : record.extras) good = write_cell(json.key(extra.name), extra.value) && good;
  json.end_object();
  return good;
}

void write_label(JsonWriter& json, const model::Label& label) {
  std::visit([&](const auto& it) { json.value(it); }, label);
}

std::optional<double> number_of(std::string_view text) {
  double out = 0;
  if (text.empty()) return std::nan("");
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return out;
}

// The label that the text means: as Python prints it, or as another number of the same value.
const model::Label* label_of(const model::Target& target, std::string_view text) {
  for (const model::Label& label : target.labels) {
    if (model::label_text(label) == text) return &label;
  }
  const std::optional<double> number = number_of(text == "True" ? "1" : text == "False" ? "0" : text);
  for (const model::Label& label : target.labels) {
    const std::string own = model::label_text(label);
    if (std::holds_alternative<std::string>(label) || !number) continue;
    if (number_of(own == "True" ? "1" : own == "False" ? "0" : own) == number) return &label;
  }
  return nullptr;
}

// Which answers the columns of an expected file are, and how a row of them is written.
class Columns {
 public:
  static Result<Columns> create(const model::Model& model, const std::vector<std::string>& names) {
    Columns out(model);
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto found = out.known_.find(names[i]);
      if (found != out.known_.end()) {
        out.places_[found->second] = i;
      } else if (names[i] != "id" && names[i] != "row") {
        return out.unknown(names[i]);
      }
    }
    if (out.places_.empty()) return out.unknown("");
    SLIPWAY_TRY(out.fill_gaps());
    return out;
  }

  // False, with the problem, for a value that is none.
  Result<void> write(JsonWriter& json, const std::vector<std::string>& values) const {
    json.begin_object();
    for (std::size_t kind = 0; kind < model::kOutputKinds; ++kind) {
      if (widths_[kind] == 0) continue;
      json.key(model::output_name(static_cast<OutputKind>(kind))).begin_array();
      for (std::uint32_t at = 0; at < widths_[kind]; ++at) {
        SLIPWAY_TRY(write_one(json, {kind, at}, values));
      }
      json.end_array();
    }
    json.end_object();
    return {};
  }

 private:
  using Place = std::pair<std::size_t, std::uint32_t>;  // an output kind, and which of its values

  explicit Columns(const model::Model& model) : model_(&model) {
    constexpr std::string_view kNames[] = {"prediction", "probability", "probabilities",
                                           "decision",   "score",       "transform"};
    constexpr OutputKind kKinds[] = {OutputKind::kPrediction, OutputKind::kProbability, OutputKind::kProbability,
                                     OutputKind::kDecision,   OutputKind::kScore,       OutputKind::kTransform};
    for (std::size_t i = 0; i < std::size(kNames); ++i) {
      const std::string name(kNames[i]);
      const auto columns = answer_columns(model, std::span(&name, 1));
      if (!columns) continue;
      for (const AnswerColumn& column : columns->columns) {
        known_.emplace(column.name, Place{std::size_t(kKinds[i]), column.at});
      }
    }
  }

  std::unexpected<Error> unknown(const std::string& name) const {
    std::vector<std::string_view> shown;
    for (const auto& [known, place] : known_) {
      if (shown.size() < 20) shown.push_back(known);
    }
    return fail(Code::kInvalid,
                name.empty() ? "has no column that is an answer of the model"
                             : fmt::format("the column \"{}\" is no answer of the model", printable(name)),
                "Its answers are " + join_and(shown));
  }

  // An output is given whole: a probability of two is the rest of the other.
  Result<void> fill_gaps() {
    for (const auto& [name, place] : known_) {
      if (places_.contains(place)) widths_[place.first] = std::max(widths_[place.first], place.second + 1);
    }
    for (const auto& [name, place] : known_) {
      const bool asked = widths_[place.first] > 0;
      if (asked) widths_[place.first] = std::max(widths_[place.first], place.second + 1);
      if (!asked || places_.contains(place)) continue;
      const bool complement = OutputKind(place.first) == OutputKind::kProbability && place.second % 2 == 0 &&
                              places_.contains({place.first, place.second + 1}) && two_labels();
      if (!complement) return fail(Code::kInvalid, fmt::format("the column \"{}\" is missing", printable(name)));
    }
    return {};
  }

  bool two_labels() const {
    return std::ranges::all_of(model_->targets(), [](const model::Target& it) { return it.labels.size() == 2; });
  }

  Result<void> write_one(JsonWriter& json, const Place& place, const std::vector<std::string>& values) const {
    const auto found = places_.find(place);
    const bool complement = found == places_.end();
    const std::string& text = values[complement ? places_.at({place.first, place.second + 1}) : found->second];
    const bool label = OutputKind(place.first) == OutputKind::kPrediction && !model_->targets().empty();
    if (label) {
      const model::Label* known = label_of(model_->targets()[place.second], text);
      if (known == nullptr) {
        json.value(std::string_view(text));
      } else {
        write_label(json, *known);
      }
      return {};
    }
    const std::optional<double> number = number_of(text);
    if (!number || std::isinf(*number)) {
      return fail(Code::kInvalid, fmt::format("\"{}\" is no finite number", printable(text)));
    }
    if (std::isnan(*number)) {
      json.null();
    } else {
      json.value(complement ? 1 - *number : *number);
    }
    return {};
  }

  const model::Model* model_;
  std::map<std::string, Place, std::less<>> known_;  // by the name of the column
  std::map<Place, std::size_t> places_;              // the file's column
  std::uint32_t widths_[model::kOutputKinds] = {};   // 0: not in the file
};

struct Lines {
  std::string text;
  std::size_t rows = 0;
  std::size_t kept = 0;  // bytes of the rows that a bundle keeps
};

Result<void> add_row(Lines& lines, const model::Schema& schema, const Columns& columns, serve::RowReader& rows,
                     const ExpectedFile& expected) {
  JsonWriter json;
  json.begin_object().key("input");
  if (!write_record(json, schema, {rows.cells(), rows.extras()})) {
    return fail(Code::kInvalid, "has a value that JSON cannot say (infinity, or text that is not UTF-8)");
  }
  json.key("output");
  SLIPWAY_TRY(columns.write(json, expected.values()));
  json.end_object();
  lines.text.append(json.text()).append("\n");
  ++lines.rows;
  if (lines.rows == 1 || (lines.rows <= kKeptRows && lines.text.size() <= kKeptBytes)) lines.kept = lines.text.size();
  return {};
}

Result<Lines> read_lines(const engine::Plan& plan, const ProofFiles& files) {
  const RowFile file = SLIPWAY_TRY(open_rows(files.samples, plan));
  const std::unique_ptr<serve::RowReader>& rows = file.rows;
  std::unique_ptr<ExpectedFile> expected = SLIPWAY_TRY(ExpectedFile::open(files.expected));
  auto columns = Columns::create(plan.model(), expected->names());
  if (!columns) return fail(std::move(columns).error().within(files.expected));
  Lines out;
  for (;;) {
    const serve::RowReader::Next next = SLIPWAY_TRY(rows->next());
    const bool answer = SLIPWAY_TRY(expected->next());
    const bool end = next == serve::RowReader::Next::kEnd;
    if (end && !answer) break;
    if (end || !answer) {
      return fail(Code::kInvalid,
                  fmt::format("{} has more rows than {}: they end after row {}", end ? files.expected : files.samples,
                              end ? files.samples : files.expected, out.rows));
    }
    const std::string where = fmt::format("{}: row {}", files.samples, out.rows + 1);
    if (next == serve::RowReader::Next::kBad) return fail(Code::kInvalid, where + ": " + rows->problem());
    auto added = add_row(out, plan.model().schema(), *columns, *rows, *expected);
    if (!added) return fail(std::move(added).error().within(where));
  }
  if (out.rows == 0) return fail(Code::kInvalid, files.samples + ": has no rows");
  return out;
}

// A record of the schema: every field its `pick`-th category, or a number near what training centred on.
std::vector<Cell> made_cells(const model::Schema& schema, std::size_t pick) {
  std::vector<Cell> out;
  for (std::size_t i = 0; i < schema.fields().size(); ++i) {
    const model::Field& field = schema.fields()[i];
    const std::size_t turn = pick + pick / 3 * i;
    if (!field.categories.empty() && !(field.takes_number && turn % 4 == 3)) {
      out.push_back(Cell::of(std::string_view(field.categories[turn % field.categories.size()])));
    } else if (field.takes_number) {
      const double typical = field.typical && std::isfinite(*field.typical) ? *field.typical : 0;
      constexpr double kSteps[] = {0, 1, -1, 0.5, 10, -0.25, 3, 100};
      const double step = kSteps[turn % std::size(kSteps)];
      out.push_back(Cell::of(typical + step * std::max(std::abs(typical) / 4, 1.0)));
    } else {
      constexpr std::string_view kTexts[] = {"", "the quick brown fox", "1", "no such text", "hello world"};
      out.push_back(Cell::of(kTexts[turn % std::size(kTexts)]));
    }
  }
  return out;
}

void write_answer(JsonWriter& json, const model::Model& model, const engine::Answer& answer) {
  const auto numbers = [&](OutputKind kind, const std::vector<double>& values) {
    if (values.empty()) return;
    json.key(model::output_name(kind)).begin_array();
    for (const double value : values) {
      if (std::isnan(value)) {
        json.null();
      } else {
        json.value(value);
      }
    }
    json.end_array();
  };
  json.begin_object();
  if (!answer.index.empty()) {
    json.key(model::output_name(OutputKind::kPrediction)).begin_array();
    for (std::size_t i = 0; i < answer.index.size(); ++i) {
      write_label(json, model.targets()[i].labels[answer.index[i]]);
    }
    json.end_array();
  }
  numbers(OutputKind::kPrediction, answer.prediction);
  numbers(OutputKind::kProbability, answer.probability);
  numbers(OutputKind::kDecision, answer.decision);
  numbers(OutputKind::kScore, answer.score);
  numbers(OutputKind::kTransform, answer.transform);
  json.end_object();
}

// Fewer of a model that compares each with millions of numbers, which takes the reference engine a while. How many is a
// matter of sizes, not of time: the same model makes the same bundle.
std::size_t rows_of_self_proof(const model::Model& model) {
  constexpr std::uint64_t kNumbers = 20'000'000;
  std::uint64_t numbers = 1;
  for (const model::Step& step : model.steps()) {
    if (const auto* compare = std::get_if<model::CompareRows>(&step.op)) numbers += compare->values.size();
  }
  return std::clamp<std::uint64_t>(kNumbers / numbers, 1, 24);
}

bool any_infinite(const engine::Answer& answer) {
  const auto infinite = [](const std::vector<double>& values) {
    return std::ranges::any_of(values, [](double value) { return std::isinf(value); });
  };
  return infinite(answer.prediction) || infinite(answer.probability) || infinite(answer.decision) ||
         infinite(answer.score) || infinite(answer.transform);
}

}  // namespace

Result<std::optional<ProofFiles>> find_proof_files(const std::string& model_file) {
  const auto samples = find_rows(model_file, "samples");
  const auto expected = find_rows(model_file, "expected");
  if (!samples && !expected) return std::nullopt;
  if (samples && expected) return ProofFiles{*samples, *expected};
  return fail(
      Code::kUsage,
      fmt::format("{} is there without its .{}.csv", samples ? *samples : *expected, samples ? "expected" : "samples"),
      "A proof needs both: slipway snippet prints the notebook cell that writes them");
}

Result<Proof> library_proof(const engine::Plan& plan, const ProofFiles& files) {
  Lines lines = SLIPWAY_TRY(read_lines(plan, files));
  auto report = serve::check_proof(plan, lines.text);
  if (!report) {
    return fail(std::move(report)
                    .error()
                    .within(files.expected)
                    .or_hint("If these are the answers of the library for these very rows, this is a fault of Slipway: "
                             "please report it"));
  }
  lines.text.resize(lines.kept);
  return Proof{.level = model::ProofLevel::kLibrary, .lines = std::move(lines.text), .report = *report};
}

Result<Proof> self_proof(const engine::Plan& plan) {
  const std::size_t rows = rows_of_self_proof(plan.model());
  Proof out;
  for (std::size_t i = 0; i < rows && out.lines.size() < kKeptBytes; ++i) {
    const std::vector<Cell> cells = made_cells(plan.model().schema(), i);
    const engine::Answer answer = engine::run_reference(plan.model(), {.fields = cells, .extras = {}});
    JsonWriter json;
    json.begin_object().key("input");
    const bool said = write_record(json, plan.model().schema(), {.fields = cells, .extras = {}});
    if (answer.refusal != nullptr || any_infinite(answer) || !said) continue;
    write_answer(json.key("output"), plan.model(), answer);
    json.end_object();
    out.lines.append(json.text()).append("\n");
  }
  if (out.lines.empty()) return out;
  out.level = model::ProofLevel::kSelf;
  out.report = SLIPWAY_TRY(serve::check_proof(plan, out.lines));
  return out;
}

}  // namespace slipway::cli
