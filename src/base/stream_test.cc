// SPDX-License-Identifier: Apache-2.0
#include "base/stream.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "base/file.h"

namespace slipway {
namespace {

class OutputFileTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "output." + std::to_string(::getpid());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string path() const { return folder_ + "/out.csv"; }
  std::size_t files() const {
    return std::size_t(
        std::distance(std::filesystem::directory_iterator(folder_), std::filesystem::directory_iterator()));
  }
  std::string text() const { return std::string(FileBytes::open(path(), 1000)->bytes()); }

  std::string folder_;
};

TEST_F(OutputFileTest, AppearsWholeWhenItIsCommitted) {
  auto file = OutputFile::create(path());
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->write("first "));
  ASSERT_TRUE(file->write("second"));
  EXPECT_FALSE(std::filesystem::exists(path()));
  ASSERT_TRUE(file->commit());
  EXPECT_EQ(text(), "first second");
  EXPECT_EQ(files(), 1U);
}

TEST_F(OutputFileTest, LeavesNothingAndTheOldFileAloneWhenItIsNot) {
  ASSERT_TRUE(write_file_atomically(path(), "old"));
  {
    auto file = OutputFile::create(path());
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->write("new"));
  }
  EXPECT_EQ(text(), "old");
  EXPECT_EQ(files(), 1U);
}

TEST_F(OutputFileTest, ReplacesAFile) {
  ASSERT_TRUE(write_file_atomically(path(), "old and long"));
  auto file = OutputFile::create(path());
  ASSERT_TRUE(file && file->write("new") && file->commit());
  EXPECT_EQ(text(), "new");
}

TEST_F(OutputFileTest, AFolderThatIsNotThereIsNotFound) {
  const auto file = OutputFile::create(folder_ + "/none/out.csv");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code(), Code::kNotFound);
}

TEST_F(OutputFileTest, WhatIsNoPlainFileIsWrittenAsItComes) {
  auto file = OutputFile::create("/dev/null");
  ASSERT_TRUE(file && file->write("x") && file->commit());
  struct stat status{};
  ASSERT_EQ(::stat("/dev/null", &status), 0);
  EXPECT_TRUE(S_ISCHR(status.st_mode));
}

TEST_F(OutputFileTest, AFileIsReadToItsEnd) {
  ASSERT_TRUE(write_file_atomically(path(), "twelve bytes"));
  const auto source = FileSource::open(path());
  ASSERT_TRUE(source);
  EXPECT_EQ((*source)->size(), 12U);
  char room[8];
  EXPECT_EQ((*source)->read(room).value(), 8U);
  EXPECT_EQ((*source)->read(room).value(), 4U);
  EXPECT_EQ((*source)->read(room).value(), 0U);
  EXPECT_EQ(FileSource::open(folder_).error().code(), Code::kInvalid);
  EXPECT_EQ(FileSource::open(folder_ + "/none").error().code(), Code::kNotFound);
}

}  // namespace
}  // namespace slipway
