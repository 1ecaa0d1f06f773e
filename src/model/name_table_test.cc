// SPDX-License-Identifier: Apache-2.0
#include "model/name_table.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <random>

namespace slipway::model {
namespace {

TEST(NameTable, FindsEachNameInItsGroupAndNothingElse) {
  const NameEntry entries[] = {{0, "", 7}, {0, "a", 1}, {1, "a", 2}, {1, "contract", 3}, {2, "contract two-year", 4}};
  const auto table = NameTable::create(entries);
  ASSERT_TRUE(table);
  for (const auto& entry : entries) EXPECT_EQ(table->find(entry.group, entry.name), entry.value);
  EXPECT_EQ(table->find(2, "a"), NameTable::kNone);
  EXPECT_EQ(table->find(1, ""), NameTable::kNone);
  EXPECT_EQ(table->find(0, std::string_view("\0", 1)), NameTable::kNone);
  EXPECT_EQ(table->find(2, "contract two-yeaR"), NameTable::kNone);
  EXPECT_EQ(NameTable().find(0, ""), NameTable::kNone);
}

TEST(NameTable, AgreesWithAMapOnRandomNamesOfEveryLength) {
  std::mt19937 random(7);
  std::map<std::pair<std::uint32_t, std::string>, std::uint32_t> want;
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    std::string name(random() % 40, ' ');
    for (char& c : name) c = static_cast<char>(random() % 4);  // few letters: many near misses
    want.emplace(std::pair(random() % 3, name), i);
  }
  std::vector<NameEntry> entries;
  for (const auto& [key, value] : want) entries.push_back({key.first, key.second, value});
  const auto table = NameTable::create(entries);
  ASSERT_TRUE(table);
  for (int i = 0; i < 50'000; ++i) {
    std::string name(random() % 12, ' ');
    for (char& c : name) c = static_cast<char>(random() % 4);
    const std::uint32_t group = random() % 3;
    const auto found = want.find({group, name});
    EXPECT_EQ(table->find(group, name), found == want.end() ? NameTable::kNone : found->second);
  }
}

TEST(NameTable, SaysWhichNameStandsTwice) {
  const NameEntry entries[] = {{0, "b", 0}, {0, "a\n", 1}, {0, "a\n", 2}};
  const auto table = NameTable::create(entries);
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().message(), "the name \"a\\n\" stands twice");
}

// The hash multiplies by the first eight bytes of a block xor a constant: a file that knows the constant can make that
// factor 0, and then no seed tells its names apart.
TEST(NameTable, RefusesNamesThatWereMadeToCollide) {
  const std::uint64_t weak = 0xC2B2AE3D27D4EB4F;
  std::vector<std::string> names;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    std::string name(16, ' ');
    std::memcpy(name.data(), &weak, 8);
    std::memcpy(name.data() + 8, &i, 8);
    names.push_back(name);
  }
  std::vector<NameEntry> entries;
  for (std::uint32_t i = 0; i < names.size(); ++i) entries.push_back({0, names[i], i});
  const auto table = NameTable::create(entries);
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().code(), Code::kCorrupt);
}

}  // namespace
}  // namespace slipway::model
