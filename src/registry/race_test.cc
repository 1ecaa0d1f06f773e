// SPDX-License-Identifier: Apache-2.0
// Several at once, in threads and in processes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "registry/temporary_store.h"

namespace slipway::registry {
namespace {

using testing::IsEmpty;

constexpr std::uint32_t kWorkers = 4;
constexpr std::uint32_t kEach = 5;

void expect_all(Catalog& catalog) {
  const auto state = catalog.model("churn");
  ASSERT_TRUE(state);
  EXPECT_THAT(state->problems, IsEmpty());
  ASSERT_EQ(state->versions.size(), kWorkers * kEach);
  for (std::uint32_t i = 0; i < kWorkers * kEach; ++i) {
    EXPECT_EQ(state->versions[i].number, i + 1);
    EXPECT_EQ(catalog.bundle_files(state->versions[i].bundle)->size(), 3u);
  }
}

TEST(AtOnce, ThreadsThatPublishGetNumbersOfTheirOwn) {
  TemporaryStore store;
  std::vector<BundleFiles> bundles;
  for (std::uint32_t i = 0; i < kWorkers; ++i) bundles.push_back(bundle(char('a' + i)));
  std::vector<std::jthread> threads;
  for (const BundleFiles& mine : bundles) {
    threads.emplace_back([&] {
      for (std::uint32_t n = 0; n < kEach; ++n) {
        const auto version = store.catalog().publish("churn", mine, {});
        ASSERT_TRUE(version) << version.error().to_string();
      }
    });
  }
  threads.clear();
  expect_all(store.catalog());
}

// Each `work` in a process of its own; true if all returned true.
bool in_children(const std::vector<std::function<bool()>>& works) {
  std::vector<pid_t> children;
  for (const auto& work : works) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(work() ? 0 : 1);
    children.push_back(child);
  }
  bool good = true;
  for (const pid_t child : children) {
    int status = 0;
    good = ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0 && good;
  }
  return good;
}

bool said(const Error& error) {
  std::fprintf(stderr, "%s\n", error.to_string().c_str());
  return false;
}

TEST(AtOnce, ProcessesThatPublishGetNumbersOfTheirOwn) {
  TemporaryStore store;
  std::vector<std::function<bool()>> works;
  for (std::uint32_t i = 0; i < kWorkers; ++i) {
    works.emplace_back([&, i] {
      for (std::uint32_t n = 0; n < kEach; ++n) {
        const auto version = store.catalog().publish("churn", bundle(char('a' + i % 2)), {});
        if (!version) return said(version.error());
      }
      return true;
    });
  }
  EXPECT_TRUE(in_children(works));
  expect_all(store.catalog());
}

// One publishes what the other removes, the same bundle, over and over. A version that is there has its files.
TEST(AtOnce, WhatIsRemovedAndPublishedAtTheSameMomentIsWhole) {
  TemporaryStore store;
  constexpr int kRounds = 60;
  EXPECT_TRUE(in_children({
      [&] {
        for (int i = 0; i < kRounds; ++i) {
          const auto version = store.catalog().publish("churn", bundle('a'), {});
          if (!version) return said(version.error());
          // Before the other may remove it.
          if (version->number % 2 == 0 && !store.catalog().bundle_files(version->bundle)) return false;
        }
        return true;
      },
      [&] {
        for (std::uint32_t number = 1; number <= kRounds; number += 2) {
          for (;;) {
            const auto removed = store.catalog().remove("churn:" + std::to_string(number), {});
            if (removed) break;
            if (removed.error().code() != Code::kNotFound) return said(removed.error());
            std::this_thread::yield();
          }
        }
        return true;
      },
  }));
  const auto state = store.catalog().model("churn");
  EXPECT_EQ(state->versions.size(), std::size_t(kRounds / 2));
  EXPECT_TRUE(store.catalog().bundle_files(std::string(64, 'a')));
}

TEST(AtOnce, TheLastVersionIsRemovedWhileAnotherIsPublished) {
  for (int round = 0; round < 40; ++round) {
    TemporaryStore store;
    ASSERT_TRUE(store.catalog().publish("churn", bundle('a'), {}));
    EXPECT_TRUE(in_children({
        [&] {
          const auto done = store.catalog().publish("leads", bundle('a'), {});
          return done ? true : said(done.error());
        },
        [&] {
          const auto done = store.catalog().remove("churn:1", {});
          return done ? true : said(done.error());
        },
    }));
    EXPECT_EQ(store.catalog().resolve("leads")->number, 1u);
    ASSERT_EQ(store.catalog().bundle_files(std::string(64, 'a'))->size(), 3u);
  }
}

TEST(AtOnce, EveryPromotionIsInTheJournal) {
  TemporaryStore store;
  for (std::uint32_t i = 0; i < kWorkers; ++i) ASSERT_TRUE(store.catalog().publish("churn", bundle('a'), {}));
  std::vector<std::function<bool()>> works;
  for (std::uint32_t i = 1; i <= kWorkers; ++i) {
    works.emplace_back([&, i] {
      for (std::uint32_t n = 0; n < kEach; ++n) {
        if (!store.catalog().promote("churn:" + std::to_string(i), "production", "", "")) return false;
      }
      return true;
    });
  }
  EXPECT_TRUE(in_children(works));
  const auto journal = store.catalog().history("churn", "production");
  ASSERT_TRUE(journal);
  for (std::size_t i = 0; i < journal->size(); ++i) {
    EXPECT_EQ(journal->at(i).number, i + 1);
    if (i > 0) EXPECT_NE(journal->at(i).version, journal->at(i - 1).version);
  }
}

}  // namespace
}  // namespace slipway::registry
