// SPDX-License-Identifier: Apache-2.0
// What one record gives. Owned by the caller and reused from row to row, so that a steady stream allocates nothing.
#pragma once

#include <cstdint>
#include <vector>

#include "model/model.h"

namespace slipway::engine {

// Which outputs a caller asks for: a bit an output kind. Steps that none of them needs are not run.
using Wanted = std::uint8_t;
constexpr Wanted want(model::OutputKind kind) { return Wanted(1U << unsigned(kind)); }
inline constexpr Wanted kWantAll = (1U << model::kOutputKinds) - 1;

struct Answer {
  // Why the library would have raised on this row; nullptr if it would not, else the rest is empty. A sentence without
  // the field's name, valid as long as the model: "LogisticRegression does not take NaN (null) values".
  const char* refusal = nullptr;
  // The field to blame, as an index into the schema; kNoField if it is none of them (a nested value in an extra).
  std::uint32_t refusal_field = model::Schema::kNoField;

  std::vector<std::uint32_t> index;  // of the label, one a target; empty: a regressor
  std::vector<double> prediction;    // a regressor's numbers
  std::vector<double> probability;   // a column a label, target after target; empty if the model has none
  std::vector<double> decision;      // target after target
  std::vector<double> score;
  std::vector<double> transform;

  // Keeps the memory.
  void clear() {
    refusal = nullptr;
    refusal_field = model::Schema::kNoField;
    index.clear();
    prediction.clear();
    probability.clear();
    decision.clear();
    score.clear();
    transform.clear();
  }
};

}  // namespace slipway::engine
