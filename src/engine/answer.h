// SPDX-License-Identifier: Apache-2.0
// What one record gives. Owned by the caller and reused from row to row, so that a steady stream allocates nothing.
#pragma once

#include <cstdint>
#include <vector>

#include "model/schema.h"

namespace slipway::engine {

struct Answer {
  // Why the library would have raised on this row; nullptr if it would not, else the rest is empty. A sentence without
  // the field's name, valid as long as the model: "LogisticRegression does not take NaN (null) values".
  const char* refusal = nullptr;
  // The field to blame, as an index into the schema; kNoField if it is none of them (a nested value in an extra).
  std::uint32_t refusal_field = model::Schema::kNoField;

  std::uint32_t index = 0;          // of the label, if the model has labels
  std::vector<double> prediction;   // a regressor's numbers
  std::vector<double> probability;  // a column a label; empty if the model has none
  std::vector<double> decision;

  // Keeps the memory.
  void clear() {
    refusal = nullptr;
    refusal_field = model::Schema::kNoField;
    index = 0;
    prediction.clear();
    probability.clear();
    decision.clear();
  }
};

}  // namespace slipway::engine
