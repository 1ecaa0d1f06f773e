// SPDX-License-Identifier: Apache-2.0
// What a plan's steps are made of: places in one thread's buffers, and kernels that read some and write one. Kernels
// borrow the model, which stays where it is; they are immutable, any number of threads run one.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/answer.h"
#include "engine/vectorizer.h"
#include "model/model.h"

namespace slipway::engine {

// Working memory of one kernel in one thread, of whatever kind it needs beyond places.
struct KernelRoom {
  virtual ~KernelRoom() = default;
};

// What one thread needs to run a program.
struct Buffers {
  std::vector<std::vector<Hit>> hits;
  std::vector<double> dense;  // all dense rows in one array
  std::vector<std::uint32_t> index;
  std::vector<model::Cell> cells;
  std::vector<std::unique_ptr<KernelRoom>> rooms;
  std::vector<std::uint32_t> unseen;  // as Vectorizer::Room has it
  std::string key;
};

// Where a slot lives: hits[at], dense[at .. at + columns), index[at] or cells[at .. at + columns).
struct Place {
  model::SlotType type = model::SlotType::kRecord;
  std::uint32_t at = 0;
  std::uint32_t columns = 0;
};

struct Frame {
  const model::Record& record;
  Buffers& buffers;
  Answer& answer;

  // REQUIRES of each: a place of that type (cells: or the record).
  double* row(const Place& place) const { return buffers.dense.data() + place.at; }
  std::span<const double> values(const Place& place) const { return {row(place), place.columns}; }
  std::vector<Hit>& hits(const Place& place) const { return buffers.hits[place.at]; }
  std::uint32_t& index(const Place& place) const { return buffers.index[place.at]; }
  std::span<const model::Cell> cells(const Place& place) const {
    if (place.type == model::SlotType::kRecord) return record.fields;
    return {buffers.cells.data() + place.at, place.columns};
  }
  model::Cell* cells_out(const Place& place) const { return buffers.cells.data() + place.at; }

  // The library would raise. `why` lives as long as the model. Gives false, for `return frame.refuse(...)`.
  bool refuse(const char* why, std::uint32_t field) const {
    answer.refusal = why;
    answer.refusal_field = field;
    return false;
  }
};

class Kernel {
 public:
  virtual ~Kernel() = default;
  // False: refused. Does not allocate once warm.
  virtual bool run(Frame& frame) const = 0;
  // A text that training did not see, as Plan::unseen asks: true if this kernel looks texts of that field up.
  virtual bool knows(std::uint32_t /*field*/, std::string_view /*text*/, bool& /*seen*/) const { return false; }
};
using KernelPtr = std::unique_ptr<Kernel>;

// The step behind the one that gives `slot`, if it and nothing else reads it; else nullptr. What the one leaves to the
// other is then done in the model's order: which of two refusals comes first does not change.
const model::Step* only_reader(const model::Model& model, std::uint32_t slot);

// True if nothing reads the zeros of what `slot` holds, so that its rows may stay sparse (rows.cc says why).
bool zeros_are_unread(const model::Model& model, std::uint32_t slot);

class Program;

// One step while it is being compiled.
class Compiling {
 public:
  Compiling(Program& program, const model::Model& model, std::uint32_t step)
      : model(model), step(step), program_(program) {}

  const model::Model& model;
  const std::uint32_t step;

  std::size_t inputs() const { return model.steps()[step].inputs.size(); }
  std::uint32_t slot_in(std::size_t i = 0) const { return model.steps()[step].inputs[i]; }
  Place in(std::size_t i = 0) const;
  // A new place for what the step writes. Once.
  Place out();
  // Instead of out(): what the step gives is there already.
  void same_as(Place place);
  // Instead of out(): a place of another type than the slot's (all readers can take it: see zeros_are_unread).
  Place out_as(model::Slot slot);
  // Working memory.
  Place room(model::Slot slot);
  // The number of a room of another kind; `make` makes it for each thread.
  std::uint32_t room(std::unique_ptr<KernelRoom> (*make)(const void* of), const void* of);
  // So many numbers of the model are read for every row.
  void reads(std::uint64_t numbers);
  // Keeps the vectorizer, for Plan::uses and Plan::unseen.
  const Vectorizer* keep(Vectorizer vectorizer);

 private:
  Program& program_;
};

}  // namespace slipway::engine
