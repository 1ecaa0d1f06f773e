// SPDX-License-Identifier: Apache-2.0
// respond() is the life of a request: guard, route, run, observe. docs/life_of_a_request.md names the same steps.
#include "serve/service.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/text.h"
#include "serve/problem.h"
#include "serve/routes.h"

namespace slipway::serve {
namespace {

constexpr double kPoolFromNs = 200'000;  // longer than this leaves the loop
constexpr double kParseNsPerByte = 1.0;
constexpr double kJudgeNsPerField = 10.0;
constexpr std::size_t kKeptAnswer = std::size_t{1} << 20;  // a larger buffer is given back
constexpr std::size_t kClassLabels = 100;                  // more classes than this count as one
constexpr std::size_t kLabelBytes = 128;  // of a metric's label value: made printable, cut, and kept distinct

monitor::Metrics::Setup metrics_setup(const model::Model& model, const ServiceOptions& options) {
  monitor::Metrics::Setup setup;
  for (std::size_t i = 0; i < routes().size(); ++i) {
    setup.routes.emplace_back(routes()[i].path);
    if (routes()[i].run == predict) setup.predict_route = i;
  }
  setup.routes.emplace_back("none");
  std::set<int> statuses{200};
  for (const CodeInfo& code : kCodes) statuses.insert(code.http);
  setup.statuses.assign(statuses.begin(), statuses.end());
  setup.model.name = printable(options.model_name, kLabelBytes);
  setup.model.library = model.provenance().library;
  for (const std::string& version : model.provenance().versions) setup.model.library += ' ' + printable(version);
  setup.model.chain = model.chain();
  if (model.labels().size() <= kClassLabels) {
    for (const model::Label& label : model.labels()) {
      std::string text = printable(model::label_text(label), kLabelBytes);
      const auto& before = setup.model.classes;
      if (std::ranges::find(before, text) != before.end()) text += " #" + std::to_string(before.size());
      setup.model.classes.push_back(std::move(text));
    }
  }
  setup.version = options.version;
  return setup;
}

std::string label_as_json(const model::Label& label) {
  std::string out;
  if (const auto* flag = std::get_if<bool>(&label)) out = *flag ? "true" : "false";
  if (const auto* integer = std::get_if<std::int64_t>(&label)) append_json_number(out, *integer);
  if (const auto* real = std::get_if<double>(&label)) append_json_number(out, *real);
  if (const auto* text = std::get_if<std::string>(&label)) append_json_string(out, *text);
  return out;
}

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  if (::getrandom(&seed, sizeof seed, 0) != sizeof seed) seed = std::uint64_t(unix_ms_now());
  return seed;
}

std::uint64_t ns_between(http::Clock::time_point from, http::Clock::time_point to) {
  return std::uint64_t(
      std::max<std::int64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(to - from).count(), 0));
}

// True for names that can only mean this machine. A page of another site that has made its own name point here
// (DNS rebinding) still sends that name.
bool names_loopback(std::string_view host) {
  return host == "localhost" || host.ends_with(".localhost") || host == "[::1]" ||
         (host.starts_with("127.") &&
          std::ranges::all_of(host, [](char c) { return c == '.' || (c >= '0' && c <= '9'); }));
}

std::string_view origin_host(std::string_view origin) {
  const std::size_t scheme = origin.find("://");
  if (scheme == origin.npos) return {};
  origin.remove_prefix(scheme + 3);
  const std::size_t colon = origin.rfind(':');
  return colon == origin.npos || origin.ends_with(']') ? origin : origin.substr(0, colon);
}

Result<void> guard(const http::Request& request, const Exposure& exposure) {
  if (!exposure.loopback_only) return {};
  const bool host = request.host.empty() || names_loopback(request.host);
  const bool origin = request.origin.empty() || names_loopback(origin_host(request.origin));
  if (host && origin) return {};
  return fail(Code::kMisdirected,
              host ? "pages of " + printable(request.origin) + " may not call this server"
                   : "this server answers as localhost only, not as \"" + printable(request.host) + "\"",
              "It was started without keys. Call it as http://localhost, or start it with --allow-anonymous");
}

bool matches(http::Method asked, http::Method route) {
  return asked == route || (asked == http::Method::kHead && route == http::Method::kGet);
}

struct Found {
  std::size_t index;
  std::string_view allow;  // set if the path exists under another method
};

