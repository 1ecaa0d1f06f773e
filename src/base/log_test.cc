// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

namespace slipway {
namespace {

std::string contents(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

TEST(Log, LosesNothingOfManyThreadsAndKeepsLinesWhole) {
  const std::string path = testing::TempDir() + "slipway_log_test";
  std::filesystem::remove(path);
  constexpr int kThreads = 4;
  constexpr int kLines = 5000;
  {
    auto log = Log::open(path);
    ASSERT_TRUE(log);
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      Log::Writer& writer = (*log)->writer();
      threads.emplace_back([&writer] {
        for (int i = 0; i < kLines; ++i) writer.append("0123456789");
      });
    }
    threads.clear();
    EXPECT_EQ((*log)->dropped(), 0u);
  }
  const std::string text = contents(path);
  EXPECT_EQ(text.size(), std::size_t(kThreads * kLines * 11));
  for (std::size_t i = 0; i < text.size(); i += 11) ASSERT_EQ(text.substr(i, 11), "0123456789\n");
}

TEST(Log, AFullDiskCostsLinesAndNothingElse) {
  auto log = Log::open("/dev/full");
  ASSERT_TRUE(log);
  Log::Writer& writer = (*log)->writer();
  const std::string line(1000, 'x');
  for (int i = 0; i < 5000; ++i) writer.append(line);  // five times what the buffers hold
  for (int i = 0; i < 100 && (*log)->dropped() == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_GT((*log)->dropped(), 0u);
}

std::string wait_for(const std::string& path, const std::function<bool(const std::string&)>& done) {
  std::string text;
  for (int i = 0; i < 250 && !done(text); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    text = contents(path);
  }
  return text;
}

// A disk that had filled up inside a line once glued the next line to the torn one.
TEST(Log, AfterAFullDiskTheNextLineStandsAlone) {
  const std::string path = testing::TempDir() + "slipway_log_torn_test";
  std::filesystem::remove(path);
  auto log = Log::open(path);
  ASSERT_TRUE(log);
  Log::Writer& writer = (*log)->writer();
  struct sigaction ignored{};
  ignored.sa_handler = SIG_IGN;
  struct sigaction before{};
  ::sigaction(SIGXFSZ, &ignored, &before);
  rlimit old{};
  ::getrlimit(RLIMIT_FSIZE, &old);
  const rlimit small{.rlim_cur = 25, .rlim_max = old.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  for (int i = 0; i < 4; ++i) writer.append("0123456789");  // two lines and a part of the third fit
  EXPECT_EQ(wait_for(path, [](const std::string& text) { return text.size() == 25; }).size(), 25u);
  for (int i = 0; i < 100 && (*log)->dropped() < 2; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ((*log)->dropped(), 2u);
  ::setrlimit(RLIMIT_FSIZE, &old);
  ::sigaction(SIGXFSZ, &before, nullptr);
  writer.append("next");
  log->reset();
  EXPECT_EQ(contents(path), "0123456789\n0123456789\n012\nnext\n");
}

TEST(Log, AReaderThatHasStoppedDoesNotHoldTheEnd) {
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  auto log = Log::open("/dev/fd/" + std::to_string(pipe[1]));
  ASSERT_TRUE(log);
  Log::Writer& writer = (*log)->writer();
  const std::string line(1000, 'x');
  for (int i = 0; i < 500; ++i) writer.append(line);  // far more than a pipe holds
  log->reset();                                       // once waited for ever
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST(Log, SaysWhyItCannotBeOpened) {
  const auto log = Log::open("/no/such/folder/log");
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().message(), "log /no/such/folder/log: No such file or directory");
}

TEST(Log, NotesAreJson) {
  const std::string path = testing::TempDir() + "slipway_log_note_test";
  std::filesystem::remove(path);
  {
    (*Log::open(path))->note("warn", "a \"quoted\"\nword");
  }
  const std::string text = contents(path);
  EXPECT_EQ(text.substr(text.find(",\"level\"")), ",\"level\":\"warn\",\"msg\":\"a \\\"quoted\\\"\\nword\"}\n");
}

TEST(WallClock, AgreesWithTheSystemsClock) {
  WallClock wall;
  const auto now = std::chrono::steady_clock::now();
  EXPECT_NEAR(double(wall.unix_ms(now)), double(unix_ms_now()), 50);
  EXPECT_NEAR(double(wall.unix_ms(now + std::chrono::milliseconds(700))), double(wall.unix_ms(now)) + 700, 1.5);
}

TEST(Timestamp, IsIso8601InUtc) {
  Timestamp timestamp;
  EXPECT_EQ(timestamp.at(1763774562123), "2025-11-22T01:22:42.123Z");
  EXPECT_EQ(timestamp.at(1763774562004), "2025-11-22T01:22:42.004Z");
  EXPECT_EQ(timestamp.at(1767225599999), "2025-12-31T23:59:59.999Z");
  EXPECT_EQ(timestamp.at(0), "1970-01-01T00:00:00.000Z");
}

}  // namespace
}  // namespace slipway
