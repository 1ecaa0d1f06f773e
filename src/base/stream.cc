// SPDX-License-Identifier: Apache-2.0
// An output file without a name (O_TMPFILE) is the kernel's to remove, whatever ends the process. It gets a temporary
// name only to be renamed over its path, since a link cannot replace a file.
#include "base/stream.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace slipway {
namespace {

Error open_error(const std::string& path, int number) {
  if (number == ENOENT || number == ENOTDIR) return {Code::kNotFound, path + ": no such file or folder"};
  return system_error(path, number);
}

std::string link_of(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

}  // namespace

Result<std::unique_ptr<FileSource>> FileSource::open(const std::string& path) {
  const bool standard = path == "-";
  const int fd = standard ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return fail(open_error(path, errno));
  std::unique_ptr<FileSource> source(new FileSource(standard ? "standard input" : path, fd));
  struct stat status{};
  if (::fstat(fd, &status) != 0) return fail(system_error(source->path_, errno));
  if (S_ISDIR(status.st_mode)) return fail(Code::kInvalid, path + " is a directory");
  if (S_ISREG(status.st_mode)) source->size_ = std::uint64_t(status.st_size);
  return source;
}

FileSource::~FileSource() {
  if (fd_ != STDIN_FILENO) ::close(fd_);
}

Result<std::size_t> FileSource::read(std::span<char> room) {
  for (;;) {
    const ssize_t got = ::read(fd_, room.data(), room.size());
    if (got >= 0) return std::size_t(got);
    if (errno != EINTR) return fail(system_error(path_, errno));
  }
}

Result<std::size_t> TextSource::read(std::span<char> room) {
  const std::size_t size = std::min({room.size(), text_.size(), piece_});
  if (size > 0) std::memcpy(room.data(), text_.data(), size);
  text_.remove_prefix(size);
  return size;
}

Result<OutputFile> OutputFile::create(const std::string& path) {
  if (path == "-") return OutputFile("standard output", STDOUT_FILENO, Kind::kDirect);
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) return fail(open_error(path, errno));
    return OutputFile(path, fd, Kind::kDirect);
  }
  OutputFile file(path, -1, Kind::kNameless);
  file.fd_ = ::open(file.folder().c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0644);
  if (file.fd_ >= 0 && ::access(link_of(file.fd_).c_str(), F_OK) == 0) return file;
  if (file.fd_ >= 0) ::close(file.fd_);
  file.kind_ = Kind::kNamed;
  file.fd_ = ::open(file.temporary().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file.fd_ < 0) return fail(open_error(path, errno));
  return file;
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      kind_(other.kind_),
      closed_by_reader_(other.closed_by_reader_) {}

OutputFile::~OutputFile() {
  if (fd_ < 0) return;
  if (kind_ == Kind::kNamed) ::unlink(temporary().c_str());
  if (fd_ != STDOUT_FILENO) ::close(fd_);
}

Result<void> OutputFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd_, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) {
      closed_by_reader_ = errno == EPIPE;
      return fail(system_error(path_, errno));
    }
    bytes.remove_prefix(std::size_t(put));
  }
  return {};
}

Result<void> OutputFile::commit() {
  if (kind_ == Kind::kDirect) return {};
  const std::string name = temporary();
  if (kind_ == Kind::kNameless) {
    ::unlink(name.c_str());  // of a process that had our number and was killed between the next two calls
    if (::linkat(AT_FDCWD, link_of(fd_).c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) != 0)
      return fail(system_error(path_, errno));
    kind_ = Kind::kNamed;
  }
  if (::rename(name.c_str(), path_.c_str()) != 0) return fail(system_error(path_, errno));
  kind_ = Kind::kDirect;
  return {};
}

std::string OutputFile::temporary() const { return path_ + ".tmp." + std::to_string(::getpid()); }

std::string OutputFile::folder() const {
  const std::size_t slash = path_.rfind('/');
  return slash == path_.npos ? "." : path_.substr(0, slash + 1);
}

}  // namespace slipway
