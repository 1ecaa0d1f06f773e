// SPDX-License-Identifier: Apache-2.0
// What the catalogue knows: bundles, versions, and the journals of aliases. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/rope.h"

namespace slipway::registry {

// A bundle: opaque files, and the sha256 of "manifest.json", which must be among them, as 64 lower-case hex digits.
struct BundleFiles {
  struct File {
    std::string name;  // "weights.safetensors", "source/churn.pkl"
    Rope bytes;
  };
  std::string id;
  std::vector<File> files;
};

struct VersionInfo {
  std::string label;  // or ""
  std::vector<std::pair<std::string, std::string>> metadata;
  std::string by;
};

struct Version {
  std::string name;  // of the model
  std::uint32_t number = 0;
  std::string bundle;  // its id
  VersionInfo info;
  std::string published;  // "2026-11-22T01:22:42.123Z"

  std::string text() const { return name + ":" + std::to_string(number); }  // "churn:3"
};

// One move of an alias.
struct Entry {
  std::uint32_t number = 0;    // its place in the journal, from 1
  std::uint32_t version = 0;   // what the alias has meant from then on
  std::uint32_t restores = 0;  // a rollback: the entry that it went back to; else 0
  std::string at, by, why;
};

struct Alias {
  std::string name;
  Entry entry;  // the highest
};

struct ModelState {
  std::string name;
  std::vector<Version> versions;  // that are not removed, by number
  std::vector<Alias> aliases;     // by name; one may point at a version that was removed by force
  std::vector<Error> problems;    // what stands in this model's folders and is not ours; each names its object
};

}  // namespace slipway::registry
