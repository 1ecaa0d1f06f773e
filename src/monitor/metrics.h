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

// One label of a metric, escaped: name="value".
std::string label(std::string_view name, std::string_view value);

class Metrics {
 public:
  // What is counted of one model. Versions of a model that predict the same classes are counted together.
  struct Model {
    struct Target {
      std::string name;                  // "" if there is only one
      std::vector<std::string> classes;  // empty: predictions are counted under ""
      friend bool operator==(const Target&, const Target&) = default;
    };
    std::string name;
    std::vector<Target> targets;  // at least one
    friend bool operator==(const Model&, const Model&) = default;
  };
  struct Setup {
    std::vector<std::string> routes;          // as the label prints them; the last one counts what matched none
    std::vector<int> statuses;                // those that can be answered; others count under the last
    std::vector<std::size_t> predict_routes;  // whose requests are the guides' ml_requests_total
    std::string version;                      // of Slipway
  };
  // More models than this, counted by name and classes, are counted as one without a name.
  static constexpr std::size_t kMostModels = 1000;

  class Series;

  // One thread's counters of one model.
  class ModelShard {
   public:
    // Of the target at that place; a label that is not listed counts under the first.
    void prediction(std::size_t target, std::size_t label);
    void model_time(std::uint64_t ns) { model_time_.observe(ns); }
    void deviation(Deviation kind, bool refused, std::uint64_t count) {
      deviations_[std::size_t(kind)][refused ? 1 : 0].add(count);
    }

   private:
    friend class Metrics;
    explicit ModelShard(const Series& series);
    const Series& series_;
    std::vector<Counter> predictions_;  // target after target
    std::array<std::array<Counter, 2>, std::size(kDeviations)> deviations_;
    Histogram model_time_;
  };

  // One thread's counters.
  class Shard {
   public:
    void request(std::size_t route, int status, std::uint64_t ns, std::size_t bytes_in, std::size_t bytes_out);
    // The thread's counters of a model; made when it is asked for first.
    ModelShard& model(const Series& series);

   private:
    friend class Metrics;
    explicit Shard(Metrics& metrics);
    Metrics& metrics_;
    std::vector<Counter> requests_;  // route x status
    std::vector<Histogram> durations_;
    std::vector<std::unique_ptr<ModelShard>> models_;
    Counter bytes_in_, bytes_out_;
  };

  explicit Metrics(Setup setup);
  ~Metrics();
  // A new shard, owned here. Any thread.
  Shard& shard();
  // The series of such a model, owned here for good: counters never go back. Any thread.
  const Series& series(const Model& model);

  // What others count and this page shows. Samples of one name stand together.
  struct Gauge {
    std::string_view name, help;
    bool counter;  // else a gauge
    double value;
    std::string labels = {};  // as label() gives them, with commas between
  };
  // Appends the page in Prometheus's text format 0.0.4. Any thread.
  void render(std::string& out, std::span<const Gauge> gauges) const;

 private:
  class Page;
  const Setup setup_;
  mutable std::mutex mutex_;  // guards what follows, and the lists of models in the shards
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<std::unique_ptr<Series>> series_;
};

}  // namespace slipway::monitor
