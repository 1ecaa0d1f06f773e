// SPDX-License-Identifier: Apache-2.0
// The idea: loop 0 accepts for all loops and hands each connection to the one with the fewest. Draining goes in steps
// on loop 0: say close; after drain_delay refuse new connections without losing those the kernel has already taken;
// then let idle ones go; then wait for the rest.
#include "serve/http/server.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <stdexcept>

#include "base/descriptor.h"
#include "serve/http/connection.h"
#include "serve/http/loop.h"

namespace slipway::serve::http {
namespace {

using namespace std::chrono_literals;

constexpr auto kAcceptPause = 100ms;  // after the descriptors have run out
constexpr auto kLastAccepts = 50ms;   // from "no new connections" to closing the listener
constexpr auto kDrainCheck = 10ms;
constexpr unsigned kAcceptsATurn = 64;
constexpr std::uint64_t kRefusedAtOnce = 64;  // connections over the limit that are answered rather than cut

union Address {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

Result<std::pair<Address, socklen_t>> address_of(const ListenerOptions& options) {
  Address address{};
  if (::inet_pton(AF_INET, options.address.c_str(), &address.v4.sin_addr) == 1) {
    address.v4.sin_family = AF_INET;
    address.v4.sin_port = htons(options.port);
    return std::pair(address, socklen_t(sizeof address.v4));
  }
  if (::inet_pton(AF_INET6, options.address.c_str(), &address.v6.sin6_addr) == 1) {
    address.v6.sin6_family = AF_INET6;
    address.v6.sin6_port = htons(options.port);
    return std::pair(address, socklen_t(sizeof address.v6));
  }
  return fail(Code::kUsage, "cannot listen on " + options.address + ": it is not an IP address",
              "write it like 127.0.0.1, 0.0.0.0 or ::1");
}

std::string hint_for(int number, std::uint16_t port) {
  const std::string text = std::to_string(port);
  switch (number) {
    case EADDRINUSE:
      return "another program listens there, perhaps another slipway: `ss -ltnp 'sport = :" + text +
             "'` names it; stop it, or choose another port";
    case EACCES:
      return "ports below 1024 need a privilege; choose a port above";
    case EADDRNOTAVAIL:
      return "this machine has no such address; 0.0.0.0 stands for all it has";
    default:
      return {};
  }
}

Result<Descriptor> listen_on(const ListenerOptions& options) {
  const auto [address, size] = SLIPWAY_TRY(address_of(options));
  const bool v6 = address.any.sa_family == AF_INET6;
  const std::string where = (v6 ? "[" + options.address + "]" : options.address) + ":" + std::to_string(options.port);
  const auto failed = [&](int number) {
    return fail(system_error("cannot listen on " + where, number).or_hint(hint_for(number, options.port)));
  };
  Descriptor descriptor(::socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (descriptor.get() < 0) return failed(errno);
  const int on = 1;
  // Restarting is possible at once; a second listener on the port is not (that would take SO_REUSEPORT).
  ::setsockopt(descriptor.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (v6) ::setsockopt(descriptor.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  // Accepted sockets inherit it: one system call less for each.
  ::setsockopt(descriptor.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::bind(descriptor.get(), &address.any, size) != 0) return failed(errno);
  if (::listen(descriptor.get(), SOMAXCONN) != 0) return failed(errno);
  return descriptor;
}

std::uint16_t port_of(int descriptor) {
  Address address{};
  socklen_t size = sizeof address;
  ::getsockname(descriptor, &address.any, &size);
  return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

// Drops every SYN that comes from now on; handshakes under way are completed. Best effort: where the kernel does not
// take the filter, a connection that arrives in the very moment of closing can be reset.
void drop_new_connections(int descriptor) {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),           // the TCP flags
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x12),        // SYN and ACK
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x02, 0, 1),  // SYN alone
      BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
  };
  const sock_fprog program{static_cast<unsigned short>(std::size(code)), code};
  ::setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

}  // namespace

struct Server::Impl {
  struct Listener final : Reactor::Source {
    Listener(Impl& all, std::size_t at, Descriptor listening)
        : impl(all),
          index(at),
          descriptor(std::move(listening)),
          port(port_of(descriptor.get())),
          pause{.fire = [this] {
            if (impl.accept_all(index, kAcceptsATurn)) watch();
          }} {}
    // Level-triggered: what one turn leaves is the next one's.
    void watch() { impl.front().reactor.add(descriptor.get(), EPOLLIN, *this); }
    void on_events(std::uint32_t) override { impl.accept_all(index, kAcceptsATurn); }

    Impl& impl;
    std::size_t index;
    Descriptor descriptor;
    std::uint16_t port;
    Reactor::Timer pause;
  };

  Shared shared;
  std::optional<Pool> pool;
  std::vector<std::unique_ptr<Loop>> loops;
  std::vector<std::unique_ptr<Listener>> listeners;  // on loop 0
  void (Impl::*drain_step)() = nullptr;              // on loop 0
  Reactor::Timer drain_timer{.fire = [this] { (this->*drain_step)(); }};
  Clock::time_point drain_deadline;
  std::function<void()> drained;

  ~Impl() {
    if (pool) pool->stop();                 // the loops still run: a job that ends posts to its loop
    for (auto& loop : loops) loop->stop();  // the one that accepts first
  }

  Loop& front() { return *loops.front(); }

