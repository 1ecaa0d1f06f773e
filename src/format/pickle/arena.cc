// SPDX-License-Identifier: Apache-2.0
// Children are handed out from blocks of 4096. An index maps to a block by its high bits; a run longer than a block
// gets neighbouring blocks cut from one allocation, so that every run is contiguous in memory too.
#include "format/pickle/arena.h"

namespace slipway::pickle {

bool Children::append(Run& run, std::span<const NodeId> more) {
  if (more.empty()) return true;
  const std::uint64_t total = std::uint64_t{run.count} + more.size();
  const std::uint64_t room = run.capacity == Run::kExact ? run.count : std::uint64_t{1} << run.capacity;
  if (total > room) {
    Run grown;
    std::uint64_t size = total;
    if (run.count != 0) {
      size = std::bit_ceil(total);
      grown.capacity = static_cast<std::uint8_t>(std::countr_zero(size));
    }
    if (!allocate(size, grown.start)) return false;
    if (run.count != 0) {
      std::memcpy(at(grown.start), at(run.start), run.count * sizeof(NodeId));
      release(run);
    }
    grown.count = run.count;
    run = grown;
  }
  std::memcpy(at(run.start) + run.count, more.data(), more.size_bytes());
  run.count = static_cast<std::uint32_t>(total);
  return true;
}

bool Children::allocate(std::uint64_t count, std::uint32_t& start) {
  if (count > std::uint64_t{kMostBlocks} << kBits) return false;
  if (std::has_single_bit(count)) {
    auto& list = free_[std::min<std::size_t>(std::size_t(std::countr_zero(count)), free_.size() - 1)];
    if (!list.empty() && count < (std::uint64_t{1} << (free_.size() - 1))) {
      start = list.back();
      list.pop_back();
      return true;
    }
  }
  if (end_ - next_ < count) {
    const std::uint64_t wanted = (count + kMask) >> kBits;
    if (blocks_.size() + wanted > kMostBlocks) return false;
    memory_.push_back(std::make_unique_for_overwrite<NodeId[]>(wanted << kBits));
    next_ = static_cast<std::uint32_t>(blocks_.size() << kBits);
    for (std::uint64_t i = 0; i < wanted; ++i) blocks_.push_back(memory_.back().get() + (i << kBits));
    end_ = std::uint64_t{blocks_.size()} << kBits;
  }
  start = next_;
  next_ += static_cast<std::uint32_t>(count);
  return true;
}

void Children::release(const Run& run) {
  const std::uint64_t size = run.capacity == Run::kExact ? run.count : std::uint64_t{1} << run.capacity;
  const auto log = std::size_t(std::bit_width(size)) - 1;
  if (log + 1 < free_.size()) free_[log].push_back(run.start);
}

}  // namespace slipway::pickle
