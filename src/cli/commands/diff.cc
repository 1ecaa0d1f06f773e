// SPDX-License-Identifier: Apache-2.0
// `slipway diff churn:1 churn:2 [--input f]`: what two models differ in. Three questions one after the other: what goes
// in (schema), what is inside (steps, field by field through fields(), so every operator is known), what comes out (the
// answers to a file of rows). Exit code 0: they are the same; 1: they differ.
#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/json_writer.h"
#include "base/text.h"
#include "cli/any_model.h"
#include "cli/options.h"
#include "cli/proof/row_file.h"
#include "cli/store.h"
#include "model/enum_names.h"
#include "serve/rows.h"

namespace slipway::cli {
namespace {

using model::Op;

// One difference: where, and what it is.
struct Difference {
  std::string where, what;
};
using Differences = std::vector<Difference>;

// The text of a single value; what differs in a table.
std::string shown(bool value) { return value ? "true" : "false"; }
std::string shown(std::uint32_t value) { return std::to_string(value); }
[[maybe_unused]] std::string shown(std::int64_t value) { return std::to_string(value); }
std::string shown(double value) { return fmt::format("{}", value); }
std::string shown(const std::string& value) { return "\"" + printable(value) + "\""; }
template <class E>
  requires std::is_enum_v<E>
std::string shown(E value) {
  return model::enum_name(value);
}

// nullopt: the same.
template <class T>
  requires std::is_arithmetic_v<T> || std::is_enum_v<T> || std::same_as<T, std::string>
std::optional<std::string> change(const T& a, const T& b) {
  bool same = a == b;
  if constexpr (std::same_as<T, double>) same = std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
  if (same) return std::nullopt;
  return shown(a) + " -> " + shown(b);
}

template <class T>
std::optional<std::string> change(const Array<T>& a, const Array<T>& b) {
  if (a.size() != b.size()) return fmt::format("{} -> {} values", a.size(), b.size());
  std::size_t count = 0, at = 0;
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(double(b[i]) - double(a[i]));
    const bool same = a[i] == b[i] || (a[i] != a[i] && b[i] != b[i]);
    if (same) continue;
    ++count;
    if (count == 1 || difference > largest) {
      largest = difference;
      at = i;
    }
  }
  if (count == 0) return std::nullopt;
  return fmt::format("{} of {} values, the most at [{}]: {} -> {}", count, a.size(), at, double(a[at]), double(b[at]));
}

std::optional<std::string> change(const Texts& a, const Texts& b) {
  if (a == b) return std::nullopt;
  std::set<std::string_view> in_a, in_b;
  for (const std::string_view text : a.all()) in_a.insert(text);
  for (const std::string_view text : b.all()) in_b.insert(text);
  std::size_t added = 0, removed = 0;
  for (const std::string_view text : in_b) added += in_a.contains(text) ? 0 : 1;
  for (const std::string_view text : in_a) removed += in_b.contains(text) ? 0 : 1;
  if (added + removed == 0) return fmt::format("{} -> {} texts, in another order", a.size(), b.size());
  return fmt::format("{} -> {} texts, {} added, {} removed", a.size(), b.size(), added, removed);
}

[[maybe_unused]] std::optional<std::string> change(const model::Values& a, const model::Values& b) {
  if (a == b) return std::nullopt;
  return fmt::format("{} -> {} values, not the same", a.size(), b.size());
}

template <class T>
void compare_fields(const T& a, const T& b, const std::string& where, Differences& out) {
  T::fields([&](std::string_view name, auto member) {
    if (auto what = change(a.*member, b.*member)) out.push_back({where + "." + std::string(name), std::move(*what)});
  });
}

void compare_step(std::size_t i, const model::Step& a, const model::Step& b, Differences& out) {
  const std::string where = fmt::format("step {} ({})", i, op_name(a.op));
  if (a.op.index() != b.op.index()) {
    out.push_back({where, fmt::format("{} -> {}", op_name(a.op), op_name(b.op))});
    return;
  }
  if (a.inputs != b.inputs) out.push_back({where, "reads other steps"});
  std::visit([&](const auto& op) { compare_fields(op, std::get<std::decay_t<decltype(op)>>(b.op), where, out); }, a.op);
}

Differences compare_steps(const model::Model& a, const model::Model& b) {
  Differences out;
  if (a.chain() != b.chain()) out.push_back({"chain", a.chain() + " -> " + b.chain()});
  if (a.provenance().versions != b.provenance().versions) {
    const auto versions = [](const model::Model& it) {
      return it.provenance().versions.empty() ? std::string("?") : it.provenance().versions.front();
    };
    out.push_back({a.provenance().library, versions(a) + " -> " + versions(b)});
  }
  if (a.steps().size() != b.steps().size()) {
    out.push_back({"steps", fmt::format("{} -> {}", a.steps().size(), b.steps().size())});
  }
  for (std::size_t i = 0; i < std::min(a.steps().size(), b.steps().size()); ++i) {
    compare_step(i, a.steps()[i], b.steps()[i], out);
  }
  return out;
}

std::vector<std::string> label_texts(const model::Model& of) {
  std::vector<std::string> out;
  for (const model::Target& target : of.targets()) {
    for (const model::Label& label : target.labels) out.push_back(model::label_text(label));
  }
  return out;
}

std::string listed(const std::vector<std::string>& texts) {
  std::vector<std::string> some;
  for (std::size_t i = 0; i < std::min<std::size_t>(texts.size(), 8); ++i) some.push_back(printable(texts[i]));
  if (texts.size() > some.size()) some.emplace_back("...");
  const std::vector<std::string_view> views(some.begin(), some.end());
  return views.empty() ? "none" : join_and(views);
}

void compare_field(const model::Field& a, const model::Field& b, Differences& out) {
  const std::string where = "field " + printable(a.name);
  if (a.expected() != b.expected()) out.push_back({where, fmt::format("{} -> {}", a.expected(), b.expected())});
  if (a.categories != b.categories) {
    const auto what = change(Texts(a.categories), Texts(b.categories));
    out.push_back({where + ".categories", *what});
  }
  const bool typical = a.typical.has_value() != b.typical.has_value() || (a.typical && *a.typical != *b.typical);
  const auto number = [](const std::optional<double>& it) { return it ? shown(*it) : "none"; };
  if (typical) out.push_back({where + ".typical", number(a.typical) + " -> " + number(b.typical)});
}

Differences compare_schemas(const model::Model& a, const model::Model& b) {
  Differences out;
  for (const model::Field& field : a.schema().fields()) {
    const std::uint32_t other = b.schema().find(field.name);
    if (other == model::Schema::kNoField) {
      out.push_back({"field " + printable(field.name), "removed"});
    } else {
      compare_field(field, b.schema().fields()[other], out);
    }
  }
  for (const model::Field& field : b.schema().fields()) {
    if (a.schema().find(field.name) != model::Schema::kNoField) continue;
    out.push_back({"field " + printable(field.name), "added, takes " + std::string(field.expected())});
  }
  if (out.empty() && !std::ranges::equal(a.schema().names(), b.schema().names())) {
    out.push_back({"fields", "in another order"});
  }
  const auto labels_a = label_texts(a), labels_b = label_texts(b);
  if (labels_a != labels_b) out.push_back({"labels", listed(labels_a) + " -> " + listed(labels_b)});
  return out;
}

std::string serving_text(const AnyModel& of) {
  if (!of.manifest) return "none";
  const model::Serving& serving = of.manifest->serving;
  std::string out;
  for (const auto& it : serving.response) out += it.name + "=" + it.what + " ";
  if (!serving.input_key.empty()) out += "input key " + serving.input_key + " ";
  if (!serving.positive_class.empty()) out += "positive class " + serving.positive_class + " ";
  if (serving.threshold) out += "threshold " + shown(*serving.threshold);
  return out.empty() ? "none" : out;
}

// Of two bundles; a file has neither.
void compare_bundles(const AnyModel& a, const AnyModel& b, Differences& out) {
  if (!a.manifest || !b.manifest) return;
  if (auto what = change(serving_text(a), serving_text(b))) out.push_back({"serving", std::move(*what)});
  const std::string level_a(model::proof_name(a.manifest->proof_level));
  const std::string level_b(model::proof_name(b.manifest->proof_level));
  if (auto what = change(level_a, level_b)) out.push_back({"proof", std::move(*what)});
}

// What two plans answer to the rows of a file.
class Answers {
 public:
  Answers(const engine::Plan& a, const engine::Plan& b) : plans_{&a, &b} {}

