// SPDX-License-Identifier: Apache-2.0
// For tests of the server: a handler with a few behaviours and a blocking client that reads what really came.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "serve/http/server.h"

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
  Place place(const Request& request) const override { return request.path == "/pool" ? Place::kPool : Place::kLoop; }
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

struct Answer {
  int status = 0;
  std::string head;
  std::string body;
  bool closes() const { return head.find("\r\nConnection: close\r\n") != std::string::npos; }
};

class Client {
 public:
  // Not connected if refused: check connected().
  explicit Client(std::uint16_t port, std::chrono::milliseconds timeout = 20s) {
    descriptor_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval wait{timeout.count() / 1000, (timeout.count() % 1000) * 1000};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    const int on = 1;
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~Client() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Client(Client&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)),
        connected_(other.connected_),
        rest_(std::move(other.rest_)) {}
  Client& operator=(Client&&) = delete;

  bool connected() const { return connected_; }
  int descriptor() const { return descriptor_; }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(std::size_t(sent));
    }
    return true;
  }
  void end_sending() { ::shutdown(descriptor_, SHUT_WR); }
  // A reset instead of an orderly end.
  void reset() {
    const linger hard{1, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    ::close(std::exchange(descriptor_, -1));
  }

  // The next answer; nothing if the connection ends, fails or stays silent before it is whole. `no_body`: to a HEAD.
  std::optional<Answer> read(bool no_body = false) {
    std::size_t end = 0;
    while ((end = rest_.find("\r\n\r\n")) == std::string::npos)
      if (!more()) return std::nullopt;
    Answer answer{.status = std::atoi(rest_.c_str() + 9), .head = rest_.substr(0, end + 4), .body = {}};
    std::size_t length = 0;
    const std::size_t field = answer.head.find("\r\nContent-Length: ");
    if (field != std::string::npos && !no_body) length = std::strtoul(answer.head.c_str() + field + 18, nullptr, 10);
    while (rest_.size() < end + 4 + length)
      if (!more()) return std::nullopt;
    answer.body = rest_.substr(end + 4, length);
    rest_.erase(0, end + 4 + length);
    return answer;
  }
  std::optional<Answer> ask(std::string_view request) {
    if (!send(request)) return std::nullopt;
    return read();
  }

  // True if the peer ends the connection in order, without another byte.
  bool ends() {
    char byte = 0;
    return rest_.empty() && ::recv(descriptor_, &byte, 1, 0) == 0;
  }

 private:
  bool more() {
    char buffer[16384];
    const ssize_t got = ::recv(descriptor_, buffer, sizeof buffer, 0);
    if (got <= 0) return false;
    rest_.append(buffer, std::size_t(got));
    return true;
  }

  int descriptor_ = -1;
  bool connected_ = false;
  std::string rest_;
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
