// SPDX-License-Identifier: Apache-2.0
// What a pickle may ask for. The defaults are far above what 9,175 published models need, and bound what a hostile file
// can take by its own size.
#pragma once

#include <cstdint>

namespace slipway::pickle {

struct Limits {
  std::uint64_t file_bytes = std::uint64_t{2} << 30;
  std::uint64_t unpacked_bytes = std::uint64_t{8} << 30;  // of a compressed file
  std::uint64_t ratio = 200;                              // of unpacked to compressed bytes,
  std::uint64_t ratio_from = std::uint64_t{64} << 20;  // above that many: 2^20 hashed words, mostly zero, for 8 labels
  std::uint64_t decoder_memory = std::uint64_t{256} << 20;
  std::uint64_t stack = 16'000'000;  // items, those below marks included
  std::uint32_t marks = 10'000;
  std::uint64_t memo = 64'000'000;  // entries; an index is bounded by the file's size as well
  std::uint64_t nodes = 256'000'000;
  std::uint32_t line = 64 * 1024;    // bytes of a text argument (I L F S V c i p g P)
  std::uint32_t name = 1'024;        // bytes of a module's or class's name
  std::uint32_t digits = 4'300;      // of a number written as text
  std::uint32_t long_bytes = 1'024;  // of LONG1 and LONG4
};

}  // namespace slipway::pickle
