// SPDX-License-Identifier: Apache-2.0
// A column has a few categories, and then a seed is soon found under which none stands in another's way: a look-up that
// succeeds takes no branch that could be guessed wrong. Of many, some may stand a few places further.
#include "serve/known_texts.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "engine/known_places.h"

namespace slipway::serve {

#if defined(__x86_64__)
namespace {
constexpr std::uint64_t kSeeds = 64;
constexpr std::size_t kMostSteps = 8;  // with the second half of them; one with the first
constexpr std::size_t kRoom = 4;       // places for each category
}  // namespace

KnownTexts::KnownTexts(std::span<const std::string> categories) {
  if (categories.empty() || categories.size() > engine::KnownPlaces::kMost) return;
  places_.resize(std::bit_ceil(categories.size() * kRoom));
  mask_ = places_.size() - 1;
  for (std::uint64_t attempt = 1; attempt <= kSeeds; ++attempt) {
    seed_ = attempt * 0xD6E8FEB86659FD93;
    if (fill(categories, attempt <= kSeeds / 2 ? 1 : kMostSteps)) return;
  }
  *this = KnownTexts();
}

[[gnu::target("avx2")]] bool KnownTexts::fill(std::span<const std::string> categories, std::size_t most_steps) {
  std::ranges::fill(places_, Place{});
  longest_ = 0;
  for (std::size_t i = 0; i < categories.size(); ++i) {
    const std::string& category = categories[i];
    if (category.empty() || category.size() > kLongest) continue;
    Place made{.size = std::uint32_t(category.size()), .known = std::uint16_t(i + 1)};
    std::memcpy(made.text, category.data(), category.size());
    std::size_t at = hash(_mm256_load_si256(reinterpret_cast<const __m256i*>(made.text)), seed_) & mask_;
    for (std::size_t steps = 1; places_[at].size != 0; ++steps, at = (at + 1) & mask_) {
      if (steps == most_steps) return false;
    }
    places_[at] = made;
    longest_ = std::max(longest_, category.size());
  }
  return true;
}
#else
KnownTexts::KnownTexts(std::span<const std::string>) {}
#endif

}  // namespace slipway::serve
