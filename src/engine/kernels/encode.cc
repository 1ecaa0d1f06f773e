// SPDX-License-Identifier: Apache-2.0
// Of single values. Texts are found by one probe, numbers in a sorted table; a column's own place in both is worked out
// when the plan is made. A row of numbers never becomes cells.
#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/blame.h"
#include "engine/kernels/hit_writer.h"
#include "engine/kernels/ops.h"
#include "engine/known_places.h"
#include "model/name_table.h"

namespace slipway::engine::kernels {
namespace {

using model::Cell;
using model::NameTable;
using model::SlotType;

constexpr std::uint32_t kNone = NameTable::kNone;

// What one Encode knows, by column.
class Known {
 public:
  static Result<Known> create(const model::Encode& op) {
    Known out;
    std::vector<model::NameEntry> texts;
    for (std::uint32_t i = 0; i + 1 < op.starts.size(); ++i) {
      Column& column = out.columns_.emplace_back();
      column.begin = std::uint32_t(out.numbers_.size());
      for (std::uint32_t k = op.starts[i]; k < op.starts[i + 1]; ++k) {
        const Cell value = op.values[k];
        if (value.kind == Cell::Kind::kText) {
          texts.push_back({.group = i, .name = value.text(), .value = k});
        } else if (value.kind == Cell::Kind::kNull) {
          column.null = std::min(column.null, k);
        } else if (model::is_missing(value)) {
          column.nan = std::min(column.nan, k);
        } else {
          out.numbers_.push_back({value.number(), value, k});
        }
      }
      const auto begin = out.numbers_.begin() + column.begin;
      std::sort(begin, out.numbers_.end(),
                [](const Number& a, const Number& b) { return std::pair(a.key, a.place) < std::pair(b.key, b.place); });
      column.end = std::uint32_t(out.numbers_.size());
      if (column.null == kNone) column.null = column.nan;
      if (column.nan == kNone) column.nan = column.null;
    }
    out.texts_ = SLIPWAY_TRY(NameTable::create(texts));
    return out;
  }

  // Places among the values; kNone: not known.
  std::uint32_t find(std::uint32_t column, const Cell& cell) const {
    switch (cell.kind) {
      case Cell::Kind::kText:
        return texts_.find(column, cell.text());
      case Cell::Kind::kNull:
        return columns_[column].null;
      case Cell::Kind::kAbsent:
        return columns_[column].nan;
      case Cell::Kind::kBool:
      case Cell::Kind::kInt:
      case Cell::Kind::kReal:
        return find_number(column, cell);
      default:
        return kNone;
    }
  }

 private:
  struct Number {
    double key;
    Cell value;
    std::uint32_t place;
  };
  struct Column {
    std::uint32_t begin = 0, end = 0;  // among the numbers
    std::uint32_t null = kNone, nan = kNone;
  };

  std::uint32_t find_number(std::uint32_t column, const Cell& cell) const {
    const double key = cell.number();
    if (std::isnan(key)) return columns_[column].nan;
    const Number* end = numbers_.data() + columns_[column].end;
    const Number* at = std::lower_bound(numbers_.data() + columns_[column].begin, end, key,
                                        [](const Number& a, double b) { return a.key < b; });
    for (; at != end && at->key == key; ++at) {  // above 2^53 several integers are one double
      if (model::equal_cells(at->value, cell)) return at->place;
    }
    return kNone;
  }

  NameTable texts_;  // group: the column
  std::vector<Number> numbers_;
  std::vector<Column> columns_;
};

constexpr std::uint32_t kRefused = kNone - 1;

// Looks every column's value up.
class Encoder : public Kernel {
 public:
  Encoder(const model::Encode& op, Known known, const model::Model& model, std::uint32_t slot, Place in)
      : op_(op), known_(std::move(known)), in_(in) {
    for (std::uint32_t i = 0; i < in.columns; ++i) fields_.push_back(field_of(model, slot, i));
  }

  bool knows(std::uint32_t field, std::string_view text, bool& seen) const override {
    bool asks = false;
    for (std::uint32_t i = 0; i < fields_.size(); ++i) {
      if (fields_[i] != field) continue;
      asks = true;
      seen |= known_.find(i, Cell::of(text)) != kNone;
    }
    return asks;
  }

 protected:
  std::span<const std::uint32_t> fields() const { return fields_; }  // that each column comes from
  // The row, if it is one of cells.
  const Cell* cells_of(Frame& frame) const { return in_.type == SlotType::kDense ? nullptr : frame.cells(in_).data(); }
  // The place among the values; kNone: not known.
  std::uint32_t find(std::uint32_t column, const Cell& cell) const { return known_.find(column, cell); }
  // The same of the row's value, which is noted if it is not known; kRefused: the library would raise.
  [[gnu::noinline]] std::uint32_t look_up(Frame& frame, std::uint32_t column) const {
    const Cell* cells = cells_of(frame);
    const Cell cell = cells == nullptr ? Cell::of(frame.row(in_)[column]) : cells[column];
    const std::uint32_t place = find(column, cell);
    if (place != kNone) return place;
    if (op_.unknown.empty()) {
      frame.refuse(why_unknown(cell), fields_[column]);
      return kRefused;
    }
    note(frame, column, cell);
    return kNone;
  }

