// SPDX-License-Identifier: Apache-2.0
#include "model/values.h"

#include <bit>

namespace slipway::model {

Values::Values(const std::vector<Value>& values) {
  std::vector<std::uint8_t> kinds;
  std::vector<std::int64_t> bits;
  std::vector<std::string> texts;
  const auto add = [&](Cell::Kind kind, std::int64_t value) {
    kinds.push_back(std::uint8_t(kind));
    bits.push_back(value);
  };
  for (const Value& value : values) {
    if (std::holds_alternative<Null>(value)) add(Cell::Kind::kNull, 0);
    if (const auto* flag = std::get_if<bool>(&value)) add(Cell::Kind::kBool, *flag ? 1 : 0);
    if (const auto* integer = std::get_if<std::int64_t>(&value)) add(Cell::Kind::kInt, *integer);
    if (const auto* real = std::get_if<double>(&value)) add(Cell::Kind::kReal, std::bit_cast<std::int64_t>(*real));
    if (const auto* text = std::get_if<std::string>(&value)) {
      add(Cell::Kind::kText, std::int64_t(texts.size()));
      texts.push_back(*text);
    }
  }
  kinds_ = std::move(kinds);
  bits_ = std::move(bits);
  texts_ = texts;
}

Result<Values> Values::create(Array<std::uint8_t> kinds, Array<std::int64_t> bits, Texts texts) {
  if (kinds.size() != bits.size()) return fail(Code::kCorrupt, "the kinds and the values differ in number");
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const auto kind = static_cast<Cell::Kind>(kinds[i]);
    const bool known = kind == Cell::Kind::kNull || kind == Cell::Kind::kInt || kind == Cell::Kind::kReal ||
                       (kind == Cell::Kind::kBool && (bits[i] == 0 || bits[i] == 1)) ||
                       (kind == Cell::Kind::kText && bits[i] >= 0 && std::uint64_t(bits[i]) < texts.size());
    if (!known) return fail(Code::kCorrupt, "value " + std::to_string(i) + " is of no known kind");
  }
  Values out;
  out.kinds_ = std::move(kinds);
  out.bits_ = std::move(bits);
  out.texts_ = std::move(texts);
  return out;
}

Cell Values::operator[](std::size_t i) const {
  switch (static_cast<Cell::Kind>(kinds_[i])) {
    case Cell::Kind::kBool:
      return Cell::of(bits_[i] != 0);
    case Cell::Kind::kInt:
      return Cell::of(bits_[i]);
    case Cell::Kind::kReal:
      return Cell::of(std::bit_cast<double>(bits_[i]));
    case Cell::Kind::kText:
      return Cell::of(texts_[std::size_t(bits_[i])]);
    default:
      return Cell::null();
  }
}

}  // namespace slipway::model
