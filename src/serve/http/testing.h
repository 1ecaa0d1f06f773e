// SPDX-License-Identifier: Apache-2.0
// For tests of the server: a handler with a few behaviours, a server that runs it, and what the client sends.
#pragma once

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "serve/http/server.h"
#include "serve/http/test_client.h"

namespace slipway::serve::http::testing_support {

using namespace std::chrono_literals;

struct TestWorker final : Worker {
  std::string body;
};

// /echo: the body. /big?N: N bytes. /client: the peer's address. /pool?MS: on the pool, after MS milliseconds, the
// body. Anything else: "ok". Refusals carry the error's name.
class TestHandler final : public Handler {
 public:
  std::unique_ptr<Worker> make_worker() const override { return std::make_unique<TestWorker>(); }
  Place place(const Request& request, Worker&) const override {
    return request.path == "/pool" ? Place::kPool : Place::kLoop;
  }
  Response respond(const Request& request, Worker& worker) const override {
    auto& own = static_cast<TestWorker&>(worker);
    const unsigned long number = std::strtoul(std::string(request.query).c_str(), nullptr, 10);
    if (request.path == "/pool") std::this_thread::sleep_for(std::chrono::milliseconds(number));
    if (request.path == "/echo" || request.path == "/pool") return {.body = request.body};
    if (request.path == "/client") return {.content_type = "text/plain", .body = request.client};
    if (request.path == "/big") {
      own.body.assign(number, 'x');
      return {.body = own.body};
    }
    return {.content_type = "text/plain", .body = "ok", .request_id = request.request_id};
  }
  Response refuse(const Request&, const Error& error, Worker&) const override {
    return {.status = info(error.code()).http, .content_type = "text/plain", .body = info(error.code()).name};
  }
};

inline std::string get(const std::string& path) { return "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n"; }
inline std::string post(const std::string& path, const std::string& body) {
  return "POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// A server with one listener on a free port of 127.0.0.1.
struct TestServer {
  explicit TestServer(const ServerOptions& options = {}) {
    auto started = Server::start({{.address = "127.0.0.1", .port = 0, .handler = &handler}}, options);
    SLIPWAY_ASSERT(started.has_value());
    server = std::move(*started);
  }
  std::uint16_t port() const { return server->port(0); }
  ServerCounts counts() const { return server->counts(); }

  TestHandler handler;
  std::unique_ptr<Server> server;
};

// True as soon as `holds` is; false if it is not within `limit`.
template <class Holds>
bool eventually(Holds holds, std::chrono::milliseconds limit = 10s) {
  for (const auto until = Clock::now() + limit; Clock::now() < until; std::this_thread::sleep_for(5ms))
    if (holds()) return true;
  return holds();
}

}  // namespace slipway::serve::http::testing_support
