// SPDX-License-Identifier: Apache-2.0
// MurmurHash3_x86_32 (Austin Appleby, public domain algorithm) of bytes, seed 0, as the signed number that
// scikit-learn's murmurhash3_bytes_s32 gives. Any thread.
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

namespace slipway {

inline std::int32_t murmur3(std::string_view bytes) {
  constexpr std::uint32_t kC1 = 0xCC9E2D51, kC2 = 0x1B873593;
  const auto byte = [&](std::size_t i) { return std::uint32_t{static_cast<unsigned char>(bytes[i])}; };
  const auto mix = [](std::uint32_t k) { return std::rotl(k * kC1, 15) * kC2; };
  std::uint32_t hash = 0;
  std::size_t at = 0;
  for (; at + 4 <= bytes.size(); at += 4) {
    hash ^= mix(byte(at) | byte(at + 1) << 8 | byte(at + 2) << 16 | byte(at + 3) << 24);
    hash = std::rotl(hash, 13) * 5 + 0xE6546B64;
  }
  std::uint32_t tail = 0;
  for (std::size_t i = bytes.size(); i > at; --i) tail = tail << 8 | byte(i - 1);
  if (at < bytes.size()) hash ^= mix(tail);
  hash ^= static_cast<std::uint32_t>(bytes.size());
  hash = (hash ^ hash >> 16) * 0x85EBCA6B;
  hash = (hash ^ hash >> 13) * 0xC2B2AE35;
  return static_cast<std::int32_t>(hash ^ hash >> 16);
}

// The column of a hash: its absolute value modulo `columns`. REQUIRES: columns > 0.
inline std::uint32_t hashed_column(std::int32_t hash, std::uint32_t columns) {
  const std::int64_t wide = hash;
  return static_cast<std::uint32_t>((wide < 0 ? -wide : wide) % columns);
}

}  // namespace slipway
