// SPDX-License-Identifier: Apache-2.0
// Counters and histograms, in bounded memory: every label value is known when the program starts. Each thread counts
// in a shard of its own, so counting is a plain add; a scrape adds the shards up. Knows no HTTP: a route is an index, a
// status a number.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::monitor {

// How a record may deviate from what the model was trained on.
enum class Deviation : std::uint8_t { kUnknownField, kMissingField, kWrongType, kUnseenCategory, kNotAccepted };
inline constexpr std::string_view kDeviations[] = {"unknown_field", "missing_field", "wrong_type", "unseen_category",
                                                   "not_accepted"};

// A counter with one writer and any number of readers.
class Counter {
 public:
  void add(std::uint64_t n = 1) { value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// Upper bounds in nanoseconds: 1, 2.5, 5 in each decade from a microsecond to ten seconds.
inline constexpr std::array<std::uint64_t, 22> kBounds = {
    1'000,       2'500,       5'000,         10'000,        25'000,        50'000,        100'000,    250'000,
    500'000,     1'000'000,   2'500'000,     5'000'000,     10'000'000,    25'000'000,    50'000'000, 100'000'000,
    250'000'000, 500'000'000, 1'000'000'000, 2'500'000'000, 5'000'000'000, 10'000'000'000};

struct Histogram {
  std::array<Counter, kBounds.size() + 1> buckets;  // not cumulative; the last is above every bound
  Counter sum_ns;
  void observe(std::uint64_t ns);
};

class Metrics {
 public:
  struct Model {
    std::string name, library, chain;
    std::vector<std::string> classes;  // of a classifier; empty: predictions are counted under ""
  };
  struct Setup {
    std::vector<std::string> routes;  // as the label prints them; the last one counts what matched none
    std::vector<int> statuses;        // those that can be answered; others count under the last
    std::size_t predict_route = 0;    // whose requests are the guides' ml_requests_total
    Model model;
    std::string version;  // of Slipway
  };

  // One thread's counters.
  class Shard {
   public:
    void request(std::size_t route, int status, std::uint64_t ns, std::size_t bytes_in, std::size_t bytes_out);
    // Counts under class 0 when the setup lists no classes.
    void prediction(std::size_t label) { predictions_[label < predictions_.size() ? label : 0].add(); }
    void model_time(std::uint64_t ns) { model_time_.observe(ns); }
    void deviation(Deviation kind, bool refused, std::uint64_t count) {
      deviations_[std::size_t(kind)][refused ? 1 : 0].add(count);
    }

   private:
    friend class Metrics;
    explicit Shard(const Setup& setup);
    const Setup& setup_;
    std::vector<Counter> requests_;  // route x status
    std::vector<Histogram> durations_;
    std::vector<Counter> predictions_;
    std::array<std::array<Counter, 2>, std::size(kDeviations)> deviations_;
    Histogram model_time_;
    Counter bytes_in_, bytes_out_;
  };

  explicit Metrics(Setup setup);
  // A new shard, owned here. Any thread.
  Shard& shard();

  // What others count and this page shows.
  struct Gauge {
    std::string_view name, help;
    bool counter;  // else a gauge
    double value;
  };
  // Appends the page in Prometheus's text format 0.0.4. Any thread.
  void render(std::string& out, std::span<const Gauge> gauges) const;

 private:
  const Setup setup_;
  mutable std::mutex mutex_;  // guards shards_
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace slipway::monitor
