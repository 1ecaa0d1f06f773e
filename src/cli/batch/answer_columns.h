// SPDX-License-Identifier: Apache-2.0
// Which columns a batch's output has, and what each takes from an answer. Made once from the model and --columns.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/answer.h"
#include "model/model.h"

namespace slipway::cli {

struct AnswerColumn {
  enum class Kind : std::uint8_t { kRow, kLabel, kNumber };
  Kind kind = Kind::kNumber;
  std::string name;
  std::uint32_t at = 0;  // kLabel: the target; kNumber: the place in `values`
  const std::vector<double> engine::Answer::* values = nullptr;
};

struct AnswerColumns {
  std::vector<AnswerColumn> columns;
  engine::Wanted wanted = 0;
};

// `names`: row (the record's number, from 1), prediction, probability (of the second of two labels; a column a label of
// more), probabilities (a column a label always), decision, score, transform. None: what the model's predict gives, and
// probability if it has any; without predict, the first that it has. kUsage for a name that is none of them, or that
// this model does not have.
Result<AnswerColumns> answer_columns(const model::Model& model, std::span<const std::string> names);

}  // namespace slipway::cli
