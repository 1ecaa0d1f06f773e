// SPDX-License-Identifier: Apache-2.0
// A model made ready to run: steps fused, tables built, buffers sized. Immutable; any number of threads run one plan,
// each with its own Scratch.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/result.h"
#include "engine/answer.h"
#include "model/cell.h"
#include "model/model.h"

namespace slipway::engine {

class Plan {
 public:
  // Buffers for one thread. Made by scratch(), grown to a plan's size once, then never again.
  class Scratch;
  struct ScratchDelete {
    void operator()(Scratch* scratch) const;
  };
  using ScratchPtr = std::unique_ptr<Scratch, ScratchDelete>;

  // REQUIRES: nothing beyond a Model (which is checked when it is made). The plan owns it. Errors: kTooLarge; kCorrupt
  // for a vocabulary with a name twice, which is seen when its table is made, and made only once.
  static Result<Plan> compile(model::Model model);

  Plan(Plan&&) noexcept;
  Plan& operator=(Plan&&) noexcept;
  ~Plan();

  const model::Model& model() const;

  ScratchPtr scratch() const;

  // Equal to run_reference bit for bit, in what was wanted; the rest of `answer` is empty. Does not allocate once
  // `answer` and `scratch` have been used with this plan.
  void run(const model::Record& record, Scratch& scratch, Answer& answer, Wanted wanted = kWantAll) const;

  // Of the record run last with `scratch`: the fields, by index, with a text that training did not see; a field once
  // for each such text of a list. Costs nothing, since run() has to look every text up. Valid until the next run.
  std::span<const std::uint32_t> unseen_fields(const Scratch& scratch) const;

  // True if the field takes text and training saw no such category. `field` is an index into the schema. O(1), does not
  // allocate.
  bool unseen(std::uint32_t field, std::string_view value) const;

  // True if the model would use this extra although the schema does not list its name: a DictVectorizer column
  // "a=b=c" can be meant as a:"b=c" (which is what the schema says) or as "a=b":"c".
  bool uses(const model::Extra& extra) const;

  // Measured once at compile time on rows made from the schema: nanoseconds a row. A row that takes milliseconds is not
  // run for this but estimated.
  double row_cost_ns() const;

 private:
  struct Impl;
  explicit Plan(std::unique_ptr<Impl> impl);
  std::unique_ptr<const Impl> impl_;
};

}  // namespace slipway::engine
