// SPDX-License-Identifier: Apache-2.0
// The rule for answers: `prediction`; with it `probability` where every target has two labels, `probabilities` where
// one has more; a model without a prediction gives its transform. An import may choose and rename (model::Serving).
#include "serve/served_model.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/text.h"

namespace slipway::serve {
namespace {

using model::OutputKind;

constexpr double kParseNsPerByte = 1.0;
constexpr double kJudgeNsPerField = 10.0;
constexpr std::size_t kClassLabels = 100;  // a model with more classes than this, over all targets, counts by target;
constexpr std::size_t kLabelBytes = 128;   // of a metric's label value: made printable, cut, and kept distinct

std::string label_as_json(const model::Label& label) {
  std::string out;
  if (const auto* flag = std::get_if<bool>(&label)) out = *flag ? "true" : "false";
  if (const auto* integer = std::get_if<std::int64_t>(&label)) append_json_number(out, *integer);
  if (const auto* real = std::get_if<double>(&label)) append_json_number(out, *real);
  if (const auto* text = std::get_if<std::string>(&label)) append_json_string(out, *text);
  return out;
}

std::string json_text(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

// Made printable and cut, two texts may have become one: they are told apart by their place.
void add_distinct(std::vector<std::string>& texts, std::string_view text) {
  std::string shown = printable(text, kLabelBytes);
  if (std::ranges::find(texts, shown) != texts.end()) shown += " #" + std::to_string(texts.size());
  texts.push_back(std::move(shown));
}

monitor::Metrics::Model counted_of(const std::string& name, const model::Model& model) {
  monitor::Metrics::Model out{.name = printable(name, kLabelBytes), .targets = {}};
  std::size_t classes = 0;
  for (const model::Target& target : model.targets()) classes += target.labels.size();
  std::vector<std::string> names;
  const bool many = model.targets().size() > 1;
  for (std::size_t i = 0; many && i < std::min(model.targets().size(), kClassLabels); ++i) {
    const std::string& given = model.targets()[i].name;
    add_distinct(names, given.empty() ? std::to_string(i) : given);
  }
  out.targets.resize(std::max<std::size_t>(names.size(), 1));
  for (std::size_t i = 0; i < out.targets.size(); ++i) {
    if (many) out.targets[i].name = names[i];
    if (model.targets().empty() || classes > kClassLabels) continue;
    for (const model::Label& label : model.targets()[i].labels) {
      add_distinct(out.targets[i].classes, model::label_text(label));
    }
  }
  return out;
}

engine::Wanted wanted_for(Part part) {
  switch (part) {
    case Part::kPrediction:
      return engine::want(OutputKind::kPrediction);
    case Part::kProbability:
    case Part::kProbabilities:
    case Part::kPositive:
      return engine::want(OutputKind::kProbability);
    case Part::kDecision:
      return engine::want(OutputKind::kDecision);
    case Part::kScore:
      return engine::want(OutputKind::kScore);
    case Part::kTransform:
      return engine::want(OutputKind::kTransform);
  }
  return 0;
}

std::uint64_t next_serial() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

}  // namespace

bool Parts::has(Part part) const { return std::find(list, list + count, part) != list + count; }
void Parts::add(Part part) {
  if (has(part)) return;
  list[count++] = part;
  wanted |= wanted_for(part);
}

ServedModel::ServedModel(engine::Plan plan, Options options)
    : plan_(std::move(plan)),
      options_(std::move(options)),
      serial_(next_serial()),
      title_(options_.version.empty() ? options_.name : options_.name + ":" + options_.version),
      title_json_(json_text(title_)),
      counted_(counted_of(options_.name, plan_.model())) {
  for (const model::Target& target : model().targets()) {
    Target& texts = targets_.emplace_back();
    for (const model::Label& label : target.labels) {
      texts.labels.push_back({label_as_json(label), json_text(model::label_text(label))});
    }
  }
  for (std::size_t i = 0; i < kParts; ++i) keys_[i] = json_text(model::Serving::kAnswers[i]) + ":";
}

Result<std::shared_ptr<const ServedModel>> ServedModel::create(engine::Plan plan, Options options) {
  const std::shared_ptr<ServedModel> out(new ServedModel(std::move(plan), std::move(options)));
  out->find_parts();
  SLIPWAY_TRY(out->take_serving());
  return std::shared_ptr<const ServedModel>(out);
}

void ServedModel::find_parts() {
  const auto give = [this](Part part) { has_ |= 1U << unsigned(part); };
  const auto each_target = [this](const auto& holds) {
    return !targets_.empty() && std::ranges::all_of(targets_, holds);
  };
  if (model().output(OutputKind::kPrediction) != nullptr) give(Part::kPrediction);
  bool probability = !targets_.empty();
  for (std::uint32_t i = 0; i < targets_.size(); ++i) {
    probability = probability && model().output(OutputKind::kProbability, i) != nullptr;
  }
  const bool binary = each_target([](const Target& target) { return target.labels.size() == 2; });
  if (probability) give(Part::kProbabilities);
  if (probability && binary) give(Part::kProbability);
  if (probability && binary && options_.serving.threshold) give(Part::kPositive);
  if (model().output(OutputKind::kDecision) != nullptr) give(Part::kDecision);
  if (model().output(OutputKind::kScore) != nullptr) give(Part::kScore);
  if (model().output(OutputKind::kTransform) != nullptr) give(Part::kTransform);

  const bool single = each_target([](const Target& target) { return target.labels.size() == 1; });
  for (const Part part : {Part::kPrediction, Part::kProbability, Part::kPositive}) {
    if (has(part)) parts_.add(part);
  }
  if (has(Part::kProbabilities) && !binary && !single) parts_.add(Part::kProbabilities);
  for (const Part part : {Part::kTransform, Part::kScore, Part::kDecision}) {
    if (has(part) && parts_.count == 0) parts_.add(part);
  }
}

Result<void> ServedModel::take_serving() {
  const model::Serving& serving = options_.serving;
  if (!serving.positive_class.empty()) {
    bool found = false;
    for (std::size_t t = 0; t < targets_.size(); ++t) {
      const auto& labels = model().targets()[t].labels;
      const auto same = [&](const model::Label& label) { return model::label_text(label) == serving.positive_class; };
      const auto at = std::ranges::find_if(labels, same);
      if (at == labels.end()) continue;
      targets_[t].positive = std::size_t(at - labels.begin());
      found = true;
    }
    if (!found) {
      return fail(Code::kCorrupt, "the positive class " + printable(serving.positive_class) + " is none of its labels");
    }
  }
  if (serving.response.empty()) return {};
  parts_ = {};
  for (const auto& [name, what] : serving.response) {
    const auto at = std::ranges::find(model::Serving::kAnswers, std::string_view(what));
    const std::size_t part = std::size_t(at - std::begin(model::Serving::kAnswers));
    if (part == kParts || !has(Part(part))) {
      return fail(Code::kCorrupt, "its answers shall have \"" + printable(what) + "\", which it does not give");
    }
    keys_[part] = json_text(name) + ":";
    parts_.add(Part(part));
  }
  return {};
}

// In the order of OutputKind; a name stands for what the rule makes of it.
std::vector<std::string_view> ServedModel::output_names() const {
  std::vector<std::string_view> out;
  for (std::size_t kind = 0; kind < model::kOutputKinds; ++kind) {
    const std::string_view name = model::output_name(OutputKind(kind));
    Parts ignored;
    if (add_output(name, ignored)) out.push_back(name);
  }
  return out;
}

bool ServedModel::add_output(std::string_view name, Parts& parts) const {
  if (name == "probability" && !has(Part::kProbability)) name = "probabilities";
  const auto at = std::ranges::find(model::Serving::kAnswers, name);
  const std::size_t part = std::size_t(at - std::begin(model::Serving::kAnswers));
  if (part == kParts || !has(Part(part))) return false;
  parts.add(Part(part));
  return true;
}

// A row is at least three bytes ("{},"), which settles it for nearly all bodies. Else the marks are counted: records
// and rows are at most as many as brackets open, rows in columns and texts in a list as many as commas stand.
double ServedModel::cost_ns(std::string_view body) const {
  const double a_row = plan_.row_cost_ns() + kJudgeNsPerField * double(model().schema().fields().size());
  const double parse = double(body.size()) * kParseNsPerByte;
  const double most = parse + (1 + double(body.size()) / 3) * a_row;
  if (most < kPoolFromNs) return most;
  const std::string_view start = body.substr(std::min(body.find_first_not_of(" \t\r\n"), body.size()));
  const bool list = start.starts_with('[');
  const std::size_t first = list ? start.find_first_not_of(" \t\r\n", 1) : start.npos;
  const bool rows = list && (first == start.npos || start[first] != '"');
  const auto marks =
      rows ? std::ranges::count(body, '{') + std::ranges::count(body, '[') : std::ranges::count(body, ',');
  return parse + double(1 + marks) * a_row;
}

}  // namespace slipway::serve
