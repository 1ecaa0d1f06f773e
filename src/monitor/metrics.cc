// SPDX-License-Identifier: Apache-2.0
// Exposition: https://prometheus.io/docs/instrumenting/exposition_formats, text format 0.0.4.
#include "monitor/metrics.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <utility>

namespace slipway::monitor {
namespace {

void append(std::string& out, std::uint64_t value) {
  std::array<char, 24> digits;
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

void append(std::string& out, double value) {
  std::array<char, 40> digits;
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

// A label value: backslash, quote and newline escaped, other control characters dropped.
std::string escaped(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '\\' || c == '"') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) >= 0x20) {
      out += c;
    }
  }
  return out;
}

std::string label(std::string_view name, std::string_view value) {
  return std::string(name) + "=\"" + escaped(value) + '"';
}

void head(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
  out.append("# HELP ").append(name).append(" ").append(help);
  out.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
}

template <class Number>
void sample(std::string& out, std::string_view name, std::string_view labels, Number value) {
  out += name;
  if (!labels.empty()) out.append("{").append(labels).append("}");
  out += ' ';
  append(out, value);
  out += '\n';
}

struct HistogramSum {
  std::array<std::uint64_t, kBounds.size() + 1> buckets{};
  std::uint64_t sum_ns = 0;
  void add(const Histogram& histogram) {
    for (std::size_t i = 0; i < buckets.size(); ++i) buckets[i] += histogram.buckets[i].value();
    sum_ns += histogram.sum_ns.value();
  }
};

void histogram(std::string& out, std::string_view name, const std::string& labels, const HistogramSum& values) {
  const std::string comma = labels.empty() ? "" : ",";
  const std::string bucket = std::string(name) + "_bucket";
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < values.buckets.size(); ++i) {
    below += values.buckets[i];
    std::string bound;
    if (i < kBounds.size()) append(bound, double(kBounds[i]) / 1e9);
    sample(out, bucket, labels + comma + label("le", i < kBounds.size() ? bound : "+Inf"), below);
  }
  sample(out, std::string(name) + "_sum", labels, double(values.sum_ns) / 1e9);
  sample(out, std::string(name) + "_count", labels, below);
}

}  // namespace

void Histogram::observe(std::uint64_t ns) {
  const auto bucket = std::ranges::lower_bound(kBounds, ns) - kBounds.begin();
  buckets[std::size_t(bucket)].add();
  sum_ns.add(ns);
}

Metrics::Shard::Shard(const Setup& setup)
    : setup_(setup),
      requests_(setup.routes.size() * setup.statuses.size()),
      durations_(setup.routes.size()),
      predictions_(std::max<std::size_t>(setup.model.classes.size(), 1)) {}

void Metrics::Shard::request(std::size_t route, int status, std::uint64_t ns, std::size_t bytes_in,
                             std::size_t bytes_out) {
  const auto& statuses = setup_.statuses;
  const auto found = std::ranges::find(statuses, status);
  const auto column = std::size_t(std::min(found - statuses.begin(), std::ptrdiff_t(statuses.size()) - 1));
  requests_[route * statuses.size() + column].add();
  durations_[route].observe(ns);
  bytes_in_.add(bytes_in);
  bytes_out_.add(bytes_out);
}

Metrics::Metrics(Setup setup) : setup_(std::move(setup)) {}

Metrics::Shard& Metrics::shard() {
  const std::scoped_lock lock(mutex_);
  shards_.push_back(std::unique_ptr<Shard>(new Shard(setup_)));
  return *shards_.back();
}

