// SPDX-License-Identifier: Apache-2.0
#include "base/array.h"

#include <algorithm>

namespace slipway {

template <class Range>
void Texts::take(const Range& texts) {
  std::vector<std::uint64_t> offsets{0};
  std::vector<char> bytes;
  offsets.reserve(texts.size() + 1);
  for (const std::string_view text : texts) {
    bytes.insert(bytes.end(), text.begin(), text.end());
    offsets.push_back(bytes.size());
  }
  offsets_ = std::move(offsets);
  bytes_ = std::move(bytes);
}

Texts::Texts(std::span<const std::string> texts) { take(texts); }
Texts::Texts(const std::vector<std::string>& texts) { take(texts); }
Texts::Texts(std::initializer_list<std::string_view> texts) { take(texts); }

Result<Texts> Texts::create(Array<std::uint64_t> offsets, Array<char> bytes) {
  if (offsets.empty() && bytes.empty()) return Texts();
  const bool whole = !offsets.empty() && offsets[0] == 0 && offsets[offsets.size() - 1] == bytes.size();
  if (!whole || !std::ranges::is_sorted(offsets)) {
    return fail(Code::kCorrupt, "the places where the texts begin do not fit the bytes of the texts");
  }
  Texts out;
  out.offsets_ = std::move(offsets);
  out.bytes_ = std::move(bytes);
  return out;
}

std::vector<std::string> Texts::strings() const {
  std::vector<std::string> out;
  out.reserve(size());
  for (const std::string_view text : all()) out.emplace_back(text);
  return out;
}

}  // namespace slipway
