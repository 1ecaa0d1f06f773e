// SPDX-License-Identifier: Apache-2.0
#include "model/ops/text.h"

#include <fmt/core.h>

#include <vector>

namespace slipway::model {

Result<Slot> CountText::shape(std::span<const Slot> in) const {
  constexpr std::uint32_t kMost = 1U << 30;
  const Slot from = SLIPWAY_TRY(one_input(in, {SlotType::kRecord, SlotType::kCells}));
  if (from.columns != 1) return fail(Code::kCorrupt, fmt::format("wants one text, gets {} cells", from.columns));
  if (names.empty() == (hashed == 0)) return fail(Code::kCorrupt, "wants names, or a number of columns to hash to");
  if (names.size() >= kMost || hashed > kMost) return fail(Code::kTooLarge, "more than 2^30 columns");
  if (stop_words.size() >= kMost) return fail(Code::kTooLarge, "more than 2^30 stop words");
  if (accents > Accents::kAscii || analyzer > Analyzer::kCharInWord) return fail(Code::kCorrupt, "is of no known kind");
  if (shortest < 1 || shortest > longest || longest > kMaxGram) {
    return fail(Code::kCorrupt, fmt::format("counts n-grams of {} to {}", shortest, longest));
  }
  if (token_size < 1) return fail(Code::kCorrupt, "takes empty tokens");
  if (ranges.size() % 2 != 0) return fail(Code::kCorrupt, "has half a range of characters");
  if (ranges.size() > 512) return fail(Code::kTooLarge, "has more than 256 ranges of characters");
  return Slot{SlotType::kCsr, names.empty() ? hashed : std::uint32_t(names.size())};
}

Result<Slot> LogCounts::shape(std::span<const Slot> in) const { return one_input(in, {SlotType::kCsr}); }

}  // namespace slipway::model