  void run(const std::vector<ListenerOptions>& given, std::vector<Descriptor>& descriptors,
           const ServerOptions& options) {
    shared.options = options;
    for (const ListenerOptions& listener : given) shared.handlers.push_back(listener.handler);
    shared.open_on = std::make_unique<std::atomic<std::uint64_t>[]>(given.size());
    pool.emplace(options.pool_threads, options.pool_queue, shared.handlers);
    for (unsigned i = 0; i < std::max(1U, options.loops); ++i) loops.push_back(std::make_unique<Loop>(shared, *pool));
    front().reactor.add(drain_timer);
    for (Descriptor& descriptor : descriptors) {
      listeners.push_back(std::make_unique<Listener>(*this, listeners.size(), std::move(descriptor)));
      front().reactor.add(listeners.back()->pause);
      listeners.back()->watch();
    }
    for (auto& loop : loops) loop->start();
  }

  // False if the descriptors have run out: a timer will go on. Connections wait in the kernel's queue meanwhile.
  bool accept_all(std::size_t index, unsigned most) {
    Listener& listener = *listeners[index];
    for (unsigned i = 0; i < most; ++i) {
      Address peer{};
      socklen_t size = sizeof peer;
      const int descriptor = ::accept4(listener.descriptor.get(), &peer.any, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (descriptor >= 0) {
        hand_out(index, descriptor, peer);
        continue;
      }
      if (errno == EAGAIN) return true;
      if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM) continue;  // that one is gone
      shared.accept_errors.fetch_add(1);
      front().reactor.remove(listener.descriptor.get());
      listener.pause.at = Clock::now() + kAcceptPause;
      return false;
    }
    return true;
  }

  void hand_out(std::size_t index, int descriptor, const Address& peer) {
    const std::uint64_t open = shared.open_on[index].fetch_add(1);
    shared.open.fetch_add(1);
    Arrival arrival{.descriptor = descriptor, .listener = index, .over_limit = open >= shared.options.connections};
    if (arrival.over_limit) {
      shared.refused.fetch_add(1);
      if (open >= shared.options.connections + kRefusedAtOnce) {
        shared.open_on[index].fetch_sub(1);
        shared.open.fetch_sub(1);
        ::close(descriptor);
        return;
      }
    } else {
      shared.accepted.fetch_add(1);
    }
    if (peer.any.sa_family == AF_INET6)
      ::inet_ntop(AF_INET6, &peer.v6.sin6_addr, arrival.client, sizeof arrival.client);
    else
      ::inet_ntop(AF_INET, &peer.v4.sin_addr, arrival.client, sizeof arrival.client);
    auto& fewest = *std::ranges::min_element(loops, {}, [](const auto& loop) { return loop->load(); });
    fewest->adopt(arrival, fewest == loops.front());
  }

  void drain_after(std::chrono::milliseconds delay, void (Impl::*step)()) {
    drain_step = step;
    drain_timer.at = Clock::now() + delay;
  }

  void stop_new_connections() {
    drain_deadline = Clock::now() + shared.options.drain_timeout;
    for (auto& listener : listeners) drop_new_connections(listener->descriptor.get());
    drain_after(kLastAccepts, &Impl::close_listeners);
  }

  void close_listeners() {
    for (std::size_t i = 0; i < listeners.size(); ++i) {
      accept_all(i, shared.options.connections);
      listeners[i]->pause.at = Reactor::Timer::kNever;
      ::close(listeners[i]->descriptor.release());
    }
    shared.close_idle.store(true);
    await_last();
  }

  void await_last() {
    if (shared.open.load() == 0) {
      if (const auto done = std::exchange(drained, {})) done();
      return;
    }
    if (Clock::now() >= drain_deadline)
      for (auto& loop : loops) loop->cut_all();
    drain_after(kDrainCheck, &Impl::await_last);
  }
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::start(const std::vector<ListenerOptions>& listeners,
                                              const ServerOptions& options) {
  std::vector<Descriptor> descriptors;
  for (const ListenerOptions& listener : listeners) {
    Result<Descriptor> descriptor = listen_on(listener);
    if (!descriptor) return fail(std::move(descriptor).error());
    descriptors.push_back(std::move(*descriptor));
  }
  try {
    auto impl = std::make_unique<Impl>();
    impl->run(listeners, descriptors, options);
    return std::unique_ptr<Server>(new Server(std::move(impl)));
  } catch (const std::exception& error) {  // Reactor and std::jthread: no descriptors or threads left
    return fail(Code::kIo, std::string("cannot start the server: ") + error.what(),
                "raise the limits on open files and processes (ulimit -n, ulimit -u)");
  }
}

std::uint16_t Server::port(std::size_t listener) const { return impl_->listeners[listener]->port; }

ServerCounts Server::counts() const {
  const Shared& shared = impl_->shared;
  return {.accepted = shared.accepted.load(),
          .refused = shared.refused.load(),
          .open = shared.open.load(),
          .timeouts = shared.timeouts.load(),
          .resets = shared.resets.load(),
          .accept_errors = shared.accept_errors.load(),
          .pool_rejections = shared.pool_rejections.load()};
}

void Server::refresh() {
  for (auto& loop : impl_->loops) loop->reactor.post([bench = &loop->bench] { bench->refresh(); });
  impl_->pool->refresh();
}

void Server::drain(std::function<void()> done) {
  Impl* impl = impl_.get();
  impl->front().reactor.post([impl, done = std::move(done)]() mutable {
    if (impl->shared.draining.exchange(true)) return;
    impl->drained = std::move(done);
    impl->drain_after(impl->shared.options.drain_delay, &Impl::stop_new_connections);
  });
}

bool Server::draining() const { return impl_->shared.draining.load(); }

}  // namespace slipway::serve::http
