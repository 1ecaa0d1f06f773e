// SPDX-License-Identifier: Apache-2.0
// Opcodes that push a value: numbers, text, bytes, names. Bytes that the file holds as they are stay there; the arena
// keeps only what had to be decoded.
#include <fmt/core.h>

#include <bit>

#include "base/text.h"
#include "format/pickle/reader.h"
#include "format/pickle/text_forms.h"

namespace slipway::pickle {

Result<void> Reader::execute_value() {
  switch (Op(opcode_->byte)) {
    case Op::kNone:
      return push_node(Kind::kNone, 0, 0);
    case Op::kNewTrue:
    case Op::kNewFalse:
      return push_node(Kind::kBool, 0, Op(opcode_->byte) == Op::kNewTrue);
    case Op::kBinInt1:
    case Op::kBinInt2:
      return push_integer(static_cast<std::int64_t>(number_));
    case Op::kBinInt:
      return push_integer(static_cast<std::int32_t>(number_));
    case Op::kBinFloat:
      return push_node(Kind::kFloat, 0, __builtin_bswap64(number_));
    case Op::kShortBinUnicode:
    case Op::kBinUnicode:
    case Op::kBinUnicode8:
      return counted_unicode();
    case Op::kShortBinBytes:
    case Op::kBinBytes:
    case Op::kBinBytes8:
    case Op::kShortBinString:
    case Op::kBinString:
      return push_text(Kind::kBytes, line_);
    case Op::kByteArray8:
      return push_text(Kind::kByteArray, line_);
    case Op::kLong1:
    case Op::kLong4:
      return counted_long();
    case Op::kInt:
    case Op::kLong:
      return text_integer();
    case Op::kFloat:
      return text_float();
    case Op::kString:
      return text_string();
    case Op::kUnicode:
      return text_unicode();
    default:
      return execute_container();
  }
}

Result<void> Reader::push_node(Kind kind, std::uint8_t aux, std::uint64_t body) {
  if (arena_.nodes.size() >= limits_.nodes || arena_.nodes.size() >= kNoNode) {
    return error(Code::kTooLarge, fmt::format("more than {} values", arena_.nodes.size()));
  }
  return push(arena_.nodes.add({std::uint64_t(kind), aux, start_, body}));
}

Result<void> Reader::push_integer(std::int64_t value) {
  return push_node(Kind::kInt, 0, static_cast<std::uint64_t>(value));
}

Result<void> Reader::push_text(Kind kind, std::string_view bytes) {
  const auto from = static_cast<std::uint64_t>(bytes.data() - bytes_.data()) - start_;
  return push_node(kind, static_cast<std::uint8_t>(from), bytes.size());
}

Result<void> Reader::push_decoded(Kind kind, std::string bytes) {
  SLIPWAY_TRY(push_node(kind, kDecoded, arena_.decoded.size()));
  arena_.decoded.push_back(std::move(bytes));
  return {};
}

Result<void> Reader::text_integer() {
  if (Op(opcode_->byte) == Op::kInt && (line_ == "00" || line_ == "01")) {
    return push_node(Kind::kBool, 0, line_ == "01");
  }
  if (line_.size() > limits_.digits) {
    return error(Code::kTooLarge, fmt::format("a number of more than {} digits", limits_.digits));
  }
  auto value = parse_integer(line_);
  if (!value) return corrupt(fmt::format("'{}' is no integer", printable(line_)));
  if (const auto* small = std::get_if<std::int64_t>(&*value)) return push_integer(*small);
  return push_decoded(Kind::kBigInt, std::get<std::string>(std::move(*value)));
}

Result<void> Reader::text_float() {
  if (line_.size() > limits_.digits) {
    return error(Code::kTooLarge, fmt::format("a number of more than {} digits", limits_.digits));
  }
  const auto value = parse_float(line_);
  if (!value) return corrupt(fmt::format("'{}' is no float", printable(line_)));
  return push_node(Kind::kFloat, 0, std::bit_cast<std::uint64_t>(*value));
}

Result<void> Reader::text_string() {
  const bool quoted = line_.size() >= 2 && line_.front() == line_.back() && (line_[0] == '\'' || line_[0] == '"');
  if (!quoted) return corrupt("the string has no quotes");
  const std::string_view inside = line_.substr(1, line_.size() - 2);
  if (inside.find('\\') == inside.npos) return push_text(Kind::kBytes, inside);
  auto decoded = decode_string_escapes(inside);
  if (!decoded) return corrupt(fmt::format("a broken escape in '{}'", printable(inside)));
  return push_decoded(Kind::kBytes, std::move(*decoded));
}

Result<void> Reader::text_unicode() {
  bool plain = true;
  for (const char c : line_) plain = plain && c != '\\' && static_cast<unsigned char>(c) < 0x80;
  if (plain) return push_text(Kind::kText, line_);
  auto decoded = decode_raw_unicode(line_);
  if (!decoded) return corrupt(fmt::format("a broken \\u escape in '{}'", printable(line_)));
  return push_decoded(Kind::kText, std::move(*decoded));
}

Result<void> Reader::counted_unicode() {
  if (!is_python_utf8(line_)) return corrupt(fmt::format("'{}' is not UTF-8", printable(line_)));
  return push_text(Kind::kText, line_);
}

Result<void> Reader::counted_long() {
  if (line_.size() > limits_.long_bytes) {
    return error(Code::kTooLarge,
                 fmt::format("an integer of {} bytes; the limit is {}", line_.size(), limits_.long_bytes));
  }
  const std::string_view bytes = trim_long(line_);
  if (bytes.size() <= 8) return push_integer(small_long(bytes));
  return push_text(Kind::kBigInt, bytes);
}

Result<void> Reader::check_name(std::string_view name) const {
  if (name.size() <= limits_.name) return {};
  return error(Code::kTooLarge, fmt::format("a name of {} bytes; the limit is {}", name.size(), limits_.name));
}

// Adds the name in the two lines of the argument, without pushing it.
Result<void> Reader::global(NodeId& made) {
  SLIPWAY_TRY(check_name(line_));
  SLIPWAY_TRY(check_name(second_line_));
  if (!is_utf8(line_) || !is_utf8(second_line_)) {
    return corrupt(fmt::format("the name '{}' '{}' is not UTF-8", printable(line_), printable(second_line_)));
  }
  const std::uint64_t body =
      pack(static_cast<std::uint32_t>(line_.size()), static_cast<std::uint32_t>(second_line_.size()));
  SLIPWAY_TRY(push_node(Kind::kGlobal, 0, body));
  made = top();
  stack_.pop_back();
  return {};
}

Result<void> Reader::stack_global() {
  const NodeId module = top(1);
  const NodeId name = top(0);
  if (arena_.kind(module) != Kind::kText || arena_.kind(name) != Kind::kText) {
    return corrupt(fmt::format("a name made of {} and {}; both must be str", describe(module), describe(name)));
  }
  SLIPWAY_TRY(check_name(arena_.text(module)));
  SLIPWAY_TRY(check_name(arena_.text(name)));
  stack_.resize(stack_.size() - 2);
  return push_node(Kind::kGlobal, kByNodes, pack(module, name));
}

}  // namespace slipway::pickle
