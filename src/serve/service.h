// SPDX-License-Identifier: Apache-2.0
// What is served, and everything that answers for it: the bridge from HTTP to the engine. docs/life_of_a_request.md
// walks through respond().
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "engine/plan.h"
#include "monitor/metrics.h"
#include "serve/body.h"
#include "serve/contract.h"
#include "serve/http/handler.h"
#include "serve/route_worker.h"
#include "serve/snapshot.h"

namespace slipway::serve {

struct ServiceOptions {
  std::string model_name;  // of the plan that the service is made with, if it is
  std::string version;     // of Slipway
  Contract contract = Contract::kAuto;
  BodyLimits limits;
};

class Service {
 public:
  // Serves nothing until publish(). `log` outlives the service.
  Service(ServiceOptions options, Log& log);
  // Serves one model, a file's.
  Service(engine::Plan plan, ServiceOptions options, Log& log);

  // From now on this is what is served. Requests that run finish on what they began with. Any thread but a loop's.
  void publish(std::shared_ptr<const Snapshot> snapshot);
  std::shared_ptr<const Snapshot> current() const;
  // What nobody answers from any more, for the caller to free: on no thread that answers requests.
  std::vector<std::unique_ptr<Seat>> take_retired();

  const ServiceOptions& options() const { return options_; }
  Log& log() const { return log_; }
  monitor::Metrics& metrics() const { return metrics_; }

  // False from the moment a drain begins. Any thread.
  void set_ready(bool ready) { ready_.store(ready); }
  bool ready() const { return ready_.load(); }

  // Gauges from outside (the server's connection counts); set before serving begins.
  std::function<void(std::vector<monitor::Metrics::Gauge>&)> gauges;
  // Tells the workers that there is something new (Server::refresh); called by publish(). nullptr: nobody. Any thread.
  void set_refresh(std::function<void()> refresh);

 private:
  friend class RouteWorker;
  void retire(std::unique_ptr<Seat> seat) const;

  ServiceOptions options_;
  Log& log_;
  mutable monitor::Metrics metrics_;
  std::atomic<bool> ready_{true};
  mutable std::mutex mutex_;  // guards what follows; held for a moment only
  std::shared_ptr<const Snapshot> current_;
  std::function<void()> refresh_;
  mutable std::vector<std::unique_ptr<Seat>> retired_;
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
  http::Place place(const http::Request& request, http::Worker& worker) const override;
  void refresh(http::Worker& worker) const override { static_cast<RouteWorker&>(worker).refresh(); }
  http::Response respond(const http::Request& request, http::Worker& worker) const override;
  http::Response refuse(const http::Request& request, const Error& error, http::Worker& worker) const override;

 private:
  const Service& service_;
  const Exposure exposure_;
};

}  // namespace slipway::serve
