// SPDX-License-Identifier: Apache-2.0
// The streams of compressed files, decoded piece by piece: a decoder for each library. One thread an object.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "format/pickle/limits.h"
#include "format/pickle/sniff.h"

namespace slipway::pickle {

class Decoder {
 public:
  enum class Progress : std::uint8_t { kMore, kEnd, kDamaged, kTooMuchMemory };

  Decoder() = default;
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  virtual ~Decoder() = default;
  // Moves `in` and `out` past what it read and wrote; kEnd at the end of a stream. REQUIRES: `out` has less than 4 GiB.
  virtual Progress step(std::string_view& in, std::span<char>& out) = 0;
  virtual bool restart() = 0;  // for another stream behind the end of one; false if that is not legal
};

struct Packing {
  FileKind kind;
  std::string_view name;  // "zlib", "gzip", ...
  std::unique_ptr<Decoder> (*make)(const Limits& limits);
};

// nullptr of a kind that is not compressed.
const Packing* find_packing(FileKind kind);

}  // namespace slipway::pickle
