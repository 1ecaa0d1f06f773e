// SPDX-License-Identifier: Apache-2.0
// Compiling gives every slot a place and every step a kernel (kernels/*.cc). Running skips the steps that no wanted
// output needs.
#include "engine/program.h"

#include <algorithm>
#include <utility>

#include "engine/kernels/ops.h"

namespace slipway::engine {
namespace {

using model::SlotType;

constexpr std::uint64_t kMaxNumbers = 1U << 30;

// For each step which outputs need it.
std::vector<Wanted> who_needs(const model::Model& model) {
  std::vector<Wanted> slots(model.slots().size());
  for (const model::Output& output : model.outputs()) slots[output.slot] |= want(output.kind);
  for (std::size_t i = model.steps().size(); i-- > 0;) {
    if (slots[i + 1] == 0) slots[i + 1] = kWantAll;
    for (const std::uint32_t input : model.steps()[i].inputs) slots[input] |= slots[i + 1];
  }
  return {slots.begin() + 1, slots.end()};
}

}  // namespace

const model::Step* only_reader(const model::Model& model, std::uint32_t slot) {
  if (slot >= model.steps().size()) return nullptr;
  for (const model::Output& output : model.outputs()) {
    if (output.slot == slot) return nullptr;
  }
  std::ptrdiff_t readers = 0;
  for (const model::Step& step : model.steps()) readers += std::ranges::count(step.inputs, slot);
  const model::Step& next = model.steps()[slot];  // slot 0 is the record, step i gives slot i + 1
  return readers == 1 && std::ranges::count(next.inputs, slot) == 1 ? &next : nullptr;
}

Place Compiling::in(std::size_t i) const { return program_.places_[slot_in(i)]; }
Place Compiling::out() { return out_as(model.slots()[step + 1]); }
Place Compiling::out_as(model::Slot slot) { return program_.places_.emplace_back(program_.place(slot)); }
void Compiling::same_as(Place place) { program_.places_.push_back(place); }
Place Compiling::room(model::Slot slot) { return program_.place(slot); }

std::uint32_t Compiling::room(std::unique_ptr<KernelRoom> (*make)(const void*), const void* of) {
  program_.rooms_.push_back({make, of});
  return static_cast<std::uint32_t>(program_.rooms_.size() - 1);
}

void Compiling::reads(std::uint64_t numbers) { program_.reads_ += numbers; }

const Vectorizer* Compiling::keep(Vectorizer vectorizer) {
  program_.key_size_ = std::max(program_.key_size_, vectorizer.key_size());
  program_.vectorizers_.push_back(std::make_unique<Vectorizer>(std::move(vectorizer)));
  return program_.vectorizers_.back().get();
}

Place Program::place(const model::Slot& slot) {
  Place out{.type = slot.type, .columns = slot.columns};
  const auto take = [&](std::uint32_t& size, std::uint32_t count) {
    out.at = size;
    size += count;
  };
  if (slot.type == SlotType::kCsr) take(hit_rows_, 1);
  if (slot.type == SlotType::kIndex) take(indices_, 1);
  if (slot.type == SlotType::kDense) take(dense_size_, slot.columns);
  if (slot.type == SlotType::kCells) take(cells_, slot.columns);
  return out;
}

Result<Program> Program::compile(const model::Model& model) {
  Program program;
  program.fields_ = model.schema().fields().size();
  program.places_.push_back({.type = SlotType::kRecord, .columns = static_cast<std::uint32_t>(program.fields_)});
  std::uint64_t numbers = 0;
  for (const model::Slot& slot : model.slots()) {
    if (slot.type == SlotType::kDense || slot.type == SlotType::kCells) numbers += slot.columns;
  }
  if (numbers > kMaxNumbers) return fail(Code::kTooLarge, "the model's rows have more than 2^30 numbers");
  const std::vector<Wanted> serves = who_needs(model);
  for (std::uint32_t i = 0; i < model.steps().size(); ++i) {
    Compiling step(program, model, i);
    KernelPtr kernel =
        SLIPWAY_TRY(std::visit([&](const auto& op) { return kernels::compile(op, step); }, model.steps()[i].op));
    SLIPWAY_ASSERT(program.places_.size() == i + 2);
    if (kernel != nullptr) program.steps_.push_back({std::move(kernel), serves[i]});
  }
  for (const model::Output& output : model.outputs()) {
    program.outputs_.push_back({output.kind, program.places_[output.slot]});
  }
  return program;
}

Buffers Program::buffers() const {
  Buffers out;
  out.hits.resize(hit_rows_);
  for (auto& hits : out.hits) hits.reserve(fields_);
  out.dense.resize(dense_size_);
  out.index.resize(indices_);
  out.cells.resize(cells_);
  for (const Room& room : rooms_) out.rooms.push_back(room.make(room.of));
  out.key.resize(key_size_);
  return out;
}

void Program::give(const Named& output, const Buffers& buffers, Answer& answer) const {
  const Place& place = output.place;
  if (place.type == SlotType::kIndex) {
    answer.index.push_back(buffers.index[place.at]);
    return;
  }
  std::vector<double>* const to[] = {&answer.prediction, &answer.probability, &answer.decision, &answer.score,
                                     &answer.transform};
  static_assert(std::size(to) == model::kOutputKinds);
  std::vector<double>& values = *to[std::size_t(output.kind)];
  if (place.type == SlotType::kDense) {
    const double* from = buffers.dense.data() + place.at;
    values.insert(values.end(), from, from + place.columns);
    return;
  }
  const std::size_t begin = values.size();
  values.resize(begin + place.columns, 0.0);
  for (const Hit& hit : buffers.hits[place.at]) values[begin + hit.column] += hit.value;
}

void Program::run(const model::Record& record, Buffers& buffers, Answer& answer, Wanted wanted) const {
  answer.clear();
  buffers.unseen.clear();
  Frame frame{record, buffers, answer};
  for (const Step& step : steps_) {
    if ((step.serves & wanted) != 0 && !step.kernel->run(frame)) return;
  }
  for (const Named& output : outputs_) {
    if ((want(output.kind) & wanted) != 0) give(output, buffers, answer);
  }
}

bool Program::unseen(std::uint32_t field, std::string_view text) const {
  bool asked = false, seen = false;
  for (const Step& step : steps_) asked |= step.kernel->knows(field, text, seen);
  return asked && !seen;
}

}  // namespace slipway::engine
