// SPDX-License-Identifier: Apache-2.0
// Well-behaved clients over real loopback sockets.
#include "serve/http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "serve/http/testing.h"

namespace slipway::serve::http {
namespace {

using namespace testing_support;
using testing::HasSubstr;

TEST(Server, ServesManyRequestsOnOneConnection) {
  TestServer server;
  Client client(server.port());
  for (int i = 0; i < 1000; ++i) {
    const auto answer = client.ask(post("/echo", std::to_string(i)));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, std::to_string(i));
    EXPECT_FALSE(answer->closes());
  }
  EXPECT_EQ(server.counts().accepted, 1U);
  EXPECT_EQ(server.counts().open, 1U);
}

TEST(Server, AnswersAPipelineInOrderAlsoAcrossThePool) {
  TestServer server({.pool_threads = 4});
  Client client(server.port());
  std::string pipeline;
  for (int i = 0; i < 60; ++i) pipeline += post(i % 3 == 0 ? "/pool?1" : "/echo", std::to_string(i));
  ASSERT_TRUE(client.send(pipeline));
  for (int i = 0; i < 60; ++i) {
    const auto answer = client.read();
    ASSERT_TRUE(answer) << i;
    EXPECT_EQ(answer->body, std::to_string(i));
  }
}

TEST(Server, ServesSeveralLoopsEvenly) {
  TestServer server({.loops = 3});
  std::vector<Client> clients;
  for (int i = 0; i < 30; ++i) clients.emplace_back(server.port());
  for (int round = 0; round < 20; ++round) {
    for (Client& client : clients) ASSERT_TRUE(client.send(post("/echo", "x")));
    for (Client& client : clients) {
      const auto answer = client.read();
      ASSERT_TRUE(answer);
      EXPECT_EQ(answer->body, "x");
    }
  }
  EXPECT_EQ(server.counts().open, 30U);
}

TEST(Server, ReadsChunkedBodies) {
  TestServer server;
  Client client(server.port());
  const std::string head = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  ASSERT_TRUE(client.send(head + "3\r\nabc\r\n"));
  std::this_thread::sleep_for(20ms);
  const auto answer = client.ask("2;x=y\r\nde\r\n0\r\n\r\n");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "abcde");
}

TEST(Server, ReadsBodiesUpToTheLimitWhole) {
  TestServer server;
  Client client(server.port());
  const std::string body(8 * 1024 * 1024, 'b');
  const auto answer = client.ask(post("/echo", body));
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->body == body);
  EXPECT_TRUE(client.ask(get("/")));
}

TEST(Server, AnswersHeadWithoutABody) {
  TestServer server;
  Client client(server.port());
  ASSERT_TRUE(client.send("HEAD /big?1000 HTTP/1.1\r\nHost: a\r\n\r\n" + get("/")));
  const auto head = client.read(true);
  ASSERT_TRUE(head);
  EXPECT_THAT(head->head, HasSubstr("Content-Length: 1000\r\n"));
  const auto next = client.read();
  ASSERT_TRUE(next);
  EXPECT_EQ(next->body, "ok");
}

TEST(Server, SendsContinueWhenAskedAndNotWhenTheBodyIsThere) {
  TestServer server;
  Client client(server.port());
  const std::string head = "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
  ASSERT_TRUE(client.send(head));
  const auto go_on = client.read();
  ASSERT_TRUE(go_on);
  EXPECT_EQ(go_on->head, "HTTP/1.1 100 Continue\r\n\r\n");
  const auto answer = client.ask("ok");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "ok");
  const auto at_once = client.ask(head + "ok");
  ASSERT_TRUE(at_once);
  EXPECT_EQ(at_once->status, 200);
}

