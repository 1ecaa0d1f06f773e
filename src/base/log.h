// SPDX-License-Identifier: Apache-2.0
// A log of lines that never blocks who writes them. Each thread appends to a buffer of its own; one thread of the
// log writes the buffers out, at least ten times a second. A buffer that is full drops the line and counts it: a slow
// disk, a full disk or a stopped terminal costs log lines, never an answer.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.h"

namespace slipway {

class Log {
 public:
  // `target`: "-" for standard error, "off" for nothing, else a file that is appended to. kIo if it cannot be opened.
  static Result<std::unique_ptr<Log>> open(const std::string& target);
  ~Log();  // writes out what is there; gives a reader that has stopped one second
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // One a thread, from Log::writer(). Must not outlive the log. append() is for its own thread only.
  class Writer {
   public:
    // Takes one line without its newline. Does not allocate, does not wait for the disk.
    void append(std::string_view line);

   private:
    friend class Log;
    explicit Writer(Log& log);
    Log& log_;
    std::mutex mutex_;  // guards filling_, against the writing thread
    std::string filling_;
    std::string writing_;  // the writing thread's
  };
  // Any thread. The log owns it. The writers of one log share nothing but the file.
  Writer& writer();

  bool enabled() const { return fd_ >= 0; }
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

  // A line of our own: {"ts":..., "level":..., "msg":...}. Any thread; rare.
  void note(std::string_view level, std::string_view message);

 private:
  Log(int fd, bool owned);
  void run(const std::stop_token& stop);
  void flush();
  void write_out(std::string_view bytes);
  bool write_some(std::string_view& bytes);
  bool wait_writable();

  const int fd_;
  const bool owned_;
  const bool waits_;   // a pipe, a terminal: a reader that has stopped would hold a write for ever
  bool torn_ = false;  // the last write ended inside a line
  std::atomic<bool> ending_{false};
  std::atomic<std::uint64_t> dropped_{0};
  std::mutex mutex_;  // guards writers_, wakes thread_
  std::condition_variable_any wake_;
  bool hurry_ = false;  // a buffer is half full
  std::vector<std::unique_ptr<Writer>> writers_;
  std::mutex notes_mutex_;  // guards the use of notes_, which any thread may call
  Writer* notes_ = nullptr;
  std::jthread thread_;  // last: it stops and joins before what it uses goes away
};

// "2026-11-22T01:22:42.123Z" for times in milliseconds since 1970. Remembers the second it was asked for last, so that
// a stream of lines does not work out the date again and again. One thread.
class Timestamp {
 public:
  std::string_view at(std::int64_t unix_ms);  // valid until the next call

 private:
  std::int64_t second_ = -1;
  char text_[25] = {};
};
std::int64_t unix_ms_now();

// The time of day at a point of the steady clock, without reading a second clock each time: the two are compared once
// a second. One thread.
class WallClock {
 public:
  std::int64_t unix_ms(std::chrono::steady_clock::time_point now);

 private:
  std::chrono::steady_clock::time_point compared_{};
  std::int64_t offset_ms_ = 0;
};

}  // namespace slipway
