// SPDX-License-Identifier: Apache-2.0
// Bytes that come and go piece by piece: files, pipes, standard input and output. One thread an object.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace slipway {

class Source {
 public:
  virtual ~Source() = default;
  // Up to room.size() bytes, at least one unless it is the end: then 0. Errors: kIo. REQUIRES: room is not empty.
  virtual Result<std::size_t> read(std::span<char> room) = 0;
};

// A file, a pipe, or standard input.
class FileSource : public Source {
 public:
  // `path` "-" is standard input. Errors: kNotFound; kInvalid for a directory; kIo.
  static Result<std::unique_ptr<FileSource>> open(const std::string& path);
  ~FileSource() override;
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  Result<std::size_t> read(std::span<char> room) override;
  // How many bytes there are, if it is a plain file.
  std::optional<std::uint64_t> size() const { return size_; }

 private:
  FileSource(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  std::string path_;
  int fd_;
  std::optional<std::uint64_t> size_;
};

// Bytes in memory, borrowed; at most `piece` at a time.
class TextSource : public Source {
 public:
  explicit TextSource(std::string_view text, std::size_t piece = SIZE_MAX) : text_(text), piece_(piece) {}
  Result<std::size_t> read(std::span<char> room) override;

 private:
  std::string_view text_;
  std::size_t piece_;
};

// A file that is written piece by piece and appears whole or not at all: until commit() it has no name where the file
// system allows that, else a temporary one. Not committed, it is gone with the object.
class OutputFile {
 public:
  // `path` "-" is standard output. What is no plain file (a pipe, /dev/null) is written as it comes. Errors: kIo,
  // kNotFound for the folder.
  static Result<OutputFile> create(const std::string& path);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();

  Result<void> write(std::string_view bytes);
  // True after a write that failed because nobody reads the pipe any more.
  bool closed_by_reader() const { return closed_by_reader_; }
  // Makes what was written the file at its path, as one step for whoever reads it. Does not wait for the disk, which
  // can take longer than the work: after a power failure the file may have to be made again (write_file_atomically
  // waits).
  Result<void> commit();

 private:
  enum class Kind : std::uint8_t { kDirect, kNameless, kNamed };
  OutputFile(std::string path, int fd, Kind kind) : path_(std::move(path)), fd_(fd), kind_(kind) {}
  std::string temporary() const;
  std::string folder() const;

  std::string path_;
  int fd_;
  Kind kind_;
  bool closed_by_reader_ = false;
};

}  // namespace slipway
