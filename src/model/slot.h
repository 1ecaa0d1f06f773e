// SPDX-License-Identifier: Apache-2.0
// What runs between steps: a slot has a type and a number of columns. Every operator has a rule that says which slots
// it takes and which it gives.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "base/result.h"

namespace slipway::model {

enum class SlotType : std::uint8_t {
  kRecord,  // the input: cells of the schema's fields, and extras
  kCells,   // a row of cells: numbers, texts, missing ones
  kCsr,     // an f64 row, sparse, columns ascending
  kDense,   // an f64 row
  kIndex,   // one index
};

struct Slot {
  SlotType type = SlotType::kDense;
  std::uint32_t columns = 0;  // kRecord: fields; kIndex: how many different indices there can be
};

// "dense rows", for messages.
std::string_view type_name(SlotType type);

// For shape rules. The first (and only) input, if it is of one of the types; kCorrupt else.
Result<Slot> one_input(std::span<const Slot> in, std::initializer_list<SlotType> types);
// kCorrupt "<what> has <have> values, want <want>" if they differ.
Result<void> want_size(std::string_view what, std::uint64_t have, std::uint64_t want);

}  // namespace slipway::model