  const model::Encode& op_;

 private:
  // A text of the record, and not one that was filled in.
  void note(Frame& frame, std::uint32_t column, const Cell& cell) const {
    const std::uint32_t field = fields_[column];
    if (cell.kind != Cell::Kind::kText || field == model::Schema::kNoField) return;
    if (frame.record.fields[field].kind == Cell::Kind::kText) frame.buffers.unseen.push_back(field);
  }

  Known known_;
  std::vector<std::uint32_t> fields_;
  Place in_;
};

class Code : public Encoder {
 public:
  Code(const model::Encode& op, Known known, const Compiling& step, Place out)
      : Encoder(op, std::move(known), step.model, step.slot_in(), step.in()), out_(out) {
    for (std::uint32_t i = 0; i < out.columns; ++i) {
      recognised_.add(step.model.schema(), fields()[i],
                      [&](const std::string& text) { return find(i, Cell::of(text)); });
    }
  }

  bool run(Frame& frame) const override {
    double* out = frame.row(out_);
    const Cell* cells = cells_of(frame);
    for (std::uint32_t i = 0; i < out_.columns; ++i) {
      std::uint32_t place = cells == nullptr ? kNone : recognised_.find(i, cells[i]);
      if (place == kNone) place = look_up(frame, i);
      if (place == kRefused) return false;
      out[i] = place == kNone ? op_.unknown[i] : op_.codes[place];
    }
    return true;
  }

 private:
  KnownPlaces recognised_;  // of each column
  Place out_;
};

// The column that a code sets, or kNone.
std::uint32_t hot_column(const model::OneHot& op, std::uint32_t column, double code) {
  const std::uint32_t begin = op.starts[column], end = op.starts[column + 1];
  if (!(code >= 0 && code < double(end - begin))) return kNone;
  const auto whole = std::uint32_t(code);
  return double(whole) == code ? begin + whole : kNone;
}

// Ones at some columns, zeros at all others: `column_of(i)` for each i below `count`; kNone sets nothing, kRefused ends
// it.
template <class ColumnOf>
bool set_ones(Frame& frame, const Place& out, std::uint32_t count, const ColumnOf& column_of) {
  if (out.type == SlotType::kCsr) {
    HitWriter hits(frame.hits(out), count);
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint32_t column = column_of(i);
      if (column == kRefused) return false;
      if (column != kNone) hits.push(column, 1.0);
    }
    hits.finish();
    return true;
  }
  double* row = frame.row(out);
  std::fill_n(row, out.columns, 0.0);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t column = column_of(i);
    if (column == kRefused) return false;
    if (column != kNone) row[column] = 1;
  }
  return true;
}

class Spread : public Kernel {
 public:
  Spread(const model::OneHot& op, Place in, Place out) : op_(op), in_(in), out_(out) {}

  bool run(Frame& frame) const override {
    const double* row = frame.row(in_);
    return set_ones(frame, out_, in_.columns, [&](std::uint32_t i) { return hot_column(op_, i, row[i]); });
  }

 private:
  const model::OneHot& op_;
  Place in_, out_;
};

// Encode and the OneHot that alone reads it: from a value to its column.
class EncodeAndSpread : public Encoder {
 public:
  EncodeAndSpread(const model::Encode& op, Known known, const model::OneHot& spread, const Compiling& step,
                  std::uint32_t slot, Place out)
      : Encoder(op, std::move(known), step.model, slot, step.in()), out_(out) {
    for (std::uint32_t i = 0; i + 1 < op.starts.size(); ++i) {
      for (std::uint32_t k = op.starts[i]; k < op.starts[i + 1]; ++k) {
        hot_.push_back(hot_column(spread, i, op.codes[k]));
      }
      unknown_.push_back(op.unknown.empty() ? kNone : hot_column(spread, i, op.unknown[i]));
      recognised_.add(step.model.schema(), fields()[i], [&](const std::string& text) {
        const std::uint32_t place = find(i, Cell::of(text));
        return place == kNone ? kNone : hot_[place];
      });
    }
  }

  bool run(Frame& frame) const override {
    const Cell* cells = cells_of(frame);
    return set_ones(frame, out_, std::uint32_t(unknown_.size()), [&](std::uint32_t i) {
      const std::uint32_t column = cells == nullptr ? kNone : recognised_.find(i, cells[i]);
      return column != kNone ? column : look_up_column(frame, i);
    });
  }

 private:
  std::uint32_t look_up_column(Frame& frame, std::uint32_t column) const {
    const std::uint32_t place = look_up(frame, column);
    if (place == kRefused) return kRefused;
    return place == kNone ? unknown_[column] : hot_[place];
  }

  std::vector<std::uint32_t> hot_;      // the column of each value; kNone: it sets none
  std::vector<std::uint32_t> unknown_;  // of each column
  KnownPlaces recognised_;              // of each column
  Place out_;
};