void Metrics::render(std::string& out, std::span<const Gauge> gauges) const {
  const std::scoped_lock lock(mutex_);
  const auto total = [&](const std::function<std::uint64_t(const Shard&)>& of) {
    std::uint64_t sum = 0;
    for (const auto& shard : shards_) sum += of(*shard);
    return sum;
  };
  const auto duration = [&](std::size_t route) {
    HistogramSum sum;
    for (const auto& shard : shards_) sum.add(shard->durations_[route]);
    return sum;
  };
  const auto requests = [&](std::size_t route, std::size_t column) {
    return total([&](const Shard& s) { return s.requests_[route * setup_.statuses.size() + column].value(); });
  };

  head(out, "ml_requests_total", "counter", "Prediction requests answered, whatever the status.");
  std::uint64_t predictions = 0;
  for (std::size_t i = 0; i < setup_.statuses.size(); ++i) predictions += requests(setup_.predict_route, i);
  sample(out, "ml_requests_total", "", predictions);
  head(out, "ml_request_duration_seconds", "histogram",
       "Prediction requests, from last byte received to answer ready.");
  histogram(out, "ml_request_duration_seconds", "", duration(setup_.predict_route));

  const std::string model = label("model_name", setup_.model.name);
  head(out, "model_predictions_total", "counter",
       "Predictions by predicted class; of a regressor under the class \"\".");
  const auto& classes = setup_.model.classes;
  for (std::size_t i = 0; i < std::max<std::size_t>(classes.size(), 1); ++i) {
    const std::string prediction_class = label("prediction_class", classes.empty() ? "" : std::string_view(classes[i]));
    sample(out, "model_predictions_total", model + "," + prediction_class,
           total([&](const Shard& s) { return s.predictions_[i].value(); }));
  }
  head(out, "model_prediction_latency_seconds", "histogram", "Time in the model alone, by request.");
  HistogramSum model_time;
  for (const auto& shard : shards_) model_time.add(shard->model_time_);
  histogram(out, "model_prediction_latency_seconds", model, model_time);

  head(out, "slipway_requests_total", "counter", "Requests answered.");
  for (std::size_t route = 0; route < setup_.routes.size(); ++route) {
    for (std::size_t i = 0; i < setup_.statuses.size(); ++i) {
      const std::uint64_t count = requests(route, i);
      if (count == 0 && setup_.statuses[i] != 200)
        continue;  // 200 says 0 before the first event, the rest would be noise
      const std::string status = std::to_string(setup_.statuses[i]);
      sample(out, "slipway_requests_total", label("route", setup_.routes[route]) + "," + label("code", status), count);
    }
  }
  head(out, "slipway_request_duration_seconds", "histogram", "From last byte received to answer ready.");
  for (std::size_t route = 0; route < setup_.routes.size(); ++route) {
    histogram(out, "slipway_request_duration_seconds", label("route", setup_.routes[route]), duration(route));
  }
  head(out, "slipway_contract_deviations_total", "counter",
       "Records that deviate from what the model was trained on, by kind and by what became of them.");
  for (std::size_t kind = 0; kind < std::size(kDeviations); ++kind) {
    for (const bool refused : {false, true}) {
      sample(out, "slipway_contract_deviations_total",
             label("model", setup_.model.name) + "," + label("kind", kDeviations[kind]) + "," +
                 label("outcome", refused ? "refused" : "answered"),
             total([&](const Shard& s) { return s.deviations_[kind][refused ? 1 : 0].value(); }));
    }
  }
  head(out, "slipway_received_bytes_total", "counter", "Bytes of request bodies.");
  sample(out, "slipway_received_bytes_total", "", total([](const Shard& s) { return s.bytes_in_.value(); }));
  head(out, "slipway_sent_bytes_total", "counter", "Bytes of response bodies.");
  sample(out, "slipway_sent_bytes_total", "", total([](const Shard& s) { return s.bytes_out_.value(); }));
  head(out, "slipway_model_info", "gauge", "The model being served.");
  sample(out, "slipway_model_info",
         label("model", setup_.model.name) + "," + label("library", setup_.model.library) + "," +
             label("chain", setup_.model.chain),
         std::uint64_t{1});
  head(out, "slipway_build_info", "gauge", "This program.");
  sample(out, "slipway_build_info", label("version", setup_.version), std::uint64_t{1});
  for (const Gauge& gauge : gauges) {
    head(out, gauge.name, gauge.counter ? "counter" : "gauge", gauge.help);
    sample(out, gauge.name, "", gauge.value);
  }
}

}  // namespace slipway::monitor
