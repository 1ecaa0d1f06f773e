// SPDX-License-Identifier: Apache-2.0
// The idea: serve() answers every request that is in the buffer, then writes once, then reads again. At most one read
// and one write are under way; while a request is on the pool, neither is. Deadlines are not timers of their own: the
// loop's sweep asks each connection a few times a second. A connection is deleted by its loop when no operation refers
// to it any more, never from inside one of its own functions.
#include "serve/http/connection.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>

namespace slipway::serve::http {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kFlushAt = 64 * 1024;     // answers to a long pipeline go out in pieces of about this size
constexpr std::size_t kSmallBuffer = 4 * 1024;  // a larger one is given back when the connection falls idle
constexpr std::size_t kKeptAnswer = 16 * 1024;  // likewise for what was written
constexpr auto kGiveBackAfter = 1s;
constexpr auto kLingerQuiet = 1s;  // after the last answer: how long to wait for the peer's bytes or its end
constexpr auto kLingerTotal = 5s;
constexpr std::uint64_t kLingerBytes = 16 * 1024 * 1024;

}  // namespace

Connection::Connection(Loop& loop, const Arrival& arrival)
    : loop_(loop), socket_(loop.io), parser_(loop.shared.options.codec), listener_(arrival.listener), since_(loop.now) {
  std::memcpy(client_, arrival.client, sizeof client_);
  boost::system::error_code failed;
  const bool v6 = std::strchr(client_, ':') != nullptr;
  socket_.assign(v6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4(), arrival.descriptor, failed);
  if (failed) ::close(arrival.descriptor);  // reading will fail, and end it
}

Connection::~Connection() = default;

void Connection::start(bool over_limit) {
  if (!over_limit) return read();
  const Error error(Code::kBusy, "too many connections are open", "try again in a moment");
  loop_.out.clear();
  refuse(error);
  if (flush(loop_.out)) leave(false);
}

void Connection::read() {
  const Parser::Space space = parser_.space();
  receive(space.data, space.size);
}

void Connection::receive(char* data, std::size_t size) {
  reading_ = true;
  ++pending_;
  auto received = [this](const boost::system::error_code& ec, std::size_t got) {
    --pending_;
    reading_ = false;
    if (!closed_) on_read(ec.value(), got);
  };
  socket_.async_receive(asio::buffer(data, size), asio::bind_allocator(slot(), received));
}

void Connection::on_read(int error, std::size_t size) {
  loop_.now = Clock::now();
  if (phase_ == Phase::kLinger) {
    since_ = loop_.now;
    discarded_ += size;
    if ((error != 0 && error != ECANCELED) || discarded_ > kLingerBytes) return close();
    return discard();
  }
  if (error == ECANCELED) {  // by the sweep; had something come in that moment, this would be it, and no error
    if (ending_ && !has_unread()) return leave(false);
    ending_ = false;
    parser_.release();
    return read();
  }
  if (error != 0) {
    // The end of the stream is no error, whatever has been received of a request: nobody waits for an answer to half
    // a request. Asio's code for it is 2, in a category of its own.
    if (error == ECONNRESET || error == EPIPE || error == ETIMEDOUT) loop_.shared.resets.fetch_add(1);
    return close();
  }
  ending_ = false;
  parser_.commit(size);
  serve();
}

void Connection::serve() {
  std::string& out = loop_.out;
  out.clear();
  while (!closing_) {
    if (out.size() > kFlushAt) {
      if (!flush(out)) return;
      out.clear();
    }
    auto state = parser_.parse();
    if (!state) {
      refuse(state.error());
    } else if (*state == Parser::State::kComplete) {
      if (!answer()) return;
    } else if (*state == Parser::State::kNeedContinue) {
      out.append("HTTP/1.1 100 Continue\r\n\r\n");
    } else {
      note(*state);
      break;
    }
  }
  if (!flush(out)) return;
  if (closing_) return leave(!parser_.keep_alive());
  read();
}

// Answers the request that is complete, into loop_.out; false if that is going on elsewhere (or the peer is gone).
bool Connection::answer() {
  request_ = parser_.request();
  request_.client = client_;
  request_.received = loop_.now;
  std::string& out = loop_.out;
  phase_ = Phase::kIdle;
  since_ = loop_.now;
  Response response;
  if (handler().place(request_) == Place::kLoop) {
    response = handler().respond(request_, worker());
  } else {
    if (!flush(out)) return false;
    out.clear();
    phase_ = Phase::kPool;
    ++pending_;
    if (loop_.pool.submit(*this)) return false;
    --pending_;
    phase_ = Phase::kIdle;
    loop_.shared.pool_rejections.fetch_add(1);
    response = handler().refuse(request_, Error(Code::kBusy, "too many requests wait already", "try again in a moment"),
                                worker());
  }
  closing_ = !keeps_alive();
  append_response(out, response, request_.method, parser_.is_http_10(), !closing_,
                  loop_.bench.date.at(std::chrono::system_clock::now()));
  parser_.next();
  return true;
}

// On a thread of the pool. The loop touches neither parser nor request until on_answered().
void Connection::run(Bench& bench) {
  const Response response = handler().respond(request_, *bench.workers[listener_]);
  keep_ = keeps_alive();
  answer_.clear();
  append_response(answer_, response, request_.method, parser_.is_http_10(), keep_,
                  bench.date.at(std::chrono::system_clock::now()));
  asio::post(loop_.io, asio::bind_allocator(slot(), [this] { on_answered(); }));
}

