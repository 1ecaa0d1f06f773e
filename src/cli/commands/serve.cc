// SPDX-License-Identifier: Apache-2.0
// `slipway serve`: load, start, say how to call it, serve until a signal, drain.
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/file.h"
#include "base/machine.h"
#include "base/text.h"
#include "cli/options.h"
#include "cli/store.h"
#include "registry/catalog.h"
#include "serve/http/server.h"
#include "serve/proof.h"
#include "serve/service.h"
#include "serve/settings.h"
#include "serve/store_source.h"
#include "serve/watcher.h"

extern char** environ;

namespace slipway::cli {
namespace {

using serve::Endpoint;
using serve::Listener;
using serve::Settings;
namespace http = serve::http;

// SIGINT and SIGTERM as a descriptor, blocked in every thread started after this.
Result<int> open_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  if (::pthread_sigmask(SIG_BLOCK, &set, nullptr) != 0) return fail(system_error("signals", errno));
  const int fd = ::signalfd(-1, &set, SFD_CLOEXEC);
  if (fd < 0) return fail(system_error("signals", errno));
  return fd;
}

struct Listening {
  Endpoint data;
  std::optional<Endpoint> ops;  // none: off
};

Result<Listening> endpoints(const Settings& settings) {
  Listening out;
  out.data = SLIPWAY_TRY(serve::parse_endpoint(settings.listen));
  if (settings.ops_listen != "off") {
    const Endpoint ops = SLIPWAY_TRY(serve::parse_endpoint(settings.ops_listen));
    out.ops = ops;
  }
  for (const Endpoint& endpoint : {out.data, out.ops.value_or(out.data)}) {
    if (endpoint.loopback || settings.allow_anonymous) continue;
    return fail(Code::kUsage,
                endpoint.address + ":" + std::to_string(endpoint.port) +
                    " can be reached from other machines, and this server knows no keys",
                "Bind a loopback address (--listen 127.0.0.1:9696) behind a proxy that authenticates, or say "
                "--allow-anonymous to let everyone in who reaches it");
  }
  return out;
}

http::ServerOptions server_options(const Settings& settings) {
  http::ServerOptions options;
  const unsigned cpus = granted_cpus();
  options.loops = settings.loops > 0 ? settings.loops : cpus;
  options.pool_threads = settings.pool_threads > 0 ? settings.pool_threads : cpus;
  options.connections = settings.connections;
  options.codec.body_bytes = settings.body_bytes;
  options.drain_delay = std::chrono::milliseconds(settings.drain_delay_ms);
  options.drain_timeout = std::chrono::milliseconds(settings.drain_timeout_ms);
  return options;
}

constexpr std::size_t kLongestExample = 8192;
constexpr std::size_t kLongestChain = 200;

std::string describe(const serve::ServedModel& served) {
  const model::Model& model = served.model();
  std::string out = model.provenance().library;
  for (const std::string& version : model.provenance().versions) out += " " + printable(version);
  const std::size_t fields = model.schema().fields().size();
  out += ", " + printable(model.chain(), kLongestChain) + ", " + std::to_string(fields);
  out += fields == 1 ? " field" : " fields";
  return served.options().bundle.empty() ? out + ". Nothing in the file was executed." : out;
}

std::string describe_proof(const serve::ServedModel& served) {
  const std::uint32_t rows = served.options().proof_rows;
  const std::string count = std::to_string(rows) + (rows == 1 ? " row" : " rows");
  switch (served.options().proof) {
    case model::ProofLevel::kLibrary:
      return "library: " + count + " answered as the training library answered, on this processor";
    case model::ProofLevel::kSelf:
      return "self: " + count + " made from the schema, answered as they were at the import; the library saw none";
    case model::ProofLevel::kNone:
      break;
  }
  if (!served.options().bundle.empty()) return "none: it was imported without answers of the training library";
  return "none: no answers of the training library came with the file to compare with";
}

std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

// What the numbers of the answer mean, where one sentence can say it.
std::string meaning(const serve::ServedModel& served) {
  if (served.targets() != 1 || !served.parts().has(serve::Part::kProbability)) return "";
  const model::Label& positive = served.model().labels()[served.positive(0)];
  return "     probability = P(" + printable(served.options().name) + " = " + printable(model::label_text(positive)) +
         ")";
}

// Where to call, and how the address is written in a command.
struct Address {
  std::string open, call;
};

Address address_of(const Endpoint& data, const http::Server& server) {
  const std::string port = std::to_string(server.port(0));
  const bool v6 = data.address.find(':') != std::string::npos;
  const std::string host = v6 ? "[" + data.address + "]" : data.address;
  const bool any = data.address == "0.0.0.0" || data.address == "::";
  const std::string call = any || data.address == "127.0.0.1" ? "localhost" : host;
  return {"http://" + host + ":" + port +
              (data.loopback ? "   this machine only, no key" : "   anyone who reaches it, no key"),
          call + ":" + port};
}

class Transcript {
 public:
  explicit Transcript(std::size_t width) : width_(std::max(7, int(width) + 1)) {}
  void line(std::string_view word, std::string_view text) const {
    std::printf("%-*s %.*s\n", width_, std::string(word).c_str(), int(text.size()), text.data());
  }
  void try_line(const serve::ServedModel& served, const std::string& call, const std::string& base) const {
    const std::string example = served.model().schema().example();
    // A command line has its limits, and so has a reader.
    const bool short_enough = example.size() <= kLongestExample;
    line("try", "curl " + call + base +
                    (short_enough   ? "/predict -d " + shell_quoted(example)
                     : base.empty() ? "/model"
                                    : ""));
  }

