// SPDX-License-Identifier: Apache-2.0
// Two passes over the rows: the first finds how large the numbers of each column are, the second runs the plan.
#include "serve/proof.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "serve/body.h"

namespace slipway::serve {
namespace {

namespace dom = simdjson::dom;
using model::OutputKind;

constexpr std::size_t kPadding = 64;  // that BodyReader may read behind the end

// One element, or those of a list.
template <class Visit>
void each_element(dom::element value, const Visit& visit) {
  if (!value.is_array()) return visit(value);
  for (const dom::element one : value.get_array().value_unsafe()) visit(one);
}

// null is NaN, which JSON cannot say.
bool read_number(dom::element value, double& out) {
  if (value.is_null()) out = std::nan("");
  return value.is_null() || value.get(out) == simdjson::SUCCESS;
}

// By Python's equality: 1, 1.0 and True are one label.
bool is_label(const model::Label& label, dom::element value) {
  std::string_view text;
  if (const auto* wanted = std::get_if<std::string>(&label)) {
    return value.get(text) == simdjson::SUCCESS && text == *wanted;
  }
  double number = 0;
  bool flag = false;
  if (value.get(flag) == simdjson::SUCCESS) {
    number = flag ? 1 : 0;
  } else if (value.get(number) != simdjson::SUCCESS) {
    return false;
  }
  if (const auto* wanted = std::get_if<bool>(&label)) return number == (*wanted ? 1 : 0);
  if (const auto* wanted = std::get_if<std::int64_t>(&label)) {
    std::int64_t integer = 0;
    return value.get(integer) == simdjson::SUCCESS ? integer == *wanted : number == double(*wanted);
  }
  return number == std::get<double>(label);
}

std::span<const double> numbers_of(const engine::Answer& answer, OutputKind kind) {
  switch (kind) {
    case OutputKind::kPrediction:
      return answer.prediction;
    case OutputKind::kProbability:
      return answer.probability;
    case OutputKind::kDecision:
      return answer.decision;
    case OutputKind::kScore:
      return answer.score;
    case OutputKind::kTransform:
      return answer.transform;
  }
  return {};
}

class Check {
 public:
  explicit Check(const engine::Plan& plan)
      : plan_(plan),
        reader_(plan.model().schema(), {.text_bytes = 1U << 20, .flat_bytes = 0}),
        scratch_(plan.scratch()) {}

  Result<ProofReport> run(std::string_view proof) {
    rows_ = 0;
    SLIPWAY_TRY(each_row(proof, [this](dom::element row) { return measure(row); }));
    rows_ = 0;
    SLIPWAY_TRY(each_row(proof, [this](dom::element row) { return compare(row); }));
    report_.rows = rows_;
    return report_;
  }

 private:
  template <class Row>
  Result<void> each_row(std::string_view proof, const Row& row) {
    while (!proof.empty()) {
      const std::size_t end = std::min(proof.find('\n'), proof.size());
      const std::string_view line = proof.substr(0, end);
      proof.remove_prefix(std::min(end + 1, proof.size()));
      ++rows_;
      dom::element parsed;
      if (parser_.parse(line.data(), line.size(), true).get(parsed) != simdjson::SUCCESS) return broken("is not JSON");
      SLIPWAY_TRY(row(parsed));
    }
    return {};
  }

  std::unexpected<Error> broken(std::string_view what) const {
    return fail(Code::kCorrupt, "row " + std::to_string(rows_) + " of its proof " + std::string(what));
  }

  bool is_labels(OutputKind kind) const { return kind == OutputKind::kPrediction && !plan_.model().targets().empty(); }

  template <class Each>
  Result<void> each_output(dom::element row, const Each& each) {
    dom::object output;
    if (row["output"].get(output) != simdjson::SUCCESS) return broken("has no output");
    for (const dom::key_value_pair pair : output) {
      std::size_t kind = 0;
      while (kind < model::kOutputKinds && model::output_name(OutputKind(kind)) != pair.key) ++kind;
      const bool known = kind < model::kOutputKinds && plan_.model().output(OutputKind(kind)) != nullptr;
      if (!known) return broken("has an output that the model does not give: " + printable(pair.key));
      SLIPWAY_TRY(each(OutputKind(kind), pair.value));
    }
    return {};
  }

