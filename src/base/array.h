// SPDX-License-Identifier: Apache-2.0
// Values that do not change, owned or borrowed from a mapped file: copies share them and cost a pointer. What a model
// is made of. Any thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace slipway {

template <class T>
class Array {
 public:
  using value_type = T;

  Array() = default;
  // Takes the values over. Implicit: a vector becomes an array where a model is put together.
  Array(std::vector<T> values) {  // NOLINT(google-explicit-constructor)
    auto owner = std::make_shared<const std::vector<T>>(std::move(values));
    values_ = *owner;
    owner_ = std::move(owner);
  }
  Array(std::initializer_list<T> values) : Array(std::vector<T>(values)) {}
  // Borrows; `owner` keeps the values alive. REQUIRES: values.data() is aligned for T.
  static Array view(std::span<const T> values, std::shared_ptr<const void> owner) {
    Array out;
    out.values_ = values;
    out.owner_ = std::move(owner);
    return out;
  }

  const T* data() const { return values_.data(); }
  std::size_t size() const { return values_.size(); }
  bool empty() const { return values_.empty(); }
  const T& operator[](std::size_t i) const { return values_[i]; }
  const T* begin() const { return values_.data(); }
  const T* end() const { return values_.data() + values_.size(); }
  std::span<const T> span() const { return values_; }
  const std::shared_ptr<const void>& owner() const { return owner_; }  // keeps the values alive
  operator std::span<const T>() const { return values_; }              // NOLINT(google-explicit-constructor)

  friend bool operator==(const Array& a, const Array& b) { return std::ranges::equal(a.values_, b.values_); }

 private:
  std::span<const T> values_;
  std::shared_ptr<const void> owner_;
};

// A list of texts in two arrays: text i is bytes[offsets[i] .. offsets[i + 1]).
class Texts {
 public:
  Texts() = default;
  Texts(std::span<const std::string> texts);     // NOLINT(google-explicit-constructor)
  Texts(const std::vector<std::string>& texts);  // NOLINT(google-explicit-constructor)
  Texts(std::initializer_list<std::string_view> texts);
  // Of arrays that somebody stored. kCorrupt unless the offsets begin at 0, never go back, and end where the bytes end;
  // no arrays at all are no texts.
  static Result<Texts> create(Array<std::uint64_t> offsets, Array<char> bytes);

  std::size_t size() const { return offsets_.empty() ? 0 : offsets_.size() - 1; }
  bool empty() const { return size() == 0; }
  // REQUIRES: i < size().
  std::string_view operator[](std::size_t i) const {
    return {bytes_.data() + offsets_[i], std::size_t(offsets_[i + 1] - offsets_[i])};
  }
  const Array<std::uint64_t>& offsets() const { return offsets_; }
  const Array<char>& bytes() const { return bytes_; }

  // For `for`.
  auto all() const {
    return std::views::iota(std::size_t{0}, size()) |
           std::views::transform([this](std::size_t i) { return (*this)[i]; });
  }
  std::vector<std::string> strings() const;

  friend bool operator==(const Texts& a, const Texts& b) {
    return a.size() == b.size() && a.bytes_ == b.bytes_ && (a.empty() || a.offsets_ == b.offsets_);
  }

 private:
  template <class Range>
  void take(const Range& texts);
  Array<std::uint64_t> offsets_;
  Array<char> bytes_;
};

}  // namespace slipway