TEST(Server, RefusesATooLargeBodyInsteadOfContinuing) {
  TestServer server({.codec = {.body_bytes = 10}});
  Client client(server.port());
  const auto answer = client.ask("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 413);
  EXPECT_TRUE(answer->closes());
  EXPECT_TRUE(client.ends());
}

TEST(Server, ClosesWhenTheClientAsksForIt) {
  TestServer server;
  for (const char* request : {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"}) {
    Client client(server.port());
    const auto answer = client.ask(request);
    ASSERT_TRUE(answer);
    EXPECT_TRUE(answer->closes());
    EXPECT_TRUE(client.ends());
  }
  EXPECT_TRUE(eventually([&] { return server.counts().open == 0; }));
}

TEST(Server, KeepsAnHttp10ConnectionThatAsksForIt) {
  TestServer server;
  Client client(server.port());
  const std::string request = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
  for (int i = 0; i < 3; ++i) {
    const auto answer = client.ask(request);
    ASSERT_TRUE(answer);
    EXPECT_THAT(answer->head, HasSubstr("Connection: keep-alive\r\n"));
  }
}

TEST(Server, AnswersAClientThatHasEndedItsSide) {
  TestServer server;
  Client client(server.port());
  ASSERT_TRUE(client.send(post("/echo", "1") + post("/pool?30", "2") + post("/echo", "3")));
  client.end_sending();
  for (const char* body : {"1", "2", "3"}) {
    const auto answer = client.read();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, body);
  }
  EXPECT_TRUE(client.ends());
}

TEST(Server, TellsTheHandlerWhoAsks) {
  TestServer server;
  Client client(server.port());
  const auto answer = client.ask(get("/client"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "127.0.0.1");
  EXPECT_THAT(answer->head, HasSubstr("\r\nDate: "));
}

TEST(Server, ListensOnIpv6) {
  const TestHandler handler;
  auto server = Server::start({{.address = "::1", .port = 0, .handler = &handler}}, {});
  if (!server) GTEST_SKIP() << server.error().message();
  EXPECT_NE((*server)->port(0), 0);
}

TEST(Server, NamesTheAddressThatIsTaken) {
  TestServer first;
  const TestHandler handler;
  const auto second = Server::start({{.address = "127.0.0.1", .port = first.port(), .handler = &handler}}, {});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code(), Code::kIo);
  EXPECT_THAT(second.error().message(), HasSubstr("127.0.0.1:" + std::to_string(first.port())));
  EXPECT_THAT(second.error().message(), HasSubstr("ddress already in use"));
  EXPECT_THAT(second.error().hint(), HasSubstr("another program listens there"));
  Client client(first.port());
  EXPECT_TRUE(client.ask(get("/")));
}

TEST(Server, CanBeRestartedOnItsPortAtOnce) {
  const TestHandler handler;
  std::uint16_t port = 0;
  for (int i = 0; i < 3; ++i) {
    auto server = Server::start({{.address = "127.0.0.1", .port = port, .handler = &handler}}, {});
    ASSERT_TRUE(server.has_value()) << server.error().to_string();
    port = (*server)->port(0);
    Client client(port);
    EXPECT_TRUE(client.ask(get("/")));  // our end closes first: TIME_WAIT is on the server's side
  }
}

TEST(Server, SaysWhatAnAddressLooksLike) {
  const TestHandler handler;
  const auto server = Server::start({{.address = "localhost", .port = 0, .handler = &handler}}, {});
  ASSERT_FALSE(server.has_value());
  EXPECT_EQ(server.error().code(), Code::kUsage);
  EXPECT_THAT(server.error().hint(), HasSubstr("127.0.0.1"));
}

TEST(Pool, DoesNotHoldUpTheLoop) {
  TestServer server;
  Client slow(server.port());
  ASSERT_TRUE(slow.send(post("/pool?300", "slow")));
  const auto start = Clock::now();
  Client quick(server.port());
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(quick.ask(get("/")));
  EXPECT_LT(Clock::now() - start, 250ms);
  const auto answer = slow.read();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "slow");
}

TEST(Pool, WhenFullAnswers503AndTheConnectionStaysUsable) {
  TestServer server({.pool_threads = 1, .pool_queue = 1});
  Client running(server.port()), waiting(server.port()), third(server.port());
  ASSERT_TRUE(running.send(post("/pool?400", "1")));
  std::this_thread::sleep_for(100ms);  // it is taken from the queue
  ASSERT_TRUE(waiting.send(post("/pool?0", "2")));
  std::this_thread::sleep_for(50ms);
  const auto refused = third.ask(post("/pool?0", "3"));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 503);
  EXPECT_FALSE(refused->closes());
  EXPECT_EQ(server.counts().pool_rejections, 1U);
  const auto after = third.ask(post("/echo", "4"));
  ASSERT_TRUE(after);
  EXPECT_EQ(after->body, "4");
  EXPECT_EQ(running.read().value_or(Answer{}).body, "1");
  EXPECT_EQ(waiting.read().value_or(Answer{}).body, "2");
}

TEST(Pool, StopsWithJobsStillInIt) {
  Client* left = nullptr;
  TestServer server({.pool_threads = 1});
  Client a(server.port()), b(server.port());
  left = &b;
  ASSERT_TRUE(a.send(post("/pool?100", "1")));
  ASSERT_TRUE(left->send(post("/pool?100", "2")));
  std::this_thread::sleep_for(20ms);
  server.server.reset();
  EXPECT_FALSE(b.read());
}

}  // namespace
}  // namespace slipway::serve::http
