// SPDX-License-Identifier: Apache-2.0
// Compiling gives every slot a place and every step a kernel. Two things are saved over the reference: a check writes
// nothing (its output is its input's place), and a Densify whose zeros cannot change a result keeps the row sparse.
// That is so when every reader is a Linear with finite coefficients: the sum starts at +0.0, and adding x * 0 = +-0.0
// to a sum that is not -0.0 changes no bit (it never becomes -0.0, since only -0.0 + -0.0 is).
#include "engine/program.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "engine/blame.h"

namespace slipway::engine {
namespace {

using model::Cell;
using model::SlotType;

// REQUIRES: place.type == kDense
double* row(const Place& place, Frame& frame) { return frame.buffers.dense.data() + place.at; }
std::vector<Hit>& hits(const Place& place, Frame& frame) { return frame.buffers.hits[place.at]; }

bool refuse(Frame& frame, const char* why, std::uint32_t field) {
  frame.answer.refusal = why;
  frame.answer.refusal_field = field;
  return false;
}

bool run(const Gather& kernel, Frame& frame) {
  Buffers& buffers = frame.buffers;
  const auto refusal =
      kernel.vectorizer->gather(frame.record, {hits(kernel.out, frame), buffers.unseen, buffers.key.data()});
  return refusal.why == nullptr || refuse(frame, refusal.why, refusal.field);
}

bool run(const Stack& kernel, Frame& frame) {
  double* out = row(kernel.out, frame);
  for (std::uint32_t i = 0; i < kernel.out.columns; ++i) {
    const Cell& cell = frame.record.fields[i];
    if (cell.is_number()) {
      out[i] = cell.number();
    } else if (cell.missing()) {
      out[i] = std::nan("");
    } else {
      return refuse(frame, kTextForNumber, i);
    }
  }
  return true;
}

// REQUIRES: `value` is not finite. False: refused.
bool not_finite(const CheckFinite& kernel, Frame& frame, std::uint32_t column, double value) {
  const bool nan = std::isnan(value);
  if (nan && kernel.allow_nan) return true;
  using enum model::Model::Refused;
  const std::uint32_t slot = kernel.model->steps()[kernel.step].input;
  return refuse(frame, kernel.model->refusal(kernel.step, nan ? kNan : kInfinity),
                field_of(*kernel.model, slot, column));
}

bool run(const CheckFinite& kernel, Frame& frame) {
  if (kernel.in.type == SlotType::kCsr) {
    for (const Hit& hit : hits(kernel.in, frame)) {
      if (!std::isfinite(hit.value) && !not_finite(kernel, frame, hit.column, hit.value)) return false;
    }
    return true;
  }
  const double* in = row(kernel.in, frame);
  for (std::uint32_t i = 0; i < kernel.in.columns; ++i) {
    if (!std::isfinite(in[i]) && !not_finite(kernel, frame, i, in[i])) return false;
  }
  return true;
}

bool run(const Scatter& kernel, Frame& frame) {
  double* out = row(kernel.out, frame);
  std::fill_n(out, kernel.out.columns, 0.0);
  for (const Hit& hit : hits(kernel.in, frame)) {
    out[hit.column] = kernel.last_wins ? hit.value : out[hit.column] + hit.value;
  }
  return true;
}

bool run(const Apply& kernel, Frame& frame) {
  if (kernel.in.type == SlotType::kCsr) {
    std::vector<Hit>& out = hits(kernel.out, frame);
    out = hits(kernel.in, frame);
    for (Hit& hit : out) hit.value *= kernel.factor[hit.column];
    return true;
  }
  const double* in = row(kernel.in, frame);
  double* out = row(kernel.out, frame);
  const std::uint32_t columns = kernel.out.columns;
  std::copy_n(in, columns, out);
  if (kernel.offset != nullptr) {
    for (std::uint32_t i = 0; i < columns; ++i) out[i] -= kernel.offset[i];
  }
  if (kernel.scale != nullptr) {
    for (std::uint32_t i = 0; i < columns; ++i) out[i] /= kernel.scale[i];
  }
  if (kernel.factor != nullptr) {
    for (std::uint32_t i = 0; i < columns; ++i) out[i] *= kernel.factor[i];
  }
  return true;
}

// f of all that the rows hold.
template <class F>
void each(const Place& in, const Place& out, Frame& frame, F f) {
  if (in.type == SlotType::kCsr) {
    std::vector<Hit>& to = hits(out, frame);
    if (in.at != out.at) to = hits(in, frame);
    for (Hit& hit : to) hit.value = f(hit.value);
    return;
  }
  std::transform(row(in, frame), row(in, frame) + in.columns, row(out, frame), f);
}

bool run(const Map& kernel, Frame& frame) {
  const double low = kernel.low, high = kernel.high;
  if (kernel.kind == Map::Kind::kClip) {
    each(kernel.in, kernel.out, frame, [=](double x) { return x < low ? low : x > high ? high : x; });
  } else {
    each(kernel.in, kernel.out, frame, [=](double x) { return x > low ? 1.0 : 0.0; });
  }
  return true;
}

// Hits on one column become one.
void fold(std::span<const Hit> in, bool last_wins, std::vector<Hit>& out) {
  out.clear();
  for (const Hit& hit : in) {
    if (out.empty() || out.back().column != hit.column) out.push_back({hit.column, hit.order, 0.0});
    out.back().value = last_wins ? hit.value : out.back().value + hit.value;
  }
}

bool run(const Merge& kernel, Frame& frame) {
  fold(hits(kernel.in, frame), kernel.last_wins, hits(kernel.out, frame));
  return true;
}

// The norm with one more value.
double longer(model::NormalizeRows::Norm kind, double norm, double x) {
  using enum model::NormalizeRows::Norm;
  switch (kind) {
    case kSum:
      return norm + x;
    case kL1:
      return norm + std::fabs(x);
    case kL2:
      return norm + x * x;
    case kMax:
      return std::fabs(x) > norm ? std::fabs(x) : norm;
    case kSignedMax:
      return x > norm ? x : norm;
  }
  return norm;
}

double norm_of(const Normalize& kernel, Frame& frame) {
  using enum model::NormalizeRows::Norm;
  const auto kind = kernel.op->norm;
  double norm = 0;
  if (kernel.in.type == SlotType::kCsr) {
    const std::vector<Hit>& values = hits(kernel.out, frame);
    const bool full = values.size() >= kernel.in.columns;
    if (kind == kSignedMax && full) norm = values[0].value;  // else the zeros that it does not hold take part
    for (const Hit& hit : values) norm = longer(kind, norm, hit.value);
  } else {
    const double* in = row(kernel.in, frame);
    if (kind == kSignedMax) norm = in[0];
    for (std::uint32_t i = 0; i < kernel.in.columns; ++i) norm = longer(kind, norm, in[i]);
  }
  return kind == kL2 ? std::sqrt(norm) : norm;
}

bool run(const Normalize& kernel, Frame& frame) {
  using enum model::NormalizeRows::Norm;
  using enum model::NormalizeRows::Zero;
  const model::NormalizeRows& op = *kernel.op;
  Place from = kernel.in;
  if (from.type == SlotType::kCsr) {
    const bool once = op.norm == kMax || op.norm == kSignedMax;
    if (once) fold(hits(from, frame), false, hits(kernel.out, frame));
    if (!once) hits(kernel.out, frame) = hits(from, frame);
    from = kernel.out;
  }
  const double norm = norm_of(kernel, frame);
  const bool zero = norm == 0 || std::fabs(norm) < op.tiny;
  const double share = 1.0 / double(kernel.in.columns);
  each(from, kernel.out, frame, [&](double x) {
    if (!zero || op.zero == kDivide) return x / norm;
    return op.zero == kUniform ? share : x;
  });
  return true;
}

bool run(const Dot& kernel, Frame& frame) {
  const model::Linear& op = *kernel.op;
  double* out = row(kernel.out, frame);
  if (kernel.in.type == SlotType::kDense) {
    const double* in = row(kernel.in, frame);
    for (std::uint32_t k = 0; k < op.outputs; ++k) {
      const double* coef = op.coef.data() + std::size_t{k} * kernel.in.columns;
      double sum = 0;
      for (std::uint32_t i = 0; i < kernel.in.columns; ++i) sum += in[i] * coef[i];
      out[k] = sum + op.intercept[k];
    }
    return true;
  }
  if (kernel.transposed == nullptr) {
    double sum = 0;
    for (const Hit& hit : hits(kernel.in, frame)) sum += hit.value * op.coef[hit.column];
    out[0] = sum + op.intercept[0];
    return true;
  }
  std::fill_n(out, op.outputs, 0.0);
  for (const Hit& hit : hits(kernel.in, frame)) {
    const double* coef = kernel.transposed + std::size_t{hit.column} * op.outputs;
    for (std::uint32_t k = 0; k < op.outputs; ++k) out[k] += hit.value * coef[k];
  }
  for (std::uint32_t k = 0; k < op.outputs; ++k) out[k] += op.intercept[k];
  return true;
}

void softmax(std::span<const double> in, double* out) {
  double largest = in[0];
  for (const double x : in) {
    if (x > largest || std::isnan(x)) largest = x;
  }
  double sum = 0;
  for (std::size_t i = 0; i < in.size(); ++i) sum += out[i] = std::exp(in[i] - largest);
  for (std::size_t i = 0; i < in.size(); ++i) out[i] /= sum;
}

std::uint32_t argmax(std::span<const double> in) {
  std::uint32_t best = 0;
  for (std::uint32_t i = 1; i < in.size() && !std::isnan(in[best]); ++i) {
    if (in[i] > in[best] || std::isnan(in[i])) best = i;
  }
  return best;
}

bool run(const Squash& kernel, Frame& frame) {
  const std::span<const double> in(row(kernel.in, frame), kernel.in.columns);
  double* out = row(kernel.out.type == SlotType::kIndex ? kernel.in : kernel.out, frame);  // an index has no row
  switch (kernel.kind) {
    case Squash::Kind::kExpit:
      for (std::size_t i = 0; i < in.size(); ++i) out[i] = 1 / (1 + std::exp(-in[i]));
      break;
    case Squash::Kind::kSoftmax:
      softmax(in, out);
      break;
    case Squash::Kind::kComplement:
      out[0] = 1 - in[0];
      out[1] = in[0];
      break;
    case Squash::Kind::kNegation:
      out[0] = -in[0];
      out[1] = in[0];
      break;
    case Squash::Kind::kPositive:
      frame.buffers.index[kernel.out.at] = in[0] > 0 ? 1 : 0;
      break;
    case Squash::Kind::kArgmax:
      frame.buffers.index[kernel.out.at] = argmax(in);
      break;
  }
  return true;
}

// True if nothing reads the zeros of what `slot` holds (see the top of this file).
bool zeros_are_unread(const model::Model& model, std::uint32_t slot) {
  std::vector<bool> same(model.slots().size());  // slots with the same values as `slot`
  same[slot] = true;
  for (std::uint32_t i = 0; i < model.steps().size(); ++i) {
    const model::Step& step = model.steps()[i];
    if (!same[step.input]) continue;
    const auto* linear = std::get_if<model::Linear>(&step.op);
    if (std::holds_alternative<model::RequireFinite>(step.op)) {
      same[i + 1] = true;
    } else if (linear == nullptr || !std::ranges::all_of(linear->coef, [](double x) { return std::isfinite(x); })) {
      return false;
    }
  }
  return std::ranges::none_of(model.outputs(), [&](const model::Output& output) { return bool(same[output.slot]); });
}

}  // namespace

Place Program::place(const model::Slot& slot) {
  Place out{.type = slot.type, .columns = slot.columns};
  if (slot.type == SlotType::kCsr) out.at = hit_rows_++;
  if (slot.type == SlotType::kIndex) out.at = indices_++;
  if (slot.type == SlotType::kDense) {
    out.at = dense_size_;
    dense_size_ += slot.columns;
  }
  return out;
}

const double* Program::transpose(const model::Linear& op) {
  if (op.outputs == 1) return nullptr;
  const std::size_t columns = op.coef.size() / op.outputs;
  auto out = std::make_unique<std::vector<double>>(op.coef.size());
  for (std::size_t k = 0; k < op.outputs; ++k) {
    for (std::size_t i = 0; i < columns; ++i) (*out)[i * op.outputs + k] = op.coef[k * columns + i];
  }
  transposed_.push_back(std::move(out));
  return transposed_.back()->data();
}

// One step's operator to its kernel: an operator without an overload stops the build.
struct Program::Adder {
  Program& self;
  const model::Model& model;
  std::uint32_t step;
  bool zeros_unread;
  Place in;

