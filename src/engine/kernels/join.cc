// SPDX-License-Identifier: Apache-2.0
// Parts of rows, and rows put together.
#include <algorithm>
#include <utility>

#include "engine/kernels/hit_writer.h"
#include "engine/kernels/ops.h"

namespace slipway::engine::kernels {
namespace {

using model::SlotType;

class Pick : public Kernel {
 public:
  Pick(const model::Select& op, Place in, Place out) : op_(op), in_(in), out_(out) {}

  bool run(Frame& frame) const override {
    if (in_.type == SlotType::kCsr) {
      pick_hits(frame);
    } else if (in_.type == SlotType::kDense) {
      const double* in = frame.row(in_);
      double* out = frame.row(out_);
      for (std::uint32_t i = 0; i < out_.columns; ++i) out[i] = in[op_.columns[i]];
    } else {
      const model::Cell* in = frame.cells(in_).data();
      model::Cell* out = frame.cells_out(out_);
      for (const std::uint32_t column : op_.columns) *out++ = in[column];
    }
    return true;
  }

 private:
  // Both ascend.
  void pick_hits(Frame& frame) const {
    std::vector<Hit>& out = frame.hits(out_);
    out.clear();
    const std::uint32_t* at = op_.columns.begin();
    for (const Hit& hit : frame.hits(in_)) {
      at = std::lower_bound(at, op_.columns.end(), hit.column);
      if (at == op_.columns.end()) break;
      if (*at == hit.column) out.push_back({std::uint32_t(at - op_.columns.begin()), hit.order, hit.value});
    }
  }

  const model::Select& op_;
  Place in_, out_;
};

class Join : public Kernel {
 public:
  // `fold`: the rows are dense ones that are kept sparse.
  Join(std::vector<Place> in, Place out, bool fold) : in_(std::move(in)), out_(out), fold_(fold) {}

  bool run(Frame& frame) const override {
    if (out_.type == SlotType::kCsr) {
      join_sparse(frame);
    } else if (out_.type == SlotType::kCells) {
      join_cells(frame);
    } else {
      join_dense(frame);
    }
    return true;
  }

 private:
  void join_dense(Frame& frame) const {
    double* out = frame.row(out_);
    for (const Place& in : in_) {
      if (in.type == SlotType::kDense) {
        std::copy_n(frame.row(in), in.columns, out);
      } else {
        std::fill_n(out, in.columns, 0.0);
        for (const Hit& hit : frame.hits(in)) out[hit.column] += hit.value;
      }
      out += in.columns;
    }
  }

  void join_cells(Frame& frame) const {
    model::Cell* out = frame.cells_out(out_);
    for (const Place& in : in_) {
      if (in.type == SlotType::kCells) {
        std::ranges::copy(frame.cells(in), out);
      } else if (in.type == SlotType::kDense) {
        const double* row = frame.row(in);
        for (std::uint32_t i = 0; i < in.columns; ++i) out[i] = model::Cell::of(row[i]);
      } else {
        std::fill_n(out, in.columns, model::Cell::of(0.0));
        for (const Hit& hit : frame.hits(in)) out[hit.column].real += hit.value;
      }
      out += in.columns;
    }
  }

  void join_sparse(Frame& frame) const {
    std::size_t most = 0;
    for (const Place& in : in_) most += in.type == SlotType::kCsr ? frame.hits(in).size() : in.columns;
    HitWriter out(frame.hits(out_), most);
    std::uint32_t begin = 0;
    for (const Place& in : in_) {
      if (in.type == SlotType::kDense) {
        out.push_row({frame.row(in), in.columns}, begin);
      } else if (fold_) {
        out.push_folded(frame.hits(in), begin, false);
      } else {
        out.push_all(frame.hits(in), begin);
      }
      begin += in.columns;
    }
    out.finish();
  }

  std::vector<Place> in_;
  Place out_;
  bool fold_;
};

class AddUp : public Kernel {
 public:
  AddUp(const model::WeightedSum& op, std::vector<Place> in, Place out) : op_(op), in_(std::move(in)), out_(out) {}

  bool run(Frame& frame) const override {
    double* out = frame.row(out_);
    for (std::size_t k = 0; k < in_.size(); ++k) {
      const double* in = frame.row(in_[k]);
      const double weight = op_.weights.empty() ? 1 : op_.weights[k];  // 1 * x is x to the last bit
      for (std::uint32_t i = 0; i < out_.columns; ++i) out[i] = k == 0 ? weight * in[i] : out[i] + weight * in[i];
    }
    for (std::uint32_t i = 0; i < out_.columns; ++i) out[i] /= op_.divisor;
    return true;
  }

 private:
  const model::WeightedSum& op_;
  std::vector<Place> in_;
  Place out_;
};

class Table : public Kernel {
 public:
  Table(const model::LookUp& op, Place in, Place out) : op_(op), in_(in), out_(out) {}

  bool run(Frame& frame) const override {
    std::copy_n(op_.table.data() + std::size_t{frame.index(in_)} * op_.columns, op_.columns, frame.row(out_));
    return true;
  }

 private:
  const model::LookUp& op_;
  Place in_, out_;
};

std::vector<Place> all_inputs(const Compiling& step) {
  std::vector<Place> in;
  for (std::size_t i = 0; i < step.inputs(); ++i) in.push_back(step.in(i));
  return in;
}

}  // namespace

Result<KernelPtr> compile(const model::Select& op, Compiling& step) {
  const Place out = step.out();
  return std::make_unique<Pick>(op, step.in(), out);
}

// Dense rows that are mostly zeros of a sparse part stay sparse where nobody reads the zeros.
Result<KernelPtr> compile(const model::Concat&, Compiling& step) {
  std::vector<Place> in = all_inputs(step);
  const model::Slot& slot = step.model.slots()[step.step + 1];
  std::uint32_t sparse = 0;
  for (const Place& place : in) sparse += place.type == SlotType::kCsr ? place.columns : 0;
  const bool fold =
      slot.type == SlotType::kDense && sparse > slot.columns / 2 && zeros_are_unread(step.model, step.step + 1);
  const Place out = fold ? step.out_as({SlotType::kCsr, slot.columns}) : step.out();
  return std::make_unique<Join>(std::move(in), out, fold);
}

Result<KernelPtr> compile(const model::WeightedSum& op, Compiling& step) {
  const Place out = step.out();
  return std::make_unique<AddUp>(op, all_inputs(step), out);
}

Result<KernelPtr> compile(const model::LookUp& op, Compiling& step) {
  const Place out = step.out();
  return std::make_unique<Table>(op, step.in(), out);
}

}  // namespace slipway::engine::kernels
