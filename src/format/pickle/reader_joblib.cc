// SPDX-License-Identifier: Apache-2.0
// joblib.dump writes a stand-in for an array, and right after the BUILD of it, where the next opcode should be, the
// array itself: its bytes as they are in memory, or, if it holds objects, another whole pickle. joblib puts the array
// in the stand-in's place on the stack; here the stand-in keeps its node and gets the array as its `raw`.
//
// Inside that other pickle joblib does not look for stand-ins, so neither do we: the nesting is one deep.
#include <fmt/core.h>

#include "base/text.h"
#include "format/pickle/numpy.h"
#include "format/pickle/reader.h"

namespace slipway::pickle {

Result<void> Reader::joblib_array(NodeId wrapper) {
  if (class_name(arena_, wrapper).name != "NumpyArrayWrapper") return side_file(wrapper);
  if (nested_) return corrupt("an array of joblib inside the pickle of another array, where joblib reads none");
  if (arena_.extra_of(wrapper).raw != kNoNode) return corrupt("a second array for the same wrapper of joblib");
  if (frame_end_ != 0 && at_ != frame_end_) return corrupt("array bytes inside a frame; joblib ends the frame first");
  frame_end_ = 0;
  end_ = bytes_.size();
  const Document document = Document::borrow(arena_);
  const auto header = read_joblib_header(document, wrapper);
  if (!header) return fail(header.error());
  std::uint64_t size = 0;
  if (__builtin_mul_overflow(header->array.count, std::uint64_t{header->array.dtype.itemsize}, &size)) {
    return error(Code::kTooLarge, "an array of more than 2^64 bytes");
  }
  if (header->array.dtype.has_objects) {
    SLIPWAY_TRY(nested_pickle());
  } else {
    SLIPWAY_TRY(raw_array(size, header->padded));
  }
  arena_.extra_of(wrapper).raw = top();
  stack_.pop_back();
  return {};
}

// Pushes the bytes. Padding is a byte with the count, then that many: whatever they are, they are skipped.
Result<void> Reader::raw_array(std::uint64_t size, bool padded) {
  if (padded) {
    const std::uint64_t left = bytes_.size() - at_;
    const std::uint64_t padding = left == 0 ? 0 : static_cast<unsigned char>(bytes_[at_]);
    if (left < 1 + padding) return truncated(1 + padding, left);
    at_ += 1 + padding;
  }
  if (size > bytes_.size() - at_) return truncated(size, bytes_.size() - at_);
  start_ = at_;
  SLIPWAY_TRY(push_node(Kind::kBytes, 0, size));
  at_ += size;
  return {};
}

// Pushes the root of a pickle with a stack and a memo of its own, in the same arena and within the same limits.
Result<void> Reader::nested_pickle() {
  Reader inner(arena_, limits_);
  inner.nested_ = true;
  inner.begin_ = inner.at_ = inner.start_ = at_;
  SLIPWAY_TRY(inner.run_to_stop());
  at_ = inner.at_;
  return push(inner.root_);
}

Result<void> Reader::side_file(NodeId wrapper) const {
  const Document document = Document::borrow(arena_);
  const NodeId filename = find(document, attributes(document, wrapper), "filename");
  std::string name = "files beside this one";
  if (filename != kNoNode && (arena_.kind(filename) == Kind::kText || arena_.kind(filename) == Kind::kBytes)) {
    name = fmt::format("'{}' and its like, files beside this one", printable(arena_.text(filename)));
  }
  return error(Code::kUnsupported, fmt::format("written by joblib before 0.10, which put the arrays into {}", name),
               "Where all these files are together: joblib.dump(joblib.load('model.pkl'), 'model.joblib', compress=3) "
               "with joblib 0.10 or later, which writes one file; then give that");
}

bool is_joblib_wrapper(Global name) {
  if (!name.name.ends_with("ArrayWrapper")) return false;
  const bool wrapper =
      name.name == "NumpyArrayWrapper" || name.name == "NDArrayWrapper" || name.name == "ZNDArrayWrapper";
  std::string_view module = name.module;
  constexpr std::string_view kOld = "sklearn.externals.";
  if (module.starts_with(kOld)) module.remove_prefix(kOld.size());
  return wrapper && (module == "joblib.numpy_pickle" || module == "joblib.numpy_pickle_compat");
}

}  // namespace slipway::pickle
