// SPDX-License-Identifier: Apache-2.0
// `slipway serve`: load, start, say how to call it, serve until a signal, drain.
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

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
#include "serve/http/server.h"
#include "serve/service.h"
#include "serve/settings.h"

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

std::string describe_model(const serve::Service& service) {
  const model::Model& model = service.plan().model();
  std::string out = model.provenance().library;
  for (const std::string& version : model.provenance().versions) out += " " + printable(version);
  const std::size_t fields = model.schema().fields().size();
  out += ", " + model.chain() + ", " + std::to_string(fields) + (fields == 1 ? " field" : " fields");
  return out + ". Nothing in the file was executed.";
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

void print_transcript(const serve::Service& service, const Listening& listening, const http::Server& server) {
  const std::string name = printable(service.options().model_name);
  const int width = std::max(7, int(name.size()) + 1);
  const auto line = [&](std::string_view word, std::string_view text) {
    std::printf("%-*s %.*s\n", width, std::string(word).c_str(), int(text.size()), text.data());
  };
  line(name, describe_model(service));
  line("proof", "none: no answers of the training library came with the file to compare with");
  const bool loopback = listening.data.loopback;
  const std::string port = std::to_string(server.port(0));
  const bool v6 = listening.data.address.find(':') != std::string::npos;
  const std::string host = v6 ? "[" + listening.data.address + "]" : listening.data.address;
  std::string open = "http://" + host + ":" + port;
  open += loopback ? "   this machine only, no key" : "   anyone who reaches it, no key";
  const auto& labels = service.plan().model().labels();
  if (labels.size() == 2 && service.plan().model().output(model::OutputKind::kProbability) != nullptr) {
    open += "     probability = P(" + name + " = " + printable(model::label_text(labels[1])) + ")";
  }
  line("open", open);
  const bool any = listening.data.address == "0.0.0.0" || listening.data.address == "::";
  const std::string call = any || listening.data.address == "127.0.0.1" ? "localhost" : host;
  const std::string example = service.plan().model().schema().example();
  // A command line has its limits, and so has a reader.
  const bool short_enough = example.size() <= kLongestExample;
  line("try", "curl " + call + ":" + port + (short_enough ? "/predict -d " + shell_quoted(example) : "/model"));
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

Result<void> run(const std::vector<std::string>& files, const importer::Options& pieces, const std::string& name,
                 const Settings& settings) {
  const Listening listening = SLIPWAY_TRY(endpoints(settings));
  const serve::Contract contract = SLIPWAY_TRY(serve::parse_contract(settings.contract));
  raise_descriptor_limit();
  engine::Plan plan = SLIPWAY_TRY(load(files, pieces));
  // Until here a signal ends the program at once; from here on it drains. Before the first thread is started.
  const int signals = SLIPWAY_TRY(open_signals());
  const std::unique_ptr<Log> log = SLIPWAY_TRY(Log::open(settings.log));
  serve::Service service(std::move(plan),
                         {.model_name = name.empty() ? file_stem(files.back()) : name,
                          .version = std::string(kVersion),
                          .contract = contract,
                          .limits = {.rows = settings.rows, .depth = 64, .text_bytes = 64 * 1024}},
                         *log);
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
  print_transcript(service, listening, *server);
  serve_until_signalled(service, *server, signals, drained);
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
  std::vector<std::string> files;
  importer::Options pieces;
  std::string name;
  options.positional("FILE", files, "the model's file, or its pieces (dv.bin model.bin); default: $MODEL_PATH");
  options.option("name", name, "the model's name; default: the last file's, without its ending");
  options.list("feature_names", pieces.feature_names, "names for the columns of a model that has none");
  options.list("steps", pieces.steps, "which pieces of the files to use, in order: keys, indices, names of files");
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
  if (const char* path = std::getenv("MODEL_PATH"); files.empty() && path != nullptr) files.emplace_back(path);
  if (files.empty()) {
    return report({Code::kUsage, "serve takes a model's file", "slipway serve churn.pkl"});
  }
  const Result<void> done = run(files, pieces, name, settings);
  return done ? 0 : report(done.error());
}

}  // namespace slipway::cli
