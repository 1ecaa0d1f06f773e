// SPDX-License-Identifier: Apache-2.0
// What a batch came across: bad rows, the first of them by name, and deviations by field. Memory is bounded by the
// schema, not by the rows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/plan.h"
#include "model/cell.h"
#include "serve/contract.h"

namespace slipway::cli {

class Tally {
 public:
  static constexpr std::size_t kListed = 20;

  explicit Tally(const engine::Plan& plan);

  void bad_row() { ++skipped; }
  // Lists a reason; what comes after the first twenty is only counted, by bad_row().
  void list(std::string reason) {
    if (listed.size() < kListed) listed.push_back(std::move(reason));
  }
  // Of a row that the contract has judged, and that lacks something.
  void missing(std::span<const model::Cell> cells);
  // Of a row that was run.
  void unseen(std::span<const std::uint32_t> fields, std::span<const model::Cell> cells);

  // For people, a line each, without what is nothing; and as the members of a JSON object, with a comma before each.
  std::vector<std::string> lines(std::span<const std::string> ignored) const;
  std::string json(std::span<const std::string> ignored) const;

  std::uint64_t rows = 0;     // answered
  std::uint64_t skipped = 0;  // not answered
  std::vector<std::string> listed;

 private:
  static constexpr std::size_t kExamples = 3;
  struct FieldTally {
    std::uint64_t missing = 0, unseen = 0;
    std::vector<std::string> examples;  // of texts that training did not see
  };
  void note_unseen(std::uint32_t field, const model::Cell& text);

  const engine::Plan& plan_;
  std::vector<FieldTally> fields_;
};

}  // namespace slipway::cli
