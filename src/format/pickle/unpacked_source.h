// SPDX-License-Identifier: Apache-2.0
// The text in a compressed file, as it is read. Memory is bounded by the decoder's limit. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/stream.h"
#include "format/pickle/decoder.h"

namespace slipway::pickle {

class UnpackedSource : public Source {
 public:
  // `packed` begins with the first byte of the file and must outlive this. `name` is for messages. REQUIRES:
  // find_packing(kind) is there, and not of joblib.
  UnpackedSource(Source& packed, FileKind kind, std::string name, const Limits& limits);

  // All streams one after the other. Errors: those of `packed`; kCorrupt (damaged, cut off, something behind the end);
  // kTooLarge (limits.ratio, .decoder_memory; there is no limit to the whole).
  Result<std::size_t> read(std::span<char> room) override;

 private:
  Result<void> fill();
  Result<bool> another_stream();
  std::unexpected<Error> error(Code code, std::string what, std::string hint) const;

  Source& packed_;
  const Packing& packing_;
  const std::string name_;
  const Limits limits_;
  std::unique_ptr<Decoder> decoder_;
  std::vector<char> buffer_;
  std::string_view in_;     // what has been read and not decoded
  bool ended_ = false;      // there is no more to read
  bool between_ = false;    // a stream has ended
  std::uint64_t read_ = 0;  // bytes of the file
  std::uint64_t unpacked_ = 0;
};

}  // namespace slipway::pickle
