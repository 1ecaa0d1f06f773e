// SPDX-License-Identifier: Apache-2.0
#include "registry/store.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <atomic>
#include <barrier>
#include <csignal>
#include <thread>

#include "registry/temporary_store.h"

namespace slipway::registry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> names(const Result<std::vector<Store::Entry>>& listing) {
  std::vector<std::string> out;
  if (!listing) return {"error: " + listing.error().message()};
  for (const Store::Entry& entry : *listing) {
    out.push_back(entry.name + (entry.kind == Store::Kind::kFolder    ? "/"
                                : entry.kind == Store::Kind::kForeign ? "?"
                                                                      : ""));
  }
  return out;
}

TEST(Key, StaysInsideTheStore) {
  for (const char* key :
       {"a", "a/b/c", "models/churn/versions/3.json", "source/my model.pkl", "a/\xC3\xA4.pkl", "a..b"}) {
    EXPECT_TRUE(is_key(key)) << key;
  }
  for (const char* key : {"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/.b", "a\\b", "a\nb", "\xFF",
                          "1/2/3/4/5/6/7/8/9"}) {
    EXPECT_FALSE(is_key(key)) << key;
  }
  EXPECT_FALSE(is_key(std::string_view("a\0b", 3)));
  EXPECT_TRUE(is_key(std::string(200, 'x')));
  EXPECT_FALSE(is_key(std::string(201, 'x')));
}

TEST(OpenStore, TakesADirectoryAndSaysSo) {
  EXPECT_EQ(open_store("").error().code(), Code::kUsage);
  EXPECT_EQ(open_store("s3://bucket/models").error().code(), Code::kUsage);
  EXPECT_TRUE(open_store("/no/such/place"));  // it may appear later
}

TEST(DirectoryStore, GivesBackWhatWasPut) {
  TemporaryStore store;
  EXPECT_EQ(store->list("").error().code(), Code::kNotFound);
  const std::string large(3 << 20, 'l');
  EXPECT_EQ(store->put_if_absent("a/large", large), true);
  EXPECT_EQ(store->put_if_absent("a/empty", ""), true);
  EXPECT_EQ(store->put_if_absent("top", "1"), true);
  EXPECT_EQ(store->get("a/large", large.size())->bytes(), large);
  EXPECT_EQ(store->get("a/empty", 0)->bytes(), "");
  EXPECT_EQ(store->get("a/large", 100).error().code(), Code::kTooLarge);
  EXPECT_EQ(store->get("a/none", 100).error().code(), Code::kNotFound);
  EXPECT_EQ(store->get("none/none", 100).error().code(), Code::kNotFound);
  EXPECT_EQ(store->get("../a", 100).error().code(), Code::kInvalid);
  EXPECT_EQ(store->put_if_absent("../a", "").error().code(), Code::kInvalid);
  EXPECT_EQ(store->remove("a/../a").error().code(), Code::kInvalid);
  EXPECT_THAT(names(store->list("")), ElementsAre("a/", "top"));
  EXPECT_THAT(names(store->list("a")), ElementsAre("empty", "large"));
  EXPECT_THAT(names(store->list("none")), IsEmpty());
  EXPECT_EQ(store->list("a")->at(1).bytes, large.size());
  EXPECT_NEAR(double(store->list("a")->at(1).modified_ms), double(unix_ms_now()), 60e3);
}

TEST(DirectoryStore, NeverReplaces) {
  TemporaryStore store;
  EXPECT_EQ(store->put_if_absent("a/x", "first"), true);
  EXPECT_EQ(store->put_if_absent("a/x", "second"), false);
  EXPECT_EQ(store->get("a/x", 10)->bytes(), "first");
  EXPECT_THAT(store.files(), ElementsAre("a/x"));
}

TEST(DirectoryStore, WhatIsMappedOutlivesItsRemoval) {
  TemporaryStore store;
  ASSERT_TRUE(store->put_if_absent("a/b/x", std::string(2 << 20, 'x')));
  ASSERT_TRUE(store->put_if_absent("a/y", "y"));
  const auto mapped = store->get("a/b/x", 4 << 20);
  ASSERT_TRUE(store->remove("a/b/x"));
  ASSERT_TRUE(store->remove("a/b/x"));
  EXPECT_EQ(mapped->bytes()[1 << 20], 'x');
  EXPECT_THAT(names(store->list("a")), ElementsAre("y"));  // the empty folder went too
}

TEST(DirectoryStore, FollowsNoLinkAndWaitsForNoPipe) {
  TemporaryStore store;
  store.write("a/plain", "x");
  std::filesystem::create_symlink("/etc", store.path() + "/out");
  std::filesystem::create_symlink("/etc/passwd", store.path() + "/a/link");
  ASSERT_EQ(::mkfifo((store.path() + "/a/pipe").c_str(), 0600), 0);
  std::filesystem::create_directory(store.path() + "/a/folder");
  const std::ofstream odd(store.path() + "/a/odd\nname");
  const std::ofstream hidden(store.path() + "/a/.hidden");
  EXPECT_THAT(names(store->list("")), ElementsAre("a/", "out?"));
  EXPECT_THAT(names(store->list("a")), ElementsAre("folder/", "link?", "odd\nname?", "pipe?", "plain"));
  for (const char* key : {"a/link", "a/pipe", "a/folder", "out/passwd", "a/plain/x"}) {
    const auto got = store->get(key, 100000);
    ASSERT_FALSE(got) << key;
    EXPECT_EQ(got.error().code(), Code::kCorrupt) << key;
    EXPECT_THAT(got.error().message(), HasSubstr(store.path())) << key;
    EXPECT_NE(got.error().hint(), "");
  }
  for (const char* key : {"a/link", "a/folder", "out/new", "a/plain/x"}) {
    EXPECT_EQ(store->put_if_absent(key, "x").error().code(), Code::kCorrupt) << key;
  }
  EXPECT_EQ(store->list("out").error().code(), Code::kCorrupt);
  EXPECT_EQ(store->list("a/plain").error().code(), Code::kCorrupt);
  EXPECT_FALSE(std::filesystem::exists("/etc/new"));
}

