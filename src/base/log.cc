// SPDX-License-Identifier: Apache-2.0
// Two buffers a writer: it fills one under its own mutex, which only the writing thread ever contends, and that
// thread swaps it for the empty one and writes without holding anything.
#include "base/log.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstring>
#include <ctime>
#include <utility>

#include "base/text.h"

namespace slipway {
namespace {

constexpr std::size_t kCapacity = std::size_t{1} << 17;  // of a buffer: two of them stay in a core's second-level cache
constexpr auto kEvery = std::chrono::milliseconds(100);
constexpr int kPollMs = 50;
constexpr int kLastPolls = 20;  // at the end: a second

void put_digits(char* at, int value, int width) {
  for (int i = width; i-- > 0; value /= 10) at[i] = static_cast<char>('0' + value % 10);
}

// True for what has a reader who may stop: a pipe, a socket, a terminal.
bool has_reader(int fd) {
  struct stat status{};
  if (fd < 0 || ::fstat(fd, &status) != 0) return false;
  return S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) || ::isatty(fd) != 0;
}

}  // namespace

Log::Writer::Writer(Log& log) : log_(log) {
  filling_.reserve(kCapacity);
  writing_.reserve(kCapacity);
}

void Log::Writer::append(std::string_view line) {
  if (!log_.enabled()) return;
  bool half = false;
  {
    const std::scoped_lock lock(mutex_);
    const std::size_t before = filling_.size();
    if (before + line.size() + 1 > kCapacity) {
      log_.dropped_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    filling_.append(line).push_back('\n');
    half = before < kCapacity / 2 && filling_.size() >= kCapacity / 2;
  }
  if (half) {
    const std::scoped_lock lock(log_.mutex_);
    log_.hurry_ = true;
    log_.wake_.notify_one();
  }
}

Result<std::unique_ptr<Log>> Log::open(const std::string& target) {
  if (target == "-") return std::unique_ptr<Log>(new Log(STDERR_FILENO, false));
  if (target == "off") return std::unique_ptr<Log>(new Log(-1, false));
  const int fd = ::open(target.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0640);
  if (fd < 0) return fail(system_error("log " + target, errno));
  return std::unique_ptr<Log>(new Log(fd, true));
}

Log::Log(int fd, bool owned) : fd_(fd), owned_(owned), waits_(has_reader(fd)) {
  notes_ = &writer();
  if (fd >= 0) thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

Log::~Log() {
  ending_ = true;
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  flush();
  if (owned_) ::close(fd_);
}

Log::Writer& Log::writer() {
  const std::scoped_lock lock(mutex_);
  writers_.push_back(std::unique_ptr<Writer>(new Writer(*this)));
  return *writers_.back();
}

void Log::note(std::string_view level, std::string_view message) {
  std::string line = R"({"ts":")";
  line += Timestamp().at(unix_ms_now());
  line += R"(","level":)";
  append_json_string(line, level);
  line += R"(,"msg":)";
  append_json_string(line, message);
  line += '}';
  const std::scoped_lock lock(notes_mutex_);
  notes_->append(line);
}

void Log::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    wake_.wait_for(lock, stop, kEvery, [this] { return hurry_; });
    hurry_ = false;
    lock.unlock();
    flush();
    lock.lock();
  }
}

void Log::flush() {
  for (std::size_t i = 0;; ++i) {
    Writer* writer = nullptr;
    {
      const std::scoped_lock lock(mutex_);
      if (i == writers_.size()) return;
      writer = writers_[i].get();
    }
    {
      const std::scoped_lock lock(writer->mutex_);
      std::swap(writer->filling_, writer->writing_);
    }
    write_out(writer->writing_);
    writer->writing_.clear();
  }
}

// Waits until a write of PIPE_BUF bytes would not block. False: the log is ending and the reader has had its time.
bool Log::wait_writable() {
  for (int polls = 0; waits_;) {
    pollfd target{.fd = fd_, .events = POLLOUT, .revents = 0};
    if (::poll(&target, 1, kPollMs) != 0) return true;  // also on an error: the write will say which
    if (ending_ && ++polls == kLastPolls) return false;
  }
  return true;
}

// Writes a part of `bytes` and takes it off their front. False: it cannot be written now.
bool Log::write_some(std::string_view& bytes) {
  if (!wait_writable()) return false;
  const ssize_t put = ::write(fd_, bytes.data(), waits_ ? std::min<std::size_t>(bytes.size(), PIPE_BUF) : bytes.size());
  if (put < 0) return errno == EINTR;
  if (put > 0) torn_ = bytes[static_cast<std::size_t>(put) - 1] != '\n';
  bytes.remove_prefix(static_cast<std::size_t>(put));
  return true;
}

// What cannot be written is dropped and counted; the next flush tries again with newer lines. If a full disk has cut a
// line in two, the next one begins on a line of its own.
void Log::write_out(std::string_view bytes) {
  if (fd_ < 0 || bytes.empty()) return;
  std::string_view end_of_line = "\n";
  bool good = true;
  while (good && torn_ && !end_of_line.empty()) good = write_some(end_of_line);
  while (good && !bytes.empty()) good = write_some(bytes);
  dropped_.fetch_add(static_cast<std::uint64_t>(std::ranges::count(bytes, '\n')), std::memory_order_relaxed);
}

std::string_view Timestamp::at(std::int64_t unix_ms) {
  const std::int64_t second = unix_ms / 1000;
  if (second != second_) {
    second_ = second;
    const auto time = static_cast<std::time_t>(second);
    std::tm utc{};
    ::gmtime_r(&time, &utc);
    std::memcpy(text_, "0000-00-00T00:00:00.000Z", sizeof text_);
    put_digits(text_, utc.tm_year + 1900, 4);
    put_digits(text_ + 5, utc.tm_mon + 1, 2);
    put_digits(text_ + 8, utc.tm_mday, 2);
    put_digits(text_ + 11, utc.tm_hour, 2);
    put_digits(text_ + 14, utc.tm_min, 2);
    put_digits(text_ + 17, utc.tm_sec, 2);
  }
  put_digits(text_ + 20, static_cast<int>(unix_ms % 1000), 3);
  return {text_, sizeof text_ - 1};
}

std::int64_t WallClock::unix_ms(std::chrono::steady_clock::time_point now) {
  using std::chrono::duration_cast, std::chrono::milliseconds;
  const std::int64_t steady_ms = duration_cast<milliseconds>(now.time_since_epoch()).count();
  if (offset_ms_ == 0 || now - compared_ > std::chrono::seconds(1) || now < compared_) {
    compared_ = now;
    const auto age = duration_cast<milliseconds>(std::chrono::steady_clock::now() - now).count();
    offset_ms_ = unix_ms_now() - age - steady_ms;
  }
  return steady_ms + offset_ms_;
}

std::int64_t unix_ms_now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace slipway
