// SPDX-License-Identifier: Apache-2.0
// Compressed files: what is legal besides one whole stream, and what a hostile one asks for.
#include "format/pickle/unpack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include "format/pickle/test_support.h"

namespace slipway::pickle {
namespace {

using namespace test;
using testing::HasSubstr;
using testing::StartsWith;

std::string fixture(const std::string& packing) {
  const auto file = FileBytes::open("testdata/containers/py312-joblib1.4." + packing + ".joblib", 1 << 20);
  return std::string(file->bytes());
}

std::string deflated(std::string_view bytes) {
  std::string out(compressBound(bytes.size()), '\0');
  uLongf size = out.size();
  compress2(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size(), 6);
  out.resize(size);
  return out;
}

Result<std::string> unpacked(const std::string& bytes, const Limits& limits = {}) {
  const FileBytes out = SLIPWAY_TRY(unpack(FileBytes::of(bytes), sniff(bytes), limits));
  return std::string(out.bytes());
}

TEST(Unpack, EveryCompressorHoldsTheSameDump) {
  for (const char* packing : {"zlib", "gzip", "bz2", "xz", "lzma", "lz4"}) {
    const auto bytes = unpacked(fixture(packing));
    ASSERT_TRUE(bytes) << packing << ": " << bytes.error().to_string();
    EXPECT_EQ(read(*bytes).size(), read(fixture("none")).size()) << packing;
  }
}

TEST(Unpack, StreamsOneAfterAnotherAreOneFile) {
  for (const char* packing : {"zlib", "gzip", "bz2", "xz", "lz4"}) {
    const std::string one = fixture(packing);
    const auto twice = unpacked(one + one);
    ASSERT_TRUE(twice) << packing << ": " << twice.error().to_string();
    EXPECT_EQ(*twice, *unpacked(one) + *unpacked(one)) << packing;
  }
  EXPECT_TRUE(unpacked(fixture("gzip") + std::string(512, '\0'))) << "gzip may be padded";
}

TEST(Unpack, ZstdIsRead) {  // joblib writes it where the user registered it
  const std::string plain = fixture("none");
  std::string packed(ZSTD_compressBound(plain.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), 3));
  EXPECT_EQ(unpacked(packed), plain);
  EXPECT_EQ(read(packed).packing(), "zstd");
}

TEST(Unpack, WhatFollowsIsSaid) {
  for (const char* packing : {"zlib", "gzip", "bz2", "xz", "lzma", "lz4"}) {
    const auto found = unpacked(fixture(packing) + "tail");
    ASSERT_FALSE(found) << packing;
    EXPECT_THAT(found.error().message(), HasSubstr("4 bytes follow the end of its contents")) << packing;
  }
}

TEST(Unpack, CutAndDamagedFilesSayWhere) {
  const std::string whole = fixture("gzip");
  const Error cut = refused(whole.substr(0, 400));
  EXPECT_EQ(cut.code(), Code::kCorrupt);
  EXPECT_EQ(cut.message(), "compressed with gzip: the file ends in the middle of its contents (byte 400)");
  std::string damaged = whole;
  damaged[whole.size() - 6] ^= 1;  // of the checksum
  EXPECT_THAT(refused(damaged).message(), StartsWith("compressed with gzip: the bytes make no sense"));
}

TEST(Unpack, ErrorsInsideSayThatTheyCountUnpackedBytes) {
  EXPECT_THAT(refused(deflated("\x80\x04K")).message(), StartsWith("unpacked from zlib: byte 2: BININT1: 1 bytes"));
  EXPECT_EQ(refused(deflated(fixture("gzip"))).message(),
            "unpacked from zlib: compressed twice: gzip inside; one layer is taken off");
  EXPECT_EQ(refused(deflated("")).message(), "unpacked from zlib: the file is empty");
}

TEST(Unpack, ABombIsRefusedBeforeItIsUnpacked) {
  const std::string bomb = deflated(std::string(std::size_t{128} << 20, '\0'));
  const auto found = unpacked(bomb);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code(), Code::kTooLarge);
  EXPECT_THAT(found.error().message(),
              HasSubstr(fmt::format("unpacks to more than 67108864 bytes from {}", bomb.size())));
  EXPECT_TRUE(unpacked(bomb, {.ratio = 2000}));
  EXPECT_FALSE(unpacked(bomb, {.unpacked_bytes = std::uint64_t{32} << 20, .ratio = 2000}));
}

TEST(Unpack, ADecoderIsNotGivenAllTheMemoryThatAFileAsksFor) {
  const std::string lzma = "\x5d\0\0\0\x60\xff\xff\xff\xff\xff\xff\xff\xff\0\x83\xff"s;  // a dictionary of 1.5 GiB
  const std::string zstd = "\x28\xb5\x2f\xfd\0\xa8\x01\0\0"s;                            // a window of 2 GiB
  for (const std::string& bytes : {lzma, zstd}) {
    const auto found = unpacked(bytes);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code(), Code::kTooLarge);
    EXPECT_THAT(found.error().message(), HasSubstr("more memory for unpacking than is allowed"));
  }
}

TEST(Unpack, TheOldContainerHoldsAsMuchAsItSays) {
  const std::string body = deflated("I1\n.");
  const auto zf = [&](std::string_view length, std::string_view blank = "") {
    return fmt::format("ZF{:<19}{}{}", length, blank, body);
  };
  EXPECT_EQ(unpacked(zf("0x4")), "I1\n.");
  EXPECT_EQ(unpacked(zf("0x4", " ")), "I1\n.") << "Python 2 writes one blank more";
  EXPECT_EQ(unpacked(zf("0x4L")), "I1\n.");
  EXPECT_THAT(unpacked(zf("0x5")).error().message(), HasSubstr("says that it holds 5 bytes, but holds 4"));
  EXPECT_THAT(unpacked(zf("0xg")).error().message(), HasSubstr("has no length"));
  EXPECT_THAT(unpacked("ZF0x4").error().message(), HasSubstr("has no length"));
}

}  // namespace
}  // namespace slipway::pickle
