// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "base/descriptor.h"
#include "base/rope.h"

namespace slipway {
namespace {

constexpr std::size_t kMapFrom = std::size_t{1} << 20;
constexpr std::size_t kReadStep = std::size_t{1} << 16;

Error open_error(const std::string& path, int number) {
  if (number == ENOENT || number == ENOTDIR) return {Code::kNotFound, path + ": no such file"};
  Error error = system_error(path, number);
  if (number != EACCES) return error;
  return std::move(error).or_hint("Let this user read it, or run as one who may");
}

Error too_large(const std::string& path, std::size_t limit) {
  return {Code::kTooLarge, path + ": more than " + std::to_string(limit) + " bytes, the limit for a file"};
}

// `expected`: how much there probably is; one more byte is asked for, so that the end is seen at once.
Result<std::string> read_all(int fd, const std::string& path, std::size_t limit, std::size_t expected) {
  std::string out;
  for (;;) {
    const std::size_t old = out.size();
    const std::size_t step = old < expected ? expected - old + 1 : kReadStep;
    out.resize(old + step);
    const ssize_t got = ::read(fd, out.data() + old, step);
    if (got < 0 && errno == EINTR) {
      out.resize(old);
      continue;
    }
    if (got < 0) return fail(system_error(path, errno));
    out.resize(old + static_cast<std::size_t>(got));
    if (got == 0 || out.size() == expected) break;
    if (out.size() > limit) return fail(too_large(path, limit));
  }
  out.shrink_to_fit();
  return out;
}

}  // namespace

Result<FileBytes> FileBytes::open(const std::string& path, std::size_t limit) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (file.get() < 0) return fail(open_error(path, errno));
  return of_descriptor(file.get(), path, limit);
}

Result<FileBytes> FileBytes::of_descriptor(int fd, const std::string& path, std::size_t limit) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return fail(system_error(path, errno));
  if (S_ISDIR(status.st_mode)) {
    return fail(Code::kInvalid, path + " is a directory", "Name the model's file, for example " + path + "/model.pkl");
  }
  const auto size = std::size_t(status.st_size);
  if (S_ISREG(status.st_mode) && size > limit) return fail(too_large(path, limit));
  if (S_ISREG(status.st_mode) && size >= kMapFrom) {
    void* map = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map != MAP_FAILED) {
      std::shared_ptr<const void> owner(map, [size](void* address) { ::munmap(address, size); });
      return FileBytes(std::move(owner), {static_cast<const char*>(map), size});
    }
  }
  std::string bytes = SLIPWAY_TRY(read_all(fd, path, limit, S_ISREG(status.st_mode) ? size : 0));
  return of(std::move(bytes));
}

FileBytes FileBytes::of(std::string bytes) {
  auto owner = std::make_shared<const std::string>(std::move(bytes));
  const std::string_view view = *owner;
  return {std::move(owner), view};
}

Result<void> write_file_atomically(const std::string& path, std::string_view bytes) {
  const std::string temporary = path + ".tmp." + std::to_string(::getpid());
  {
    const Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (file.get() < 0) return fail(open_error(temporary, errno));
    auto written = write_all(file.get(), temporary, bytes);
    if (written && ::fsync(file.get()) != 0) written = fail(system_error(temporary, errno));
    if (written && ::rename(temporary.c_str(), path.c_str()) != 0) written = fail(system_error(path, errno));
    if (!written) {
      ::unlink(temporary.c_str());
      return written;
    }
  }
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == path.npos ? "." : path.substr(0, slash + 1);
  const Descriptor folder(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() >= 0 && ::fsync(folder.get()) != 0) return fail(system_error(directory, errno));
  return {};
}

std::string file_stem(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  std::string_view name = slash == path.npos ? path : path.substr(slash + 1);
  const std::size_t dot = name.rfind('.');
  if (dot != name.npos && dot > 0) name = name.substr(0, dot);
  return std::string(name.empty() ? "model" : name);
}

}  // namespace slipway