  Result<Differences> run(const std::string& path) {
    RowFile files[2];
    engine::Plan::ScratchPtr scratch[2];
    for (int i = 0; i < 2; ++i) {
      // A field that one of them does not have is its own difference.
      files[i] = SLIPWAY_TRY(open_rows(path, *plans_[i], serve::Contract::kIgnore));
      scratch[i] = plans_[i]->scratch();
    }
    for (;;) {
      const serve::RowReader::Next a = SLIPWAY_TRY(files[0].rows->next());
      const serve::RowReader::Next b = SLIPWAY_TRY(files[1].rows->next());
      if (a == serve::RowReader::Next::kEnd || b == serve::RowReader::Next::kEnd) break;
      ++rows_;
      if (a == serve::RowReader::Next::kBad || b == serve::RowReader::Next::kBad) {
        return fail(Code::kInvalid, fmt::format("{}: row {}: {}", path, rows_,
                                                files[a == serve::RowReader::Next::kBad ? 0 : 1].rows->problem()));
      }
      for (int i = 0; i < 2; ++i) {
        plans_[i]->run({files[i].rows->cells(), files[i].rows->extras()}, *scratch[i], answers_[i]);
      }
      compare();
    }
    return report();
  }

 private:
  struct Numbers {
    std::uint64_t rows = 0;  // that differ
    double largest = 0;
    std::uint64_t largest_row = 0;
  };

