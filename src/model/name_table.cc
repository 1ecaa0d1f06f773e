// SPDX-License-Identifier: Apache-2.0
// Open addressing with linear probing. The hash folds 16 bytes at a time through a 64 x 64 -> 128 bit product. If a
// vocabulary was made so that its names collide under one seed, building tries other seeds and then a larger table.
#include "model/name_table.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/pages.h"
#include "base/text.h"

namespace slipway::model {
namespace {

constexpr std::size_t kMaxProbes = 32;  // random names at half load need fewer than 32 up to some millions of names
constexpr int kSeedsPerSize = 8;
constexpr int kSizes = 4;
constexpr std::uint64_t kOdd[] = {0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9};

template <class T>
std::uint64_t load(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof(T));
  return value;
}

std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = Wide{a} * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace

NameTable::Key NameTable::key_of(std::uint32_t group, std::string_view name) const {
  const char* at = name.data();
  std::size_t left = name.size();
  std::uint64_t state = seed_ ^ (group * kOdd[0]) ^ name.size();
  while (left > 16) {
    state = fold(load<std::uint64_t>(at) ^ kOdd[1], load<std::uint64_t>(at + 8) ^ state);
    at += 16;
    left -= 16;
  }
  std::uint64_t low = 0, high = 0;  // the last 0 to 16 bytes, by loads that may overlap
  if (left >= 8) {
    low = load<std::uint64_t>(at);
    high = load<std::uint64_t>(at + left - 8);
  } else if (left >= 4) {
    low = load<std::uint32_t>(at);
    high = load<std::uint32_t>(at + left - 4);
  } else if (left > 0) {
    low = load<std::uint8_t>(at) | load<std::uint8_t>(at + left / 2) << 8 | load<std::uint8_t>(at + left - 1) << 16;
  }
  return {.hash = fold(fold(low ^ kOdd[1], high ^ state), kOdd[2] ^ seed_), .low = low, .high = high};
}

Result<bool> NameTable::fill(std::span<const NameEntry> entries) {
  reserve_large(places_, mask_ + 1);
  places_.assign(mask_ + 1, Place{});
  std::uint32_t start = 0;
  for (const NameEntry& entry : entries) {
    const Key key = key_of(entry.group, entry.name);
    std::size_t at = key.hash & mask_;
    for (std::size_t probes = 1; places_[at].value != kNone; ++probes, at = (at + 1) & mask_) {
      if (matches(places_[at], key, entry.group, entry.name)) {
        return fail(Code::kCorrupt, "the name \"" + printable(entry.name) + "\" stands twice");
      }
      if (probes == kMaxProbes) return false;
    }
    const auto size = static_cast<std::uint32_t>(entry.name.size());
    places_[at] = {
        .low = key.low, .high = key.high, .value = entry.value, .group = entry.group, .start = start, .size = size};
    start += size;
  }
  return true;
}

Result<NameTable> NameTable::create(std::span<const NameEntry> entries) {
  NameTable table;
  std::uint64_t bytes = 0;
  for (const NameEntry& entry : entries) {
    SLIPWAY_ASSERT(entry.value != kNone);
    bytes += entry.name.size();
    table.longest_ = std::max(table.longest_, entry.name.size());
  }
  if (entries.size() > (1U << 30)) return fail(Code::kTooLarge, "more than 2^30 names");
  if (bytes > ~0U) return fail(Code::kTooLarge, "more than 4 GiB of names");
  table.text_.reserve(bytes);
  for (const NameEntry& entry : entries) table.text_ += entry.name;

  std::size_t size = std::bit_ceil(std::max<std::size_t>(entries.size(), 1) * 2);
  for (int doubling = 0; doubling < kSizes; ++doubling, size *= 2) {
    table.mask_ = size - 1;
    for (int attempt = 0; attempt < kSeedsPerSize; ++attempt) {
      table.seed_ = fold(table.seed_ + kOdd[0], kOdd[2] + entries.size());
      const bool filled = SLIPWAY_TRY(table.fill(entries));
      if (filled) return table;
    }
  }
  return fail(Code::kCorrupt, "the names collide under every hash that was tried: the file was made to do that");
}

}  // namespace slipway::model
