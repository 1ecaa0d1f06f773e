// SPDX-License-Identifier: Apache-2.0
// OpenSSL's low-level functions: the EVP ones draw in all of its providers, megabytes for one digest.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/sha256.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace slipway {

std::string sha256_hex(const Rope& bytes) {
  SHA256_CTX context;
  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest{};
  SHA256_Init(&context);
  for (const Rope::Piece& piece : bytes.pieces()) SHA256_Update(&context, piece.bytes.data(), piece.bytes.size());
  SHA256_Final(digest.data(), &context);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(digest.size() * 2);
  for (const std::uint8_t byte : digest) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

bool is_sha256_hex(std::string_view text) {
  const auto digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() == std::size_t{SHA256_DIGEST_LENGTH} * 2 && std::ranges::all_of(text, digit);
}

}  // namespace slipway
