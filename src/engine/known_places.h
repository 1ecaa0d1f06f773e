// SPDX-License-Identifier: Apache-2.0
// Where a field's categories stand in some table, so that a cell that was recognised when it was read (Cell::known) is
// not looked up again. Immutable once filled; any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "model/cell.h"
#include "model/model.h"
#include "model/name_table.h"

namespace slipway::engine {

class KnownPlaces {
 public:
  // Of a field with more categories no cell is recognised: nobody makes tables as large as that for each column.
  static constexpr std::size_t kMost = 4096;

  // The next row: `find(text)` is asked for each category of the field; none for kNoField.
  template <class Find>
  void add(const model::Schema& schema, std::uint32_t field, const Find& find) {
    rows_.push_back({.begin = static_cast<std::uint32_t>(places_.size()), .count = 0});
    places_.push_back(model::NameTable::kNone);  // of a cell that nobody has recognised
    if (field == model::Schema::kNoField) return;
    const std::vector<std::string>& categories = schema.fields()[field].categories;
    if (categories.size() > kMost) return;
    for (const std::string& category : categories) places_.push_back(find(category));
    rows_.back().count = static_cast<std::uint32_t>(categories.size());
  }

  // The place, or NameTable::kNone: nobody has recognised the cell, or the table does not have it.
  std::uint32_t find(std::uint32_t row, const model::Cell& cell) const {
    const Row at = rows_[row];
    return cell.known > at.count ? model::NameTable::kNone : places_[at.begin + cell.known];
  }

 private:
  struct Row {
    std::uint32_t begin, count;
  };
  std::vector<Row> rows_;
  std::vector<std::uint32_t> places_;
};

}  // namespace slipway::engine
