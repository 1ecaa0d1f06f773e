// SPDX-License-Identifier: Apache-2.0
// From a record to rows, and the checks of what came. A check writes nothing: its output is its input's place.
#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/blame.h"
#include "engine/kernels/ops.h"
#include "engine/kernels/vectors.h"

namespace slipway::engine::kernels {
namespace {

using model::Cell;
using model::SlotType;

class Gather : public Kernel {
 public:
  Gather(const Vectorizer* vectorizer, Place out) : vectorizer_(vectorizer), out_(out) {}

  bool run(Frame& frame) const override {
    Buffers& buffers = frame.buffers;
    const auto refusal = vectorizer_->gather(frame.record, {frame.hits(out_), buffers.unseen, buffers.key.data()});
    return refusal.why == nullptr || frame.refuse(refusal.why, refusal.field);
  }
  bool knows(std::uint32_t field, std::string_view text, bool& seen) const override {
    seen |= vectorizer_->has(field, text);
    return true;
  }

 private:
  const Vectorizer* vectorizer_;
  Place out_;
};

class Stack : public Kernel {
 public:
  Stack(const Compiling& step, Place out) : model_(step.model), slot_(step.slot_in()), in_(step.in()), out_(out) {}

  bool run(Frame& frame) const override {
    double* out = frame.row(out_);
    const auto cells = frame.cells(in_);
    if (take_reals(cells.first(out_.columns), out)) return true;
    for (std::uint32_t i = 0; i < out_.columns; ++i) {
      if (cells[i].is_number()) {
        out[i] = cells[i].number();
      } else if (cells[i].missing()) {
        out[i] = std::nan("");
      } else {
        return frame.refuse(kTextForNumber, field_of(model_, slot_, i));
      }
    }
    return true;
  }

 private:
  const model::Model& model_;
  std::uint32_t slot_;
  Place in_, out_;
};

class CheckFinite : public Kernel {
 public:
  CheckFinite(const model::Model& model, std::uint32_t step, const model::RequireFinite& op, Place in)
      : model_(model), step_(step), slot_(model.steps()[step].inputs[0]), op_(op), in_(in) {}

  bool run(Frame& frame) const override {
    if (in_.type == SlotType::kCsr) {
      for (const Hit& hit : frame.hits(in_)) {
        if (!std::isfinite(hit.value) && !not_finite(frame, hit.column, hit.value)) return false;
      }
      return true;
    }
    if (in_.type == SlotType::kCells || in_.type == SlotType::kRecord) return check_cells(frame);
    const double* in = frame.row(in_);
    if (all_finite({in, in_.columns})) return true;
    for (std::uint32_t i = 0; i < in_.columns; ++i) {
      if (!std::isfinite(in[i]) && !not_finite(frame, i, in[i])) return false;
    }
    return true;
  }

 private:
  bool check_cells(Frame& frame) const {
    const auto cells = frame.cells(in_);
    for (std::uint32_t i = 0; i < in_.columns; ++i) {
      const bool real = cells[i].kind == Cell::Kind::kReal;
      if (!real && (!cells[i].missing() || std::ranges::binary_search(op_.nullable, i))) continue;
      const double value = real ? cells[i].real : std::nan("");
      if (!std::isfinite(value) && !not_finite(frame, i, value)) return false;
    }
    return true;
  }

  // REQUIRES: `value` is not finite. False: refused.
  bool not_finite(Frame& frame, std::uint32_t column, double value) const {
    using enum model::Model::Refused;
    const bool nan = std::isnan(value);
    if (nan && op_.allow_nan) return true;
    return frame.refuse(model_.refusal(step_, nan ? kNan : kInfinity), field_of(model_, slot_, column));
  }

  const model::Model& model_;
  std::uint32_t step_, slot_;
  const model::RequireFinite& op_;  // the model's
  Place in_;
};

}  // namespace

Result<KernelPtr> compile(const model::VectorizeDict& op, Compiling& step) {
  auto vectorizer = SLIPWAY_TRY(Vectorizer::create(op, step.model.schema()));
  const Vectorizer* kept = step.keep(std::move(vectorizer));
  return std::make_unique<Gather>(kept, step.out());
}

Result<KernelPtr> compile(const model::StackNumbers&, Compiling& step) {
  const Place out = step.out();
  return std::make_unique<Stack>(step, out);
}

Result<KernelPtr> compile(const model::RequireFinite& op, Compiling& step) {
  step.same_as(step.in());
  const model::Step* reader = only_reader(step.model, step.step + 1);
  if (reader != nullptr && std::holds_alternative<model::Linear>(reader->op)) return nullptr;  // its sums will tell
  return std::make_unique<CheckFinite>(step.model, step.step, op, step.in());
}

KernelPtr check_before(const Compiling& step) {
  const std::uint32_t slot = step.slot_in();
  if (slot == 0 || only_reader(step.model, slot) == nullptr) return nullptr;
  const auto* op = std::get_if<model::RequireFinite>(&step.model.steps()[slot - 1].op);
  return op == nullptr ? nullptr : std::make_unique<CheckFinite>(step.model, slot - 1, *op, step.in());
}

}  // namespace slipway::engine::kernels