Found find_route(const http::Request& request, Listener listener) {
  Found found{no_route(), {}};
  for (std::size_t i = 0; i < routes().size(); ++i) {
    const Route& route = routes()[i];
    if (route.path != request.path || !is_shown(route, listener)) continue;
    if (matches(request.method, route.method)) return {i, {}};
    found = {no_route(), route.method == http::Method::kGet ? "GET, HEAD" : http::method_name(route.method)};
  }
  return found;
}

Error not_found(const http::Request& request, Listener listener) {
  std::string list;
  for (const Route& route : routes()) {
    if (!is_shown(route, listener)) continue;
    list.append(list.empty() ? "" : ", ").append(http::method_name(route.method)).append(" ").append(route.path);
  }
  return {Code::kNotFound, "there is no " + printable(request.path), "This listener has " + list};
}

void append_field(std::string& out, std::string_view name, std::uint64_t value) {
  out.append(name);
  append_json_number(out, static_cast<std::int64_t>(value));
}

// Which kinds of deviation the request had, with their counts.
void append_warnings(std::string& line, const Findings& findings) {
  line += ",\"warnings\":{";
  for (std::size_t i = 0; i < std::size(monitor::kDeviations); ++i) {
    const auto kind = static_cast<monitor::Deviation>(i);
    const std::uint32_t count = findings.count(kind, false) + findings.count(kind, true);
    if (count == 0) continue;
    if (line.back() != '{') line += ',';
    append_json_string(line, monitor::kDeviations[i]);
    append_field(line, ":", count);
  }
  line += '}';
}

std::string_view level_of(int status) {
  if (status >= 500) return R"(","level":"error","msg":"request","request_id":")";
  if (status >= 400) return R"(","level":"warn","msg":"request","request_id":")";
  return R"(","level":"info","msg":"request","request_id":")";
}

struct Observed {
  std::size_t route;
  int status;
  std::uint64_t queue_ns;
  http::Clock::time_point end;
};

// Who asked for what and what became of it. One client's requests mostly differ in none of this, so the text of the
// request before is kept and compared instead of being put together again.
const std::string& log_subject(const Service& service, RouteWorker& worker, const http::Request& request,
                               const Observed& seen) {
  RouteWorker::LogSubject& kept = worker.log_subject;
  const bool known = seen.route < no_route();
  const bool same = known && kept.route == seen.route && kept.status == seen.status && kept.rows == worker.rows &&
                    kept.method == request.method && kept.client == request.client;
  if (same) return kept.text;
  kept.route = seen.route;
  kept.status = seen.status;
  kept.rows = worker.rows;
  kept.method = request.method;
  kept.client = request.client;
  std::string& text = kept.text;
  text.assign(R"(","client":)");
  append_json_string(text, request.client);
  text.append(R"(,"method":")").append(http::method_name(request.method)).append(R"(","route":)");
  append_json_string(text, known ? routes()[seen.route].path : request.path.substr(0, 128));
  append_field(text, ",\"status\":", static_cast<std::uint64_t>(seen.status));
  if (worker.rows > 0) {
    text.append(",\"model\":").append(service.name_json());
    append_field(text, ",\"rows\":", worker.rows);
  }
  return text;
}

void write_log(const Service& service, RouteWorker& worker, const http::Request& request, const Observed& seen) {
  if (!service.log().enabled()) return;
  std::string& line = worker.line;
  line.assign(R"({"ts":")").append(worker.timestamp.at(worker.wall.unix_ms(seen.end))).append(level_of(seen.status));
  line.append(worker.id).append(log_subject(service, worker, request, seen));
  if (worker.findings.any()) append_warnings(line, worker.findings);
  append_field(line, ",\"bytes\":[", request.body.size());
  append_field(line, ",", worker.out.size());
  append_field(line, "],\"us\":{\"queue\":", seen.queue_ns / 1000);
  append_field(line, ",\"model\":", worker.model_ns / 1000);
  append_field(line, ",\"total\":", ns_between(request.received, seen.end) / 1000);
  line += "}}";
  worker.log.append(line);
}

void observe(const Service& service, RouteWorker& worker, const http::Request& request, const Observed& seen) {
  worker.shard.request(seen.route, seen.status, ns_between(request.received, seen.end), request.body.size(),
                       worker.out.size());
  const bool deviates = worker.findings.any();
  for (std::size_t kind = 0; deviates && kind < std::size(monitor::kDeviations); ++kind) {
    for (const bool refused : {false, true}) {
      const auto count = worker.findings.count(monitor::Deviation(kind), refused);
      if (count > 0) worker.shard.deviation(monitor::Deviation(kind), refused, count);
    }
  }
  write_log(service, worker, request, seen);
}

