// SPDX-License-Identifier: Apache-2.0
#include "base/rope.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/time.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "base/descriptor.h"

namespace slipway {
namespace {

// "0", "01", "012", ...: borrowed from one text, which is returned.
std::string many_pieces(std::size_t count, const std::string& from, Rope& rope) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view piece = std::string_view(from).substr(i % 7, i % from.size());
    rope.add(piece, nullptr);
    all += piece;
  }
  return all;
}

TEST(Rope, IsItsPiecesOneAfterTheOther) {
  Rope rope = Rope::of("one ");
  rope.add("", nullptr);
  rope.add("two", nullptr);
  EXPECT_EQ(rope.size(), 7u);
  EXPECT_EQ(rope.pieces().size(), 2u);
  EXPECT_EQ(rope.text(), "one two");
  EXPECT_TRUE(rope == "one two");
  for (const char* other : {"", "one", "one two ", "one tw0", "0ne two"}) EXPECT_FALSE(rope == other) << other;
  EXPECT_TRUE(Rope().empty());
  EXPECT_TRUE(Rope("").pieces().empty());
}

TEST(Rope, KeepsWhatItOwnsAndSharesItWithItsCopies) {
  auto owner = std::make_shared<const std::string>("owned");
  const std::weak_ptr<const std::string> watched = owner;
  Rope copy;
  {
    Rope rope;
    rope.add(*owner, owner);
    owner.reset();
    copy = rope;
  }
  EXPECT_EQ(copy.text(), "owned");
  copy = {};
  EXPECT_TRUE(watched.expired());
}

TEST(Rope, ATextThatIsOnlyBorrowedIsNotCopied) {
  const std::string text = "text";
  EXPECT_EQ(Rope(text).pieces()[0].bytes.data(), text.data());
}

TEST(Rope, IsWrittenWholeHoweverManyPiecesItHas) {
  const std::string from = "0123456789";
  for (const std::size_t count : {0, 1, 63, 64, 65, 1000}) {
    Rope rope;
    const std::string all = many_pieces(count, from, rope);
    char path[] = "/tmp/slipway_rope_XXXXXX";
    const Descriptor file(::mkstemp(path));
    ASSERT_GE(file.get(), 0);
    ::unlink(path);
    ASSERT_TRUE(write_all(file.get(), path, rope));
    std::string read(all.size() + 1, '\0');
    EXPECT_EQ(::pread(file.get(), read.data(), read.size(), 0), ssize_t(all.size()));
    EXPECT_EQ(read.substr(0, all.size()), all);
  }
}

// A slow reader of a pipe, and a signal every millisecond: system calls end with a part of what was asked for.
TEST(Rope, IsWrittenWholeWhenTheKernelTakesAPart) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const Descriptor out(ends[0]);
  Descriptor in(ends[1]);
  Rope rope;
  const std::string from(9973, 'x');
  std::string large;
  for (int i = 0; i < 200'000; ++i) large += std::to_string(i);
  std::string all = many_pieces(300, from, rope);
  rope.add(large, nullptr);
  all += large;
  std::string read;
  sigset_t alarm;
  ::sigemptyset(&alarm);
  ::sigaddset(&alarm, SIGALRM);
  ::pthread_sigmask(SIG_BLOCK, &alarm, nullptr);  // the reader's thread inherits this
  std::jthread reader([&] {
    char buffer[20'011];
    for (ssize_t got = 0; (got = ::read(out.get(), buffer, sizeof buffer)) > 0;) {
      read.append(buffer, std::size_t(got));
      if (read.size() % 3 == 0) ::usleep(1000);
    }
  });
  ::pthread_sigmask(SIG_UNBLOCK, &alarm, nullptr);
  struct sigaction action{}, before{};
  action.sa_handler = [](int) {};
  ASSERT_EQ(::sigaction(SIGALRM, &action, &before), 0);
  const itimerval often{.it_interval = {0, 1000}, .it_value = {0, 1000}}, never{};
  ::setitimer(ITIMER_REAL, &often, nullptr);
  const auto written = write_all(in.get(), "pipe", rope);
  ::setitimer(ITIMER_REAL, &never, nullptr);
  ::sigaction(SIGALRM, &before, nullptr);
  in = Descriptor();
  reader.join();
  EXPECT_TRUE(written);
  EXPECT_TRUE(read == all);
}

TEST(Rope, WhatCannotBeWrittenIsAnError) {
  const Descriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  const auto failed = write_all(full.get(), "/dev/full", "x");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), Code::kIo);
  EXPECT_THAT(failed.error().message(), testing::HasSubstr("/dev/full"));
}

}  // namespace
}  // namespace slipway
