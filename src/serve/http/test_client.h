// SPDX-License-Identifier: Apache-2.0
// For tests of the server: a blocking client that shows what really came.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace slipway::serve::http::testing_support {

using namespace std::chrono_literals;

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

}  // namespace slipway::serve::http::testing_support
