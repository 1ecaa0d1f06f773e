// SPDX-License-Identifier: Apache-2.0
// Names to numbers, made once and then only asked. A lookup is one hash and a probe sequence whose length was bounded
// when the table was built: no name that a request sends, and no vocabulary that a file brings, makes it slower.
// Immutable after create(); any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace slipway::model {

// A name in a group: the same text may stand in several groups (the categories of several fields).
struct NameEntry {
  std::uint32_t group = 0;
  std::string_view name;
  std::uint32_t value = 0;
};

class NameTable {
 public:
  static constexpr std::uint32_t kNone = ~0U;

  NameTable() = default;
  // Copies the names. kCorrupt if one group has a name twice; kTooLarge above 2^30 names or 4 GiB of them.
  static Result<NameTable> create(std::span<const NameEntry> entries);

  // The value, or kNone. Does not allocate.
  std::uint32_t find(std::uint32_t group, std::string_view name) const {
    if (name.size() > longest_) return kNone;
    const Key key = key_of(group, name);
    for (std::size_t at = key.hash & mask_;; at = (at + 1) & mask_) {
      const Place& place = places_[at];
      if (place.value == kNone) return kNone;
      if (matches(place, key, group, name)) return place.value;
    }
  }

  std::size_t longest() const { return longest_; }  // bytes of the longest name

 private:
  // Of up to 16 bytes, size, `low` and `high` are the whole name; of a longer one `low` and `high` are its last 16.
  struct Key {
    std::uint64_t hash = 0, low = 0, high = 0;
  };
  struct Place {
    std::uint64_t low = 0, high = 0;
    std::uint32_t value = kNone;  // kNone: free
    std::uint32_t group = 0;
    std::uint32_t start = 0, size = 0;  // in text_
  };

  Key key_of(std::uint32_t group, std::string_view name) const;
  bool matches(const Place& place, const Key& key, std::uint32_t group, std::string_view name) const {
    return place.low == key.low && place.high == key.high && place.size == name.size() && place.group == group &&
           (name.size() <= 16 || std::string_view(text_).substr(place.start, place.size) == name);
  }
  // False if some name would need more than the allowed number of probes.
  Result<bool> fill(std::span<const NameEntry> entries);

  std::vector<Place> places_ = std::vector<Place>(1);  // a power of two, at most half full
  std::size_t mask_ = 0;
  std::size_t longest_ = 0;
  std::uint64_t seed_ = 0;
  std::string text_;
};

}  // namespace slipway::model
