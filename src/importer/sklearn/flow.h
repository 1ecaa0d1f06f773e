// SPDX-License-Identifier: Apache-2.0
// What runs through a chain of estimators while a model is put together, and what a chain gives.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/model.h"

namespace slipway::importer::sklearn {

// Columns that nothing but n_features_in_ speaks of are believed up to here.
inline constexpr std::int64_t kMaxClaimed = 100'000;

// Rows on their way through a chain.
struct Flow {
  std::uint32_t slot = 0;  // the record
  model::SlotType type = model::SlotType::kRecord;
  std::size_t columns = 0;            // 0: not known yet, at the head
  std::vector<std::string> names;     // of the columns, as far as they are known; else empty
  std::vector<std::uint32_t> fields;  // the schema's field that each column is; empty once they are something else
};

// What a chain gave.
struct Lowered {
  Flow flow;                           // what a transformer gives; a predictor leaves what it took
  std::vector<model::Output> outputs;  // empty: it only transforms
  std::vector<model::Target> targets;

  // The slot of an output, if there is one.
  std::optional<std::uint32_t> slot(model::OutputKind kind, std::uint32_t target = 0) const;
  bool predicts() const { return !outputs.empty(); }
};

}  // namespace slipway::importer::sklearn