void Connection::on_answered() {
  --pending_;
  if (closed_) return;
  loop_.now = since_ = Clock::now();
  phase_ = Phase::kIdle;
  closing_ = !keep_;
  parser_.next();
  const bool written = flush(answer_);
  if (answer_.capacity() > kKeptAnswer) std::string().swap(answer_);  // "= {}" would keep the memory
  if (!written) return;
  if (closing_) return leave(!parser_.keep_alive());
  serve();
}

// The answer to what is no request. It is the last one on this connection.
void Connection::refuse(const Error& error) {
  Request known = parser_.request();
  known.client = client_;
  known.received = loop_.now;
  const Response response = handler().refuse(known, error, worker());
  append_response(loop_.out, response, known.method, parser_.is_http_10(), false,
                  loop_.bench.date.at(std::chrono::system_clock::now()));
  closing_ = true;
}

// While draining, the last request in sight is told to be the last; those behind it are served first.
bool Connection::keeps_alive() {
  if (!parser_.keep_alive()) return false;
  return !loop_.shared.draining.load(std::memory_order_relaxed) || parser_.more_behind() || has_unread();
}

bool Connection::has_unread() const {
  int bytes = 0;
  return ::ioctl(const_cast<Socket&>(socket_).native_handle(), FIONREAD, &bytes) == 0 && bytes > 0;
}

// True when all of it is with the kernel. Else it has been taken over: serve() goes on when it is written.
bool Connection::flush(const std::string& out) {
  if (out.empty()) return true;
  ssize_t sent = ::send(socket_.native_handle(), out.data(), out.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent == ssize_t(out.size())) return true;
  if (sent < 0) {
    if (errno != EAGAIN && errno != EINTR) {
      loop_.shared.resets.fetch_add(1);
      close();
      return false;
    }
    sent = 0;
  }
  unsent_.assign(out, std::size_t(sent));
  sent_ = 0;
  writing_ = true;
  write_since_ = loop_.now;
  wait_writable();
  return false;
}

void Connection::wait_writable() {
  ++pending_;
  socket_.async_wait(Socket::wait_write, [this](const boost::system::error_code& ec) {
    --pending_;
    if (closed_) return;
    if (ec) return close();
    loop_.now = Clock::now();
    write_rest();
  });
}

void Connection::write_rest() {
  const ssize_t sent =
      ::send(socket_.native_handle(), unsent_.data() + sent_, unsent_.size() - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0 && errno != EAGAIN && errno != EINTR) {
    loop_.shared.resets.fetch_add(1);
    return close();
  }
  if (sent > 0) {
    sent_ += std::size_t(sent);
    write_since_ = loop_.now;
  }
  if (sent_ != unsent_.size()) return wait_writable();
  writing_ = false;
  unsent_.clear();
  if (unsent_.capacity() > kKeptAnswer) std::string().swap(unsent_);
  since_ = loop_.now;
  if (closing_) return leave(!parser_.keep_alive());
  serve();
}

// After what has been read so far: what the connection waits for now, and since when.
void Connection::note(Parser::State state) {
  const Phase phase = parser_.idle() ? Phase::kIdle : state == Parser::State::kNeedHead ? Phase::kHead : Phase::kBody;
  if (phase != phase_ || phase == Phase::kIdle) since_ = loop_.now;
  phase_ = phase;
}

void Connection::sweep() {
  const ServerOptions& options = loop_.shared.options;
  if (writing_) {
    if (loop_.now - write_since_ <= options.write_timeout) return;
    loop_.shared.timeouts.fetch_add(1);
    return close();
  }
  const auto waited = loop_.now - since_;
  switch (phase_) {
    case Phase::kIdle: {
      ending_ = waited > options.idle_timeout ||
                (waited > options.drain_quiet && loop_.shared.close_idle.load(std::memory_order_relaxed));
      // Nothing is decided here: a request may have been read that this connection has not been told of yet.
      boost::system::error_code ignored;
      if (ending_ || (waited > kGiveBackAfter && parser_.capacity() > kSmallBuffer)) socket_.cancel(ignored);
      return;
    }
    case Phase::kHead:
      if (waited > options.header_timeout) time_out("the request head did not arrive in time");
      return;
    case Phase::kBody: {
      const auto earned = std::chrono::milliseconds(parser_.body_received() * 1000 /
                                                    std::max<std::uint32_t>(1, options.body_bytes_per_s));
      if (waited > options.body_grace + earned) time_out("the request body arrives too slowly");
      return;
    }
    case Phase::kPool:
      return;
    case Phase::kLinger:
      if (waited > kLingerQuiet || loop_.now - left_ > kLingerTotal) close();
      return;
  }
}

void Connection::time_out(std::string_view what) {
  loop_.shared.timeouts.fetch_add(1);
  loop_.out.clear();
  refuse(Error(Code::kTimeout, std::string(what), "send it faster, or check the connection"));
  if (flush(loop_.out)) leave(false);
}

// The last answer is with the kernel. Closing now would make the kernel reset the connection if the peer has sent more
// than was read, and a reset can overtake the answer. So our side ends first, and what still comes is thrown away until
// the peer ends too. `at_once`: the peer itself asked for the end.
void Connection::leave(bool at_once) {
  if (at_once && !parser_.more_behind() && !has_unread()) return close();
  boost::system::error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  phase_ = Phase::kLinger;
  left_ = since_ = loop_.now;
  if (reading_)
    socket_.cancel(ignored);  // comes back through on_read()
  else
    discard();
}

void Connection::discard() { receive(loop_.waste.data(), loop_.waste.size()); }

void Connection::close() {
  if (closed_) return;
  closed_ = true;
  boost::system::error_code ignored;
  socket_.close(ignored);
  loop_.forget(*this);
}

}  // namespace slipway::serve::http