 private:
  const int width_;
};

void print_one(const serve::ServedModel& served, const Address& address) {
  const std::string title = printable(served.title());
  const Transcript transcript(title.size());
  transcript.line(title, describe(served));
  transcript.line("proof", describe_proof(served));
  transcript.line("open", address.open + meaning(served));
  transcript.try_line(served, address.call, "");
}

// A line for each model that was asked for.
void print_many(const serve::Snapshot& snapshot, const Address& address) {
  std::size_t width = 0;
  for (const serve::Slot& slot : snapshot.slots()) width = std::max(width, printable(slot.wanted).size());
  const Transcript transcript(width);
  const serve::Slot* first = nullptr;
  for (const serve::Slot& slot : snapshot.slots()) {
    if (slot.model == nullptr) {
      transcript.line(printable(slot.wanted), "not served: " + printable(slot.why, 1024));
      continue;
    }
    if (first == nullptr) first = &slot;
    transcript.line(printable(slot.wanted), printable(slot.model->title()) + ", " + describe(*slot.model) + ". Proof " +
                                                std::string(model::proof_name(slot.model->options().proof)));
  }
  if (snapshot.slots().empty()) transcript.line("models", "none in the store yet: slipway import FILE --name NAME");
  transcript.line("open", address.open);
  if (first != nullptr) transcript.try_line(*first->model, address.call, "/models/" + first->name);
  transcript.line("all", "curl " + address.call + "/models");
}

void print_transcript(const serve::Snapshot& snapshot, const Endpoint& data, const http::Server& server) {
  const Address address = address_of(data, server);
  const bool one = snapshot.slots().size() == 1 && snapshot.default_model() != nullptr;
  if (one) {
    print_one(*snapshot.default_model(), address);
  } else {
    print_many(snapshot, address);
  }
  std::fflush(stdout);
}

// A descriptor that becomes readable. It outlives the server, whose loops write to it.
class Event {
 public:
  Event() : fd_(::eventfd(0, EFD_CLOEXEC)) {}
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { ::close(fd_); }
  int fd() const { return fd_; }
  void set() const { ::eventfd_write(fd_, 1); }

