// SPDX-License-Identifier: Apache-2.0
// A plan is the model with its program; both stand on the heap, since the program borrows the model.
#include "engine/plan.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "engine/program.h"

namespace slipway::engine {

struct Plan::Impl {
  explicit Impl(model::Model taken) : model(std::move(taken)) {}

  model::Model model;
  Program program;
  double row_cost_ns = 0;
};

class Plan::Scratch {
 public:
  explicit Scratch(Buffers made) : buffers(std::move(made)) {}
  Buffers buffers;
};

void Plan::ScratchDelete::operator()(Scratch* scratch) const { delete scratch; }

namespace {

// A record that uses every field: its first category, or its typical number.
std::vector<model::Cell> example_cells(const model::Schema& schema) {
  std::vector<model::Cell> cells;
  for (const model::Field& field : schema.fields()) {
    if (!field.categories.empty()) {
      cells.push_back(model::Cell::of(std::string_view(field.categories.front())));
    } else {
      cells.push_back(field.takes_number ? model::Cell::of(field.typical.value_or(0))
                                         : model::Cell::of(std::string_view()));
    }
  }
  return cells;
}

// The fastest of a few short runs; half a millisecond altogether, or one row if that takes longer. A row that needs
// millions of numbers is not run: the model has just been mapped, and they would be read from the disk to learn what
// their count says.
double measure_row(const model::Schema& schema, const Program& program) {
  using Clock = std::chrono::steady_clock;
  constexpr std::uint64_t kMeasured = 2'000'000;
  if (program.numbers() > kMeasured) return double(program.numbers());  // a nanosecond each
  constexpr auto kBudget = std::chrono::microseconds(500);
  constexpr int kRows = 16;
  const std::vector<model::Cell> cells = example_cells(schema);
  const model::Record record{.fields = cells, .extras = {}};
  Buffers buffers = program.buffers();
  Answer answer;
  double best = 0;
  const auto begin = Clock::now();
  program.run(record, buffers, answer, kWantAll);
  auto last = Clock::now();
  best = std::chrono::duration<double, std::nano>(last - begin).count();
  for (int run = 0; run < 8 && last - begin < kBudget / 4; ++run) {
    for (int i = 0; i < kRows; ++i) program.run(record, buffers, answer, kWantAll);
    const auto now = Clock::now();
    best = std::min(best, std::chrono::duration<double, std::nano>(now - last).count() / kRows);
    last = now;
  }
  return best;
}

}  // namespace

Result<Plan> Plan::compile(model::Model model) {
  auto impl = std::make_unique<Impl>(std::move(model));
  impl->program = SLIPWAY_TRY(Program::compile(impl->model));
  impl->row_cost_ns = measure_row(impl->model.schema(), impl->program);
  return Plan(std::move(impl));
}

Plan::Plan(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Plan::Plan(Plan&&) noexcept = default;
Plan& Plan::operator=(Plan&&) noexcept = default;
Plan::~Plan() = default;

const model::Model& Plan::model() const { return impl_->model; }
double Plan::row_cost_ns() const { return impl_->row_cost_ns; }

Plan::ScratchPtr Plan::scratch() const { return ScratchPtr(new Scratch(impl_->program.buffers())); }

void Plan::run(const model::Record& record, Scratch& scratch, Answer& answer, Wanted wanted) const {
  impl_->program.run(record, scratch.buffers, answer, wanted);
}

std::span<const std::uint32_t> Plan::unseen_fields(const Scratch& scratch) const { return scratch.buffers.unseen; }

bool Plan::unseen(std::uint32_t field, std::string_view value) const {
  return impl_->model.schema().fields()[field].takes_text && impl_->program.unseen(field, value);
}

bool Plan::uses(const model::Extra& extra) const {
  return std::ranges::any_of(impl_->program.vectorizers(), [&](const auto& it) { return it->uses(extra); });
}

}  // namespace slipway::engine
