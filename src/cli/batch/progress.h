// SPDX-License-Identifier: Apache-2.0
// One line on a terminal that says how far a long work is; nothing elsewhere. One thread.
#pragma once

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>

namespace slipway::cli {

class Progress {
 public:
  // `bytes`: of the input, if known. Shows nothing unless `wanted` and standard error is a terminal.
  Progress(std::optional<std::uint64_t> bytes, bool wanted)
      : bytes_(bytes), shows_(wanted && ::isatty(STDERR_FILENO) == 1), begun_(Clock::now()), shown_(begun_) {}

  // At most five times a second, however often it is called.
  void show(std::uint64_t rows, std::uint64_t bytes) {
    constexpr auto kEvery = std::chrono::milliseconds(200);
    if (!shows_) return;
    const auto now = Clock::now();
    if (now - shown_ < kEvery) return;
    shown_ = now;
    line_ = true;
    const double rate = double(rows) / std::max(seconds(), 1e-9);
    if (bytes_ && *bytes_ > 0) {
      std::fprintf(stderr, "\r%3.0f%%  %llu rows  %.0f rows/s   ", 100.0 * double(bytes) / double(*bytes_),
                   static_cast<unsigned long long>(rows), rate);
    } else {
      std::fprintf(stderr, "\r%llu rows  %.0f rows/s   ", static_cast<unsigned long long>(rows), rate);
    }
    std::fflush(stderr);
  }

  // Clears the line.
  void end() {
    constexpr const char* kClear = "\r\x1B[K";
    if (line_) std::fputs(kClear, stderr);
    line_ = false;
  }

  double seconds() const { return std::chrono::duration<double>(Clock::now() - begun_).count(); }

 private:
  using Clock = std::chrono::steady_clock;
  std::optional<std::uint64_t> bytes_;
  bool shows_;
  bool line_ = false;
  Clock::time_point begun_, shown_;
};

}  // namespace slipway::cli
