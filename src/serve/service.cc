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

constexpr std::size_t kKeptAnswer = std::size_t{1} << 20;  // a larger buffer is given back

monitor::Metrics::Setup metrics_setup(const ServiceOptions& options) {
  monitor::Metrics::Setup setup;
  for (std::size_t i = 0; i < routes().size(); ++i) {
    setup.routes.emplace_back(routes()[i].path);
    if (routes()[i].run == predict) setup.predict_routes.push_back(i);
  }
  setup.routes.emplace_back("none");
  std::set<int> statuses{200};
  for (const CodeInfo& code : kCodes) statuses.insert(code.http);
  setup.statuses.assign(statuses.begin(), statuses.end());
  setup.version = options.version;
  return setup;
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

bool takes(http::Method asked, http::Method route) {
  return asked == route || (asked == http::Method::kHead && route == http::Method::kGet);
}

struct Found {
  std::size_t index;
  std::string_view allow;  // set if the path exists under another method
  PathParts parts;
};

Found find_route(const http::Request& request, Listener listener) {
  Found found{no_route(), {}, {}};
  for (std::size_t i = 0; i < routes().size(); ++i) {
    const Route& route = routes()[i];
    PathParts parts;
    if (!matches(route, request.path, parts) || !is_shown(route, listener)) continue;
    if (takes(request.method, route.method)) return {i, {}, parts};
    found.allow = route.method == http::Method::kGet ? "GET, HEAD" : http::method_name(route.method);
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
const std::string& log_subject(RouteWorker& worker, const http::Request& request, const Observed& seen) {
  RouteWorker::LogSubject& kept = worker.log_subject;
  const bool known = seen.route < no_route();
  const std::uint64_t model = worker.model == nullptr ? 0 : worker.model->serial();
  const bool same = known && kept.route == seen.route && kept.status == seen.status && kept.rows == worker.rows &&
                    kept.model == model && kept.method == request.method && kept.client == request.client;
  if (same) return kept.text;
  kept.route = seen.route;
  kept.status = seen.status;
  kept.rows = worker.rows;
  kept.model = model;
  kept.method = request.method;
  kept.client = request.client;
  std::string& text = kept.text;
  text.assign(R"(","client":)");
  append_json_string(text, request.client);
  text.append(R"(,"method":")").append(http::method_name(request.method)).append(R"(","route":)");
  append_json_string(text, known ? routes()[seen.route].path : request.path.substr(0, 128));
  append_field(text, ",\"status\":", static_cast<std::uint64_t>(seen.status));
  if (worker.rows > 0) {
    text.append(",\"model\":").append(worker.model->title_json());
    append_field(text, ",\"rows\":", worker.rows);
  }
  return text;
}

void write_log(const Service& service, RouteWorker& worker, const http::Request& request, const Observed& seen) {
  if (!service.log().enabled()) return;
  std::string& line = worker.line;
  line.assign(R"({"ts":")").append(worker.timestamp.at(worker.wall.unix_ms(seen.end))).append(level_of(seen.status));
  line.append(worker.id).append(log_subject(worker, request, seen));
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
  const bool deviates = worker.model_shard != nullptr && worker.findings.any();
  for (std::size_t kind = 0; deviates && kind < std::size(monitor::kDeviations); ++kind) {
    for (const bool refused : {false, true}) {
      const auto count = worker.findings.count(monitor::Deviation(kind), refused);
      if (count > 0) worker.model_shard->deviation(monitor::Deviation(kind), refused, count);
    }
  }
  write_log(service, worker, request, seen);
}

void begin(RouteWorker& worker, const http::Request& request) {
  worker.model = nullptr;
  worker.model_shard = nullptr;
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

Service::Service(ServiceOptions options, Log& log)
    : options_(std::move(options)),
      log_(log),
      metrics_(metrics_setup(options_)),
      current_(std::make_shared<const Snapshot>()) {}

Service::Service(engine::Plan plan, ServiceOptions options, Log& log) : Service(std::move(options), log) {
  ServedModel::Options about;
  about.name = options_.model_name;
  auto model = ServedModel::create(std::move(plan), std::move(about));
  SLIPWAY_ASSERT(model.has_value());  // it can only object to `serving`, and there is none
  publish(Snapshot::of(std::move(*model)));
}

void Service::publish(std::shared_ptr<const Snapshot> snapshot) {
  for (const Slot& slot : snapshot->slots()) {
    if (slot.model != nullptr) metrics_.series(slot.model->counted());  // a scrape shows zeros before the first request
  }
  const std::scoped_lock lock(mutex_);
  retired_.push_back(std::make_unique<Seat>(Seat{std::exchange(current_, std::move(snapshot)), {}}));
  if (refresh_) refresh_();
}

std::shared_ptr<const Snapshot> Service::current() const {
  const std::scoped_lock lock(mutex_);
  return current_;
}

void Service::set_refresh(std::function<void()> refresh) {
  const std::scoped_lock lock(mutex_);
  refresh_ = std::move(refresh);
  if (refresh_) refresh_();
}

void Service::retire(std::unique_ptr<Seat> seat) const {
  const std::scoped_lock lock(mutex_);
  retired_.push_back(std::move(seat));
}

std::vector<std::unique_ptr<Seat>> Service::take_retired() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(retired_, {});
}

RouteWorker::RouteWorker(const Service& service)
    : shard(service.metrics().shard()),
      log(service.log().writer()),
      service_(service),
      seat_(std::make_unique<Seat>()),
      next_id_(random_seed()) {
  seat_->snapshot = service.current();
  seat_->rooms.resize(snapshot().slots().size());
}

Room& RouteWorker::room(std::size_t slot) {
  std::unique_ptr<Room>& room = seat_->rooms[slot];
  if (room == nullptr) {
    const ServedModel& served = *snapshot().slots()[slot].model;
    BodyReader reader(served.model().schema(), service_.options().limits, served.options().serving.input_key);
    room = std::make_unique<Room>(Room{.reader = std::move(reader),
                                       .scratch = served.plan().scratch(),
                                       .shard = shard.model(service_.metrics().series(served.counted()))});
  }
  return *room;
}

// Rooms of models that stay move on. The old seat, and with it perhaps the last of an old model, is for others to free.
void RouteWorker::refresh() {
  std::shared_ptr<const Snapshot> next = service_.current();
  if (next == seat_->snapshot) return;
  auto seat = std::make_unique<Seat>();
  seat->rooms.resize(next->slots().size());
  const std::vector<Slot>& before = snapshot().slots();
  for (std::size_t i = 0; i < next->slots().size(); ++i) {
    const auto same = std::ranges::find(before, next->slots()[i].model, &Slot::model);
    if (same != before.end()) seat->rooms[i] = std::move(seat_->rooms[std::size_t(same - before.begin())]);
  }
  seat->snapshot = std::move(next);
  std::swap(seat_, seat);
  service_.retire(std::move(seat));
}

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

http::Place ServiceHandler::place(const http::Request& request, http::Worker& base) const {
  const Found found = find_route(request, exposure_.shows);
  if (found.index == no_route() || !routes()[found.index].by_cost) return http::Place::kLoop;
  const Snapshot& snapshot = static_cast<RouteWorker&>(base).snapshot();
  const ServedModel* model = snapshot.default_model();
  if (!found.parts.name.empty()) {
    const auto slot = snapshot.find(found.parts.name, found.parts.version);
    model = slot ? snapshot.slots()[*slot].model.get() : nullptr;
  }
  const bool is_long = model != nullptr && model->cost_ns(request.body) > ServedModel::kPoolFromNs;
  return is_long ? http::Place::kPool : http::Place::kLoop;
}

http::Response ServiceHandler::respond(const http::Request& request, http::Worker& base) const {
  const auto begun = http::Clock::now();
  auto& worker = static_cast<RouteWorker&>(base);
  begin(worker, request);
  const Found found = find_route(request, exposure_.shows);
  Context context{service_, worker, exposure_.shows, found.parts};

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
