// SPDX-License-Identifier: Apache-2.0
// One target gives plain values, several give lists with one for each. A model that has no prediction gives lists too:
// the columns of its transform.
#include "serve/answers.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace slipway::serve {
namespace {

constexpr std::string_view kOutputs = "outputs=";
constexpr std::string_view kAllProbabilities = "probabilities=true";  // of a model of two labels too

// Calls part(text) for each of the query's parameters until it gives false.
template <class Each>
void each_parameter(std::string_view query, const Each& each) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    if (!each(query.substr(0, end))) return;
    query.remove_prefix(std::min(end + 1, query.size()));
  }
}

// The first of a list with commas, which clients may send as %2C; what is left of the list.
std::string_view take_name(std::string_view& list) {
  std::size_t end = 0, skip = 0;
  while (end < list.size() && skip == 0) {
    const bool coded = list[end] == '%' && end + 2 < list.size() && list[end + 1] == '2' &&
                       (list[end + 2] == 'C' || list[end + 2] == 'c');
    if (list[end] == ',' || coded) {
      skip = coded ? 3 : 1;
    } else {
      ++end;
    }
  }
  const std::string_view name = list.substr(0, end);
  list.remove_prefix(end + skip);
  return name;
}

Error unknown_output(const ServedModel& model, std::string_view name) {
  const std::vector<std::string_view> known = model.output_names();
  const std::string_view near = nearest(name, known);
  std::string message = model.title() + " has no output \"" + printable(name) + "\"";
  if (!near.empty()) message += "; did you mean \"" + std::string(near) + "\"?";
  return {Code::kInvalid, std::move(message), "It has " + join_and(known)};
}

void append_list(std::string& out, std::span<const double> values) {
  out += '[';
  for (const double value : values) {
    if (out.back() != '[') out += ',';
    append_json_number(out, value);
  }
  out += ']';
}

void append_numbers(std::string& out, std::span<const double> values) {
  if (values.size() == 1) return append_json_number(out, values[0]);
  append_list(out, values);
}

// What `one(target)` writes: of a single target as it is, of several in a list.
template <class One>
void append_targets(std::string& out, const ServedModel& model, const One& one) {
  const bool many = model.targets() > 1;
  if (many) out += '[';
  for (std::size_t target = 0; target < model.targets(); ++target) {
    if (target > 0) out += ',';
    one(target);
  }
  if (many) out += ']';
}

class Writer {
 public:
  Writer(std::string& out, const ServedModel& model, const engine::Answer& answer)
      : out_(out), model_(model), answer_(answer) {}

  void part(Part part) {
    switch (part) {
      case Part::kPrediction:
        return prediction();
      case Part::kProbability:
        return append_targets(out_, model_, [this](std::size_t target) { append_json_number(out_, positive(target)); });
      case Part::kProbabilities:
        return probabilities();
      case Part::kPositive: {
        const double threshold = model_.options().serving.threshold.value_or(0.5);
        return append_targets(out_, model_,
                              [&](std::size_t target) { out_ += positive(target) >= threshold ? "true" : "false"; });
      }
      case Part::kDecision:
        return append_numbers(out_, answer_.decision);
      case Part::kScore:
        return append_numbers(out_, answer_.score);
      case Part::kTransform:
        return append_list(out_, answer_.transform);
    }
  }

 private:
  void prediction() {
    if (model_.targets() == 0) return append_numbers(out_, answer_.prediction);
    append_targets(out_, model_,
                   [this](std::size_t target) { out_ += model_.label_json(target, answer_.index[target]); });
  }

  // Every target has two labels.
  double positive(std::size_t target) const { return answer_.probability[2 * target + model_.positive(target)]; }

  void probabilities() {
    std::size_t at = 0;
    append_targets(out_, model_, [&](std::size_t target) {
      out_ += '{';
      for (std::size_t label = 0; label < model_.labels(target); ++label) {
        if (label > 0) out_ += ',';
        out_.append(model_.label_key(target, label)).append(":");
        append_json_number(out_, answer_.probability[at++]);
      }
      out_ += '}';
    });
  }

  std::string& out_;
  const ServedModel& model_;
  const engine::Answer& answer_;
};

}  // namespace

bool has_parameter(std::string_view query, std::string_view wanted) {
  bool found = false;
  each_parameter(query, [&](std::string_view parameter) {
    found = parameter == wanted;
    return !found;
  });
  return found;
}

Result<Parts> choose_parts(const ServedModel& model, std::string_view query) {
  if (query.empty()) return model.parts();
  Parts asked;
  std::string_view unknown;
  bool good = true;
  each_parameter(query, [&](std::string_view parameter) {
    if (!parameter.starts_with(kOutputs)) return true;
    std::string_view names = parameter.substr(kOutputs.size());
    do {
      unknown = take_name(names);
      good = model.add_output(unknown, asked);
    } while (good && !names.empty());
    return good;
  });
  if (!good) return fail(unknown_output(model, unknown));
  Parts parts = asked.count > 0 ? asked : model.parts();
  if (has_parameter(query, kAllProbabilities)) model.add_output("probabilities", parts);
  return parts;
}

void append_answer(std::string& out, const ServedModel& model, const engine::Answer& answer, const Parts& parts) {
  Writer writer(out, model, answer);
  for (std::size_t i = 0; i < parts.count; ++i) {
    if (i > 0) out += ',';
    out += model.key(parts.list[i]);
    writer.part(parts.list[i]);
  }
}

}  // namespace slipway::serve
