// SPDX-License-Identifier: Apache-2.0
// The names of the enumerators of an operator's parameter, from the compiler: what a file calls them, and what bounds a
// value that a file brings. REQUIRES: enumerators count up from 0 and are named kLikeThis. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace slipway::model {

namespace enum_names {

inline constexpr std::size_t kMost = 64;

// "[V = slipway::model::NormalizeRows::Norm::kL2]", or "[V = (slipway::model::NormalizeRows::Norm)77]".
template <auto V>
constexpr std::string_view spelled() {
  const std::string_view text = __PRETTY_FUNCTION__;
  const std::size_t begin = text.rfind("V = ") + 4;
  const std::string_view value = text.substr(begin, text.rfind(']') - begin);
  if (value.starts_with('(')) return {};
  return value.substr(value.rfind(':') + 1);
}

template <class E, std::size_t... I>
constexpr auto all(std::index_sequence<I...>) {
  return std::array<std::string_view, sizeof...(I)>{spelled<static_cast<E>(I)>()...};
}

template <class E>
inline constexpr auto kAll = all<E>(std::make_index_sequence<kMost>());

template <class E>
constexpr std::size_t count() {
  static_assert(std::is_enum_v<E> && sizeof(E) == 1, "operators have enum classes of one byte");
  std::size_t out = 0;
  while (out < kMost && kAll<E>[out].starts_with('k')) ++out;
  for (std::size_t i = out; i < kMost; ++i) {
    if (!kAll<E>[i].empty()) return 0;
  }
  return out;
}

}  // namespace enum_names

template <class E>
inline constexpr std::size_t kEnumerators = enum_names::count<E>();

// kSignedMax: "signed_max". REQUIRES: an enumerator.
template <class E>
std::string enum_name(E value) {
  static_assert(kEnumerators<E> > 0, "enumerators count up from 0 and begin with k");
  std::string out;
  for (const char c : enum_names::kAll<E>[std::size_t(value)].substr(1)) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper && !out.empty()) out += '_';
    out += upper ? char(c - 'A' + 'a') : c;
  }
  return out;
}

template <class E>
std::optional<E> enum_of(std::string_view name) {
  for (std::size_t i = 0; i < kEnumerators<E>; ++i) {
    if (enum_name(static_cast<E>(i)) == name) return static_cast<E>(i);
  }
  return std::nullopt;
}

}  // namespace slipway::model
