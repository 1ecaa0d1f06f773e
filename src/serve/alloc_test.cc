// SPDX-License-Identifier: Apache-2.0
// A program of its own, because it replaces operator new with one that counts: in the steady state a request, from
// socket to socket, with metrics and log on, allocates nothing on our side.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <string>

#include "serve/http/server.h"
#include "serve/service.h"
#include "serve/small_model.h"

namespace {

thread_local bool counted = false;
std::atomic<std::uint64_t> allocations{0};

void* allocate(std::size_t size) {
  if (counted) allocations.fetch_add(1, std::memory_order_relaxed);
  void* memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace slipway::serve {
namespace {

// Marks the threads that answer, from their first request on: the loop's, and the pool's if the model's cost was
// measured while something else had the core.
class Counting : public http::Handler {
 public:
  explicit Counting(const http::Handler& inner) : inner_(inner) {}
  std::unique_ptr<http::Worker> make_worker() const override { return inner_.make_worker(); }
  http::Place place(const http::Request& request, http::Worker& worker) const override {
    counted = true;
    return inner_.place(request, worker);
  }
  http::Response respond(const http::Request& request, http::Worker& worker) const override {
    counted = true;
    return inner_.respond(request, worker);
  }
  http::Response refuse(const http::Request& request, const Error& error, http::Worker& worker) const override {
    return inner_.refuse(request, error, worker);
  }

 private:
  const http::Handler& inner_;
};

int connect_to(std::uint16_t port) {
  const int client = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return client;
}

// Sends the request `times` over and reads each answer to its end ("}\n"); how many were 200.
int exchange(int client, const std::string& request, int times) {
  int good = 0;
  std::string answer;
  for (int i = 0; i < times; ++i) {
    EXPECT_EQ(::send(client, request.data(), request.size(), MSG_NOSIGNAL), ssize_t(request.size()));
    answer.clear();
    char buffer[4096];
    while (!answer.ends_with("}\n")) {
      const ssize_t got = ::recv(client, buffer, sizeof buffer, 0);
      if (got <= 0) return good;
      answer.append(buffer, std::size_t(got));
    }
    good += answer.starts_with("HTTP/1.1 200 ") ? 1 : 0;
  }
  return good;
}

TEST(Allocations, AWarmRequestMakesNone) {
  const std::string path = testing::TempDir() + "slipway_alloc_test_log";
  const auto log = std::move(*Log::open(path));
  const Service service(small_plan(),
                        {.model_name = "small", .version = "1", .contract = Contract::kAuto, .limits = {}}, *log);
  const ServiceHandler handler(service, {.shows = Listener::kBoth, .loopback_only = true});
  const Counting counting(handler);
  auto server = http::Server::start({{"127.0.0.1", 0, &counting}}, {.loops = 1, .pool_threads = 1});
  ASSERT_TRUE(server) << server.error().message();

  const std::string body = R"({"contract":"year","tenure":4,"colour":"red","size":12})";
  const std::string request =
      "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body;
  const int client = connect_to((*server)->port(0));
  ASSERT_EQ(exchange(client, request, 200), 200);  // warm-up
  const std::uint64_t before = allocations.load();
  EXPECT_GT(before, 0u) << "the counter sees nothing";
  constexpr int kRequests = 10'000;
  EXPECT_EQ(exchange(client, request, kRequests), kRequests);
  EXPECT_EQ(allocations.load() - before, 0u) << "in " << kRequests << " requests";
  ::close(client);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace slipway::serve