  Result<void> measure(dom::element row) {
    return each_output(row, [this](OutputKind kind, dom::element value) -> Result<void> {
      if (is_labels(kind)) return {};
      std::vector<double>& scales = scales_[std::size_t(kind)];
      std::size_t column = 0;
      bool good = true;
      each_element(value, [&](dom::element one) {
        double number = 0;
        good = good && read_number(one, number);
        if (column == scales.size()) scales.push_back(0);
        if (std::isfinite(number)) scales[column] = std::max(scales[column], std::abs(number));
        ++column;
      });
      if (!good) return broken("has something else than numbers in " + std::string(model::output_name(kind)));
      return {};
    });
  }

  Result<void> compare(dom::element row) {
    dom::element input;
    if (row["input"].get(input) != simdjson::SUCCESS) return broken("has no input");
    body_ = simdjson::minify(input);
    const std::size_t size = body_.size();
    body_.append(kPadding, '\0');
    if (auto opened = reader_.open(std::string_view(body_).substr(0, size)); !opened) {
      return broken("has an input that cannot be read: " + opened.error().message());
    }
    const auto next = reader_.next();
    if (!next || *next != BodyReader::Next::kRow || reader_.rows() != 1) return broken("has no input of one row");
    plan_.run({reader_.cells(), reader_.extras()}, *scratch_, answer_);
    if (answer_.refusal != nullptr) return broken("is refused: " + std::string(answer_.refusal));
    return each_output(row, [this](OutputKind kind, dom::element value) {
      return is_labels(kind) ? compare_labels(value) : compare_numbers(kind, value);
    });
  }

  Result<void> compare_labels(dom::element value) {
    const auto& targets = plan_.model().targets();
    std::size_t at = 0;
    bool equal = true;
    each_element(value, [&](dom::element one) {
      equal = equal && at < targets.size() && is_label(targets[at].labels[answer_.index[at]], one);
      ++at;
    });
    if (equal && at == targets.size()) return {};
    std::string given;
    for (std::size_t t = 0; t < targets.size(); ++t) {
      given += (t == 0 ? "" : ", ") + printable(model::label_text(targets[t].labels[answer_.index[t]]));
    }
    return broken("must give " + printable(simdjson::minify(value)) + " and gives " + given);
  }

  Result<void> compare_numbers(OutputKind kind, dom::element value) {
    const std::span<const double> given = numbers_of(answer_, kind);
    const std::string name(model::output_name(kind));
    std::size_t column = 0;
    std::string problem;
    each_element(value, [&](dom::element one) {
      const std::size_t at = column++;
      double wanted = 0;
      read_number(one, wanted);
      if (at >= given.size() || !problem.empty()) return;
      note(kind, std::abs(given[at] - wanted));
      const double scale = std::max(std::abs(wanted), scales_[std::size_t(kind)][at]);
      const bool same = given[at] == wanted || (std::isnan(given[at]) && std::isnan(wanted)) ||
                        std::abs(given[at] - wanted) <= kTolerance * scale;
      if (same) return;
      problem = "must give " + name + " ";
      append_json_number(problem, wanted);
      problem += " and gives ";
      append_json_number(problem, given[at]);
    });
    if (!problem.empty()) return broken(problem);
    if (column == given.size()) return {};
    return broken("has " + std::to_string(column) + " numbers of " + name + ", the model gives " +
                  std::to_string(given.size()));
  }

  void note(OutputKind kind, double difference) {
    if (!(difference > report_.largest)) return;
    report_.largest = difference;
    report_.largest_row = rows_;
    report_.largest_output = model::output_name(kind);
  }

  const engine::Plan& plan_;
  ProofReport report_;
  BodyReader reader_;
  engine::Plan::ScratchPtr scratch_;
  engine::Answer answer_;
  dom::parser parser_;
  std::string body_;
  std::size_t rows_ = 0;
  std::array<std::vector<double>, model::kOutputKinds> scales_;  // the largest number of each column
};

}  // namespace

Result<ProofReport> check_proof(const engine::Plan& plan, std::string_view proof) { return Check(plan).run(proof); }

Result<void> prove(const engine::Plan& plan, const model::Manifest& manifest, const FileBytes& proof) {
  if (manifest.proof_level == model::ProofLevel::kNone) return {};
  if (proof.bytes().empty()) return fail(Code::kCorrupt, "it says that it is proven, and its proof is empty");
  SLIPWAY_TRY(check_proof(plan, proof.bytes()));
  return {};
}

}  // namespace slipway::serve
