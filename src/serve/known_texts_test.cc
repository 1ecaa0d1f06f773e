// SPDX-License-Identifier: Apache-2.0
// Against a search through the list.
#include "serve/known_texts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "engine/known_places.h"

namespace slipway::serve {
namespace {

#if defined(__x86_64__)
class KnownTextsTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!__builtin_cpu_supports("avx2")) GTEST_SKIP() << "no AVX2";
  }
  // Looks for `text` where other bytes stand around it, which must not be taken for its own.
  [[gnu::target("avx2")]] static std::uint16_t find(const KnownTexts& texts, const std::string& text) {
    const std::string around = "e" + text + std::string(32, 'e');
    return texts.find(around.data() + 1, text.size());
  }
};

TEST_F(KnownTextsTest, FindsCategoriesAndNothingElse) {
  const std::vector<std::string> categories = {
      "yes", "no", "no_internet_service", "bank_transfer_(automatic)", "none", "\xC3\xA9t\xC3\xA9"};
  const KnownTexts texts(categories);
  for (std::size_t i = 0; i < categories.size(); ++i) {
    EXPECT_EQ(find(texts, categories[i]), i + 1);
    for (std::size_t at = 0; at < categories[i].size(); ++at) {
      std::string other = categories[i];
      other[at] = '!';
      EXPECT_EQ(find(texts, other), 0) << other;
    }
    EXPECT_EQ(find(texts, categories[i] + "e"), 0);
    EXPECT_EQ(find(texts, categories[i] + '\0'), 0);
  }
  EXPECT_EQ(find(texts, ""), 0);
  EXPECT_EQ(find(texts, std::string(40, 'y')), 0);
  EXPECT_EQ(find(KnownTexts(), "yes"), 0);
  EXPECT_EQ(find(KnownTexts(std::vector<std::string>{}), "yes"), 0);
}

TEST_F(KnownTextsTest, LeavesLongTextsAndTheEmptyOneToOthers) {
  const std::vector<std::string> categories = {std::string(31, 'a'), std::string(32, 'a'), "", "b"};
  const KnownTexts texts(categories);
  EXPECT_EQ(find(texts, categories[0]), 1);
  EXPECT_EQ(find(texts, categories[1]), 0);
  EXPECT_EQ(find(texts, ""), 0);
  EXPECT_EQ(find(texts, "b"), 4);
  EXPECT_EQ(find(KnownTexts(std::vector<std::string>{"", std::string(32, 'a')}), ""), 0);
}

TEST_F(KnownTextsTest, FindsWhatASearchFindsInListsOfAnyLength) {
  std::mt19937 random(1);
  const auto text = [&] {
    std::string out;
    for (std::size_t size = random() % 34; out.size() < size;) out += "ab0_"[random() % 4];
    return out;
  };
  for (const std::size_t size : {1U, 2U, 3U, 4U, 10U, 63U, 64U, 65U, 500U, 4096U, 4097U}) {
    std::set<std::string> some;
    while (some.size() < size) some.insert(text());
    const std::vector<std::string> categories(some.begin(), some.end());
    const KnownTexts texts(categories);
    std::size_t known = 0;
    for (std::size_t i = 0; i < 20'000; ++i) {
      const std::string wanted = i % 2 == 0 ? categories[random() % size] : text();
      const auto found = std::ranges::find(categories, wanted);
      const std::uint16_t got = find(texts, wanted);
      if (got == 0) continue;  // it may leave what it likes to others
      ++known;
      ASSERT_EQ(got, found - categories.begin() + 1) << wanted;
    }
    EXPECT_EQ(known > 5'000, size <= engine::KnownPlaces::kMost) << size << ": " << known;
  }
}
#endif

}  // namespace
}  // namespace slipway::serve
