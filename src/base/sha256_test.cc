// SPDX-License-Identifier: Apache-2.0
#include "base/sha256.h"

#include <gtest/gtest.h>

namespace slipway {
namespace {

// FIPS 180-2, appendix B.
TEST(Sha256, GivesTheDigestsOfTheStandard) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

// The same messages in pieces that end everywhere around the algorithm's blocks of 64 bytes.
TEST(Sha256, PiecesOneAfterTheOtherHaveTheDigestOfTheWhole) {
  const std::string_view two_blocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  for (std::size_t at = 0; at <= two_blocks.size(); ++at) {
    Rope rope(two_blocks.substr(0, at));
    rope.add(two_blocks.substr(at), nullptr);
    EXPECT_EQ(sha256_hex(rope), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1") << at;
  }
  const std::string million(1'000'000, 'a');
  for (const std::size_t step : {1UZ, 63UZ, 64UZ, 65UZ, 4099UZ}) {
    Rope rope;
    for (std::size_t at = 0; at < million.size(); at += step) {
      rope.add(std::string_view(million).substr(at, step), nullptr);
    }
    EXPECT_EQ(sha256_hex(rope), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0") << step;
  }
}

TEST(Sha256, ADigestIs64LowerCaseHexDigits) {
  EXPECT_TRUE(is_sha256_hex(sha256_hex("x")));
  EXPECT_FALSE(is_sha256_hex(""));
  EXPECT_FALSE(is_sha256_hex(std::string(63, 'a')));
  EXPECT_FALSE(is_sha256_hex(std::string(64, 'A')));
  EXPECT_FALSE(is_sha256_hex("../" + std::string(61, 'a')));
}

}  // namespace
}  // namespace slipway
