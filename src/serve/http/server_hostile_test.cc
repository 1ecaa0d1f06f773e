// SPDX-License-Identifier: Apache-2.0
// Clients that are slow, broken, many or malicious, and a system that runs out of descriptors.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>
#include <atomic>
#include <cstring>
#include <fstream>
#include <sstream>

#include "serve/http/testing.h"

namespace slipway::serve::http {
namespace {

using namespace testing_support;

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SLIPWAY_SANITIZED 1
#endif
#endif

constexpr auto kShort = 300ms;

TEST(Slow, HeadGets408AndTheEnd) {
  TestServer server({.header_timeout = kShort});
  Client client(server.port());
  const auto start = Clock::now();
  for (const char c : std::string("GET / HTTP/1.1")) {  // a byte now and then does not help
    if (Clock::now() - start > 250ms) break;
    ASSERT_TRUE(client.send({&c, 1}));
    std::this_thread::sleep_for(50ms);
  }
  const auto answer = client.read();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 408);
  EXPECT_TRUE(answer->closes());
  EXPECT_TRUE(client.ends());
  EXPECT_LT(Clock::now() - start, 2s);
  EXPECT_EQ(server.counts().timeouts, 1U);
}

TEST(Slow, BodyGets408AndTheEnd) {
  TestServer server({.body_bytes_per_s = 1000, .body_grace = kShort});
  Client client(server.port());
  const auto start = Clock::now();
  ASSERT_TRUE(client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n" + std::string(500, 'x')));
  const auto answer = client.read();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 408);
  EXPECT_GT(Clock::now() - start, 750ms);  // the grace, and half a second earned
  EXPECT_TRUE(client.ends());
}

TEST(Slow, BodyThatIsFastEnoughIsLeftAlone) {
  TestServer server({.body_bytes_per_s = 1000, .body_grace = kShort});
  Client client(server.port());
  ASSERT_TRUE(client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\n"));
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(client.send(std::string(200, 'x')));
    std::this_thread::sleep_for(100ms);
  }
  const auto answer = client.read();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
}

TEST(Slow, IdleConnectionIsEndedWithoutAnAnswer) {
  TestServer server({.idle_timeout = kShort});
  Client fresh(server.port()), used(server.port());
  EXPECT_TRUE(used.ask(get("/")));
  EXPECT_TRUE(fresh.ends());
  EXPECT_TRUE(used.ends());
}

TEST(Slow, ReaderIsCutOffWhenItTakesNothing) {
  TestServer server({.write_timeout = kShort});
  Client client(server.port());
  std::string pipeline;
  for (int i = 0; i < 20; ++i) pipeline += get("/big?4000000");
  ASSERT_TRUE(client.send(pipeline));
  EXPECT_TRUE(eventually([&] { return server.counts().timeouts == 1; }));
  EXPECT_TRUE(eventually([&] { return server.counts().open == 0; }));
}

// Progress alone is not enough: a byte now and then would hold an answer for hours.
TEST(Slow, ReaderIsCutOffWhenItTakesTooLittle) {
  TestServer server({.write_timeout = 400ms, .write_bytes_per_s = 64 * 1024 * 1024});
  Client client(server.port());
  ASSERT_TRUE(client.send(get("/big?80000000")));  // one answer, which takes seconds at the pace below
  EXPECT_TRUE(eventually([&] {
    std::array<char, 64 * 1024> waste;
    ::recv(client.descriptor(), waste.data(), waste.size(), MSG_DONTWAIT);  // some progress each time
    return server.counts().timeouts == 1;
  }));
}

TEST(Slow, ReaderThatReadsAtLastGetsEverything) {
  TestServer server;
  Client client(server.port());
  std::string pipeline;
  for (int i = 0; i < 5; ++i) pipeline += get("/big?3000000");
  ASSERT_TRUE(client.send(pipeline));
  std::this_thread::sleep_for(300ms);
  for (int i = 0; i < 5; ++i) {
    const auto answer = client.read();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body.size(), 3'000'000U);
  }
  EXPECT_TRUE(client.ask(get("/")));
}

