// SPDX-License-Identifier: Apache-2.0
// Settings of `slipway serve`. fields() is the only list of them: it makes the flags, the SLIPWAY_* variables and the
// help text. Defaults < environment < flags.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace slipway::serve {

struct Settings {
  std::string listen = "127.0.0.1:9696";
  std::string ops_listen = "127.0.0.1:9697";
  bool allow_anonymous = false;
  std::string store;
  std::string models;
  std::string default_model;
  std::string require_proof = "none";
  std::string contract = "auto";
  std::string log = "-";
  std::uint32_t loops = 0;
  std::uint32_t pool_threads = 0;
  std::uint32_t connections = 10'000;
  std::uint32_t body_bytes = 8 * 1024 * 1024;
  std::uint32_t rows = 100'000;
  std::uint32_t drain_delay_ms = 0;
  std::uint32_t drain_timeout_ms = 30'000;

  // f(name, member, help): the flag is --name with dashes, the variable SLIPWAY_NAME.
  template <class F>
  static void fields(F&& f) {
    f("listen", &Settings::listen, "address:port of the data listener; port 0 takes any free one");
    f("ops_listen", &Settings::ops_listen, "address:port of the operations listener (livez, readyz, metrics), or off");
    f("allow_anonymous", &Settings::allow_anonymous, "let anyone who reaches a non-loopback address in, without a key");
    f("store", &Settings::store, "serve models of the store in this directory, and follow its changes");
    f("models", &Settings::models, "which of them: churn@production,leads,other:3; default: all");
    f("default_model", &Settings::default_model, "whose /predict is, by name; default: the only one's");
    f("require_proof", &Settings::require_proof, "serve only models with this proof or more: none, self or library");
    f("contract", &Settings::contract, "what becomes of records that deviate from the schema: auto, strict or ignore");
    f("log", &Settings::log, "request log, a JSON line a request: - for standard error, off, or a file");
    f("loops", &Settings::loops, "event loops; 0 for one a CPU granted");
    f("pool_threads", &Settings::pool_threads, "threads for long requests; 0 for one a CPU granted");
    f("connections", &Settings::connections, "connections held at once on each listener; more are answered 503");
    f("body_bytes", &Settings::body_bytes, "largest request body");
    f("rows", &Settings::rows, "most rows in one request");
    f("drain_delay_ms", &Settings::drain_delay_ms, "after SIGTERM, keep accepting this long before closing");
    f("drain_timeout_ms", &Settings::drain_timeout_ms, "after that, cut off what is still running");
  }
};

// Applies SLIPWAY_* (and the guides' PORT) from `environment` ("NAME=value"). Errors: kUsage naming the variable.
// Unknown SLIPWAY_* names are appended to `warnings`: Kubernetes injects some of its own.
Result<void> apply_environment(Settings& settings, std::span<const char* const> environment,
                               std::vector<std::string>& warnings);

struct Endpoint {
  std::string address;
  std::uint16_t port = 0;
  bool loopback = false;
};
// "127.0.0.1:9696", "[::1]:9696", "localhost:9696" (never resolved: it is 127.0.0.1), ":9696" (0.0.0.0).
Result<Endpoint> parse_endpoint(std::string_view text);

}  // namespace slipway::serve
