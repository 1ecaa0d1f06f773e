// SPDX-License-Identifier: Apache-2.0
// The loop, arguments, stack, marks, memo and frames. One opcode: take its argument as its table row says, check that
// the stack has what it needs above the topmost MARK, then do it. What opcodes make is in reader_values.cc and
// reader_objects.cc.
//
// Stricter than CPython where two of its readers disagree, because a file that means two things is an attack: an
// opcode may not cross the end of its frame, and a frame may not begin inside another.
#include "format/pickle/reader.h"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

#include "base/text.h"

namespace slipway::pickle {
namespace {

constexpr std::string_view kDamaged = "The file is damaged or was only partly copied. Copy or save it again";

template <class T>
T little_endian(std::string_view bytes) {
  static_assert(std::endian::native == std::endian::little);
  T value;
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

constexpr std::uint64_t width_of(Argument argument) {
  switch (argument) {
    case Argument::kU1:
    case Argument::kBytes1:
      return 1;
    case Argument::kU2:
      return 2;
    case Argument::kU4:
    case Argument::kI4:
    case Argument::kBytes4:
    case Argument::kBytesI4:
      return 4;
    case Argument::kU8:
    case Argument::kDouble:
    case Argument::kBytes8:
      return 8;
    default:
      return 0;
  }
}

}  // namespace

Reader::Reader(Arena& arena, const Limits& limits)
    : arena_(arena),
      limits_(limits),
      bytes_(arena.bytes()),
      begin_(arena.begin),
      at_(arena.begin),
      start_(arena.begin),
      end_(bytes_.size()) {}

Result<void> Reader::run() {
  Status status = run_to_stop();
  arena_.root = root_;
  arena_.end = done_ ? at_ : start_;
  if (!status) arena_.unfinished = std::move(stack_);
  return status;
}

Result<void> Reader::run_to_stop() {
  Status status;
  while (!done_ && status) status = step();
  if (cut_) status = fail(std::move(*cut_));
  return status;
}

Result<void> Reader::step() {
  start_ = at_;
  if (frame_end_ != 0 && at_ == frame_end_) {
    frame_end_ = 0;
    end_ = bytes_.size();
  }
  if (at_ == bytes_.size()) {
    opcode_ = nullptr;
    return error(Code::kCorrupt, "the file ends before STOP, the opcode that ends a pickle", kDamaged);
  }
  opcode_ = kOpcodeByByte[static_cast<unsigned char>(bytes_[at_])];
  if (opcode_ == nullptr) {
    const auto byte = static_cast<unsigned char>(bytes_[at_]);
    if (start_ == begin_ && !nested_) {
      return error(Code::kRefused, fmt::format("not a pickle: no opcode is written 0x{:02x}", byte),
                   "Give the file that pickle.dump wrote");
    }
    return error(Code::kCorrupt, fmt::format("no opcode is written 0x{:02x}", byte), kDamaged);
  }
  ++at_;
  ++arena_.opcodes;
  if (opcode_->argument != Argument::kNone) SLIPWAY_TRY(read_argument());
  SLIPWAY_TRY(check_stack());
  return execute();
}

Result<void> Reader::read_argument() {
  const Argument kind = opcode_->argument;
  if (kind == Argument::kLine) return read_line(line_);
  if (kind == Argument::kTwoLines) {
    SLIPWAY_TRY(read_line(line_));
    return read_line(second_line_);
  }
  const std::uint64_t width = width_of(kind);
  if (end_ - at_ < width) return truncated(width, end_ - at_);
  const std::string_view field = bytes_.substr(at_, width);
  at_ += width;
  switch (width) {
    case 1:
      number_ = little_endian<std::uint8_t>(field);
      break;
    case 2:
      number_ = little_endian<std::uint16_t>(field);
      break;
    case 4:
      number_ = little_endian<std::uint32_t>(field);
      break;
    default:
      number_ = little_endian<std::uint64_t>(field);
      break;
  }
  if (kind >= Argument::kBytes1) return read_counted(width);
  return {};
}

Result<void> Reader::read_counted(std::uint64_t width) {
  if (opcode_->argument == Argument::kBytesI4 && (number_ >> 31) != 0) {
    return corrupt(fmt::format("a negative length, {}", static_cast<std::int32_t>(number_)));
  }
  if (number_ > end_ - at_) return truncated(number_, end_ - at_);
  line_ = bytes_.substr(start_ + 1 + width, number_);
  at_ += number_;
  return {};
}

Result<void> Reader::read_line(std::string_view& line) {
  const std::uint64_t most = std::min<std::uint64_t>(end_ - at_, std::uint64_t{limits_.line} + 1);
  const void* newline = std::memchr(bytes_.data() + at_, '\n', most);
  if (newline == nullptr) {
    if (most > limits_.line) {
      return error(Code::kTooLarge, fmt::format("a line of more than {} bytes, the limit for one", limits_.line));
    }
    return error(Code::kCorrupt, "the line has no end before the end of the file or frame", kDamaged);
  }
  line = bytes_.substr(at_, static_cast<std::uint64_t>(static_cast<const char*>(newline) - bytes_.data()) - at_);
  at_ += line.size() + 1;
  return {};
}

Result<void> Reader::check_stack() {
  if (!opcode_->mark) {
    if (height() >= opcode_->needs) return {};
    return corrupt(fmt::format("needs {} on the stack{}, but there {} {}", opcode_->needs,
                               marks_.empty() ? "" : " above the last MARK", height() == 1 ? "is" : "are", height()));
  }
  if (marks_.empty()) return corrupt("no MARK before it");
  const std::size_t below = marks_.size() > 1 ? marks_[marks_.size() - 2] : 0;
  if (marks_.back() - below >= opcode_->needs) return {};
  return corrupt("nothing below its MARK to add to");
}

Result<void> Reader::push(NodeId node) {
  if (stack_.size() >= limits_.stack) {
    return error(Code::kTooLarge, fmt::format("more than {} items on the stack", limits_.stack));
  }
  stack_.push_back(node);
  return {};
}

Result<void> Reader::mark() {
  if (marks_.size() >= limits_.marks) {
    return error(Code::kTooLarge, fmt::format("more than {} nested MARKs", limits_.marks));
  }
  marks_.push_back(stack_.size());
  fence_ = stack_.size();
  return {};
}

std::size_t Reader::pop_mark() {
  const std::size_t from = marks_.back();
  marks_.pop_back();
  fence_ = marks_.empty() ? 0 : marks_.back();
  return from;
}

Result<void> Reader::pop() {
  if (height() > 0) {
    stack_.pop_back();
    return {};
  }
  if (marks_.empty()) return corrupt("the stack is empty");
  pop_mark();
  return {};
}

Result<void> Reader::put(std::uint64_t index) {
  // A pickler counts its entries, and each takes an opcode: an index beyond the file's size is a bomb, not a model.
  // There may be many nested pickles, so that of one is held against what has been read of it.
  const std::uint64_t most = nested_ ? at_ - begin_ : bytes_.size();
  if (index >= most) {
    return error(Code::kTooLarge,
                 fmt::format("memo index {} in a pickle of {} bytes: no pickler writes that", index, most));
  }
  if (index >= limits_.memo) return error(Code::kTooLarge, fmt::format("memo index above {}", limits_.memo));
  if (index >= memo_.size()) memo_.resize(index + 1, kNoNode);
  if (memo_[index] == kNoNode) ++memo_entries_;
  memo_[index] = top();
  return {};
}

Result<void> Reader::get(std::uint64_t index) {
  if (index >= memo_.size() || memo_[index] == kNoNode) {
    return corrupt(fmt::format("memo entry {} was never written", index));
  }
  return push(memo_[index]);
}

// The index as text, of PUT and GET.
Result<void> Reader::memo_index(std::uint64_t& index) {
  const auto parsed = std::from_chars(line_.data(), line_.data() + line_.size(), index);
  if (parsed.ec == std::errc() && parsed.ptr == line_.data() + line_.size()) return {};
  return corrupt(fmt::format("'{}' is no memo index", printable(line_)));
}

Result<void> Reader::frame() {
  if (frame_end_ != 0) return corrupt("a frame begins inside another frame");
  if (number_ > bytes_.size() - at_) {  // the file was cut off: an error in any case, but first see what is there
    cut_ = truncated(number_, bytes_.size() - at_).error();
    number_ = bytes_.size() - at_;
  }
  if (number_ == 0) return {};
  frame_end_ = at_ + number_;
  end_ = frame_end_;
  return {};
}

Result<void> Reader::protocol() {
  if (number_ > 5) {
    return error(Code::kUnsupported, fmt::format("pickle protocol {}; 0 to 5 are read", number_),
                 "Save the model again with pickle.dump(model, file, protocol=5)");
  }
  arena_.protocol = std::max(arena_.protocol, static_cast<int>(number_));
  return {};
}

Result<void> Reader::stop() {
  root_ = top();
  done_ = true;
  return {};
}

std::unexpected<Error> Reader::error(Code code, std::string_view what, std::string_view hint) const {
  if (opcode_ == nullptr) return fail(code, fmt::format("byte {}: {}", start_, what), std::string(hint));
  return fail(code, fmt::format("byte {}: {}: {}", start_, opcode_->name, what), std::string(hint));
}

std::unexpected<Error> Reader::truncated(std::uint64_t wanted, std::uint64_t left) const {
  const std::string_view where = frame_end_ != 0 ? "frame" : "file";
  return error(Code::kCorrupt, fmt::format("{} bytes announced, but the {} has {} left", wanted, where, left),
               kDamaged);
}

std::string Reader::describe(NodeId node) const {
  const Kind kind = arena_.kind(node);
  if (kind != Kind::kGlobal) return std::string(kind_name(kind));
  const Global name = arena_.global(node);
  return fmt::format("the name {}.{}", printable(name.module), printable(name.name));
}

}  // namespace slipway::pickle