TEST(DirectoryStore, OneOfManyThatPutTheSameObjectWins) {
  TemporaryStore store;
  constexpr int kObjects = 150;
  constexpr std::size_t kBytes = 2 << 20;  // so that the others come while one is still writing
  std::atomic<int> wins = 0;
  std::barrier start(4);  // for each object all four set out at once
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int object = 0; object < kObjects; ++object) {
        start.arrive_and_wait();
        const auto put = store->put_if_absent("a/" + std::to_string(object), std::string(kBytes, char('0' + i)));
        EXPECT_TRUE(put) << put.error().message();
        wins += put && *put ? 1 : 0;
        start.arrive_and_wait();
        if (i == 0) EXPECT_TRUE(store->remove("a/" + std::to_string(object)));  // space in memory is scarce
      }
    });
  }
  threads.clear();
  EXPECT_EQ(wins, kObjects);
  EXPECT_THAT(store.files(), IsEmpty());
}

TEST(DirectoryStore, APutSurvivesThatItsEmptyFolderIsRemovedUnderIt) {
  TemporaryStore store;
  ASSERT_TRUE(store->put_if_absent("z", "z"));
  std::atomic<bool> done = false;
  std::jthread remover([&] {
    while (!done) {
      const auto removed = store->remove("a/b/y");
      ASSERT_TRUE(removed) << removed.error().message();
      const auto listed = store->list("a/b");
      ASSERT_TRUE(listed) << listed.error().message();
    }
  });
  for (int i = 0; i < 500; ++i) {
    ASSERT_EQ(store->put_if_absent("a/b/x", "x"), true);
    ASSERT_TRUE(store->remove("a/b/x"));
  }
  done = true;
}

TEST(DirectoryStore, SweepsUpWhatKilledWritersLeft) {
  TemporaryStore store;
  store.write(".tmp/old", "x");
  store.write(".tmp/new", "x");
  const std::filesystem::path old = store.path() + "/.tmp/old";
  std::filesystem::last_write_time(old, std::filesystem::last_write_time(old) - std::chrono::hours(2));
  ASSERT_TRUE(store->put_if_absent("a", "x"));
  EXPECT_THAT(store.files(), ElementsAre(".tmp/new", "a"));
}

// From here on renameat2 says what a file system says that cannot rename without replacing.
bool forbid_renameat2() {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_renameat2, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {.len = std::size(code), .filter = code};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

TEST(DirectoryStore, WorksWhereRenamingAlwaysReplaces) {
  TemporaryStore store;
  EXPECT_TRUE(in_child([&] {
    if (!forbid_renameat2()) return false;
    return store->put_if_absent("a/x", "first") == true && store->put_if_absent("a/x", "second") == false;
  }));
  EXPECT_EQ(store->get("a/x", 10)->bytes(), "first");
  EXPECT_THAT(store.files(), ElementsAre("a/x"));
}

// Prints what is not as expected: the parent sees only yes or no.
bool says(const Error& error, std::string_view what, std::string_view where, std::string_view hint) {
  const bool right = error.code() == Code::kIo && error.message().contains(what) && error.message().contains(where) &&
                     error.hint().contains(hint);
  if (!right) std::fprintf(stderr, "%s\n", error.to_string().c_str());
  return right;
}

TEST(DirectoryStore, ALimitOnFileSizesIsNamedAndLeavesNothing) {
  TemporaryStore store;
  ASSERT_TRUE(store->put_if_absent("a/small", "x"));
  EXPECT_TRUE(in_child([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {1000, 1000};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return false;
    const auto put = store->put_if_absent("a/large", std::string(5000, 'x'));
    return !put && says(put.error(), "File too large", store.path(), "ulimit -f");
  }));
  EXPECT_THAT(store.files(), ElementsAre("a/small"));
}

TEST(DirectoryStore, AStoreThatMayOnlyBeReadIsReadAndSaysWhoMayNot) {
  TemporaryStore store;
  ASSERT_TRUE(store->put_if_absent("a/x", "x"));
  for (const char* folder : {"/..", "", "/a", "/.tmp"}) ::chmod((store.path() + folder).c_str(), 0555);
  EXPECT_TRUE(in_child([&] {
    if (::getuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) return false;
    const auto put = store->put_if_absent("a/y", "y");
    const auto removed = store->remove("a/x");
    return store->get("a/x", 10)->bytes() == "x" && store->put_if_absent("a/x", "z") == false && !put && !removed &&
           says(put.error(), "Permission denied", store.path(), "uid") &&
           says(removed.error(), "Permission denied", store.path(), "uid");
  }));
  for (const char* folder : {"/..", "", "/a", "/.tmp"}) ::chmod((store.path() + folder).c_str(), 0755);
  EXPECT_THAT(store.files(), ElementsAre("a/x"));
}

}  // namespace
}  // namespace slipway::registry
