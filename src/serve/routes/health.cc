// SPDX-License-Identifier: Apache-2.0
// Is it up, may it get traffic, and who is it: for load balancers, kubelets and people.
#include "base/text.h"
#include "serve/routes.h"

namespace slipway::serve {
namespace {

constexpr std::size_t kPathWidth = 42;  // of the list of routes

http::Response json(Context& context, int status) {
  http::Response response;
  response.status = status;
  response.body = context.worker.out;
  return response;
}

http::Response status_only(Context& context, bool good, std::string_view yes, std::string_view no) {
  context.worker.out.assign("{\"status\":");
  append_json_string(context.worker.out, good ? yes : no);
  context.worker.out += "}\n";
  return json(context, good ? 200 : 503);
}

void member(std::string& out, std::string_view name, std::string_view text) {
  out.append(out.back() == '{' ? "\"" : ",\"").append(name).append("\":");
  append_json_string(out, text);
}

void append_slot(std::string& out, const Slot& slot) {
  out += '{';
  member(out, "model", slot.wanted);
  out.append(",\"served\":").append(slot.model == nullptr ? "false" : "true");
  if (slot.model != nullptr) {
    if (!slot.model->options().version.empty()) member(out, "version", slot.model->options().version);
    member(out, "proof", model::proof_name(slot.model->options().proof));
  }
  if (!slot.failed.empty()) member(out, "failed", slot.failed);
  if (!slot.why.empty()) member(out, "why", slot.why);
  out += '}';
}

}  // namespace

// The guides' shape: {"status":"healthy","version":"1.0.0"}.
Result<http::Response> health(const http::Request&, Context& context) {
  const bool ready = context.service.ready();
  std::string& out = context.worker.out;
  out.assign("{\"status\":").append(ready ? "\"healthy\"" : "\"draining\"").append(",\"version\":");
  append_json_string(out, context.service.options().version);
  out += "}\n";
  return json(context, ready ? 200 : 503);
}

// Alive as long as it can answer: a drain is no reason to be restarted.
Result<http::Response> livez(const http::Request&, Context& context) { return status_only(context, true, "alive", ""); }

// Ready while everything that was asked for is served. A model whose newest version is not good enough is served by the
// one before: that is no reason to send traffic elsewhere, and is said here.
Result<http::Response> readyz(const http::Request&, Context& context) {
  const Snapshot& snapshot = context.worker.snapshot();
  const bool draining = !context.service.ready();
  const bool good = !draining && snapshot.complete();
  std::string& out = context.worker.out;
  out.assign("{\"status\":\"").append(draining ? "draining" : good ? "ready" : "not ready").append("\",\"models\":[");
  for (const Slot& slot : snapshot.slots()) {
    if (out.back() != '[') out += ',';
    append_slot(out, slot);
  }
  out += "]}\n";
  return json(context, good ? 200 : 503);
}

Result<http::Response> front(const http::Request&, Context& context) {
  std::string& out = context.worker.out;
  const Snapshot& snapshot = context.worker.snapshot();
  out.clear();
  for (const std::string_view name : snapshot.names()) out.append(out.empty() ? "" : ", ").append(name);
  out.append(out.empty() ? "Nothing yet" : "").append(", served by Slipway ").append(context.service.options().version);
  out += "\n\n";
  for (const Route& route : routes()) {
    if (route.run == front || !is_shown(route, context.listener)) continue;
    out.append(http::method_name(route.method)).append(route.method == http::Method::kGet ? "  " : " ");
    out.append(route.path).append(route.path.size() < kPathWidth ? kPathWidth - route.path.size() : 1, ' ');
    out.append(route.summary).append("\n");
  }
  const ServedModel* model = snapshot.default_model();
  if (context.listener != Listener::kOps && model != nullptr) {
    out.append("\nA record that /predict takes:\n").append(model->model().schema().example()).append("\n");
  }
  http::Response response;
  response.content_type = "text/plain; charset=utf-8";
  response.body = out;
  return response;
}

}  // namespace slipway::serve
