// SPDX-License-Identifier: Apache-2.0
// Any bytes as the body of POST /predict, in each contract mode. Whatever comes back must be JSON with a status that we
// meant; and what passes in strict must be answered alike in the other modes.
#include <simdjson.h>

#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string>
#include <string_view>

#include "serve/service.h"
#include "serve/small_model.h"

namespace {

using namespace slipway;
using namespace slipway::serve;

struct Fixture {
  explicit Fixture(Contract contract, std::uint32_t flat_bytes = 1 << 20)
      : log(std::move(*Log::open("off"))),
        service(small_plan(),
                {.model_name = "small",
                 .version = "1",
                 .contract = contract,
                 .limits = {.rows = 100, .flat_bytes = flat_bytes}},
                *log),
        handler(service, {.shows = Listener::kBoth, .loopback_only = false}),
        worker(handler.make_worker()) {}

  std::unique_ptr<Log> log;
  Service service;
  ServiceHandler handler;
  std::unique_ptr<http::Worker> worker;
};

struct Seen {
  int status;
  std::string body;
};

Seen predict(Fixture& fixture, std::string_view body, std::string_view query) {
  http::Request request;
  request.method = http::Method::kPost;
  request.path = "/predict";
  request.query = query;
  request.body = body;
  request.received = http::Clock::now();
  const http::Response response = fixture.handler.respond(request, *fixture.worker);
  const bool meant =
      response.status == 200 || response.status == 400 || response.status == 413 || response.status == 422;
  if (!meant) std::abort();
  simdjson::dom::parser parser;
  const simdjson::padded_string padded(response.body);
  if (parser.parse(padded).error() != simdjson::SUCCESS) std::abort();
  return {response.status, std::string(response.body)};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Fixture lenient(Contract::kAuto);
  static Fixture strict(Contract::kStrict);
  static Fixture ignoring(Contract::kIgnore);
  static Fixture by_tape(Contract::kAuto, 0);  // every body by simdjson: the short way must not show
  if (size == 0 || size > 1 << 16) return 0;   // longer inputs find nothing new
  constexpr std::string_view kQueries[] = {"", "on_error=row", "outputs=decision", "outputs=probability,prediction"};
  const std::string_view query = kQueries[data[0] % std::size(kQueries)];
  std::string body(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::size_t length = body.size();
  body.append(64, '\0');
  body.shrink_to_fit();
  const std::string_view view = std::string_view(body).substr(0, length);
  const Seen first = predict(strict, view, query);
  const Seen second = predict(lenient, view, query);
  const Seen third = predict(ignoring, view, query);
  const Seen fourth = predict(by_tape, view, query);
  if (second.status != fourth.status || (second.status == 200 && second.body != fourth.body)) std::abort();
  if (first.status == 200 && query.empty() && (first.body != second.body || first.body != third.body)) std::abort();
  return 0;
}
