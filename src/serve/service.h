// SPDX-License-Identifier: Apache-2.0
// One served model and everything that answers for it: the bridge from HTTP to the engine. docs/life_of_a_request.md
// walks through respond().
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "engine/plan.h"
#include "monitor/metrics.h"
#include "serve/body.h"
#include "serve/contract.h"
#include "serve/http/handler.h"

namespace slipway::serve {

struct ServiceOptions {
  std::string model_name;
  std::string version;  // of Slipway
  Contract contract = Contract::kAuto;
  BodyLimits limits;
};

class Service {
 public:
  // Everything `log` and the plan hold must outlive the service.
  Service(engine::Plan plan, ServiceOptions options, Log& log);

  const engine::Plan& plan() const { return plan_; }
  const ServiceOptions& options() const { return options_; }
  Log& log() const { return log_; }
  monitor::Metrics& metrics() const { return metrics_; }

  // Which text a label prints as in JSON, and as the key of `probabilities`. By index.
  const std::string& label_json(std::size_t index) const { return labels_json_[index]; }
  const std::string& label_key(std::size_t index) const { return label_keys_[index]; }
  const std::string& name_json() const { return name_json_; }

  // Estimated time to answer a /predict with that body; rather too long than too short.
  double cost_ns(std::string_view body) const;

  // Readiness: false from the moment a drain begins. Any thread.
  void set_ready(bool ready) { ready_.store(ready); }
  bool ready() const { return ready_.load(); }

  // Gauges from outside (the server's connection counts); set before serving begins.
  std::function<void(std::vector<monitor::Metrics::Gauge>&)> gauges;

 private:
  engine::Plan plan_;
  ServiceOptions options_;
  Log& log_;
  mutable monitor::Metrics metrics_;
  std::vector<std::string> labels_json_, label_keys_;
  std::string name_json_;
  std::atomic<bool> ready_{true};
};

// One thread's buffers. Reused from request to request.
class RouteWorker : public http::Worker {
 public:
  explicit RouteWorker(const Service& service);

  BodyReader reader;
  Findings findings;
  engine::Plan::ScratchPtr scratch;
  engine::Answer answer;
  std::string out;   // the body of the response
  std::string line;  // the log's
  std::string id;    // of the request
  monitor::Metrics::Shard& shard;
  Log::Writer& log;
  Timestamp timestamp;
  WallClock wall;

  struct LogSubject {  // of the request logged last, and what it was made of
    std::size_t route = 0, rows = 0;
    int status = 0;
    http::Method method = http::Method::kOther;
    std::string client, text;
  };
  LogSubject log_subject;

  // What this request did, for the log.
  std::size_t rows = 0;
  std::uint64_t model_ns = 0;
  http::Clock::time_point model_end;     // when the last row was run; the epoch if none was
  std::vector<std::uint32_t> predicted;  // the label of each row answered; 0 for a regressor

  // A fresh request id: 16 hexadecimal digits.
  void make_id();

 private:
  std::uint64_t next_id_;
};

// Which routes a listener shows.
enum class Listener : std::uint8_t { kData = 1, kOps = 2, kBoth = 3 };

// How a listener guards itself while there are no keys.
struct Exposure {
  Listener shows = Listener::kData;
  bool loopback_only = true;  // answer only Host and Origin headers that name this machine
};

// The handler of one listener. The service outlives it.
class ServiceHandler : public http::Handler {
 public:
  ServiceHandler(const Service& service, Exposure exposure) : service_(service), exposure_(exposure) {}

  std::unique_ptr<http::Worker> make_worker() const override;
  http::Place place(const http::Request& request) const override;
  http::Response respond(const http::Request& request, http::Worker& worker) const override;
  http::Response refuse(const http::Request& request, const Error& error, http::Worker& worker) const override;

 private:
  const Service& service_;
  const Exposure exposure_;
};

}  // namespace slipway::serve
