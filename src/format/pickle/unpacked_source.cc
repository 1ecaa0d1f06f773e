// SPDX-License-Identifier: Apache-2.0
// As unpack.cc, but nothing is kept: what has been decoded is the reader's.
#include "format/pickle/unpacked_source.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace slipway::pickle {
namespace {

using Progress = Decoder::Progress;

constexpr std::size_t kBuffer = std::size_t{256} << 10;
constexpr std::size_t kMostAtOnce = std::size_t{1} << 20;
constexpr std::size_t kSignature = 16;  // bytes that sniff() looks at in a compressed file
constexpr std::string_view kDamaged = "The file is damaged or was only partly copied. Copy or save it again";

}  // namespace

UnpackedSource::UnpackedSource(Source& packed, FileKind kind, std::string name, const Limits& limits)
    : packed_(packed), packing_(*find_packing(kind)), name_(std::move(name)), limits_(limits), buffer_(kBuffer) {
  decoder_ = packing_.make(limits_);
}

std::unexpected<Error> UnpackedSource::error(Code code, std::string what, std::string hint) const {
  return fail(code, fmt::format("{}: compressed with {}: {} (byte {})", name_, packing_.name, what, read_ - in_.size()),
              std::move(hint));
}

Result<void> UnpackedSource::fill() {
  if (in_.size() == buffer_.size()) return error(Code::kCorrupt, "the bytes make no sense", std::string(kDamaged));
  if (!in_.empty()) std::memmove(buffer_.data(), in_.data(), in_.size());
  const std::size_t got = SLIPWAY_TRY(packed_.read(std::span(buffer_).subspan(in_.size())));
  in_ = {buffer_.data(), in_.size() + got};
  read_ += got;
  ended_ = got == 0;
  return {};
}

// Another stream of the same kind may follow, and gzip and xz may be padded with zeros.
Result<bool> UnpackedSource::another_stream() {
  for (;;) {
    in_.remove_prefix(std::min(in_.find_first_not_of('\0'), in_.size()));
    if (ended_ || in_.size() >= kSignature) break;
    SLIPWAY_TRY(fill());
  }
  if (in_.empty()) return false;
  if (sniff(in_) == packing_.kind && decoder_->restart()) return true;
  return error(Code::kCorrupt, "something else follows the end of its contents", std::string(kDamaged));
}

Result<std::size_t> UnpackedSource::read(std::span<char> room) {
  room = room.first(std::min(room.size(), kMostAtOnce));
  for (;;) {
    if (between_) {
      const bool more = SLIPWAY_TRY(another_stream());
      if (!more) return 0;
      between_ = false;
    }
    if (in_.empty() && !ended_) SLIPWAY_TRY(fill());
    std::span<char> out = room;
    const std::size_t before = in_.size();
    const Progress progress = decoder_->step(in_, out);
    const std::size_t size = room.size() - out.size();
    unpacked_ += size;
    if (progress == Progress::kDamaged) return error(Code::kCorrupt, "the bytes make no sense", std::string(kDamaged));
    if (progress == Progress::kTooMuchMemory) {
      return error(Code::kTooLarge, "made to need more memory for unpacking than is allowed",
                   "Unpack it on the way: gzip -dc, xz -dc or zstd -dc FILE | slipway predict ... --input -");
    }
    if (unpacked_ > std::max(limits_.ratio_from, limits_.ratio * read_)) {
      return error(Code::kTooLarge, fmt::format("unpacks to more than {} times its size", limits_.ratio),
                   "If it is meant to: gzip -dc, xz -dc or zstd -dc FILE | slipway predict ... --input -");
    }
    between_ = progress == Progress::kEnd;
    if (size > 0) return size;
    if (!between_ && ended_ && in_.size() == before) {
      return error(Code::kCorrupt, "the file ends in the middle of its contents", std::string(kDamaged));
    }
    // A decoder that takes nothing although there is something wants more of it at once.
    if (!between_ && !ended_ && in_.size() == before) SLIPWAY_TRY(fill());
  }
}

}  // namespace slipway::pickle
