// SPDX-License-Identifier: Apache-2.0
// Whole files. Errors carry the path and what the operating system said.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace slipway {

// The bytes of a file, mapped read-only where possible. They live as long as the object; copies share them.
// The file must not shrink meanwhile: a program that truncates a mapped model gets us SIGBUS, so a file that is not a
// plain one (a pipe, /dev/stdin) or is smaller than 1 MiB is read into memory instead.
class FileBytes {
 public:
  // Errors: kNotFound; kTooLarge above `limit` bytes; kInvalid for a directory; kIo.
  static Result<FileBytes> open(const std::string& path, std::size_t limit);
  // The same of a file that is open already; `fd` stays the caller's, `path` is for messages.
  static Result<FileBytes> of_descriptor(int fd, const std::string& path, std::size_t limit);
  // Bytes that are not in a file: tests, and members of containers.
  static FileBytes of(std::string bytes);
  // Bytes that `owner` keeps alive.
  static FileBytes of(std::shared_ptr<const void> owner, std::string_view bytes) { return {std::move(owner), bytes}; }

  std::string_view bytes() const { return bytes_; }

 private:
  FileBytes(std::shared_ptr<const void> owner, std::string_view bytes) : owner_(std::move(owner)), bytes_(bytes) {}
  std::shared_ptr<const void> owner_;
  std::string_view bytes_;
};

// Replaces the file at `path` as one step: a reader sees the old bytes or the new, never a part, also after a crash.
Result<void> write_file_atomically(const std::string& path, std::string_view bytes);

// "dir/churn.tar.bin" -> "churn.tar"; never empty: "model" when nothing is left.
std::string file_stem(std::string_view path);

}  // namespace slipway