void begin(RouteWorker& worker, const http::Request& request) {
  worker.rows = 0;
  worker.model_ns = 0;
  worker.predicted.clear();
  worker.findings.clear();
  if (worker.out.capacity() > kKeptAnswer) std::string().swap(worker.out);  // `= {}` would keep the memory
  worker.out.clear();
  if (request.request_id.empty()) {
    worker.make_id();
  } else {
    worker.id = request.request_id;
  }
}

}  // namespace

Service::Service(engine::Plan plan, ServiceOptions options, Log& log)
    : plan_(std::move(plan)),
      options_(std::move(options)),
      log_(log),
      metrics_(metrics_setup(plan_.model(), options_)) {
  for (const model::Label& label : plan_.model().labels()) {
    labels_json_.push_back(label_as_json(label));
    std::string key;
    append_json_string(key, model::label_text(label));
    label_keys_.push_back(std::move(key));
  }
  append_json_string(name_json_, options_.model_name);
}

// A row is at least three bytes ("{},"), which settles it for nearly all bodies. Else the marks are counted: records
// and rows are at most as many as brackets open, rows in columns as many as commas stand.
double Service::cost_ns(std::string_view body) const {
  const double a_row = plan_.row_cost_ns() + kJudgeNsPerField * double(plan_.model().schema().fields().size());
  const double parse = double(body.size()) * kParseNsPerByte;
  const double most = parse + (1 + double(body.size()) / 3) * a_row;
  if (most < kPoolFromNs) return most;
  const bool list = body.substr(0, body.find_first_not_of(" \t\r\n") + 1).ends_with('[');
  const auto marks =
      list ? std::ranges::count(body, '{') + std::ranges::count(body, '[') : std::ranges::count(body, ',');
  return parse + double(1 + marks) * a_row;
}

RouteWorker::RouteWorker(const Service& service)
    : reader(service.plan().model().schema(), service.options().limits),
      scratch(service.plan().scratch()),
      shard(service.metrics().shard()),
      log(service.log().writer()),
      next_id_(random_seed()) {}

// splitmix64: every state gives another number, so ids of one worker never repeat.
void RouteWorker::make_id() {
  std::uint64_t x = next_id_ += 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  x ^= x >> 31;
  std::array<char, 16> digits;
  for (char& digit : digits) {
    digit = "0123456789abcdef"[x & 15];
    x >>= 4;
  }
  id.assign(digits.data(), digits.size());
}

std::unique_ptr<http::Worker> ServiceHandler::make_worker() const { return std::make_unique<RouteWorker>(service_); }

http::Place ServiceHandler::place(const http::Request& request) const {
  const Found found = find_route(request, exposure_.shows);
  const bool by_cost = found.index < no_route() && routes()[found.index].by_cost;
  return by_cost && service_.cost_ns(request.body) > kPoolFromNs ? http::Place::kPool : http::Place::kLoop;
}

http::Response ServiceHandler::respond(const http::Request& request, http::Worker& base) const {
  const auto begun = http::Clock::now();
  auto& worker = static_cast<RouteWorker&>(base);
  begin(worker, request);
  Context context{service_, worker, exposure_.shows};
  const Found found = find_route(request, exposure_.shows);

  const auto answer = [&]() -> Result<http::Response> {
    SLIPWAY_TRY(guard(request, exposure_));
    if (found.index < no_route()) return routes()[found.index].run(request, context);
    if (found.allow.empty()) return fail(not_found(request, exposure_.shows));
    return fail(Code::kMethodNotAllowed, printable(request.path) + " takes " + std::string(found.allow));
  }();
  http::Response response = answer ? *answer : problem(worker.out, answer.error(), worker.id);
  response.allow = found.allow;
  response.request_id = worker.id;
  observe(service_, worker, request,
          {.route = found.index,
           .status = response.status,
           .queue_ns = ns_between(request.received, begun),
           .end = http::Clock::now()});
  return response;
}

http::Response ServiceHandler::refuse(const http::Request& request, const Error& error, http::Worker& base) const {
  auto& worker = static_cast<RouteWorker&>(base);
  begin(worker, request);
  http::Response response = problem(worker.out, error, worker.id);
  response.request_id = worker.id;
  observe(service_, worker, request,
          {.route = no_route(), .status = response.status, .queue_ns = 0, .end = request.received});
  return response;
}

}  // namespace slipway::serve
