// SPDX-License-Identifier: Apache-2.0
// The categories of one field, made ready to be recognised where they lie in a file: one load of 32 bytes, one hash of
// all of it, one comparison. For processors with AVX2 only; whoever has none, or a text of more than 31 bytes, or more
// than engine::KnownPlaces::kMost categories, looks names up as everybody does (model/name_table.h). Immutable; any
// thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace slipway::serve {

class KnownTexts {
 public:
  static constexpr std::size_t kLongest = 31;  // bytes of a text

  KnownTexts() = default;  // knows none
  // Longer categories and "" are left out; so are all, if there are too many, or if they collide under every hash that
  // is tried. REQUIRES: a processor with AVX2.
  explicit KnownTexts(std::span<const std::string> categories);

#if defined(__x86_64__)
  // 1 + the place among the categories, or 0: not known here. REQUIRES: AVX2; 32 bytes can be read from `at`.
  [[gnu::target("avx2")]] std::uint16_t find(const char* at, std::size_t size) const {
    if (size - 1 >= longest_) return 0;  // "" as well
    const auto text = only(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)), size);
    for (std::size_t place = hash(text, seed_) & mask_;; place = (place + 1) & mask_) {
      const Place& found = places_[place];
      const auto same = _mm256_cmpeq_epi8(text, _mm256_load_si256(reinterpret_cast<const __m256i*>(found.text)));
      if (_mm256_movemask_epi8(same) == -1 && found.size == size) return found.known;
      if (found.size == 0) return 0;
    }
  }
#endif

 private:
  struct alignas(32) Place {
    char text[32] = {};
    std::uint32_t size = 0;  // 0: free
    std::uint16_t known = 0;
  };

#if defined(__x86_64__)
  // The first `size` bytes, then zeros.
  [[gnu::target("avx2")]] static __m256i only(__m256i text, std::size_t size) {
    const auto counted = _mm256_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                                          22, 23, 24, 25, 26, 27, 28, 29, 30, 31);
    return _mm256_and_si256(text, _mm256_cmpgt_epi8(_mm256_set1_epi8(char(size)), counted));
  }

  // Eight halves of 64 bits, each times an odd number of its own, added up.
  [[gnu::target("avx2")]] static std::uint64_t hash(__m256i text, std::uint64_t seed) {
    const auto low = _mm256_setr_epi64x(0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F);
    const auto high = _mm256_setr_epi64x(0x165667B1, 0xD3A2646D, 0xFD7046C5, 0xB55A4F09);
    const auto mixed = _mm256_xor_si256(text, _mm256_set1_epi64x(std::int64_t(seed)));
    const auto sums =
        _mm256_add_epi64(_mm256_mul_epu32(mixed, low), _mm256_mul_epu32(_mm256_srli_epi64(mixed, 32), high));
    const auto halves = _mm_add_epi64(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
    const auto sum = std::uint64_t(_mm_cvtsi128_si64(halves)) + std::uint64_t(_mm_extract_epi64(halves, 1));
    return (sum * 0x9E3779B97F4A7C15) >> 40;
  }

  // False if one of them would stand more than `most_steps` places from where it belongs.
  bool fill(std::span<const std::string> categories, std::size_t most_steps);
#endif

  std::vector<Place> places_;  // a power of two, at most a quarter full
  std::size_t mask_ = 0;
  std::size_t longest_ = 0;  // of those that it knows; 0: it knows none
  std::uint64_t seed_ = 0;
};

}  // namespace slipway::serve
