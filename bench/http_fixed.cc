// SPDX-License-Identifier: Apache-2.0
// The HTTP server alone, for comparing it with others: a fixed JSON answer to whatever is asked, on one loop.
// http_fixed PORT SECONDS; ends by itself.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "serve/http/server.h"

namespace {

namespace http = slipway::serve::http;

class Fixed final : public http::Handler {
 public:
  std::unique_ptr<http::Worker> make_worker() const override { return std::make_unique<http::Worker>(); }
  http::Place place(const http::Request&, http::Worker&) const override { return http::Place::kLoop; }
  http::Response respond(const http::Request&, http::Worker&) const override {
    return {.body = R"({"probability": 0.5336072702798061, "prediction": true})"};
  }
  http::Response refuse(const http::Request&, const slipway::Error& error, http::Worker&) const override {
    return {.status = slipway::info(error.code()).http, .body = R"({"error": "refused"})"};
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: http_fixed PORT SECONDS\n", stderr);
    return 2;
  }
  const Fixed handler;
  http::ServerOptions options;
  auto server = http::Server::start(
      {{.address = "127.0.0.1", .port = std::uint16_t(std::atoi(argv[1])), .handler = &handler}}, options);
  if (!server) {
    std::fputs((server.error().to_string() + "\n").c_str(), stderr);
    return slipway::info(server.error().code()).exit;
  }
  std::this_thread::sleep_for(std::chrono::seconds(std::atoi(argv[2])));
  const http::ServerCounts counts = (*server)->counts();
  std::printf("accepted %llu open %llu timeouts %llu resets %llu\n", static_cast<unsigned long long>(counts.accepted),
              static_cast<unsigned long long>(counts.open), static_cast<unsigned long long>(counts.timeouts),
              static_cast<unsigned long long>(counts.resets));
}
