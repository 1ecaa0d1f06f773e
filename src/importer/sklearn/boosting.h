// SPDX-License-Identifier: Apache-2.0
// What the two kinds of gradient boosting share: the end of a classifier. And the rows of the second kind.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "importer/attributes.h"
#include "importer/sklearn/lowering.h"
#include "model/model.h"

namespace slipway::importer::sklearn {

struct BoostedRule {
  bool exponential = false;  // the sigmoid is of twice the decision
  bool by_decision = false;  // predict() looks at the decision, else at the probabilities
  bool zero_is_one = false;  // a decision of 0 is the second label
};
// Ends the chain: probabilities of the decision, the index of a label, and the decision.
void predict_boosted(Lowering& out, std::uint32_t decision, const BoostedRule& rule, std::vector<model::Label> labels);

// Rows of the tables.
Result<void> hist_classifier(const Attributes& fitted, Lowering& out);
Result<void> hist_regressor(const Attributes& fitted, Lowering& out);

}  // namespace slipway::importer::sklearn
