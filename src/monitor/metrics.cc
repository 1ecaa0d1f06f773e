// SPDX-License-Identifier: Apache-2.0
// Exposition: https://prometheus.io/docs/instrumenting/exposition_formats, text format 0.0.4.
#include "monitor/metrics.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
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

std::string label(std::string_view name, std::string_view value) {
  return std::string(name) + "=\"" + escaped(value) + '"';
}

// A model's name and classes, and where each target's classes begin among all of them.
class Metrics::Series {
 public:
  explicit Series(Model what) : model(std::move(what)) {
    for (const Model::Target& target : model.targets) {
      begins.push_back(counters);
      counters += std::max<std::size_t>(target.classes.size(), 1);
    }
  }

  const Model model;
  std::vector<std::size_t> begins;
  std::size_t counters = 0;
};

void Histogram::observe(std::uint64_t ns) {
  const auto bucket = std::ranges::lower_bound(kBounds, ns) - kBounds.begin();
  buckets[std::size_t(bucket)].add();
  sum_ns.add(ns);
}

Metrics::ModelShard::ModelShard(const Series& series) : series_(series), predictions_(series.counters) {}

void Metrics::ModelShard::prediction(std::size_t target, std::size_t label) {
  if (target >= series_.begins.size()) return;
  const bool listed = label < series_.model.targets[target].classes.size();
  predictions_[series_.begins[target] + (listed ? label : 0)].add();
}

Metrics::Shard::Shard(Metrics& metrics)
    : metrics_(metrics),
      requests_(metrics.setup_.routes.size() * metrics.setup_.statuses.size()),
      durations_(metrics.setup_.routes.size()) {}

// Only the shard's own thread adds to the list, so it may look through it without the lock.
Metrics::ModelShard& Metrics::Shard::model(const Series& series) {
  const auto found = std::ranges::find(models_, &series, [](const auto& one) { return &one->series_; });
  if (found != models_.end()) return **found;
  const std::scoped_lock lock(metrics_.mutex_);
  models_.push_back(std::unique_ptr<ModelShard>(new ModelShard(series)));
  return *models_.back();
}

void Metrics::Shard::request(std::size_t route, int status, std::uint64_t ns, std::size_t bytes_in,
                             std::size_t bytes_out) {
  const auto& statuses = metrics_.setup_.statuses;
  const auto found = std::ranges::find(statuses, status);
  const auto column = std::size_t(std::min(found - statuses.begin(), std::ptrdiff_t(statuses.size()) - 1));
  requests_[route * statuses.size() + column].add();
  durations_[route].observe(ns);
  bytes_in_.add(bytes_in);
  bytes_out_.add(bytes_out);
}

Metrics::Metrics(Setup setup) : setup_(std::move(setup)) {}
Metrics::~Metrics() = default;

Metrics::Shard& Metrics::shard() {
  const std::scoped_lock lock(mutex_);
  shards_.push_back(std::unique_ptr<Shard>(new Shard(*this)));
  return *shards_.back();
}

const Metrics::Series& Metrics::series(const Model& model) {
  const std::scoped_lock lock(mutex_);
  const auto same = [](const Model& wanted) { return [&](const auto& one) { return one->model == wanted; }; };
  static const Model rest{.name = "", .targets = {{}}};
  const Model& counted = series_.size() < kMostModels ? model : rest;
  if (const auto found = std::ranges::find_if(series_, same(model)); found != series_.end()) return **found;
  if (const auto found = std::ranges::find_if(series_, same(counted)); found != series_.end()) return **found;
  return *series_.emplace_back(std::make_unique<Series>(counted));
}

// One scrape: the shards as they are now, added up name by name.
class Metrics::Page {
 public:
  Page(const Metrics& metrics, std::string& out) : setup_(metrics.setup_), shards_(metrics.shards_), out_(out) {
    for (const auto& series : metrics.series_) groups_[series->model.name].series.push_back(series.get());
    for (const auto& shard : shards_) {
      for (const auto& one : shard->models_) groups_[one->series_.model.name].shards.push_back(one.get());
    }
  }

  void guides() const {
    head(out_, "ml_requests_total", "counter", "Prediction requests answered, whatever the status.");
    std::uint64_t all = 0;
    HistogramSum time;
    for (const std::size_t route : setup_.predict_routes) {
      for (std::size_t i = 0; i < setup_.statuses.size(); ++i) all += requests(route, i);
      for (const auto& shard : shards_) time.add(shard->durations_[route]);
    }
    sample(out_, "ml_requests_total", "", all);
    head(out_, "ml_request_duration_seconds", "histogram",
         "Prediction requests, from last byte received to answer ready.");
    histogram(out_, "ml_request_duration_seconds", "", time);
  }

  void models() const {
    head(out_, "model_predictions_total", "counter",
         "Predictions by predicted class, of each target; of a model without classes under the class \"\".");
    for (const auto& [name, group] : groups_) predictions(name, group);
    head(out_, "model_prediction_latency_seconds", "histogram", "Time in the model alone, by request.");
    for (const auto& [name, group] : groups_) {
      HistogramSum time;
      for (const ModelShard* shard : group.shards) time.add(shard->model_time_);
      histogram(out_, "model_prediction_latency_seconds", label("model_name", name), time);
    }
  }

