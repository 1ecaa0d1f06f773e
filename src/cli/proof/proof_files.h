// SPDX-License-Identifier: Apache-2.0
// The proof of a bundle from the files that a notebook wrote: rows, and what the training library answered to them.
// docs/proof.md says how they look. One thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/plan.h"
#include "model/bundle.h"
#include "serve/proof.h"

namespace slipway::cli {

struct ProofFiles {
  std::string samples;   // CSV, JSON lines or JSON: rows as the model takes them
  std::string expected;  // CSV or JSON lines: a row each
};

// X.samples.csv and X.expected.csv (or .jsonl) beside the model's file X.pkl. kUsage if there is one without the other.
Result<std::optional<ProofFiles>> find_proof_files(const std::string& model_file);

struct Proof {
  model::ProofLevel level = model::ProofLevel::kNone;
  std::string lines;  // of proof.jsonl
  serve::ProofReport report;
};

// Runs every row and holds it against its answer. kCorrupt names the first that differs; kInvalid, kContract for files
// that do not fit the model or each other. A bundle keeps the first kKeptRows rows.
Result<Proof> library_proof(const engine::Plan& plan, const ProofFiles& files);

// Rows made from the schema and answered by the reference engine; none if the model refuses all of them.
Result<Proof> self_proof(const engine::Plan& plan);

inline constexpr std::size_t kKeptRows = 1000;
inline constexpr std::size_t kKeptBytes = std::size_t{4} << 20;

}  // namespace slipway::cli