 private:
  int fd_;
};

// Waits for a signal, then for the drain to end or for a second signal.
void serve_until_signalled(serve::Service& service, http::Server& server, int signals, const Event& drained) {
  bool draining = false;
  for (;;) {
    std::array<pollfd, 2> fds = {{{signals, POLLIN, 0}, {drained.fd(), POLLIN, 0}}};
    if (::poll(fds.data(), fds.size(), -1) < 0 && errno == EINTR) continue;
    if ((fds[1].revents & POLLIN) != 0) break;
    if ((fds[0].revents & POLLIN) == 0) continue;
    signalfd_siginfo received{};
    if (::read(signals, &received, sizeof received) != sizeof received || draining) break;  // the second: at once
    draining = true;
    service.set_ready(false);
    service.log().note("info", "draining: no new connections are taken, what was asked is answered");
    server.drain([&drained] { drained.set(); });
  }
}

// `running` is set when the server has started: a scrape may come before that.
void add_server_gauges(serve::Service& service, const std::atomic<const http::Server*>& running) {
  service.gauges = [&running](std::vector<monitor::Metrics::Gauge>& out) {
    const http::Server* server = running;
    if (server == nullptr) return;
    const http::ServerCounts counts = server->counts();
    out.push_back({"slipway_connections_open", "Connections now open.", false, double(counts.open)});
    out.push_back({"slipway_connections_accepted_total", "Connections taken.", true, double(counts.accepted)});
    out.push_back({"slipway_connections_refused_total", "Connections turned away.", true, double(counts.refused)});
    out.push_back(
        {"slipway_connection_timeouts_total", "Connections that were too slow.", true, double(counts.timeouts)});
    out.push_back({"slipway_connection_resets_total", "Connections that peers reset.", true, double(counts.resets)});
    out.push_back({"slipway_accept_errors_total", "Failures to accept.", true, double(counts.accept_errors)});
    out.push_back(
        {"slipway_pool_rejections_total", "Requests that found the pool full.", true, double(counts.pool_rejections)});
  };
}

// Where the models come from: files, or a store that is followed.
struct Origin {
  std::vector<std::string> files;
  importer::Options pieces;
  std::string name;
};

struct Followed {
  std::unique_ptr<registry::Store> store;
  std::unique_ptr<registry::Catalog> catalog;
  std::unique_ptr<serve::StoreSource> source;
  std::unique_ptr<serve::Watcher> watcher;
};

Result<Followed> follow(serve::Service& service, const Settings& settings) {
  Followed out;
  out.store = SLIPWAY_TRY(registry::open_store(settings.store));
  out.catalog = std::make_unique<registry::Catalog>(*out.store);
  serve::StoreSource::Options options;
  options.references = split_list(settings.models);
  options.require_proof = SLIPWAY_TRY(parse_proof(settings.require_proof));
  options.prove = serve::prove;
  out.source = SLIPWAY_TRY(serve::StoreSource::create(*out.catalog, std::move(options)));
  out.watcher = std::make_unique<serve::Watcher>(*out.source, service,
                                                 serve::Watcher::Options{.default_model = settings.default_model});
  out.watcher->step();
  return out;
}

Result<std::shared_ptr<const serve::Snapshot>> load_files(const Origin& origin, const Settings& settings) {
  const model::ProofLevel required = SLIPWAY_TRY(parse_proof(settings.require_proof));
  if (required != model::ProofLevel::kNone) {
    return fail(Code::kUsage, "a model's own file comes without proof, and --require-proof asks for one",
                "Import it with answers of its library beside it, and serve it from the store");
  }
  engine::Plan plan = SLIPWAY_TRY(load(origin.files, origin.pieces));
  serve::ServedModel::Options about;
  about.name = origin.name.empty() ? file_stem(origin.files.back()) : origin.name;
  std::shared_ptr<const serve::ServedModel> model = SLIPWAY_TRY(serve::ServedModel::create(std::move(plan), about));
  return serve::Snapshot::of(std::move(model));
}

Result<void> run(const Origin& origin, const Settings& settings) {
  const Listening listening = SLIPWAY_TRY(endpoints(settings));
  const serve::Contract contract = SLIPWAY_TRY(serve::parse_contract(settings.contract));
  raise_descriptor_limit();
  std::shared_ptr<const serve::Snapshot> of_files;
  if (!origin.files.empty()) of_files = SLIPWAY_TRY(load_files(origin, settings));
  // Until here a signal ends the program at once; from here on it drains. Before the first thread is started.
  const int signals = SLIPWAY_TRY(open_signals());
  const std::unique_ptr<Log> log = SLIPWAY_TRY(Log::open(settings.log));
  serve::Service service({.model_name = {},
                          .version = std::string(kVersion),
                          .contract = contract,
                          .limits = {.rows = settings.rows, .depth = 64, .text_bytes = 64 * 1024}},
                         *log);
  Followed followed;
  if (of_files != nullptr) {
    service.publish(std::move(of_files));
  } else {
    followed = SLIPWAY_TRY(follow(service, settings));
  }
  const bool both = listening.data.loopback;
  const serve::ServiceHandler data(
      service, {.shows = both ? Listener::kBoth : Listener::kData, .loopback_only = !settings.allow_anonymous});
  const serve::ServiceHandler ops(service, {.shows = Listener::kOps, .loopback_only = !settings.allow_anonymous});
  std::vector<http::ListenerOptions> listeners = {{listening.data.address, listening.data.port, &data}};
  if (listening.ops) listeners.push_back({listening.ops->address, listening.ops->port, &ops});
  std::atomic<const http::Server*> running = nullptr;
  add_server_gauges(service, running);
  const Event drained;
  const std::unique_ptr<http::Server> server = SLIPWAY_TRY(http::Server::start(listeners, server_options(settings)));
  running = server.get();
  service.set_refresh([&server] { server->refresh(); });
  if (followed.watcher) followed.watcher->start();
  print_transcript(*service.current(), listening.data, *server);
  serve_until_signalled(service, *server, signals, drained);
  followed.watcher.reset();
  service.set_refresh(nullptr);
  running = nullptr;
  return {};
}

}  // namespace

