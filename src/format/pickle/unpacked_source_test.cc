// SPDX-License-Identifier: Apache-2.0
// Against unpack(), which takes the file whole.
#include "format/pickle/unpacked_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "format/pickle/unpack.h"

namespace slipway::pickle {
namespace {

using testing::HasSubstr;

constexpr const char* kPackings[] = {"gzip", "bz2", "xz", "lz4"};

std::string fixture(const std::string& packing) {
  const auto file = FileBytes::open("testdata/containers/py312-joblib1.4." + packing + ".joblib", 1 << 20);
  return std::string(file->bytes());
}

// All that comes out, `room` bytes at a time, of a file that comes `piece` bytes at a time.
Result<std::string> streamed(std::string_view bytes, std::size_t piece, std::size_t room, const Limits& limits = {}) {
  TextSource file(bytes, piece);
  UnpackedSource source(file, sniff(bytes), "f", limits);
  std::string out, buffer(room, '\0');
  for (;;) {
    const std::size_t got = SLIPWAY_TRY(source.read(buffer));
    if (got == 0) return out;
    out += buffer.substr(0, got);
  }
}

TEST(UnpackedSource, GivesWhatTheFileHoldsHoweverItComes) {
  for (const std::string packing : kPackings) {
    const std::string one = fixture(packing);
    const auto whole = unpack(FileBytes::of(one + one), sniff(one), {});
    ASSERT_TRUE(whole) << packing;
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{1000}, SIZE_MAX}) {
      EXPECT_EQ(streamed(one + one, piece, 1 << 16), std::string(whole->bytes())) << packing << piece;
      EXPECT_EQ(streamed(one + one, piece, 3), std::string(whole->bytes())) << packing << piece;
    }
  }
}

TEST(UnpackedSource, AFileCutAnywhereIsRefused) {
  for (const std::string packing : kPackings) {
    const std::string whole = fixture(packing);
    for (std::size_t size = 20; size < whole.size(); size += 13) {
      const auto found = streamed(std::string_view(whole).substr(0, size), 64, 100);
      ASSERT_FALSE(found) << packing << size;
      EXPECT_EQ(found.error().code(), Code::kCorrupt);
      EXPECT_THAT(found.error().message(), HasSubstr("f: compressed with ")) << packing;
    }
  }
}

TEST(UnpackedSource, DamageAndWhatFollowsAreRefused) {
  for (const std::string packing : kPackings) {
    std::string bytes = fixture(packing);
    EXPECT_THAT(streamed(bytes + "tail", 5, 100).error().message(), HasSubstr("something else follows"));
    bytes[bytes.size() / 2] ^= 0x55;
    EXPECT_FALSE(streamed(bytes, 50, 100)) << packing;
  }
  EXPECT_TRUE(streamed(fixture("gzip") + std::string(5000, '\0'), 50, 100)) << "gzip may be padded";
}

TEST(UnpackedSource, AFileThatUnpacksToTooManyTimesItsSizeIsRefused) {
  const std::string zeros(1 << 20, '\0');
  std::string packed(10'000, '\0');
  z_stream stream{};
  ASSERT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(zeros.data()));
  stream.avail_in = uInt(zeros.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = uInt(packed.size());
  ASSERT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  EXPECT_EQ(streamed(packed, SIZE_MAX, 1000), zeros);
  const auto found = streamed(packed, SIZE_MAX, 1000, {.ratio = 200, .ratio_from = 1 << 16});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code(), Code::kTooLarge);
  EXPECT_THAT(found.error().message(), HasSubstr("unpacks to more than 200 times its size"));
}

}  // namespace
}  // namespace slipway::pickle
