// SPDX-License-Identifier: Apache-2.0
// One function an operator, each a transcription of the library's own, with fresh vectors for every value. Nothing is
// shared with the plan beyond the sentences of a refusal.
#include "engine/reference.h"

#include <cmath>
#include <map>
#include <string>
#include <utility>

#include "engine/blame.h"

namespace slipway::engine {
namespace {

using model::Cell;
using model::Schema;

struct Value {
  std::vector<std::pair<std::uint32_t, double>> hits;  // kCsr: column and value, columns ascending
  std::vector<double> row;                             // kDense
  std::uint32_t index = 0;                             // kIndex
};

class Run {
 public:
  Run(const model::Model& model, const model::Record& record) : model_(model), record_(record) {}

  Answer answer() {
    Answer answer;
    values_.emplace_back();
    for (step_ = 0; step_ < model_.steps().size(); ++step_) {
      const model::Step& step = model_.steps()[step_];
      Value out = std::visit([&](const auto& op) { return run(op, values_[step.input]); }, step.op);
      values_.push_back(std::move(out));
      if (refusal_ == nullptr) continue;
      answer.refusal = refusal_;
      answer.refusal_field = refusal_field_;
      return answer;
    }
    for (const model::Output& output : model_.outputs()) {
      const Value& value = values_[output.slot];
      if (output.kind == model::OutputKind::kProbability) answer.probability = value.row;
      if (output.kind == model::OutputKind::kDecision) answer.decision = value.row;
      if (output.kind == model::OutputKind::kPrediction) {
        answer.index = value.index;
        answer.prediction = value.row;
      }
    }
    return answer;
  }

 private:
  void refuse(const char* why, std::uint32_t field) {
    if (refusal_ == nullptr) {
      refusal_ = why;
      refusal_field_ = field;
    }
  }

  Value run(const model::VectorizeDict& op, const Value&) {
    std::map<std::string_view, std::uint32_t> columns;
    for (std::uint32_t i = 0; i < op.names.size(); ++i) columns.emplace(op.names[i], i);
    std::multimap<std::uint32_t, double> hits;  // equal columns stay in the order they came
    const auto hit = [&](std::string_view name, double value) {
      if (const auto found = columns.find(name); found != columns.end()) hits.emplace(found->second, value);
    };
    const auto add_text = [&](std::string_view name, std::string_view text) {
      hit(std::string(name) + op.separator + std::string(text), 1);
    };
    const auto add = [&](std::string_view name, const Cell& cell, std::uint32_t field) {
      const bool lists = cell.kind == Cell::Kind::kTexts && op.lists;
      if (cell.kind == Cell::Kind::kNull) hit(name, std::nan(""));
      if (cell.is_number()) hit(name, cell.number());
      if (cell.kind == Cell::Kind::kText) add_text(name, cell.text());
      if (lists) {
        for (const Cell& text : cell.texts()) add_text(name, text.text());
      }
      const bool bad = cell.kind == Cell::Kind::kOther || (cell.kind == Cell::Kind::kTexts && !op.lists);
      const bool empty_list = cell.kind == Cell::Kind::kTexts && cell.texts().empty();
      if (bad && ((op.refuse_unknown && !empty_list) || columns.contains(name)))
        refuse(op.lists ? kNestedValue : kNoListsThen, field);
    };
    const auto fields = model_.schema().fields();
    for (std::uint32_t i = 0; i < fields.size(); ++i) add(fields[i].name, record_.fields[i], i);
    for (const model::Extra& extra : record_.extras) add(extra.name, extra.value, Schema::kNoField);
    return {.hits = {hits.begin(), hits.end()}};
  }

  Value run(const model::Densify& op, const Value& in) {
    Value out;
    out.row.assign(out_columns(), 0.0);
    for (const auto& [column, value] : in.hits) out.row[column] = op.last_wins ? value : out.row[column] + value;
    return out;
  }

  Value run(const model::StackNumbers&, const Value&) {
    Value out;
    for (std::uint32_t i = 0; i < record_.fields.size(); ++i) {
      const Cell& cell = record_.fields[i];
      if (!cell.missing() && !cell.is_number()) refuse(kTextForNumber, i);
      out.row.push_back(cell.is_number() ? cell.number() : std::nan(""));
    }
    return out;
  }

  Value run(const model::RequireFinite& op, const Value& in) {
    const auto check = [&](std::uint32_t column, double value) {
      const std::uint32_t slot = model_.steps()[step_].input;
      if (std::isnan(value) && !op.allow_nan) {
        refuse(model_.refusal(step_, model::Model::Refused::kNan), field_of(model_, slot, column));
      }
      if (std::isinf(value)) {
        refuse(model_.refusal(step_, model::Model::Refused::kInfinity), field_of(model_, slot, column));
      }
    };
    for (const auto& [column, value] : in.hits) check(column, value);
    for (std::uint32_t i = 0; i < in.row.size(); ++i) check(i, in.row[i]);
    return in;
  }