int serve(const Command& command, std::span<const char* const> arguments) {
  Settings settings;
  std::vector<std::string> unknown;
  std::vector<const char*> environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) environment.push_back(*entry);
  if (const auto applied = serve::apply_environment(settings, environment, unknown); !applied) {
    return report(applied.error());
  }
  Options options(command);
  Origin origin;
  options.positional(
      "FILE", origin.files,
      "the model's file, or its pieces (dv.bin model.bin); without: the models of --store, or $MODEL_PATH");
  options.option("name", origin.name, "the model's name; default: the last file's, without its ending");
  pieces_options(options, origin.pieces);
  Settings::fields([&](std::string_view setting, auto member, std::string_view help) {
    if constexpr (std::is_same_v<std::remove_reference_t<decltype(settings.*member)>, bool>) {
      options.flag(setting, settings.*member, help);
    } else {
      options.option(setting, settings.*member, help);
    }
  });
  int exit_code = 0;
  if (!options.parse(arguments, exit_code)) return exit_code;
  for (const std::string& variable : unknown) {
    std::fprintf(stderr, "slipway: %s is not a setting; ignored\n", variable.c_str());
  }
  const char* path = std::getenv("MODEL_PATH");
  if (origin.files.empty() && settings.store.empty() && path != nullptr) origin.files.emplace_back(path);
  struct stat status{};
  const bool at_home = ::stat(default_store().c_str(), &status) == 0 && S_ISDIR(status.st_mode);
  if (origin.files.empty() && settings.store.empty() && at_home) settings.store = default_store();
  const bool store = origin.files.empty() && !settings.store.empty();
  if (!store && origin.files.empty()) {
    return report({Code::kUsage, "serve takes a model's file, or a store", "slipway serve churn.pkl, or --store DIR"});
  }
  if (!store && !settings.models.empty()) {
    return report({Code::kUsage, "--models names models of a store, and a file is to be served",
                   "slipway serve --store DIR --models " + printable(settings.models)});
  }
  const Result<void> done = run(origin, settings);
  return done ? 0 : report(done.error());
}

}  // namespace slipway::cli
