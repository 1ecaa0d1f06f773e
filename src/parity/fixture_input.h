// SPDX-License-Identifier: Apache-2.0
// The input of a stored case as a record of the model: an object, a row, or a text.
#pragma once

#include <simdjson.h>

#include <deque>
#include <span>
#include <string>
#include <vector>

#include "model/cell.h"
#include "model/schema.h"

namespace slipway::importer::fixtures {

using model::Cell;
using simdjson::dom::element;
using simdjson::dom::element_type;

// Owns the cells of one input.
class Input {
 public:
  Input(const model::Schema& schema, element input) {
    fields_.resize(schema.fields().size());
    if (input.is_string()) {
      fields_.at(0) = cell(input);
      return;
    }
    if (input.is_array()) {
      std::size_t i = 0;
      for (const element value : input.get_array()) fields_.at(i++) = cell(value);
      return;
    }
    for (const auto& [name, value] : input.get_object()) {
      const std::uint32_t field = schema.find(name);
      if (field == model::Schema::kNoField) {
        extras_.push_back({texts_.emplace_back(name), cell(value)});
      } else {
        fields_[field] = cell(value);
      }
    }
  }

  model::Record record() const { return {.fields = fields_, .extras = extras_}; }

 private:
  Cell cell(element value) {
    switch (value.type()) {
      case element_type::NULL_VALUE:
        return Cell::null();
      case element_type::BOOL:
        return Cell::of(bool(value));
      case element_type::INT64:
        return Cell::of(std::int64_t(value));
      case element_type::STRING:
        return Cell::of(std::string_view(texts_.emplace_back(std::string_view(value))));
      case element_type::ARRAY:
        return list(value);
      case element_type::OBJECT:
        return Cell::other();
      default:
        return Cell::of(double(value));
    }
  }

  Cell list(element value) {
    std::vector<Cell>& cells = lists_.emplace_back();
    for (const element item : value.get_array()) {
      if (!item.is_string()) return Cell::other();
      cells.push_back(cell(item));
    }
    return Cell::of(std::span<const Cell>(cells));
  }

  std::deque<std::string> texts_;
  std::deque<std::vector<Cell>> lists_;
  std::vector<Cell> fields_;
  std::vector<model::Extra> extras_;
};

}  // namespace slipway::importer::fixtures
