// SPDX-License-Identifier: Apache-2.0
// Holds a record against the schema: is this what the model was trained on? Three modes; docs/feature_contract.md has
// the table. Where the library itself raises, every mode refuses. Allocates only for records that deviate.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/plan.h"
#include "model/cell.h"
#include "monitor/metrics.h"

namespace slipway::serve {

enum class Contract : std::uint8_t {
  kAuto,    // refuse what is almost surely a mistake, answer the rest with warnings
  kStrict,  // refuse every deviation
  kIgnore,  // do what the library does
};
// kUsage for anything but auto, strict, ignore.
Result<Contract> parse_contract(std::string_view name);

// One way in which one row deviates.
struct Deviation {
  monitor::Deviation kind;
  std::uint32_t row = 0;
  std::string field;     // as sent, or as the schema has it; empty: the row as a whole
  std::string nearest;   // what was probably meant; may be empty
  std::string expected;  // "number", "text", "number or text"; may be empty
  std::string message;   // a sentence: unknown field "Tenure"; did you mean "tenure"?
};

// What a request's rows were found to be. At most kMost errors and as many warnings are kept, all are counted.
class Findings {
 public:
  static constexpr std::size_t kMost = 20;
  void clear();
  // `build` gives the Deviation; it is called only while there is room for one.
  template <class Build>
  void error(monitor::Deviation kind, const Build& build) {
    ++error_count_;
    ++counts_[std::size_t(kind)][1];
    if (errors_.size() < kMost) errors_.push_back(build());
  }
  template <class Build>
  void warning(monitor::Deviation kind, const Build& build) {
    ++counts_[std::size_t(kind)][0];
    if (warnings_.size() < kMost) warnings_.push_back(build());
  }

  std::span<const Deviation> errors() const { return errors_; }
  std::span<const Deviation> warnings() const { return warnings_; }
  std::size_t error_count() const { return error_count_; }
  // By kind: answered (0) and refused (1).
  std::uint32_t count(monitor::Deviation kind, bool refused) const {
    return counts_[std::size_t(kind)][refused ? 1 : 0];
  }
  void count_ignored(monitor::Deviation kind) { ++counts_[std::size_t(kind)][0]; }
  bool any() const;

  // Comparisons of names that this request may still spend on suggestions: a hostile one gets none, not our time.
  std::uint32_t comparisons = 0;

 private:
  std::vector<Deviation> errors_, warnings_;
  std::size_t error_count_ = 0;
  std::uint32_t counts_[std::size(monitor::kDeviations)][2] = {};
};

// The caller's own name for a record: a text or an integer under "id" that is no field of the model. It is echoed with
// the answer and is no deviation.
bool is_caller_id(const engine::Plan& plan, const model::Extra& extra);

// Judges one row before it is run, and makes it what the model shall see: under kAuto and kStrict null becomes absent.
// True if the row may be run. REQUIRES: `cells` has a cell for each field of the plan's schema.
bool judge(const engine::Plan& plan, Contract contract, std::uint32_t row, std::span<model::Cell> cells,
           std::span<const model::Extra> extras, Findings& findings);

// Judges the categories of a row after it was run, when they have been looked up anyway: `unseen` as
// Plan::unseen_fields gives it. True if the row's answer may be given.
bool judge_categories(const engine::Plan& plan, Contract contract, std::uint32_t row,
                      std::span<const std::uint32_t> unseen, std::span<const model::Cell> cells, Findings& findings);

// Notes why a row has no answer: the library would have raised on it, or its answer is no finite number. REQUIRES: the
// answer has a refusal, or is not finite.
void note_refusal(const engine::Plan& plan, const engine::Answer& answer, std::uint32_t row,
                  std::span<const model::Cell> cells, Findings& findings);

// True if JSON can say every number of the answer: all are finite, but that a transform may pass NaN on, which is null.
bool is_finite(const engine::Answer& answer);

}  // namespace slipway::serve
