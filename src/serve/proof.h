// SPDX-License-Identifier: Apache-2.0
// Holds a plan against the answers it must give. proof.jsonl has a line a row:
//   {"input": {...}, "output": {"prediction": 1, "probability": [0.3, 0.7], "decision": 0.85}}
// `input` is a record, a row of values or a text, as /predict takes them; `output` names outputs as output_name() does,
// each a value or a list: of labels for the prediction of a classifier, one a target; else of numbers, target after
// target. Labels must be equal. A number may differ by kTolerance of itself or of the largest of its column, whichever
// is more: exp, log and sums of another order are worth that much, and nothing else is.
#pragma once

#include <string_view>

#include "base/file.h"
#include "base/result.h"
#include "engine/plan.h"
#include "model/bundle.h"

namespace slipway::serve {

inline constexpr double kTolerance = 1e-11;

// How far the answers were from the proof's.
struct ProofReport {
  std::size_t rows = 0;
  double largest = 0;  // the largest difference of two numbers, and what it is of
  std::size_t largest_row = 0;
  std::string_view largest_output;
};

// kCorrupt names the first row that differs, or cannot be read. Any thread.
Result<ProofReport> check_proof(const engine::Plan& plan, std::string_view proof);

// As StoreSource::Prove: the proof of a bundle, if it has one.
Result<void> prove(const engine::Plan& plan, const model::Manifest& manifest, const FileBytes& proof);

}  // namespace slipway::serve
