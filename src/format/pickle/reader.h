// SPDX-License-Identifier: Apache-2.0
// The opcode machine: reads one pickle into an Arena. Internal to this module; Document is the way in.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "format/pickle/arena.h"
#include "format/pickle/opcodes.h"

namespace slipway::pickle {

class Reader {
 public:
  Reader(Arena& arena, const Limits& limits);

  // Runs from arena.begin to STOP. After an error the arena holds what was read, and in `unfinished` what was on the
  // stack.
  Result<void> run();

 private:
  using Status = Result<void>;

  Status run_to_stop();
  Status step();  // one opcode
  Status read_argument();
  Status read_counted(std::uint64_t width);
  Status read_line(std::string_view& line);
  Status check_stack();
  Status execute();
  Status execute_value();
  Status execute_container();
  Status execute_object();

  // Leaves.
  Status push_node(Kind kind, std::uint8_t aux, std::uint64_t body);
  Status push_integer(std::int64_t value);
  Status push_text(Kind kind, std::string_view bytes);  // bytes of the file, or to be kept in the arena
  Status push_decoded(Kind kind, std::string bytes);
  Status text_integer();
  Status text_float();
  Status text_string();
  Status text_unicode();
  Status counted_unicode();
  Status counted_long();
  Status check_name(std::string_view name) const;
  Status global(NodeId& made);
  Status stack_global();

  // Containers.
  Status container(Kind kind, std::size_t from);
  Status append(std::size_t from);
  Status set_items(std::size_t from);
  Status add_items(std::size_t from);
  Status add_children(Node& node, std::size_t from);
  Status add_to_object(NodeId object, std::size_t from, bool pairs);

  // Objects.
  Status make_object(const Object& object);
  Status reduce(Made made);
  Status inst();
  Status obj();
  Status build();
  Status joblib_array(NodeId wrapper);
  Status side_file(NodeId wrapper) const;
  Status raw_array(std::uint64_t size, bool padded);
  Status nested_pickle();
  Status refuse() const;

  // Stack, marks, memo, frames.
  Status push(NodeId node);
  Status mark();
  std::size_t pop_mark();  // the height of the stack where it was
  Status pop();
  Status put(std::uint64_t index);
  Status get(std::uint64_t index);
  Status memo_index(std::uint64_t& index);
  Status frame();
  Status protocol();
  Status stop();

  std::size_t height() const { return stack_.size() - fence_; }  // items above the topmost MARK
  NodeId top(std::size_t below = 0) const { return stack_[stack_.size() - 1 - below]; }
  std::span<const NodeId> above(std::size_t from) const { return std::span(stack_).subspan(from); }
  std::unexpected<Error> error(Code code, std::string_view what, std::string_view hint = {}) const;
  std::unexpected<Error> corrupt(std::string_view what) const { return error(Code::kCorrupt, what); }
  std::unexpected<Error> truncated(std::uint64_t wanted, std::uint64_t left) const;
  std::string describe(NodeId node) const;

  Arena& arena_;
  const Limits& limits_;
  std::string_view bytes_;
  std::uint64_t begin_ = 0;      // of this pickle
  std::uint64_t at_ = 0;         // the next byte
  std::uint64_t start_ = 0;      // the current opcode's byte
  std::uint64_t end_ = 0;        // of the file or, inside a frame, of the frame
  std::uint64_t frame_end_ = 0;  // 0 outside frames
  const Opcode* opcode_ = nullptr;

  // The current opcode's argument: one of them, by its kind.
  std::uint64_t number_ = 0;
  std::string_view line_;
  std::string_view second_line_;

  std::vector<NodeId> stack_;
  std::vector<std::size_t> marks_;  // heights
  std::size_t fence_ = 0;           // the topmost of them, or 0
  std::vector<NodeId> memo_;        // by index, kNoNode where nothing was put
  std::uint64_t memo_entries_ = 0;
  bool nested_ = false;  // inside an array of objects of joblib
  NodeId root_ = kNoNode;
  bool done_ = false;
  std::optional<Error> cut_;  // a frame that is longer than the file
};

// What class_of gives, before there is a Document.
Global class_name(const Arena& arena, NodeId object);

// joblib's stand-ins for an array: NumpyArrayWrapper, and before 0.10 NDArrayWrapper and ZNDArrayWrapper.
bool is_joblib_wrapper(Global name);

}  // namespace slipway::pickle
