// SPDX-License-Identifier: Apache-2.0
// One pass over the rows. The more columns there are, the fewer values of each are kept for its bins.
#include "cli/proof/training_profile.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.h"
#include "cli/proof/row_file.h"

namespace slipway::cli {
namespace {

using monitor::ColumnProfiler;

constexpr std::size_t kMostKept = std::size_t{8} << 20;  // numbers, of all columns: 64 MiB
constexpr std::size_t kKeptOfColumn = std::size_t{1} << 16;
constexpr std::size_t kNumbersProfiled = 64;  // of a regressor's numbers

std::string numbered(std::string_view name, std::size_t i) {
  return i == 0 ? std::string(name) : fmt::format("{}_{}", name, i);
}

// What the model answers: which label, how sure it is, or which number.
class Answers {
 public:
  Answers(const model::Model& model, std::size_t sample) : targets_(model.targets()) {
    const bool sure = model.output(model::OutputKind::kProbability) != nullptr;
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      predictions_.emplace_back(numbered("prediction", i), sample);
      if (sure) probabilities_.emplace_back(numbered("probability", i), sample);
      std::vector<std::string>& labels = labels_.emplace_back();
      for (const model::Label& label : targets_[i].labels) labels.push_back(model::label_text(label));
    }
    sample_ = sample;
  }

  void add(const engine::Answer& answer) {
    std::size_t first = 0;  // of the target's probabilities
    for (std::size_t i = 0; i < answer.index.size(); ++i) {
      predictions_[i].add(labels_[i][answer.index[i]]);
      const std::size_t count = labels_[i].size();
      if (first + count > answer.probability.size()) continue;
      const auto begin = answer.probability.begin() + std::ptrdiff_t(first);
      probabilities_[i].add(count == 2 ? begin[1] : *std::max_element(begin, begin + std::ptrdiff_t(count)));
      first += count;
    }
    for (std::size_t i = 0; i < std::min(answer.prediction.size(), kNumbersProfiled); ++i) {
      if (i == predictions_.size()) predictions_.emplace_back(numbered("prediction", i), sample_);
      predictions_[i].add(answer.prediction[i]);
    }
  }

  std::vector<monitor::Profile::Column> finish() {
    std::vector<monitor::Profile::Column> out;
    for (std::vector<ColumnProfiler>* of : {&predictions_, &probabilities_}) {
      for (ColumnProfiler& column : *of) out.push_back(column.finish());
    }
    return out;
  }

 private:
  std::span<const model::Target> targets_;
  std::vector<std::vector<std::string>> labels_;
  std::vector<ColumnProfiler> predictions_, probabilities_;
  std::size_t sample_ = 0;
};

}  // namespace

Result<monitor::Profile> profile_rows(const engine::Plan& plan, const std::string& path) {
  const RowFile file = SLIPWAY_TRY(open_rows(path, plan));
  const std::span<const model::Field> fields = plan.model().schema().fields();
  const std::size_t sample = std::clamp<std::size_t>(kMostKept / (fields.size() + 1), 16, kKeptOfColumn);
  std::vector<ColumnProfiler> columns;
  for (const model::Field& field : fields) columns.emplace_back(field.name, sample);
  Answers answers(plan.model(), sample);
  const engine::Plan::ScratchPtr scratch = plan.scratch();
  engine::Answer answer;
  monitor::Profile out;
  for (;;) {
    const serve::RowReader::Next next = SLIPWAY_TRY(file.rows->next());
    if (next == serve::RowReader::Next::kEnd) break;
    if (next == serve::RowReader::Next::kBad) {
      return fail(Code::kInvalid, serve::where(path, file.rows->problem_place()) + file.rows->problem());
    }
    ++out.rows;
    for (std::size_t i = 0; i < columns.size(); ++i) columns[i].add(file.rows->cells()[i]);
    plan.run({.fields = file.rows->cells(), .extras = file.rows->extras()}, *scratch, answer);
    if (answer.refusal != nullptr) {
      ++out.refused;
    } else {
      answers.add(answer);
    }
  }
  if (out.rows == 0) return fail(Code::kInvalid, path + ": has no rows");
  for (ColumnProfiler& column : columns) out.fields.push_back(column.finish());
  out.answers = answers.finish();
  return out;
}

}  // namespace slipway::cli
