// SPDX-License-Identifier: Apache-2.0
// What one record gives. Owned by the caller and reused from row to row, so that a steady stream allocates nothing.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace slipway::engine {

struct Answer {
  // Why the library would have raised on this row; nullptr if it would not.
  const char* refusal = nullptr;     // a sentence without a name: "NaN is not accepted by LogisticRegression"
  std::uint32_t refusal_column = 0;  // of the step's input, for the name

  std::uint32_t index = 0;          // of the label, if the model has labels
  std::vector<double> prediction;   // a regressor's numbers
  std::vector<double> probability;  // a column a label; empty if the model has none
  std::vector<double> decision;
};

}  // namespace slipway::engine
