// SPDX-License-Identifier: Apache-2.0
// For tests: a directory that is gone with the test, bundles to put into it, and a child to do it in.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <string>

#include "registry/catalog.h"
#include "registry/store.h"

namespace slipway::registry {

class TemporaryStore {
 public:
  TemporaryStore() : store_((make(), path_)), catalog_(store_, [this] { return unix_ms_now() + ahead_ms; }) {}
  TemporaryStore(const TemporaryStore&) = delete;
  TemporaryStore& operator=(const TemporaryStore&) = delete;
  ~TemporaryStore() { std::filesystem::remove_all(folder_); }

  DirectoryStore& operator*() { return store_; }
  DirectoryStore* operator->() { return &store_; }
  Catalog& catalog() { return catalog_; }
  const std::string& path() const { return path_; }

  // By hand, as somebody else might.
  void write(const std::string& key, std::string_view bytes) {
    std::filesystem::create_directories(std::filesystem::path(path_ + "/" + key).parent_path());
    std::ofstream(path_ + "/" + key, std::ios::binary) << bytes;
  }
  // Every file in it, with its size; .tmp/ included.
  std::set<std::string> files() const {
    std::set<std::string> out;
    if (!std::filesystem::exists(path_)) return out;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path_)) {
      if (!entry.is_directory()) out.insert(std::filesystem::relative(entry.path(), path_));
    }
    return out;
  }

  std::int64_t ahead_ms = 0;  // how far the catalogue's clock is ahead

 private:
  // In memory where that is possible: what is tested here does not depend on the disk, and flushing takes time.
  void make() {
    folder_ = (::access("/dev/shm", W_OK) == 0 ? "/dev/shm/" : testing::TempDir()) + "slipway_registry_XXXXXX";
    if (::mkdtemp(folder_.data()) == nullptr) std::abort();
    path_ = folder_ + "/store";
  }
  std::string folder_;
  std::string path_;
  DirectoryStore store_;
  Catalog catalog_;
};

// A bundle of three files; `digit` tells bundles apart. What the files hold is nobody's business here.
inline BundleFiles bundle(char digit) {
  static std::set<std::string> texts;  // keeps the bytes
  const auto keep = [](std::string text) { return std::string_view(*texts.insert(std::move(text)).first); };
  return {.id = std::string(64, digit),
          .files = {{"manifest.json", keep(std::string("{\"proof\":{\"level\":\"none\"},\"x\":\"") + digit + "\"}")},
                    {"weights.safetensors", keep(std::string(5000, digit))},
                    {"source/my model.pkl", keep(std::string(100, digit))}}};
}

inline VersionInfo labelled(std::string label) { return {.label = std::move(label), .metadata = {}, .by = "ana"}; }

// Runs `work` in a child, where it may lose rights or gain mounts; what it returned, or -1.
inline int exit_code_in_child(const std::function<int()>& work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work());
  int status = 0;
  return ::waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
inline bool in_child(const std::function<bool()>& work) {
  return exit_code_in_child([&] { return work() ? 0 : 1; }) == 0;
}

}  // namespace slipway::registry
