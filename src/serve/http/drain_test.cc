// SPDX-License-Identifier: Apache-2.0
// Draining: nothing that has been received whole may go unanswered. The load comes from clients of several habits; the
// same clients against a server that is cut off must notice losses, or the test would prove nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>

#include "serve/http/testing.h"

namespace slipway::serve::http {
namespace {

using namespace testing_support;

struct Tally {
  std::atomic<std::uint64_t> answered{0};
  std::atomic<std::uint64_t> lost{0};  // sent whole, not answered
  std::atomic<std::uint64_t> told{0};  // answers that said "Connection: close"
  std::atomic<bool> stop{false};
};

// Sends requests until the server takes no connection any more. Each request, or each batch in one send(), is sent
// only while the connection has not been told to close.
struct Habit {
  const char* name;
  unsigned batch;       // requests in one send
  bool new_connection;  // for every batch
  bool in_two_sends;    // head and body apart
  const char* path;
  std::chrono::microseconds pause;  // between batches
};
constexpr Habit kHabits[] = {
    {"one after the other", 1, false, false, "/echo", {}},
    {"one after the other, more", 1, false, false, "/echo", {}},
    {"pipelined", 5, false, false, "/echo", {}},
    {"a connection each", 1, true, false, "/echo", {}},
    {"a connection each, more", 1, true, false, "/echo", {}},
    {"body later", 1, false, true, "/echo", {}},
    {"on the pool", 1, false, false, "/pool?0", {}},
    {"pipelined on the pool", 3, false, false, "/pool?0", {}},
    {"thinking", 1, false, false, "/echo", std::chrono::microseconds(3000)},
    {"thinking longer", 1, false, false, "/echo", std::chrono::microseconds(100'000)},
};

void make_load(std::uint16_t port, const Habit& habit, Tally& tally) {
  std::optional<Client> client;
  const std::string body = "{\"a\": 1}";
  const std::string request = post(habit.path, body);
  std::string batch;
  for (unsigned i = 0; i < habit.batch; ++i) batch += request;
  while (!tally.stop) {
    if (!client) {
      client.emplace(port, 10s);
      if (!client->connected()) return;  // refused: the listener is closed
    }
    const std::size_t cut = habit.in_two_sends ? batch.size() - 4 : batch.size();
    bool sent = client->send(std::string_view(batch).substr(0, cut));
    if (sent && habit.in_two_sends) {
      std::this_thread::yield();
      sent = client->send(std::string_view(batch).substr(cut));
    }
    bool closes = habit.new_connection;
    for (unsigned i = 0; i < habit.batch; ++i) {
      const auto answer = client->read();
      if (!answer || answer->status != 200 || answer->body != body) {
        tally.lost += habit.batch - i;
        closes = true;
        break;
      }
      ++tally.answered;
      if (answer->closes()) {
        ++tally.told;
        closes = true;
      }
    }
    if (closes || !sent) client.reset();
    if (habit.pause.count() != 0) std::this_thread::sleep_for(habit.pause);
  }
}

// Load until `requests` are answered, then `end`; the tally when all clients have given up.
template <class End>
void run_load(TestServer& server, std::uint64_t requests, Tally& tally, End end) {
  std::vector<std::jthread> clients;
  const std::uint64_t before = tally.answered;
  for (const Habit& habit : kHabits)
    clients.emplace_back([port = server.port(), &habit, &tally] { make_load(port, habit, tally); });
  eventually([&] { return tally.answered - before >= requests; }, 100s);
  end();
  clients.clear();
}

void drain_and_wait(TestServer& server) {
  std::promise<void> done;
  server.server->drain([&] { done.set_value(); });
  ASSERT_EQ(done.get_future().wait_for(30s), std::future_status::ready);
}

ServerOptions drain_options() {
  return {.loops = 2, .pool_threads = 2, .drain_delay = 20ms, .drain_quiet = 500ms, .drain_timeout = 20s};
}

TEST(Drain, LosesNothingOfAHundredThousandRequestsInTwentyDrains) {
  Tally tally;
  for (int round = 0; round < 20; ++round) {
    TestServer server(drain_options());
    run_load(server, 5'000, tally, [&] { drain_and_wait(server); });
    EXPECT_EQ(server.counts().open, 0U);
    ASSERT_EQ(tally.lost, 0U) << "round " << round;
  }
  EXPECT_GE(tally.answered, 100'000U);
  EXPECT_GE(tally.told, 20U);
}

TEST(Drain, TheSameClientsNoticeWhenAServerIsCutOff) {
  Tally tally;
  for (int round = 0; round < 5; ++round) {
    TestServer server(drain_options());
    run_load(server, 2'000, tally, [&] { server.server.reset(); });
  }
  EXPECT_GT(tally.lost, 5U);
}

TEST(Drain, ListenersAcceptOnDuringTheDelayAndThenNoMore) {
  TestServer server({.drain_delay = 400ms, .drain_quiet = 50ms});
  std::promise<void> done;
  server.server->drain([&] { done.set_value(); });
  std::this_thread::sleep_for(50ms);
  EXPECT_TRUE(server.server->draining());
  Client during(server.port());
  const auto answer = during.ask(get("/"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_TRUE(answer->closes());
  EXPECT_TRUE(during.ends());
  ASSERT_EQ(done.get_future().wait_for(10s), std::future_status::ready);
  EXPECT_FALSE(Client(server.port()).connected());
}

TEST(Drain, IdleConnectionsAreEndedAndThoseThatAskInTimeAreServed) {
  TestServer server({.drain_quiet = 800ms});
  Client idle(server.port()), late(server.port());
  ASSERT_TRUE(idle.ask(get("/")));
  ASSERT_TRUE(late.ask(get("/")));
  std::promise<void> done;
  server.server->drain([&] { done.set_value(); });
  std::this_thread::sleep_for(500ms);  // two sweeps have seen it idle, but not for long enough
  const auto answer = late.ask(get("/"));
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->closes());
  EXPECT_TRUE(idle.ends());
  EXPECT_TRUE(late.ends());
  EXPECT_EQ(done.get_future().wait_for(10s), std::future_status::ready);
}

TEST(Drain, EveryRequestOfAPipelineIsAnsweredAndOnlyTheLastSaysClose) {
  TestServer server;
  Client client(server.port());
  ASSERT_TRUE(client.ask(get("/")));
  server.server->drain([] {});
  ASSERT_TRUE(eventually([&] { return server.server->draining(); }));
  ASSERT_TRUE(client.send(post("/pool?20", "0") + post("/echo", "1") + post("/pool?20", "2") + post("/echo", "3")));
  for (int i = 0; i < 4; ++i) {
    const auto answer = client.read();
    ASSERT_TRUE(answer) << i;
    EXPECT_EQ(answer->body, std::to_string(i));
    EXPECT_EQ(answer->closes(), i == 3);
  }
}

TEST(Drain, WaitsForARequestThatIsStillArrivingAndOneThatStillRuns) {
  TestServer server({.drain_quiet = 50ms});
  Client arriving(server.port()), running(server.port());
  ASSERT_TRUE(arriving.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab"));
  ASSERT_TRUE(running.send(post("/pool?700", "run")));
  std::this_thread::sleep_for(50ms);
  std::promise<void> done;
  server.server->drain([&] { done.set_value(); });
  std::this_thread::sleep_for(400ms);
  EXPECT_EQ(arriving.ask("cd").value_or(Answer{}).body, "abcd");
  EXPECT_EQ(running.read().value_or(Answer{}).body, "run");
  EXPECT_EQ(done.get_future().wait_for(10s), std::future_status::ready);
}

TEST(Drain, CutsOffWhatIsLeftAtTheTimeout) {
  TestServer server({.drain_timeout = 300ms});
  Client client(server.port());
  ASSERT_TRUE(client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab"));
  std::this_thread::sleep_for(50ms);
  const auto start = Clock::now();
  drain_and_wait(server);
  EXPECT_LT(Clock::now() - start, 3s);
  EXPECT_FALSE(client.read());
}

TEST(Drain, OfAnEmptyServerIsDoneAtOnce) {
  TestServer server;
  const auto start = Clock::now();
  drain_and_wait(server);
  EXPECT_LT(Clock::now() - start, 1s);
}

}  // namespace
}  // namespace slipway::serve::http
