// SPDX-License-Identifier: Apache-2.0
// Bytes that lie in several places and are meant one after the other: a file of hundreds of megabytes that is hashed
// and written from where its arrays lie already, never put together. Any thread.
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace slipway {

class Rope {
 public:
  struct Piece {
    std::string_view bytes;
    std::shared_ptr<const void> owner;  // keeps the bytes alive; nullptr: they are borrowed
  };

  Rope() = default;
  // Borrows: the text must outlive the rope and its copies. Implicit: a function that takes a rope takes a text too.
  template <std::convertible_to<std::string_view> Text>
  Rope(const Text& text) {  // NOLINT(google-explicit-constructor)
    add(text, nullptr);
  }
  // Takes the text over.
  static Rope of(std::string text);

  void add(std::string_view bytes, std::shared_ptr<const void> owner);

  std::uint64_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::span<const Piece> pieces() const { return pieces_; }  // none is empty
  std::string text() const;                                  // a copy in one place
  friend bool operator==(const Rope& rope, std::string_view text);

 private:
  std::vector<Piece> pieces_;
  std::uint64_t size_ = 0;
};

// Writes all of it. `path` is for messages. kIo.
Result<void> write_all(int fd, const std::string& path, const Rope& rope);

}  // namespace slipway
