// SPDX-License-Identifier: Apache-2.0
// The fields a record has, in order, with what training knew of them. Derived from the fitted state, never asked of
// the user. Immutable after create(); any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/name_table.h"

namespace slipway::model {

struct Field {
  std::string name;
  bool takes_number = false;
  bool takes_text = false;
  std::vector<std::string> categories;  // the texts training saw, in its order; empty: any text
  std::optional<double> typical;        // a value that training saw or centred on, for examples
  bool required = true;                 // false: the model has the column, and nothing reads it

  // "number", "text", or "number or text"
  std::string_view expected() const;
};

// Move-only: names() borrows from the fields.
class Schema {
 public:
  Schema() = default;
  Schema(Schema&&) noexcept = default;
  Schema& operator=(Schema&&) noexcept = default;
  // kCorrupt if two fields have one name, or a field takes nothing.
  static Result<Schema> create(std::vector<Field> fields, bool records_only);

  std::span<const Field> fields() const { return fields_; }
  // The names alone, in order, for nearest(). Borrowed.
  std::span<const std::string_view> names() const { return names_; }
  // True if the model was fitted on dictionaries: a bare row of values has no meaning to it.
  bool records_only() const { return records_only_; }

  // The field's index, or kNoField. Does not allocate.
  static constexpr std::uint32_t kNoField = NameTable::kNone;
  std::uint32_t find(std::string_view name) const { return table_.find(0, name); }

  // A record that passes in strict mode, as JSON on one line.
  std::string example() const;

 private:
  std::vector<Field> fields_;
  std::vector<std::string_view> names_;
  NameTable table_;
  bool records_only_ = false;
};

}  // namespace slipway::model
