// SPDX-License-Identifier: Apache-2.0
// A store in a directory. An object is written to .tmp/ and flushed before its name appears, and its name appears by
// one system call that refuses to replace; then every directory down to it is flushed. So a name that is seen stands
// for the whole object, whatever was cut short. Folders are opened one component after the other, following no
// symbolic link: what somebody has put into the store cannot lead out of it.
#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <optional>

#include "base/descriptor.h"
#include "base/text.h"
#include "registry/store.h"

namespace slipway::registry {
namespace {

constexpr std::string_view kTemporary = ".tmp";
constexpr std::time_t kTemporaryAgeSeconds = 3600;  // nobody writes to a file this old: its writer is gone
constexpr std::size_t kMostEntries = 1'000'000;
constexpr int kAttempts = 100;  // against a remove() that takes an empty folder away under a put

constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

// The directories from the store's own down to one folder, all open.
using Chain = std::vector<Descriptor>;

Error not_ours(const std::string& path, std::string_view what) {
  return {Code::kCorrupt, path + " " + std::string(what) + ", which nothing in a store is",
          "Look at it, and move it out of the store"};
}

Error io_error(const std::string& path, int number) {
  Error error = system_error(path, number);
  if (number != EACCES && number != EPERM) return error;
  return std::move(error).or_hint("Run this as a user who may, or let this one (uid " + std::to_string(::geteuid()) +
                                  ") into the store's directory");
}

std::int64_t milliseconds(const timespec& time) { return std::int64_t(time.tv_sec) * 1000 + time.tv_nsec / 1'000'000; }

// mkdir -p, each new directory's name flushed.
Result<void> make_directories(const std::string& path) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (::mkdir(part.c_str(), 0777) == 0) {
      const std::size_t slash = part.rfind('/');
      const std::string parent = slash == part.npos ? "." : part.substr(0, slash + 1);
      const Descriptor folder(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      if (folder.get() >= 0) ::fsync(folder.get());
    } else if (errno != EEXIST) {
      return fail(io_error(part, errno));
    }
    if (end == path.npos) return {};
  }
}

Result<Descriptor> open_root(const std::string& path, bool create) {
  Descriptor root(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (root.get() < 0 && errno == ENOENT && create) {
    SLIPWAY_TRY(make_directories(path));
    root = Descriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  if (root.get() >= 0) return root;
  const int number = errno;
  if (number == ENOENT) {
    return fail(Code::kNotFound, "there is no store at " + path,
                "The first import makes it: slipway import FILE --name NAME --store " + path);
  }
  if (number == ENOTDIR) return fail(Code::kInvalid, path + " is not a directory", "Name the store's directory");
  return fail(io_error(path, number));
}

// Opens `name` in `parent`; no value if it is not there and is not to be made.
Result<std::optional<Descriptor>> open_folder(int parent, const std::string& name, const std::string& path,
                                              bool create) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    Descriptor folder(::openat(parent, name.c_str(), kFolderFlags));
    if (folder.get() >= 0) return folder;
    if (errno == ENOTDIR || errno == ELOOP) return fail(not_ours(path, "is a file or a symbolic link"));
    if (errno != ENOENT) return fail(io_error(path, errno));
    if (!create) return std::nullopt;
    if (::mkdirat(parent, name.c_str(), 0777) == 0 || errno == EEXIST) continue;
    if (errno == ENOENT) return std::nullopt;  // the parent has just been removed
    return fail(io_error(path, errno));
  }
  return fail(Code::kBusy, path + ": removed as often as it was made", "Try again");
}

// Empty if a folder is not there.
Result<Chain> open_chain(const std::string& root, std::string_view folder, bool create) {
  Chain chain;
  Result<Descriptor> first = open_root(root, create);
  if (!first) return fail(std::move(first).error());
  chain.push_back(std::move(*first));
  std::string path = root;
  while (!folder.empty()) {
    const std::size_t slash = std::min(folder.find('/'), folder.size());
    const std::string name(folder.substr(0, slash));
    folder.remove_prefix(std::min(slash + 1, folder.size()));
    path += "/" + name;
    std::optional<Descriptor> next = SLIPWAY_TRY(open_folder(chain.back().get(), name, path, create));
    if (!next) return Chain();
    chain.push_back(*std::move(next));
  }
  return chain;
}

struct Place {
  std::string_view folder;
  std::string leaf;
};

Result<Place> place_of(std::string_view key) {
  if (!is_key(key)) return fail(Code::kInvalid, "\"" + printable(key) + "\" cannot be the name of an object");
  const std::size_t slash = key.rfind('/');
  if (slash == key.npos) return Place{.folder = {}, .leaf = std::string(key)};
  return Place{.folder = key.substr(0, slash), .leaf = std::string(key.substr(slash + 1))};
}

// From the deepest on: a directory's name lasts when its parent has been flushed.
Result<void> flush(const Chain& chain, const std::string& path) {
  for (std::size_t i = chain.size(); i-- > 0;) {
    // Some file systems flush no directories, and say EINVAL.
    if (::fsync(chain[i].get()) != 0 && errno != EINVAL) return fail(io_error(path, errno));
  }
  return {};
}

// Gives the file its name unless there is one of that name. The number of the error, or 0.
int rename_without_replacing(int from, const char* old_name, int to, const char* new_name) {
  if (::syscall(SYS_renameat2, from, old_name, to, new_name, RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  // A file system without that flag (NFS, some in user space): a second name is refused if it is taken.
  if (::linkat(from, old_name, to, new_name, 0) != 0) return errno;
  ::unlinkat(from, old_name, 0);
  return 0;
}

// What writers that were killed have left.
void remove_old_temporaries(int folder) {
  const int again = ::openat(folder, ".", kFolderFlags);
  if (again < 0) return;
  DIR* stream = ::fdopendir(again);
  if (stream == nullptr) {
    ::close(again);
    return;
  }
  const std::time_t now = std::time(nullptr);
  while (const dirent* entry = ::readdir(stream)) {
    struct stat status{};
    if (::fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode)) continue;
    if (now - status.st_mtime > kTemporaryAgeSeconds) ::unlinkat(folder, entry->d_name, 0);
  }
  ::closedir(stream);
}

// A file in .tmp/ that is gone with this object.
class Temporary {
 public:
  static Result<Temporary> write(const std::string& root, const Rope& bytes) {
    const Chain chain = SLIPWAY_TRY(open_chain(root, {}, true));
    const std::string path = root + "/" + std::string(kTemporary);
    std::optional<Descriptor> folder =
        SLIPWAY_TRY(open_folder(chain.back().get(), std::string(kTemporary), path, true));
    if (!folder) return fail(io_error(path, ENOENT));
    remove_old_temporaries(folder->get());
    Temporary out(*std::move(folder));
    const Descriptor file(::openat(out.folder_.get(), out.name_, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (file.get() < 0) return fail(io_error(path, errno));
    out.written_ = true;
    SLIPWAY_TRY(write_all(file.get(), path + "/" + out.name_, bytes));
    if (::fsync(file.get()) != 0) return fail(io_error(path + "/" + out.name_, errno));
    return out;
  }
  Temporary(Temporary&& other) noexcept : folder_(std::move(other.folder_)) {
    std::swap(written_, other.written_);
    std::copy_n(other.name_, sizeof name_, name_);
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  Temporary& operator=(Temporary&&) = delete;
  ~Temporary() {
    if (written_) ::unlinkat(folder_.get(), name_, 0);
  }

  // The number of the error, or 0: it is there under its name.
  int move_to(int folder, const std::string& leaf) {
    const int number = rename_without_replacing(folder_.get(), name_, folder, leaf.c_str());
    if (number == 0) written_ = false;
    return number;
  }

 private:
  explicit Temporary(Descriptor folder) : folder_(std::move(folder)) {
    std::snprintf(name_, sizeof name_, "%08x%08x", ::arc4random(), ::arc4random());
  }
  Descriptor folder_;
  char name_[17] = {};
  bool written_ = false;
};

// True if there is an object of that name; kCorrupt if something else has the name.
Result<bool> is_there(int folder, const std::string& leaf, const std::string& path) {
  struct stat status{};
  if (::fstatat(folder, leaf.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return false;
    return fail(io_error(path, errno));
  }
  if (!S_ISREG(status.st_mode)) return fail(not_ours(path, "is no plain file"));
  return true;
}

// No value: of no use to anybody, left out.
std::optional<Store::Entry> entry_of(int folder, const char* name) {
  if (name[0] == '.') return std::nullopt;
  Store::Entry out{.name = name, .kind = Store::Kind::kForeign};
  struct stat status{};
  if (::fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;  // removed meanwhile
  out.modified_ms = milliseconds(status.st_mtim);
  if (!is_component(out.name)) return out;
  if (S_ISDIR(status.st_mode)) {
    out.kind = Store::Kind::kFolder;
    out.modified_ms = 0;
  } else if (S_ISREG(status.st_mode)) {
    out.kind = Store::Kind::kObject;
    out.bytes = std::uint64_t(status.st_size);
  }
  return out;
}

}  // namespace

DirectoryStore::DirectoryStore(std::string path) : path_(std::move(path)) {
  while (path_.size() > 1 && path_.back() == '/') path_.pop_back();
}

std::string DirectoryStore::locate(std::string_view key) const {
  return key.empty() ? path_ : path_ + "/" + std::string(key);
}

Result<FileBytes> DirectoryStore::get(std::string_view key, std::size_t limit) const {
  const Place place = SLIPWAY_TRY(place_of(key));
  const std::string path = locate(key);
  const Chain chain = SLIPWAY_TRY(open_chain(path_, place.folder, false));
  if (chain.empty()) return fail(Code::kNotFound, path + " is not there");
  // A pipe must not hold us up.
  const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  const Descriptor file(::openat(chain.back().get(), place.leaf.c_str(), flags));
  if (file.get() < 0 && errno == ENOENT) return fail(Code::kNotFound, path + " is not there");
  if (file.get() < 0 && errno == ELOOP) return fail(not_ours(path, "is a symbolic link"));
  if (file.get() < 0) return fail(io_error(path, errno));
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return fail(io_error(path, errno));
  if (!S_ISREG(status.st_mode)) return fail(not_ours(path, "is no plain file"));
  return FileBytes::of_descriptor(file.get(), path, limit);
}

Result<std::vector<Store::Entry>> DirectoryStore::list(std::string_view folder) const {
  if (!folder.empty() && !is_key(folder)) SLIPWAY_TRY(place_of(folder));
  const Chain chain = SLIPWAY_TRY(open_chain(path_, folder, false));
  std::vector<Entry> out;
  if (chain.empty()) return out;
  const int fd = ::openat(chain.back().get(), ".", kFolderFlags);
  if (fd < 0 && errno == ENOENT) return out;  // removed since it was opened
  if (fd < 0) return fail(io_error(locate(folder), errno));
  DIR* stream = ::fdopendir(fd);
  if (stream == nullptr) {
    ::close(fd);
    return fail(io_error(locate(folder), errno));
  }
  errno = 0;
  while (const dirent* entry = ::readdir(stream)) {
    if (out.size() == kMostEntries) break;
    if (auto found = entry_of(fd, entry->d_name)) out.push_back(*std::move(found));
    errno = 0;
  }
  const int number = errno;
  ::closedir(stream);
  if (number != 0) return fail(io_error(locate(folder), number));
  if (out.size() == kMostEntries) {
    return fail(Code::kTooLarge, locate(folder) + " holds a million entries or more", "No store has as many: look");
  }
  std::ranges::sort(out, {}, &Entry::name);
  return out;
}

Result<bool> DirectoryStore::put_if_absent(std::string_view key, const Rope& bytes) {
  const Place place = SLIPWAY_TRY(place_of(key));
  const std::string path = locate(key);
  std::optional<Temporary> temporary;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const Chain chain = SLIPWAY_TRY(open_chain(path_, place.folder, true));
    if (chain.empty()) continue;
    const int folder = chain.back().get();
    const bool there = SLIPWAY_TRY(is_there(folder, place.leaf, path));
    if (there) {
      // Whoever made it may not have come to flushing its folder.
      SLIPWAY_TRY(flush(chain, path));
      return false;
    }
    if (!temporary) {
      Temporary written = SLIPWAY_TRY(Temporary::write(path_, bytes));
      temporary.emplace(std::move(written));
    }
    const int number = temporary->move_to(folder, place.leaf);
    if (number == EEXIST || number == ENOENT) continue;  // it is there now; or its folder has just been removed
    if (number != 0) return fail(io_error(path, number));
    SLIPWAY_TRY(flush(chain, path));
    return true;
  }
  return fail(Code::kBusy, path + ": its folder was removed as often as it was made", "Try again");
}

Result<void> DirectoryStore::remove(std::string_view key) {
  const Place place = SLIPWAY_TRY(place_of(key));
  const std::string path = locate(key);
  const Chain chain = SLIPWAY_TRY(open_chain(path_, place.folder, false));
  if (chain.empty()) return {};
  if (::unlinkat(chain.back().get(), place.leaf.c_str(), 0) != 0 && errno != ENOENT) {
    const int number = errno;
    if (number == EISDIR) return fail(not_ours(path, "is a directory"));
    return fail(io_error(path, number));
  }
  SLIPWAY_TRY(flush(chain, path));
  // Folders exist only for what is in them. One that is not empty stays: rmdir sees to that.
  std::string_view folder = place.folder;
  for (std::size_t i = chain.size() - 1; i-- > 0;) {
    const std::size_t slash = folder.rfind('/');
    const std::string name(slash == folder.npos ? folder : folder.substr(slash + 1));
    if (::unlinkat(chain[i].get(), name.c_str(), AT_REMOVEDIR) != 0) break;
    folder = folder.substr(0, slash == folder.npos ? 0 : slash);
  }
  return {};
}

}  // namespace slipway::registry