TEST(Broken, HalfARequestAndTheEndIsForgotten) {
  TestServer server;
  {
    Client head(server.port()), body(server.port());
    ASSERT_TRUE(head.send("GET / HT"));
    ASSERT_TRUE(body.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab"));
    head.end_sending();
    body.end_sending();
    EXPECT_TRUE(head.ends());
    EXPECT_TRUE(body.ends());
  }
  EXPECT_TRUE(eventually([&] { return server.counts().open == 0; }));
}

TEST(Broken, ResetsAtAnyMomentLeaveNothingBehind) {
  TestServer server;
  const std::string requests[] = {"GET / HT", post("/pool?50", "x"), get("/big?9000000"), post("/echo", "x"),
                                  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab"};
  for (int round = 0; round < 50; ++round) {
    Client client(server.port());
    ASSERT_TRUE(client.send(requests[std::size_t(round) % std::size(requests)]));
    if (round % 2 == 0) std::this_thread::sleep_for(3ms);
    client.reset();
  }
  EXPECT_TRUE(eventually([&] { return server.counts().open == 0; }));
  EXPECT_GT(server.counts().resets, 0U);
  Client client(server.port());
  EXPECT_TRUE(client.ask(get("/")));
}

TEST(Malicious, SmuggledRequestIsNotServed) {
  TestServer server;
  const std::string shapes[] = {
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + get("/evil"),
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + get("/evil"),
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 44\r\n\r\n" + get("/evil"),
      "POST / HTTP/1.1\r\nHost: a\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + get("/evil"),
      "POST / HTTP/1.1\r\nHost: a\r\nX:\r\n Transfer-Encoding: chunked\r\n\r\n" + get("/evil"),
  };
  for (const std::string& shape : shapes) {
    Client client(server.port());
    const auto answer = client.ask(shape);
    ASSERT_TRUE(answer) << shape;
    EXPECT_EQ(answer->status, 400);
    EXPECT_TRUE(answer->closes());
    EXPECT_TRUE(client.ends()) << "a second answer came";
  }
}

TEST(Malicious, RefusalIsSeenThoughTheUploadGoesOn) {
  TestServer server({.codec = {.body_bytes = 1000}});
  for (int round = 0; round < 20; ++round) {
    Client client(server.port());
    // Closing at once would reset the connection under the client's feet; it would see no answer.
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n" + std::string(5'000'000, 'x'));
    const auto answer = client.read();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 413);
  }
}

// The request that never stops coming: its connection has to give way to others after a few reads.
TEST(Malicious, EndlessPipelineDoesNotKeepOthersWaiting) {
  TestServer server;
  Client endless(server.port()), other(server.port());
  std::atomic<bool> stop{false};
  const std::jthread sends([&] {
    std::string fields;  // so that sending is faster than answering
    for (int i = 0; i < 90; ++i) fields += "X: " + std::string(100, 'x') + "\r\n";
    std::string pipeline;
    for (int i = 0; i < 100; ++i) pipeline += "GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
    while (!stop && endless.send(pipeline)) continue;
    endless.end_sending();
  });
  const std::jthread reads([&] {
    std::string answers(256 * 1024, ' ');
    while (::recv(endless.descriptor(), answers.data(), answers.size(), 0) > 0) continue;
  });
  std::this_thread::sleep_for(50ms);
  const auto start = Clock::now();
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(other.ask(get("/")));
  EXPECT_LT(Clock::now() - start, 2s);
  stop = true;
}

TEST(Many, ConnectionsOverTheLimitGet503) {
  TestServer server({.connections = 2});
  Client first(server.port());
  {
    Client second(server.port());
    ASSERT_TRUE(first.ask(get("/")));
    ASSERT_TRUE(second.ask(get("/")));
    for (int i = 0; i < 3; ++i) {
      Client third(server.port());
      third.send(get("/"));
      const auto answer = third.read();
      ASSERT_TRUE(answer);
      EXPECT_EQ(answer->status, 503);
      EXPECT_TRUE(answer->closes());
    }
    EXPECT_EQ(server.counts().refused, 3U);
  }
  EXPECT_TRUE(eventually([&] { return server.counts().open == 1; }));
  Client again(server.port());
  EXPECT_EQ(again.ask(get("/")).value_or(Answer{}).status, 200);
}

// A server in a process of its own, so that its descriptors, memory and CPU are its own.
class ServerProcess {
 public:
  ServerProcess(const ServerOptions& options, rlim_t descriptors) {
    int pipe[2];
    SLIPWAY_ASSERT(::pipe(pipe) == 0);
    process_ = ::fork();
    if (process_ == 0) {
      ::alarm(120);
      ::malloc_trim(0);  // what earlier tests have left would hide what is used here
      const rlimit limit{descriptors, descriptors};
      ::setrlimit(RLIMIT_NOFILE, &limit);
      const TestServer server(options);
      const std::uint16_t port = server.port();
      SLIPWAY_ASSERT(::write(pipe[1], &port, sizeof port) == sizeof port);
      for (;;) ::pause();
    }
    SLIPWAY_ASSERT(::read(pipe[0], &port_, sizeof port_) == sizeof port_);
    ::close(pipe[0]);
    ::close(pipe[1]);
  }
  ~ServerProcess() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  std::uint16_t port() const { return port_; }

  double cpu_seconds() const {
    std::ifstream file("/proc/" + std::to_string(process_) + "/stat");
    std::string text((std::istreambuf_iterator<char>(file)), {});
    std::istringstream fields(text.substr(text.rfind(')') + 2));
    std::string skipped;
    for (int i = 0; i < 11; ++i) fields >> skipped;
    double user = 0, system = 0;
    fields >> user >> system;
    return (user + system) / double(::sysconf(_SC_CLK_TCK));
  }
  std::size_t resident_bytes() const {
    std::ifstream file("/proc/" + std::to_string(process_) + "/statm");
    std::size_t all = 0, resident = 0;
    file >> all >> resident;
    return resident * std::size_t(::sysconf(_SC_PAGESIZE));
  }

 private:
  pid_t process_ = -1;
  std::uint16_t port_ = 0;
};

TEST(Many, TenThousandIdleConnectionsCostLittleAndDisturbNobody) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlimit raised{limit.rlim_max, limit.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &raised);
  const std::size_t count = std::min<std::size_t>(10'000, raised.rlim_cur - 100);
  const ServerProcess server({.connections = 11'000}, raised.rlim_cur);
  {
    EXPECT_TRUE(Client(server.port()).ask(get("/")));
  }
  const std::size_t before = server.resident_bytes();
  std::vector<Client> clients;
  clients.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    clients.emplace_back(server.port());
    ASSERT_TRUE(clients.back().connected()) << i << " " << std::strerror(errno);
    if (i % 2 == 0) ASSERT_TRUE(clients.back().ask(get("/")));  // half of them have been used
  }
  Client more(server.port());
  const auto start = Clock::now();
  EXPECT_TRUE(more.ask(get("/")));
  EXPECT_LT(Clock::now() - start, 1s);
  for (const std::size_t i : {std::size_t(0), std::size_t(1), count - 2, count - 1})
    EXPECT_TRUE(clients[i].ask(get("/"))) << i;
  const std::size_t each = (server.resident_bytes() - before) / count;
  RecordProperty("bytes_a_connection", int(each));
  std::printf("%zu idle connections, %zu bytes each\n", count, each);
#ifndef SLIPWAY_SANITIZED
  EXPECT_LT(each, 6 * 1024U);
#endif
  const double cpu = server.cpu_seconds();
  std::this_thread::sleep_for(1s);
  EXPECT_LT(server.cpu_seconds() - cpu, 0.2);
  clients.clear();
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

TEST(Many, LargeBuffersOfIdleConnectionsServeOthers) {
  const ServerProcess server({}, 1000);
  std::vector<Client> clients;
  const std::string body(1'000'000, 'b');
  std::size_t first_wave = 0;
  for (int wave = 0; wave < 4; ++wave) {
    for (int i = 0; i < 30; ++i) {
      clients.emplace_back(server.port());
      ASSERT_TRUE(clients.back().ask(post("/", body)));
    }
    if (wave == 0) first_wave = server.resident_bytes();
    std::this_thread::sleep_for(1600ms);
  }
  EXPECT_GT(first_wave, 30'000'000U);
#ifndef SLIPWAY_SANITIZED  // which keep freed memory aside
  EXPECT_LT(server.resident_bytes(), 2 * first_wave);
#endif
  for (Client& client : clients) EXPECT_TRUE(client.ask(post("/", body)));
}

TEST(Many, OutOfDescriptorsWaitsWithoutSpinningAndRecovers) {
  const ServerProcess server({}, 40);
  std::vector<Client> clients;
  for (int i = 0; i < 60; ++i) {
    clients.emplace_back(server.port(), 300ms);
    ASSERT_TRUE(clients.back().connected());  // the kernel's queue takes them
    ASSERT_TRUE(clients.back().send(get("/")));
  }
  std::size_t served = 0;
  while (served < clients.size() && clients[served].read()) ++served;
  EXPECT_GT(served, 10U);
  EXPECT_LT(served, 40U);
  const double cpu = server.cpu_seconds();
  std::this_thread::sleep_for(1s);
  EXPECT_LT(server.cpu_seconds() - cpu, 0.2);
  EXPECT_TRUE(clients[0].ask(get("/")));
  // Descriptors come back, and with them those who waited.
  std::vector<Client> waiting;
  for (std::size_t i = served; i < clients.size(); ++i) waiting.push_back(std::move(clients[i]));
  clients.clear();
  const auto answered = [](Client& client) {  // each read is patient for 300 ms only; the machine may be busy
    for (int attempt = 0; attempt < 50; ++attempt) {
      if (client.read()) return true;
    }
    return false;
  };
  for (Client& client : waiting) EXPECT_TRUE(answered(client));
}

}  // namespace
}  // namespace slipway::serve::http
