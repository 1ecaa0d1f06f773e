// SPDX-License-Identifier: Apache-2.0
// Everything that is served at one moment: names, versions, aliases. Immutable; a change is another snapshot that
// shares the models which stay. Any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "serve/served_model.h"

namespace slipway::serve {

// One thing that was asked for: a model at a version, or wherever an alias points.
struct Slot {
  std::string name;                          // "churn"
  std::string wanted;                        // as it was asked for: "churn@production"; unique
  std::shared_ptr<const ServedModel> model;  // what answers; nullptr: nothing has been good enough yet
  std::vector<std::string> aliases;          // that mean it
  std::string failed;                        // the version that should answer and does not: "4", or ""
  std::string why;                           // it does not; "": all is well
};

class Snapshot {
 public:
  // `default_model`: whose the route /predict is; "": of the only name, if there is only one.
  explicit Snapshot(std::vector<Slot> slots = {}, std::string default_model = {});
  // Of one model, which has to be there.
  static std::shared_ptr<const Snapshot> of(std::shared_ptr<const ServedModel> model);

  const std::vector<Slot>& slots() const { return slots_; }  // by name; of one name in the order in which they came
  std::vector<std::string_view> names() const;               // distinct, sorted

  // The slot that answers; it has a model. `version`: a number, label or alias; "": the name's first slot that has one.
  // Parts of a path: %41 is A. kNotFound with the nearest name; kBusy if it was asked for and cannot be served now.
  Result<std::size_t> find(std::string_view name, std::string_view version = {}) const;
  // The slot of /predict. kNotFound naming the models.
  Result<std::size_t> find_default() const;
  // As find_default(), without an error: nullptr.
  const ServedModel* default_model() const;

  // True if everything that was asked for is served, be it by an older version, and something was.
  bool complete() const;

 private:
  Result<std::size_t> first_of(std::string_view name) const;

  std::vector<Slot> slots_;
  std::string default_name_;
  std::size_t default_slot_;  // or the number of slots
};

}  // namespace slipway::serve
