// SPDX-License-Identifier: Apache-2.0
// The safetensors format: named arrays in one file, readable where they lie (github.com/huggingface/safetensors,
// "Format"). Eight bytes of length, a JSON header, the data; tensors follow each other without a hole. Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/rope.h"

namespace slipway::safetensors {

enum class Dtype : std::uint8_t { kBool, kU8, kI8, kU16, kI16, kF16, kBf16, kU32, kI32, kF32, kU64, kI64, kF64 };
std::string_view dtype_name(Dtype dtype);  // "F64"
std::size_t dtype_bytes(Dtype dtype);      // of one value

struct Tensor {
  std::string name;
  Dtype dtype = Dtype::kU8;
  std::vector<std::uint64_t> shape;
  std::string_view bytes;             // row-major, little-endian; borrowed
  std::shared_ptr<const void> owner;  // of a tensor to be written: keeps the bytes alive; nullptr: the caller does
};

// Tensors that fill the room between two others, so that each begins at a multiple of kAlignment bytes of the file.
inline constexpr std::string_view kPadding = "padding.";
inline constexpr std::size_t kAlignment = 64;

// A file with these tensors, in this order, each aligned; the data is not copied, the rope shares what a tensor owns
// and borrows the rest. REQUIRES: names are distinct UTF-8 and none begins with kPadding; the bytes fit dtype and
// shape.
Rope write(std::span<const Tensor> tensors);

// A file that somebody wrote: every length, offset and shape is checked, as the reference reader does.
class File {
 public:
  // kCorrupt with the reason; kUnsupported for a dtype that is not in the list above.
  static Result<File> parse(FileBytes bytes);

  // By name; nullptr if there is none.
  const Tensor* find(std::string_view name) const;
  // Sorted by name.
  std::span<const Tensor> tensors() const { return tensors_; }
  const FileBytes& bytes() const { return bytes_; }  // what the tensors borrow from

 private:
  File(FileBytes bytes, std::vector<Tensor> tensors) : bytes_(std::move(bytes)), tensors_(std::move(tensors)) {}
  FileBytes bytes_;
  std::vector<Tensor> tensors_;
};

}  // namespace slipway::safetensors
