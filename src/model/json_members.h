// SPDX-License-Identifier: Apache-2.0
// The members of a JSON object, taken one by one; one that nobody takes is an error. One thread.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace slipway::model {

inline constexpr std::string_view kNewerHint =
    "It was written by a newer Slipway: use that one, or import the model's own file again with this one";

class JsonMembers {
 public:
  // kCorrupt if it is no object.
  static Result<JsonMembers> of(simdjson::dom::element element);

  // kCorrupt, by name: not there, not such a value, or out of range.
  Result<bool> flag(std::string_view name);
  Result<std::uint32_t> u32(std::string_view name);
  Result<std::uint64_t> u64(std::string_view name);
  Result<std::int64_t> i64(std::string_view name);
  Result<double> real(std::string_view name);  // a number, or "NaN", "Infinity", "-Infinity"
  Result<std::string> text(std::string_view name);
  Result<simdjson::dom::array> list(std::string_view name);
  Result<simdjson::dom::element> any(std::string_view name);
  bool has(std::string_view name) const;

  // kUnsupported if a member was not taken; kCorrupt if one stands twice.
  Result<void> finish() const;

 private:
  explicit JsonMembers(simdjson::dom::object object) : object_(object) {}
  template <class T>
  Result<T> take(std::string_view name, const char* what);
  simdjson::dom::object object_;
  std::vector<std::string_view> taken_;
};

// Parses JSON, of few levels; kCorrupt. The parser owns what the element points to.
Result<simdjson::dom::element> parse_json(simdjson::dom::parser& parser, std::string_view text);

}  // namespace slipway::model
