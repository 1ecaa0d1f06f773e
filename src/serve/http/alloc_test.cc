// SPDX-License-Identifier: Apache-2.0
// A request on a warm connection allocates nothing: every way to the allocator is counted on the loop's thread, through
// a real socket. A program of its own, because it replaces the allocator.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>

#include "serve/http/testing.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SLIPWAY_SANITIZED 1
#endif
#endif

namespace {

// Set on the threads whose allocations count.
thread_local bool watched = false;
std::atomic<std::uint64_t> allocations{0};

}  // namespace

#ifndef SLIPWAY_SANITIZED  // a sanitizer brings an allocator of its own
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

// operator new ends here too.
void* malloc(std::size_t size) {
  if (watched) allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  if (watched) allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_calloc(count, size);
}
void* realloc(void* memory, std::size_t size) {
  if (watched) allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_realloc(memory, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  if (watched) allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_memalign(alignment, size);
}
}
#endif

namespace slipway::serve::http {
namespace {

using namespace testing_support;

// Marks the thread it runs on. /alloc allocates, so that the test can see that it would be noticed.
class WatchingHandler final : public Handler {
 public:
  std::unique_ptr<Worker> make_worker() const override { return std::make_unique<TestWorker>(); }
  Place place(const Request& request, Worker&) const override {
    watched = true;
    return request.path == "/pool" ? Place::kPool : Place::kLoop;
  }
  Response respond(const Request& request, Worker& worker) const override {
    watched = true;
    if (request.path == "/alloc") {
      std::string& body = static_cast<TestWorker&>(worker).body;
      body.assign(100, 'x');
      asm volatile("" : : "r"(body.data()) : "memory");  // or the compiler leaves the allocation out
      std::string().swap(body);
    }
    return {.body = request.body, .request_id = request.request_id};
  }
  Response refuse(const Request&, const Error&, Worker&) const override { return {.status = 500}; }
};

std::uint64_t allocations_of(std::uint16_t port, const std::vector<std::string>& requests, int rounds) {
  std::vector<Client> clients;
  for (int i = 0; i < 8; ++i) clients.emplace_back(port);
  std::uint64_t before = 0;
  for (int round = 0; round < rounds; ++round) {
    if (round == 100) before = allocations;
    for (Client& client : clients) SLIPWAY_ASSERT(client.send(requests[std::size_t(round) % requests.size()]));
    for (Client& client : clients) SLIPWAY_ASSERT(client.read().has_value());
  }
  return allocations - before;
}

class Allocations : public testing::Test {
 protected:
  void SetUp() override {
#ifdef SLIPWAY_SANITIZED
    GTEST_SKIP() << "a sanitizer brings an allocator of its own";
#endif
    auto started = Server::start({{.address = "127.0.0.1", .port = 0, .handler = &handler_}}, {});
    ASSERT_TRUE(started.has_value());
    server_ = std::move(*started);
  }
  const WatchingHandler handler_;
  std::unique_ptr<Server> server_;
};

TEST_F(Allocations, AreNoneForTenThousandRequestsOnWarmConnections) {
  const std::string chunked =
      "POST / HTTP/1.1\r\nHost: LocalHost:9696\r\nTransfer-Encoding: chunked\r\nX-Request-Id: r1\r\n\r\n"
      "3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n";
  EXPECT_EQ(allocations_of(server_->port(0),
                           {get("/"), post("/a", std::string(300, 'x')), chunked, post("/b", std::string(20'000, 'y'))},
                           1350),
            0U);
}

TEST_F(Allocations, AreNoneOnThePoolEither) {
  EXPECT_EQ(allocations_of(server_->port(0), {post("/pool", "x"), post("/", "y")}, 1500), 0U);
}

TEST_F(Allocations, OfTheBufferAreNoticed) {
  // Larger than any before on the connection, every time: the codec's buffer has to grow.
  std::vector<std::string> requests(100, get("/"));
  for (std::size_t i = 0; i < 3; ++i) requests.push_back(post("/", std::string(std::size_t(4000) << (2 * i), 'x')));
  EXPECT_GE(allocations_of(server_->port(0), requests, 103), 24U);
}

TEST_F(Allocations, WouldBeNoticed) { EXPECT_EQ(allocations_of(server_->port(0), {get("/alloc")}, 200), 800U); }

}  // namespace
}  // namespace slipway::serve::http
