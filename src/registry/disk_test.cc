// SPDX-License-Identifier: Apache-2.0
// A disk that is full at each place of a change, and one that may only be read: real ones, in memory, in a child with
// mounts of its own.
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>

#include "registry/temporary_store.h"

namespace slipway::registry {
namespace {

constexpr int kPage = 4096;

// The store's directory becomes a disk of so many pages, for this process only.
bool mount_disk(const TemporaryStore& store, int pages) {
  std::filesystem::create_directories(store.path());
  return ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("tmpfs", store.path().c_str(), "tmpfs", 0, fmt::format("size={}", pages * kPage).c_str()) == 0;
}

bool remount(const TemporaryStore& store, unsigned long flags, int pages) {
  return ::mount("tmpfs", store.path().c_str(), "tmpfs", MS_REMOUNT | flags,
                 fmt::format("size={}", pages * kPage).c_str()) == 0;
}

#define SKIP_WITHOUT_MOUNTS()                                                \
  if (TemporaryStore probe; !in_child([&] { return mount_disk(probe, 1); })) \
  GTEST_SKIP() << "mounting is not permitted here"

// In a child, EXPECT_ is not heard: this prints what is wrong.
bool expect(bool right, const std::string& what) {
  if (!right) fmt::print(stderr, "not so: {}\n", what);
  return right;
}

bool says_full(const Error& error, const TemporaryStore& store) {
  return expect(error.code() == Code::kIo && error.message().contains("No space left on device") &&
                    error.message().contains(store.path()) && error.hint().contains("Free some space"),
                error.to_string());
}

bool leaves_no_trace(TemporaryStore& store, char digit) {
  for (const std::string& file : store.files()) {
    const bool trace =
        file.contains(std::string(64, digit) + "/") || file.starts_with("locks") || file.starts_with(".tmp/");
    if (!expect(!trace, file + " is gone")) return false;
  }
  return true;
}

enum Outcome : int { kPublished, kRefused, kWrong };

Outcome publish_on_small_disk(TemporaryStore& store, int pages) {
  Catalog& catalog = store.catalog();
  const bool ready =
      mount_disk(store, 64) && catalog.publish("churn", bundle('a'), labelled("v1")) && remount(store, 0, pages);
  if (!expect(ready, fmt::format("{} pages are enough for the first", pages))) return kWrong;
  const auto version = catalog.publish("churn", bundle('b'), labelled("v2"));
  const auto files = catalog.bundle_files(std::string(64, 'a'));
  bool good = expect(catalog.resolve("churn:v1") && files && files->size() == 3, "the first is whole");
  if (version) return good ? kPublished : kWrong;
  good = says_full(version.error(), store) && leaves_no_trace(store, 'b') && good;
  good = expect(catalog.model("churn")->versions.size() == 1, "no second version") && remount(store, 0, 64) && good;
  const auto again = catalog.publish("churn", bundle('b'), labelled("v2"));
  good = expect(again && again->number == 2, "with space it works") && good;
  return good ? kRefused : kWrong;
}

TEST(FullDisk, PublishSaysSoAtEachPlaceAndLosesNothing) {
  SKIP_WITHOUT_MOUNTS();
  // Each takes five pages: manifest, two of weights, source, version.
  std::string outcomes;
  for (int pages = 5; pages <= 12; ++pages) {
    TemporaryStore store;
    outcomes += std::to_string(exit_code_in_child([&] { return publish_on_small_disk(store, pages); }));
  }
  EXPECT_EQ(outcomes, "11111000");
}

TEST(FullDisk, PromoteSaysSoAndRemoveMakesRoom) {
  SKIP_WITHOUT_MOUNTS();
  TemporaryStore store;
  EXPECT_TRUE(in_child([&] {
    Catalog& catalog = store.catalog();
    if (!mount_disk(store, 64) || !catalog.publish("churn", bundle('a'), {}) ||
        !catalog.publish("churn", bundle('b'), {}) || !remount(store, 0, 10)) {
      return false;
    }
    const auto promoted = catalog.promote("churn:1", "production", "ana", "");
    if (!expect(!promoted && says_full(promoted.error(), store), "promote fails") ||
        !expect(catalog.model("churn")->aliases.empty(), "no alias")) {
      return false;
    }
    const auto removed = catalog.remove("churn:2", {.force = false, .by = "ana", .why = "full"});
    return expect(removed && removed->bundle_gone, "remove works") && leaves_no_trace(store, 'b') &&
           expect(catalog.promote("churn:1", "production", "ana", "").has_value(), "and there is room");
  }));
}

TEST(ReadOnlyDisk, IsReadAndChangesSayWhy) {
  SKIP_WITHOUT_MOUNTS();
  TemporaryStore store;
  EXPECT_TRUE(in_child([&] {
    Catalog& catalog = store.catalog();
    if (!mount_disk(store, 64) || !catalog.publish("churn", bundle('a'), {}) ||
        !catalog.publish("churn", bundle('b'), {}) || !catalog.promote("churn:1", "production", "", "") ||
        !catalog.promote("churn:2", "production", "", "") || !remount(store, MS_RDONLY, 64)) {
      return false;
    }
    const auto says = [&](const auto& done) {
      return expect(!done && done.error().code() == Code::kIo &&
                        done.error().message().contains("Read-only file system") &&
                        done.error().message().contains(store.path()) && !done.error().hint().empty(),
                    done ? "an error" : done.error().to_string());
    };
    return says(catalog.publish("churn", bundle('c'), {})) && says(catalog.publish("leads", bundle('a'), {})) &&
           says(catalog.promote("churn:1", "production", "", "")) &&
           says(catalog.rollback("churn", "production", "", "")) && says(catalog.remove("churn:1", {})) &&
           expect(catalog.resolve("churn")->number == 2, "it is read");
  }));
}

}  // namespace
}  // namespace slipway::registry