  std::vector<std::string> labels(int which) const {
    std::vector<std::string> out;
    const auto& targets = plans_[which]->model().targets();
    for (std::size_t i = 0; i < answers_[which].index.size(); ++i) {
      out.push_back(model::label_text(targets[i].labels[answers_[which].index[i]]));
    }
    return out;
  }

  void compare() {
    if ((answers_[0].refusal == nullptr) != (answers_[1].refusal == nullptr)) note(refused_, 0);
    if (answers_[0].refusal != nullptr || answers_[1].refusal != nullptr) return;
    if (labels(0) != labels(1)) note(labels_, 0);
    compare_numbers("prediction", answers_[0].prediction, answers_[1].prediction);
    compare_numbers("probability", answers_[0].probability, answers_[1].probability);
    compare_numbers("decision", answers_[0].decision, answers_[1].decision);
    compare_numbers("score", answers_[0].score, answers_[1].score);
    compare_numbers("transform", answers_[0].transform, answers_[1].transform);
  }

  void compare_numbers(const char* name, const std::vector<double>& a, const std::vector<double>& b) {
    if (a.size() != b.size()) return note(numbers_[std::string(name) + " (of another width)"], 0);
    double largest = -1;
    for (std::size_t i = 0; i < a.size(); ++i) {
      const bool same = a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]));
      if (!same) largest = std::max(largest, std::isnan(a[i] - b[i]) ? INFINITY : std::abs(a[i] - b[i]));
    }
    if (largest >= 0) note(numbers_[name], largest);
  }

  void note(Numbers& numbers, double difference) const {
    ++numbers.rows;
    if (numbers.rows > 1 && difference <= numbers.largest) return;
    numbers.largest = difference;
    numbers.largest_row = rows_;
  }

  Differences report() const {
    Differences out;
    const auto rows = [&](const Numbers& it) { return fmt::format("{} of {} rows", it.rows, rows_); };
    const auto first = [&](const Numbers& it) { return fmt::format(", the first is row {}", it.largest_row); };
    if (refused_.rows > 0) out.push_back({"refused by one", rows(refused_) + first(refused_)});
    if (labels_.rows > 0) out.push_back({"prediction", rows(labels_) + first(labels_)});
    for (const auto& [name, it] : numbers_) {
      out.push_back({name, fmt::format("{}, at most {:.4g} (row {})", rows(it), it.largest, it.largest_row)});
    }
    return out;
  }

  const engine::Plan* plans_[2];
  engine::Answer answers_[2];
  std::uint64_t rows_ = 0;
  Numbers refused_, labels_;
  std::map<std::string, Numbers> numbers_;
};

