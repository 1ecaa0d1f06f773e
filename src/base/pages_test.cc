// SPDX-License-Identifier: Apache-2.0
#include "base/pages.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace slipway {
namespace {

// What the kernel says of the mapping that an address is in: "rd wr mr mw me ac hg".
std::string flags_at(const void* memory) {
  const auto address = reinterpret_cast<std::uintptr_t>(memory);
  std::ifstream maps("/proc/self/smaps");
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t begin = 0, end = 0;
    char dash = 0;
    if (std::istringstream(line) >> std::hex >> begin >> dash >> end && dash == '-') {
      inside = begin <= address && address < end;
    } else if (inside && line.starts_with("VmFlags:")) {
      return line + " ";
    }
  }
  return "";
}

TEST(Pages, MegabytesAreExpectedAndWhatStandsThereStays) {
  constexpr std::size_t kCount = std::size_t{8} << 20;
  std::vector<double> values(1000, 0.5);
  reserve_large(values, kCount);
  EXPECT_GE(values.capacity(), kCount);
  EXPECT_EQ(values, std::vector<double>(1000, 0.5));
  values.resize(kCount, 0.25);
  EXPECT_EQ(values[999], 0.5);
  EXPECT_EQ(values[kCount - 1], 0.25);
  if (!std::filesystem::exists("/sys/kernel/mm/transparent_hugepage/enabled")) GTEST_SKIP() << "no large pages";
  EXPECT_NE(flags_at(&values[kCount / 2]).find(" hg "), std::string::npos);
}

TEST(Pages, SmallArraysAreLeftAlone) {
  std::vector<double> values;
  reserve_large(values, 1000);
  values.resize(1000);
  EXPECT_EQ(flags_at(values.data()).find(" hg "), std::string::npos);
  reserve_large(values, 0);
  EXPECT_EQ(values.size(), 1000U);
}

}  // namespace
}  // namespace slipway
