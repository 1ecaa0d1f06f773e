// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace slipway {
namespace {

class File : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  std::string folder_ = testing::TempDir() + "slipway_file_test";
};

TEST_F(File, ReadsSmallAndMappedFilesAlike) {
  for (const std::size_t size : {0UL, 1UL, 4096UL, 3000000UL}) {
    std::ofstream(path("f")) << std::string(size, 'x');
    const auto file = FileBytes::open(path("f"), 4000000);
    ASSERT_TRUE(file) << file.error().message();
    EXPECT_EQ(file->bytes().size(), size);
  }
}

TEST_F(File, SaysWhatIsWrong) {
  EXPECT_EQ(FileBytes::open(path("none"), 10).error().code(), Code::kNotFound);
  EXPECT_EQ(FileBytes::open(folder_, 10).error().code(), Code::kInvalid);
  std::ofstream(path("f")) << "12345678901";
  EXPECT_EQ(FileBytes::open(path("f"), 10).error().code(), Code::kTooLarge);
}

TEST_F(File, ReadsWhatIsNotAPlainFile) {
  const auto file = FileBytes::open("/proc/self/status", 1 << 20);
  ASSERT_TRUE(file);
  EXPECT_GT(file->bytes().size(), 100u);
}

TEST_F(File, WritesAtomicallyAndLeavesNothingBehindOnFailure) {
  ASSERT_TRUE(write_file_atomically(path("a"), "one"));
  ASSERT_TRUE(write_file_atomically(path("a"), "two"));
  EXPECT_EQ(FileBytes::open(path("a"), 10)->bytes(), "two");
  EXPECT_FALSE(write_file_atomically(path("no/such/folder"), "x"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(File, StemNamesTheModel) {
  EXPECT_EQ(file_stem("a/churn.pkl"), "churn");
  EXPECT_EQ(file_stem("pipeline_v1.bin"), "pipeline_v1");
  EXPECT_EQ(file_stem("churn"), "churn");
  EXPECT_EQ(file_stem("a/"), "model");
  EXPECT_EQ(file_stem(".hidden"), ".hidden");
}

}  // namespace
}  // namespace slipway