void print_text(std::string_view title, const Differences& differences) {
  constexpr std::size_t kLongest = 4096;
  std::printf("%s%s\n", std::string(title).c_str(), differences.empty() ? "  the same" : "");
  for (const Difference& it : differences) {
    std::printf("  %s  %s\n", printable(it.where, kLongest).c_str(), printable(it.what, kLongest).c_str());
  }
}

void print_json(JsonWriter& json, std::string_view title, const Differences& differences) {
  json.key(title).begin_array();
  for (const Difference& it : differences) {
    json.begin_object().member("where", std::string_view(it.where));
    json.member("what", std::string_view(it.what)).end_object();
  }
  json.end_array();
}

struct Wanted {
  std::vector<std::string> words;
  std::string input, store;
  bool json = false;
};

Result<int> run(const Wanted& wanted) {
  if (wanted.words.size() != 2) return fail(Code::kUsage, "diff takes two models", "slipway diff churn:1 churn:2");
  AnyModel a = SLIPWAY_TRY(load_any(wanted.words[0], wanted.store, model::Verify::kQuick));
  AnyModel b = SLIPWAY_TRY(load_any(wanted.words[1], wanted.store, model::Verify::kQuick));
  std::vector<std::pair<std::string_view, Differences>> parts;
  parts.emplace_back("schema", compare_schemas(a.model, b.model));
  compare_bundles(a, b, parts.back().second);
  parts.emplace_back("parameters", compare_steps(a.model, b.model));
  if (!wanted.input.empty()) {
    const engine::Plan plan_a = SLIPWAY_TRY(engine::Plan::compile(std::move(a.model)));
    const engine::Plan plan_b = SLIPWAY_TRY(engine::Plan::compile(std::move(b.model)));
    Differences answers = SLIPWAY_TRY(Answers(plan_a, plan_b).run(wanted.input));
    parts.emplace_back("answers", std::move(answers));
  }
  const bool same = std::ranges::all_of(parts, [](const auto& part) { return part.second.empty(); });
  JsonWriter json;
  json.begin_object().member("same", same);
  for (const auto& [title, differences] : parts) {
    if (wanted.json) print_json(json, title, differences);
    if (!wanted.json) print_text(title, differences);
  }
  if (wanted.json) std::printf("%s}\n", std::string(json.text()).c_str());
  return same ? 0 : 1;
}

}  // namespace

int diff(const Command& command, std::span<const char* const> arguments) {
  Options options(command);
  Wanted wanted;
  options.positional("MODEL MODEL", wanted.words, "each churn:3, churn@production, a bundle's directory, or a file");
  options.option("input", wanted.input, "rows to answer with both: CSV, JSON lines or JSON");
  store_option(options, wanted.store);
  options.flag("json", wanted.json, "print one JSON object");
  int exit_code = 0;
  if (!options.parse(arguments, exit_code)) return exit_code;
  const Result<int> done = run(wanted);
  return done ? *done : report(done.error());
}

}  // namespace slipway::cli
