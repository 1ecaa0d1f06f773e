// SPDX-License-Identifier: Apache-2.0
// Where bundles and the catalogue live: named objects that are created whole, never changed, and deleted. Nothing
// else is asked of a store, so a directory and an object store can both be one (docs/store.md has the layout).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/rope.h"

namespace slipway::registry {

// A key is one to eight components with '/' between them; a component is 1 to 200 bytes of UTF-8 without control
// characters, slashes and backslashes, and does not start with '.'. So no key leaves the store or names a hidden file.
bool is_component(std::string_view text);
bool is_key(std::string_view key);

// Any call from any thread; several processes may use one store. A call that fails has changed nothing, unless it was
// the flush to the disk that failed. Errors name the object as locate() does; kInvalid for what is no key.
class Store {
 public:
  enum class Kind : std::uint8_t {
    kObject,
    kFolder,
    kForeign,  // a symbolic link, a device, a name that is no component: nothing that a store has made
  };
  struct Entry {
    std::string name;  // one component
    Kind kind = Kind::kObject;
    std::uint64_t bytes = 0;       // of an object
    std::int64_t modified_ms = 0;  // since 1970; of an object: when it was created
  };

  Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  virtual ~Store() = default;

  // The whole object; large ones are mapped where that is possible, and stay readable after a remove(). kNotFound;
  // kTooLarge above `limit` bytes; kCorrupt if what is there is no plain object; kIo.
  virtual Result<FileBytes> get(std::string_view key, std::size_t limit) const = 0;

  // What is directly in a folder ("" is the root), sorted by name; empty if there is no such folder. Reads names only:
  // no object is opened. kNotFound if the store itself is not there; kCorrupt if the folder is something else;
  // kTooLarge above a million entries; kIo.
  virtual Result<std::vector<Entry>> list(std::string_view folder) const = 0;

  // Creates the object, and the store if it is the first. True: it is there, whole, and survives a power cut. False:
  // one of that name is there already, and survives one too; it was not touched, and need not have these bytes.
  virtual Result<bool> put_if_absent(std::string_view key, const Rope& bytes) = 0;

  // The object is gone, also after a power cut; so it is if it never was there.
  virtual Result<void> remove(std::string_view key) = 0;

  // What a person would call the object: a path. For messages only.
  virtual std::string locate(std::string_view key) const = 0;
};

// A directory. Objects are written to .tmp/, flushed, and renamed to where they belong; symbolic links inside are
// never followed, `path` itself may be one.
class DirectoryStore final : public Store {
 public:
  // Touches nothing yet: the directory may appear later, or be made by the first put.
  explicit DirectoryStore(std::string path);

  Result<FileBytes> get(std::string_view key, std::size_t limit) const override;
  Result<std::vector<Entry>> list(std::string_view folder) const override;
  Result<bool> put_if_absent(std::string_view key, const Rope& bytes) override;
  Result<void> remove(std::string_view key) override;
  std::string locate(std::string_view key) const override;

 private:
  std::string path_;
};

// The store that --store names: a directory. kUsage for "" and for a kind of store that there is not ("s3://...").
Result<std::unique_ptr<Store>> open_store(std::string_view where);

}  // namespace slipway::registry