  void routes() const {
    head(out_, "slipway_requests_total", "counter", "Requests answered.");
    for (std::size_t route = 0; route < setup_.routes.size(); ++route) {
      for (std::size_t i = 0; i < setup_.statuses.size(); ++i) {
        const std::uint64_t count = requests(route, i);
        if (count == 0 && setup_.statuses[i] != 200) continue;  // a zero for each status would be noise
        const std::string status = std::to_string(setup_.statuses[i]);
        sample(out_, "slipway_requests_total", label("route", setup_.routes[route]) + "," + label("code", status),
               count);
      }
    }
    head(out_, "slipway_request_duration_seconds", "histogram", "From last byte received to answer ready.");
    for (std::size_t route = 0; route < setup_.routes.size(); ++route) {
      histogram(out_, "slipway_request_duration_seconds", label("route", setup_.routes[route]), duration(route));
    }
    head(out_, "slipway_received_bytes_total", "counter", "Bytes of request bodies.");
    sample(out_, "slipway_received_bytes_total", "", total([](const Shard& s) { return s.bytes_in_.value(); }));
    head(out_, "slipway_sent_bytes_total", "counter", "Bytes of response bodies.");
    sample(out_, "slipway_sent_bytes_total", "", total([](const Shard& s) { return s.bytes_out_.value(); }));
  }

  void deviations() const {
    head(out_, "slipway_contract_deviations_total", "counter",
         "Records that deviate from what the model was trained on, by kind and by what became of them.");
    for (const auto& [name, group] : groups_) {
      for (std::size_t kind = 0; kind < std::size(kDeviations); ++kind) {
        for (const bool refused : {false, true}) {
          std::uint64_t sum = 0;
          for (const ModelShard* shard : group.shards) sum += shard->deviations_[kind][refused ? 1 : 0].value();
          sample(out_, "slipway_contract_deviations_total",
                 label("model", name) + "," + label("kind", kDeviations[kind]) + "," +
                     label("outcome", refused ? "refused" : "answered"),
                 sum);
        }
      }
    }
  }

  void gauges(std::span<const Gauge> gauges) const {
    head(out_, "slipway_build_info", "gauge", "This program.");
    sample(out_, "slipway_build_info", label("version", setup_.version), std::uint64_t{1});
    std::string_view before;
    for (const Gauge& gauge : gauges) {
      if (std::exchange(before, gauge.name) != gauge.name) {
        head(out_, gauge.name, gauge.counter ? "counter" : "gauge", gauge.help);
      }
      sample(out_, gauge.name, gauge.labels, gauge.value);
    }
  }

 private:
  template <class Of>
  std::uint64_t total(Of&& of) const {
    std::uint64_t sum = 0;
    for (const auto& shard : shards_) sum += of(*shard);
    return sum;
  }
  std::uint64_t requests(std::size_t route, std::size_t status) const {
    return total([&](const Shard& s) { return s.requests_[route * setup_.statuses.size() + status].value(); });
  }
  HistogramSum duration(std::size_t route) const {
    HistogramSum sum;
    for (const auto& shard : shards_) sum.add(shard->durations_[route]);
    return sum;
  }

  // Of one name: versions with other classes have a series of their own. What does not depend on classes is told once,
  // a class that several of them have too.
  struct Group {
    std::vector<const Series*> series;
    std::vector<const ModelShard*> shards;
  };

  void predictions(std::string_view model, const Group& group) const {
    for (auto series = group.series.begin(); series != group.series.end(); ++series) {
      for (const auto& [target, classes] : (*series)->model.targets) {
        for (std::size_t i = 0; i < std::max<std::size_t>(classes.size(), 1); ++i) {
          const std::string_view predicted = classes.empty() ? std::string_view() : classes[i];
          const auto has = [&](const Series* one) { return place(*one, target, predicted).has_value(); };
          if (std::any_of(group.series.begin(), series, has)) continue;
          std::uint64_t sum = 0;
          for (const ModelShard* shard : group.shards) {
            if (const auto at = place(shard->series_, target, predicted)) sum += shard->predictions_[*at].value();
          }
          std::string labels = label("model_name", model) + "," + label("prediction_class", predicted);
          if (!target.empty()) labels += "," + label("target", target);
          sample(out_, "model_predictions_total", labels, sum);
        }
      }
    }
  }

  static std::optional<std::size_t> place(const Series& series, std::string_view target, std::string_view predicted) {
    for (std::size_t t = 0; t < series.model.targets.size(); ++t) {
      const auto& [name, classes] = series.model.targets[t];
      if (name != target) continue;
      if (classes.empty() && predicted.empty()) return series.begins[t];
      const auto found = std::ranges::find(classes, predicted);
      if (found != classes.end()) return series.begins[t] + std::size_t(found - classes.begin());
    }
    return std::nullopt;
  }

  const Setup& setup_;
  const std::vector<std::unique_ptr<Shard>>& shards_;
  std::map<std::string_view, Group> groups_;  // by name
  std::string& out_;
};

void Metrics::render(std::string& out, std::span<const Gauge> gauges) const {
  const std::scoped_lock lock(mutex_);
  const Page page(*this, out);
  page.guides();
  page.models();
  page.routes();
  page.deviations();
  page.gauges(gauges);
}

}  // namespace slipway::monitor
