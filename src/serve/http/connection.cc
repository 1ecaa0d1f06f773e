// SPDX-License-Identifier: Apache-2.0
// The idea: an event says that there is something to read. read() takes it, serve() answers every request that is in
// the buffer and writes once, and go_on() repeats that while there may be more; a read that got less than it had room
// for has emptied the socket, so nothing is asked twice. While a request is on the pool or an answer waits for room,
// the rest waits in the kernel. Deadlines are not timers of their own: the loop's sweep asks each connection a few
// times a second. A connection is deleted by the sweep, never from inside one of its own functions.
#include "serve/http/connection.h"

#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

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
constexpr std::size_t kHeldSize = 4 * 1024;  // longer answers are sent at once
constexpr std::size_t kReadAtMost = 256 * 1024;
constexpr int kReadsATurn = 4;  // then others have theirs

// Not recv() and send(): glibc's are cancellation points, two atomic operations each. No thread here is ever cancelled.
ssize_t receive_some(int descriptor, char* data, std::size_t size) {
  return ::syscall(SYS_recvfrom, descriptor, data, size, MSG_DONTWAIT, nullptr, nullptr);
}
ssize_t send_some(int descriptor, const char* data, std::size_t size) {
  return ::syscall(SYS_sendto, descriptor, data, size, MSG_NOSIGNAL | MSG_DONTWAIT, nullptr, 0);
}

// For a text of seconds a clock that is a few milliseconds behind will do; it costs a quarter of the exact one.
std::chrono::system_clock::time_point wall_clock() {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &time);
  return std::chrono::system_clock::from_time_t(time.tv_sec);
}

}  // namespace

Connection::Connection(Loop& loop, const Arrival& arrival)
    : loop_(loop),
      descriptor_(arrival.descriptor),
      parser_(loop.shared.options.codec),
      listener_(arrival.listener),
      since_(loop.reactor.now()) {
  std::memcpy(client_, arrival.client, sizeof client_);
}

Connection::~Connection() {
  if (!closed_ || handed_over_) ::close(descriptor_);  // close() has left it to us
}

void Connection::start(bool over_limit) {
  // Once for all: an edge costs nothing where nothing happens, changing what is waited for is a system call.
  if (!loop_.reactor.add(descriptor_, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, *this)) return close();
  if (!over_limit) return;  // the first event tells what has come already
  const Error error(Code::kBusy, "too many connections are open", "try again in a moment");
  loop_.out.clear();
  refuse(error);
  if (flush(loop_.out)) leave(false);
}

void Connection::on_events(std::uint32_t events) {
  if (closed_) return;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) peer_ended_ = true;
  if (peer_ended_ || (events & EPOLLIN) != 0) readable_ = true;
  if (handed_over_) return;
  if (!writing_) {
    in_event_ = true;
    if (read()) go_on();
    in_event_ = false;
  } else if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) {
    write_rest();
  }
}

void Connection::send_held(std::string_view text) {
  if (!closed_) flush(text);
}

// The pool has answered, or others have had their turn.
void Connection::run_task() {
  handed_over_ = false;
  if (closed_) {
    ::close(descriptor_);
    return;
  }
  if (phase_ == Phase::kPool && !on_answered()) return;
  if (!writing_) go_on();
}

// Answers what has been received, then reads on.
void Connection::go_on() {
  for (int i = 0; i < kReadsATurn; ++i) {
    if (phase_ != Phase::kLinger && !serve()) return;
    if (!read()) return;
  }
  handed_over_ = true;
  loop_.reactor.later(*this);
}