// The Encode that a OneHot alone reads, if there is one.
const model::Encode* encode_before(const model::Model& model, std::uint32_t one_hot_step) {
  const std::uint32_t slot = model.steps()[one_hot_step].inputs[0];
  if (slot == 0 || only_reader(model, slot) == nullptr) return nullptr;
  return std::get_if<model::Encode>(&model.steps()[slot - 1].op);
}

class Fill : public Kernel {
 public:
  Fill(const model::Impute& op, Place in, Place out) : missing_(op.missing[0]), in_(in), out_(out) {
    any_ = model::is_missing(missing_);
    number_ = missing_.is_number() ? missing_.number() : std::nan("");
    for (std::size_t i = 0; i < op.fill.size(); ++i) {
      cells_.push_back(op.fill[i]);
      numbers_.push_back(op.fill[i].is_number() ? op.fill[i].number() : 0);
    }
  }

  bool run(Frame& frame) const override {
    if (out_.type == SlotType::kCsr) {
      std::vector<Hit>& hits = frame.hits(out_);
      hits = frame.hits(in_);
      for (Hit& hit : hits) hit.value = filled(hit.value, hit.column);
    } else if (out_.type == SlotType::kDense) {
      const double* in = frame.row(in_);
      double* out = frame.row(out_);
      for (std::uint32_t i = 0; i < out_.columns; ++i) out[i] = filled(in[i], i);
    } else {
      const Cell* in = frame.cells(in_).data();
      Cell* out = frame.cells_out(out_);
      for (std::uint32_t i = 0; i < out_.columns; ++i) {
        const bool fill = any_ ? model::is_missing(in[i]) : model::equal_cells(in[i], missing_);
        out[i] = fill ? cells_[i] : in[i];
      }
    }
    return true;
  }

 private:
  double filled(double value, std::uint32_t column) const {
    return (any_ ? std::isnan(value) : value == number_) ? numbers_[column] : value;
  }

  Cell missing_;
  bool any_ = false;
  double number_ = 0;
  std::vector<Cell> cells_;
  std::vector<double> numbers_;
  Place in_, out_;
};

class Mark : public Kernel {
 public:
  Mark(const model::IsMissing& op, Place in, Place room, Place out)
      : op_(op), missing_(op.missing[0]), in_(in), room_(room), out_(out) {}

  bool run(Frame& frame) const override {
    double* out = frame.row(out_);
    if (in_.type == SlotType::kRecord || in_.type == SlotType::kCells) {
      const Cell* in = frame.cells(in_).data();
      for (std::uint32_t i = 0; i < out_.columns; ++i) out[i] = mark(in[op_.columns[i]]);
      return true;
    }
    const double* in = frame.row(in_.type == SlotType::kCsr ? room_ : in_);
    if (in_.type == SlotType::kCsr) {
      double* row = frame.row(room_);
      std::fill_n(row, room_.columns, 0.0);
      for (const Hit& hit : frame.hits(in_)) row[hit.column] += hit.value;
    }
    for (std::uint32_t i = 0; i < out_.columns; ++i) out[i] = mark(Cell::of(in[op_.columns[i]]));
    return true;
  }

 private:
  double mark(const Cell& cell) const { return model::equal_cells(cell, missing_) ? 1 : 0; }

  const model::IsMissing& op_;
  Cell missing_;
  Place in_, room_, out_;
};

}  // namespace

Result<KernelPtr> compile(const model::Encode& op, Compiling& step) {
  const model::Step* reader = only_reader(step.model, step.step + 1);
  if (reader != nullptr && std::holds_alternative<model::OneHot>(reader->op)) {
    step.same_as(step.in());  // EncodeAndSpread takes what we were given
    return nullptr;
  }
  Known known = SLIPWAY_TRY(Known::create(op));
  const Place out = step.out();
  return std::make_unique<Code>(op, std::move(known), step, out);
}

Result<KernelPtr> compile(const model::OneHot& op, Compiling& step) {
  const Place out = step.out();
  if (const model::Encode* encode = encode_before(step.model, step.step)) {
    Known known = SLIPWAY_TRY(Known::create(*encode));
    const std::uint32_t slot = step.model.steps()[step.slot_in() - 1].inputs[0];
    return std::make_unique<EncodeAndSpread>(*encode, std::move(known), op, step, slot, out);
  }
  return std::make_unique<Spread>(op, step.in(), out);
}

Result<KernelPtr> compile(const model::Impute& op, Compiling& step) {
  const Place out = step.out();
  return std::make_unique<Fill>(op, step.in(), out);
}

Result<KernelPtr> compile(const model::IsMissing& op, Compiling& step) {
  const Place in = step.in();
  const Place room = in.type == SlotType::kCsr ? step.room({SlotType::kDense, in.columns}) : Place{};
  const Place out = step.out();
  return std::make_unique<Mark>(op, in, room, out);
}

}  // namespace slipway::engine::kernels