  Value run(const model::Standardize& op, const Value& in) {
    Value out = in;
    for (std::size_t i = 0; i < out.row.size(); ++i) {
      if (!op.offset.empty()) out.row[i] -= op.offset[i];
      if (!op.scale.empty()) out.row[i] /= op.scale[i];
    }
    return out;
  }

  Value run(const model::ScaleColumns& op, const Value& in) {
    Value out = in;
    for (auto& [column, value] : out.hits) value *= op.factor[column];
    for (std::size_t i = 0; i < out.row.size(); ++i) out.row[i] *= op.factor[i];
    return out;
  }

  Value run(const model::Linear& op, const Value& in) {
    const std::size_t columns = op.coef.size() / op.outputs;
    Value out;
    for (std::uint32_t k = 0; k < op.outputs; ++k) {
      const double* coef = op.coef.data() + k * columns;
      double sum = 0;
      for (const auto& [column, value] : in.hits) sum += value * coef[column];
      for (std::size_t i = 0; i < in.row.size(); ++i) sum += in.row[i] * coef[i];
      out.row.push_back(sum + op.intercept[k]);
    }
    return out;
  }

  Value run(const model::Expit&, const Value& in) {
    Value out = in;
    for (double& x : out.row) x = 1 / (1 + std::exp(-x));
    return out;
  }

  // Applies f to all that the rows hold.
  template <class F>
  static Value each(Value rows, F f) {
    for (auto& [column, value] : rows.hits) value = f(value);
    for (double& value : rows.row) value = f(value);
    return rows;
  }

  Value run(const model::Clip& op, const Value& in) {
    return each(in, [&](double x) { return x < op.low ? op.low : x > op.high ? op.high : x; });
  }

  Value run(const model::Binarize& op, const Value& in) {
    return each(in, [&](double x) { return x > op.threshold ? 1.0 : 0.0; });
  }

  Value run(const model::NormalizeRows& op, const Value& in) {
    using enum model::NormalizeRows::Norm;
    using enum model::NormalizeRows::Zero;
    Value rows = in;
    if (op.norm == kMax || op.norm == kSignedMax) {
      std::map<std::uint32_t, double> once;
      for (const auto& [column, value] : in.hits) once[column] += value;
      rows.hits = {once.begin(), once.end()};
    }
    std::vector<double> values = rows.row;
    for (const auto& [column, value] : rows.hits) values.push_back(value);
    if (values.size() < out_columns()) values.push_back(0);  // one stands for all that a sparse row does not hold
    double norm = op.norm == kSignedMax ? values[0] : 0;
    for (const double x : values) {
      if (op.norm == kSum) norm += x;
      if (op.norm == kL1) norm += std::fabs(x);
      if (op.norm == kL2) norm += x * x;
      if (op.norm == kMax && std::fabs(x) > norm) norm = std::fabs(x);
      if (op.norm == kSignedMax && x > norm) norm = x;
    }
    if (op.norm == kL2) norm = std::sqrt(norm);
    const bool zero = norm == 0 || std::fabs(norm) < op.tiny;
    if (zero && op.zero == kKeep) return rows;
    const double share = 1.0 / double(out_columns());
    return each(rows, [&](double x) { return zero && op.zero == kUniform ? share : x / norm; });
  }

  Value run(const model::Softmax&, const Value& in) {
    double largest = in.row[0];
    for (const double x : in.row) {
      if (x > largest || std::isnan(x)) largest = x;
    }
    Value out = in;
    for (double& x : out.row) x = std::exp(x - largest);
    return run(model::NormalizeRows{}, out);
  }

  Value run(const model::WithComplement&, const Value& in) { return {.row = {1 - in.row[0], in.row[0]}}; }
  Value run(const model::WithNegation&, const Value& in) { return {.row = {-in.row[0], in.row[0]}}; }
  Value run(const model::PositiveIndex&, const Value& in) { return {.index = in.row[0] > 0 ? 1U : 0U}; }

  Value run(const model::ArgmaxIndex&, const Value& in) {
    std::uint32_t best = 0;
    for (std::uint32_t i = 1; i < in.row.size() && !std::isnan(in.row[best]); ++i) {
      if (in.row[i] > in.row[best] || std::isnan(in.row[i])) best = i;
    }
    return {.index = best};
  }

  std::uint32_t out_columns() const { return model_.slots()[step_ + 1].columns; }

  const model::Model& model_;
  const model::Record& record_;
  std::vector<Value> values_;
  std::size_t step_ = 0;
  const char* refusal_ = nullptr;
  std::uint32_t refusal_field_ = Schema::kNoField;
};

}  // namespace

Answer run_reference(const model::Model& model, const model::Record& record) { return Run(model, record).answer(); }

}  // namespace slipway::engine