// True if something came; false if nothing is there, or the connection is over.
bool Connection::read() {
  if (!readable_) return false;
  const bool lingers = phase_ == Phase::kLinger;
  const Parser::Space space = lingers ? Parser::Space{loop_.waste.data(), loop_.waste.size()} : parser_.space();
  const std::size_t room = std::min(space.size, kReadAtMost);
  const ssize_t got = receive_some(descriptor_, space.data, room);
  if (got < 0 && errno == EAGAIN) {
    readable_ = false;
    return false;
  }
  if (got <= 0) {
    // The end of the stream is no error, whatever has been received of a request: nobody waits for an answer to half
    // a request.
    if (got < 0 && !lingers) loop_.shared.resets.fetch_add(1);
    close();
    return false;
  }
  if (std::size_t(got) < room && !peer_ended_) readable_ = false;
  if (lingers) {
    since_ = loop_.reactor.now();
    discarded_ += std::uint64_t(got);
    if (discarded_ > kLingerBytes) close();
    return !closed_;
  }
  parser_.commit(std::size_t(got));
  return true;
}

// True when all that has been received is answered and the answers are with the kernel or the loop, which sends them.
bool Connection::serve() {
  std::string& out = loop_.out;
  out.clear();
  while (!closing_) {
    if (out.size() > kFlushAt) {
      if (!flush(out)) return false;
      out.clear();
    }
    auto state = parser_.parse();
    if (!state) {
      refuse(state.error());
    } else if (*state == Parser::State::kComplete) {
      if (!answer()) return false;
    } else if (*state == Parser::State::kNeedContinue) {
      out.append("HTTP/1.1 100 Continue\r\n\r\n");
    } else {
      note(*state);
      break;
    }
  }
  if (in_event_ && !readable_ && !closing_ && out.size() <= kHeldSize) {
    if (!out.empty()) loop_.hold(*this, out);
    return !closed_ && !writing_;
  }
  if (!flush(out)) return false;
  if (closing_) leave(!parser_.keep_alive());
  return !closed_;
}

// Answers the request that is complete, into loop_.out; false if that is going on elsewhere (or the peer is gone).
bool Connection::answer() {
  request_ = parser_.request();
  request_.client = client_;
  request_.received = loop_.reactor.now();
  std::string& out = loop_.out;
  phase_ = Phase::kIdle;
  since_ = loop_.reactor.now();
  Response response;
  if (handler().place(request_, worker()) == Place::kLoop) {
    response = handler().respond(request_, worker());
  } else {
    if (!flush(out)) return false;
    out.clear();
    phase_ = Phase::kPool;
    handed_over_ = true;
    if (loop_.pool.submit(*this)) return false;
    handed_over_ = false;
    phase_ = Phase::kIdle;
    loop_.shared.pool_rejections.fetch_add(1);
    response = handler().refuse(request_, Error(Code::kBusy, "too many requests wait already", "try again in a moment"),
                                worker());
  }
  closing_ = !keeps_alive();
  append_response(out, response, request_.method, parser_.is_http_10(), !closing_, loop_.bench.date.at(wall_clock()));
  parser_.next();
  return true;
}

// On a thread of the pool. The loop touches neither parser nor request until on_answered().
void Connection::run(Bench& bench) {
  const Response response = handler().respond(request_, *bench.workers[listener_]);
  keep_ = keeps_alive();
  answer_.clear();
  append_response(answer_, response, request_.method, parser_.is_http_10(), keep_, bench.date.at(wall_clock()));
  loop_.reactor.post(static_cast<Task&>(*this));
}

// True when the answer is with the kernel and the connection goes on.
bool Connection::on_answered() {
  since_ = loop_.reactor.now();
  phase_ = Phase::kIdle;
  closing_ = !keep_;
  parser_.next();
  const bool written = flush(answer_);
  if (answer_.capacity() > kKeptAnswer) std::string().swap(answer_);  // "= {}" would keep the memory
  if (!written) return false;
  if (closing_) leave(!parser_.keep_alive());
  return !closed_;
}

// The answer to what is no request. It is the last one on this connection.
void Connection::refuse(const Error& error) {
  Request known = parser_.request();
  known.client = client_;
  known.received = loop_.reactor.now();
  const Response response = handler().refuse(known, error, worker());
  append_response(loop_.out, response, known.method, parser_.is_http_10(), false, loop_.bench.date.at(wall_clock()));
  closing_ = true;
}

