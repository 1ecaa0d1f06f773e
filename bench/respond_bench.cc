// SPDX-License-Identifier: Apache-2.0
// One POST /predict of the example model without a socket: parse, contract, plan, format, metrics, log line. What this
// costs beside the kernel's part stands in bench/README.md.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>

#include "base/file.h"
#include "base/log.h"
#include "importer/import.h"
#include "serve/body.h"
#include "serve/service.h"

namespace {

using namespace slipway;

engine::Plan example() {
  auto file = FileBytes::open("examples/churn/churn.pkl", 1 << 20);
  if (!file) std::abort();
  const importer::Source source{"churn.pkl", std::move(*file)};
  auto model = importer::import_files(std::span(&source, 1));
  if (!model) std::abort();
  return std::move(*engine::Plan::compile(std::move(*model)));
}

std::string padded_customer(std::size_t& size) {
  auto file = FileBytes::open("examples/churn/customer.json", 1 << 20);
  if (!file) std::abort();
  std::string body(file->bytes());
  size = body.size();
  body.append(64, '\0');
  return body;
}

void BM_Respond(benchmark::State& state) {
  const auto log = std::move(*Log::open(state.range(0) != 0 ? "/dev/null" : "off"));
  const serve::Service service(example(), {.model_name = "churn", .version = "1", .contract = {}, .limits = {}}, *log);
  const serve::ServiceHandler handler(service, {.shows = serve::Listener::kBoth, .loopback_only = true});
  const auto worker = handler.make_worker();
  std::size_t size = 0;
  const std::string body = padded_customer(size);
  serve::http::Request request;
  request.method = serve::http::Method::kPost;
  request.path = "/predict";
  request.host = "localhost";
  request.client = "127.0.0.1";
  request.body = std::string_view(body).substr(0, size);
  for (auto _ : state) {
    request.received = serve::http::Clock::now();
    benchmark::DoNotOptimize(handler.respond(request, *worker));
  }
}
BENCHMARK(BM_Respond)->ArgName("log")->Arg(0)->Arg(1);

void BM_ParseBody(benchmark::State& state) {
  const engine::Plan plan = example();
  serve::BodyReader reader(plan.model().schema(), {});
  std::size_t size = 0;
  const std::string body = padded_customer(size);
  for (auto _ : state) {
    benchmark::DoNotOptimize(reader.open(std::string_view(body).substr(0, size)));
    benchmark::DoNotOptimize(reader.next());
  }
}
BENCHMARK(BM_ParseBody);

void BM_Judge(benchmark::State& state) {
  const engine::Plan plan = example();
  serve::BodyReader reader(plan.model().schema(), {});
  serve::Findings findings;
  std::size_t size = 0;
  const std::string body = padded_customer(size);
  if (!reader.open(std::string_view(body).substr(0, size)) || !reader.next()) std::abort();
  for (auto _ : state) {
    findings.clear();
    benchmark::DoNotOptimize(serve::judge(plan, serve::Contract::kAuto, 0, reader.cells(), reader.extras(), findings));
  }
}
BENCHMARK(BM_Judge);

void BM_Run(benchmark::State& state) {
  const engine::Plan plan = example();
  serve::BodyReader reader(plan.model().schema(), {});
  const auto scratch = plan.scratch();
  engine::Answer answer;
  std::size_t size = 0;
  const std::string body = padded_customer(size);
  if (!reader.open(std::string_view(body).substr(0, size)) || !reader.next()) std::abort();
  for (auto _ : state) {
    plan.run({reader.cells(), reader.extras()}, *scratch, answer);
    benchmark::DoNotOptimize(answer);
  }
}
BENCHMARK(BM_Run);

}  // namespace

BENCHMARK_MAIN();
