// SPDX-License-Identifier: Apache-2.0
// A VectorizeDict with its lookups made ready: a cell goes to its column by one probe, no name is put together.
// Immutable after create(); any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/known_places.h"
#include "model/cell.h"
#include "model/model.h"
#include "model/name_table.h"

namespace slipway::engine {

// A value that a row has, at its column. `order` is its place in the record: hits on one column are taken in it.
struct Hit {
  std::uint32_t column = 0;
  std::uint32_t order = 0;
  double value = 0;
};

class Vectorizer {
 public:
  // Borrows `op`, which must stay where it is. Errors as NameTable::create.
  static Result<Vectorizer> create(const model::VectorizeDict& op, const model::Schema& schema);

  struct Refusal {
    const char* why = nullptr;
    std::uint32_t field = model::Schema::kNoField;
  };
  // What a thread gathers into; reused from record to record.
  struct Room {
    std::vector<Hit>& hits;              // the record's, columns ascending
    std::vector<std::uint32_t>& unseen;  // fields with a text that has no column, a field for each such text
    char* key;                           // key_size() bytes
  };
  // Replaces the hits in `room`, adds to its unseen.
  Refusal gather(const model::Record& record, const Room& room) const;

  // True if the text has a column under that field of the schema.
  bool has(std::uint32_t field, std::string_view text) const;
  bool uses(const model::Extra& extra) const;
  std::size_t key_size() const { return columns_.longest(); }

 private:
  struct Source {
    std::uint32_t number_column = model::NameTable::kNone;
    // The field's name contains the separator (no schema that we derive has that): its texts are looked up whole.
    bool whole_names = false;
  };

  std::uint32_t find_whole(std::string_view name, std::string_view text, char* key) const;
  bool known(std::string_view name) const { return columns_.find(0, name) != model::NameTable::kNone; }
  void push_text(std::uint32_t column, std::uint32_t field, const Room& room) const;
  bool add_other(const model::Cell& cell, std::string_view name, std::uint32_t field, const Room& room) const;

  const model::VectorizeDict* op_ = nullptr;
  std::vector<std::string> names_;  // of the fields
  std::vector<Source> sources_;     // a field each
  model::NameTable columns_;        // whole names
  model::NameTable categories_;     // group: field; name: text
  KnownPlaces places_;              // in categories_, of each field
};

}  // namespace slipway::engine