// While draining, the last request in sight is told to be the last; those behind it are served first.
bool Connection::keeps_alive() {
  if (!parser_.keep_alive()) return false;
  return !loop_.shared.draining.load(std::memory_order_relaxed) || parser_.more_behind() || has_unread();
}

bool Connection::has_unread() const {
  int bytes = 0;
  return ::ioctl(descriptor_, FIONREAD, &bytes) == 0 && bytes > 0;
}

// True when all of it is with the kernel. Else it has been taken over: serve() goes on when it is written.
bool Connection::flush(std::string_view out) {
  if (out.empty()) return true;
  ssize_t sent = send_some(descriptor_, out.data(), out.size());
  if (sent == ssize_t(out.size())) return true;
  if (sent < 0) {
    if (errno != EAGAIN) {
      loop_.shared.resets.fetch_add(1);
      close();
      return false;
    }
    sent = 0;
  }
  unsent_.assign(out.substr(std::size_t(sent)));
  sent_ = 0;
  writing_ = true;
  write_begun_ = write_since_ = loop_.reactor.now();
  return false;  // an event comes when there is room: the kernel owes it after a send that was cut short
}

void Connection::write_rest() {
  const ssize_t sent = send_some(descriptor_, unsent_.data() + sent_, unsent_.size() - sent_);
  if (sent < 0 && errno != EAGAIN) {
    loop_.shared.resets.fetch_add(1);
    return close();
  }
  if (sent > 0) {
    sent_ += std::size_t(sent);
    write_since_ = loop_.reactor.now();
  }
  if (sent_ != unsent_.size()) return;
  writing_ = false;
  unsent_.clear();
  if (unsent_.capacity() > kKeptAnswer) std::string().swap(unsent_);
  since_ = loop_.reactor.now();
  if (closing_) leave(!parser_.keep_alive());
  if (!closed_) go_on();
}

// After what has been read so far: what the connection waits for now, and since when.
void Connection::note(Parser::State state) {
  const Phase phase = parser_.idle() ? Phase::kIdle : state == Parser::State::kNeedHead ? Phase::kHead : Phase::kBody;
  if (phase != phase_ || phase == Phase::kIdle) since_ = loop_.reactor.now();
  phase_ = phase;
}

void Connection::sweep() {
  if (handed_over_) return;
  const ServerOptions& options = loop_.shared.options;
  if (writing_) {
    const Clock::time_point now = loop_.reactor.now();
    const std::chrono::milliseconds earned(sent_ * 1000 / std::max<std::uint32_t>(1, options.write_bytes_per_s));
    const bool moves = now - write_since_ <= options.write_timeout;
    if (moves && now - write_begun_ <= options.write_timeout + earned) return;
    loop_.shared.timeouts.fetch_add(1);
    return close();
  }
  const auto waited = loop_.reactor.now() - since_;
  switch (phase_) {
    case Phase::kIdle: {
      const bool ending = waited > options.idle_timeout ||
                          (waited > options.drain_quiet && loop_.shared.close_idle.load(std::memory_order_relaxed));
      // A request may have come whose event has not been handled yet.
      if (ending && !has_unread()) return leave(false);
      if (waited > kGiveBackAfter && parser_.capacity() > kSmallBuffer) parser_.release();
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
    case Phase::kPool:  // is handed over
      return;
    case Phase::kLinger:
      if (waited > kLingerQuiet || loop_.reactor.now() - left_ > kLingerTotal) close();
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
  ::shutdown(descriptor_, SHUT_WR);
  phase_ = Phase::kLinger;
  left_ = since_ = loop_.reactor.now();
}

void Connection::close() {
  if (closed_) return;
  closed_ = true;
  // The pool may be asking the descriptor something: then its number must not become another's yet.
  if (handed_over_)
    ::shutdown(descriptor_, SHUT_RDWR);
  else
    ::close(descriptor_);
  loop_.forget(*this);
}

}  // namespace slipway::serve::http
