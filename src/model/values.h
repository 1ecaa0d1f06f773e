// SPDX-License-Identifier: Apache-2.0
// A table of single values that training knew: categories, constants to fill in. Python's values as far as JSON has
// them. Immutable; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/array.h"
#include "base/result.h"
#include "model/cell.h"

namespace slipway::model {

struct Null {
  friend bool operator==(Null, Null) { return true; }
};
using Value = std::variant<Null, bool, std::int64_t, double, std::string>;

class Values {
 public:
  Values() = default;
  Values(const std::vector<Value>& values);  // NOLINT(google-explicit-constructor)
  // Of arrays that somebody stored: a kind (of Cell::Kind: null, bool, int, real or text) and 64 bits each; the bits of
  // a text are its place in `texts`. kCorrupt where they do not fit together.
  static Result<Values> create(Array<std::uint8_t> kinds, Array<std::int64_t> bits, Texts texts);

  std::size_t size() const { return kinds_.size(); }
  bool empty() const { return kinds_.empty(); }
  // Borrowed; never absent. REQUIRES: i < size().
  Cell operator[](std::size_t i) const;

  const Array<std::uint8_t>& kinds() const { return kinds_; }
  const Array<std::int64_t>& bits() const { return bits_; }
  const Texts& texts() const { return texts_; }

  friend bool operator==(const Values&, const Values&) = default;

 private:
  Array<std::uint8_t> kinds_;
  Array<std::int64_t> bits_;
  Texts texts_;
};

}  // namespace slipway::model
