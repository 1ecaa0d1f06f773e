// SPDX-License-Identifier: Apache-2.0
#include "model/json_members.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>

#include "base/text.h"

namespace slipway::model {
namespace {

namespace dom = simdjson::dom;
constexpr std::size_t kDepth = 16;

}  // namespace

Result<JsonMembers> JsonMembers::of(dom::element element) {
  dom::object object;
  if (element.get(object) != simdjson::SUCCESS) return fail(Code::kCorrupt, "is no JSON object");
  return JsonMembers(object);
}

bool JsonMembers::has(std::string_view name) const { return object_.at_key(name).error() == simdjson::SUCCESS; }

Result<dom::element> JsonMembers::any(std::string_view name) {
  dom::element element;
  if (object_.at_key(name).get(element) != simdjson::SUCCESS) {
    return fail(Code::kCorrupt, fmt::format("\"{}\" is missing", name),
                "Import the model's own file again with this Slipway");
  }
  taken_.push_back(name);
  return element;
}

template <class T>
Result<T> JsonMembers::take(std::string_view name, const char* what) {
  const dom::element element = SLIPWAY_TRY(any(name));
  T out{};
  if (element.get(out) == simdjson::SUCCESS) return out;
  return fail(Code::kCorrupt, fmt::format("\"{}\" is no {}", name, what));
}

Result<bool> JsonMembers::flag(std::string_view name) { return take<bool>(name, "true or false"); }
Result<std::uint64_t> JsonMembers::u64(std::string_view name) {
  return take<std::uint64_t>(name, "whole number from 0 up");
}
Result<std::int64_t> JsonMembers::i64(std::string_view name) { return take<std::int64_t>(name, "whole number"); }
Result<dom::array> JsonMembers::list(std::string_view name) { return take<dom::array>(name, "list"); }

Result<std::uint32_t> JsonMembers::u32(std::string_view name) {
  const std::uint64_t value = SLIPWAY_TRY(u64(name));
  if (value <= std::numeric_limits<std::uint32_t>::max()) return static_cast<std::uint32_t>(value);
  return fail(Code::kCorrupt, fmt::format("\"{}\" is {}, too large", name, value));
}

Result<double> JsonMembers::real(std::string_view name) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const dom::element element = SLIPWAY_TRY(any(name));
  double number = 0;
  if (element.get(number) == simdjson::SUCCESS) return number;
  std::string_view word;
  if (element.get(word) == simdjson::SUCCESS) {
    if (word == "NaN") return std::numeric_limits<double>::quiet_NaN();
    if (word == "Infinity") return kInfinity;
    if (word == "-Infinity") return -kInfinity;
  }
  return fail(Code::kCorrupt, fmt::format("\"{}\" is no number", name));
}

Result<std::string> JsonMembers::text(std::string_view name) {
  const std::string_view value = SLIPWAY_TRY(take<std::string_view>(name, "text"));
  return std::string(value);
}

Result<void> JsonMembers::finish() const {
  for (const dom::key_value_pair member : object_) {
    if (std::ranges::find(taken_, member.key) != taken_.end()) continue;
    return fail(Code::kUnsupported, fmt::format("\"{}\" is not known here", printable(member.key)),
                std::string(kNewerHint));
  }
  if (object_.size() != taken_.size()) return fail(Code::kCorrupt, "a member stands twice");
  return {};
}

Result<dom::element> parse_json(dom::parser& parser, std::string_view text) {
  const simdjson::padded_string padded(text);
  dom::element root;
  if (parser.allocate(std::max<std::size_t>(text.size(), 1), kDepth) != simdjson::SUCCESS ||
      parser.parse(padded).get(root) != simdjson::SUCCESS) {
    return fail(Code::kCorrupt, "is not JSON");
  }
  return root;
}

}  // namespace slipway::model