  // A new place for what the step writes.
  Place out() const { return self.places_.emplace_back(self.place(model.slots()[step + 1])); }
  Result<void> add(Kernel kernel) const {
    self.kernels_.push_back(kernel);
    return {};
  }
  Result<void> squash(Squash::Kind kind) const { return add(Squash{kind, in, out()}); }
  static const double* data(const std::vector<double>& values) { return values.empty() ? nullptr : values.data(); }

  Result<void> operator()(const model::VectorizeDict& op) const {
    auto vectorizer = SLIPWAY_TRY(Vectorizer::create(op, model.schema()));
    self.key_size_ = std::max(self.key_size_, vectorizer.key_size());
    self.vectorizers_.push_back(std::make_unique<Vectorizer>(std::move(vectorizer)));
    return add(Gather{self.vectorizers_.back().get(), out()});
  }
  Result<void> operator()(const model::Densify& op) const {
    if (!zeros_unread) return add(Scatter{op.last_wins, in, out()});
    const Place merged = self.places_.emplace_back(self.place({SlotType::kCsr, in.columns}));
    return add(Merge{op.last_wins, in, merged});
  }
  Result<void> operator()(const model::StackNumbers&) const { return add(Stack{out()}); }
  Result<void> operator()(const model::RequireFinite& op) const {
    self.places_.push_back(in);
    return add(CheckFinite{&model, step, op.allow_nan, in});
  }
  Result<void> operator()(const model::Standardize& op) const {
    return add(Apply{data(op.offset), data(op.scale), nullptr, in, out()});
  }
  Result<void> operator()(const model::ScaleColumns& op) const {
    return add(Apply{nullptr, nullptr, data(op.factor), in, out()});
  }
  Result<void> operator()(const model::Clip& op) const {
    return add(Map{Map::Kind::kClip, op.low, op.high, in, out()});
  }
  Result<void> operator()(const model::Binarize& op) const {
    return add(Map{Map::Kind::kBinarize, op.threshold, op.threshold, in, out()});
  }
  Result<void> operator()(const model::NormalizeRows& op) const { return add(Normalize{&op, in, out()}); }
  Result<void> operator()(const model::Linear& op) const {
    return add(Dot{&op, in.type == SlotType::kCsr ? self.transpose(op) : nullptr, in, out()});
  }
  Result<void> operator()(const model::Expit&) const { return squash(Squash::Kind::kExpit); }
  Result<void> operator()(const model::Softmax&) const { return squash(Squash::Kind::kSoftmax); }
  Result<void> operator()(const model::WithComplement&) const { return squash(Squash::Kind::kComplement); }
  Result<void> operator()(const model::WithNegation&) const { return squash(Squash::Kind::kNegation); }
  Result<void> operator()(const model::PositiveIndex&) const { return squash(Squash::Kind::kPositive); }
  Result<void> operator()(const model::ArgmaxIndex&) const { return squash(Squash::Kind::kArgmax); }
};

Result<Program> Program::compile(const model::Model& model) {
  Program program;
  program.fields_ = model.schema().fields().size();
  program.places_.push_back({.type = SlotType::kRecord, .columns = static_cast<std::uint32_t>(program.fields_)});
  std::uint64_t dense = 0;
  for (const model::Slot& slot : model.slots()) dense += slot.type == SlotType::kDense ? slot.columns : 0;
  if (dense > (1U << 30)) return fail(Code::kTooLarge, "the model's rows have more than 2^30 numbers");
  for (std::uint32_t i = 0; i < model.steps().size(); ++i) {
    const bool densify = std::holds_alternative<model::Densify>(model.steps()[i].op);
    const bool zeros_unread = densify && zeros_are_unread(model, i + 1);
    const Adder adder{program, model, i, zeros_unread, program.places_[model.steps()[i].input]};
    SLIPWAY_TRY(std::visit(adder, model.steps()[i].op));
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
  out.key.resize(key_size_);
  return out;
}

void Program::run(const model::Record& record, Buffers& buffers, Answer& answer) const {
  answer.clear();
  Frame frame{record, buffers, answer};
  for (const Kernel& kernel : kernels_) {
    if (!std::visit([&](const auto& it) { return engine::run(it, frame); }, kernel)) return;
  }
  for (const Named& output : outputs_) {
    if (output.place.type == SlotType::kIndex) {
      answer.index = buffers.index[output.place.at];
      continue;
    }
    std::vector<double>& to = output.kind == model::OutputKind::kProbability ? answer.probability
                              : output.kind == model::OutputKind::kDecision  ? answer.decision
                                                                             : answer.prediction;
    const double* from = buffers.dense.data() + output.place.at;
    to.assign(from, from + output.place.columns);
  }
}

}  // namespace slipway::engine
