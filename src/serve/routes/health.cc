// SPDX-License-Identifier: Apache-2.0
// Is it up, may it get traffic, and who is it: for load balancers, kubelets and people.
#include "base/text.h"
#include "serve/routes.h"

namespace slipway::serve {
namespace {

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

Result<http::Response> readyz(const http::Request&, Context& context) {
  return status_only(context, context.service.ready(), "ready", "draining");
}

Result<http::Response> front(const http::Request&, Context& context) {
  std::string& out = context.worker.out;
  const Service& service = context.service;
  out.assign(service.options().model_name).append(", served by Slipway ").append(service.options().version);
  out += "\n\n";
  for (const Route& route : routes()) {
    if (route.run == front || !is_shown(route, context.listener)) continue;
    out.append(http::method_name(route.method)).append(route.method == http::Method::kGet ? "  " : " ");
    out.append(route.path).append(std::size_t(route.path.size() < 10 ? 10 - route.path.size() : 1), ' ');
    out.append(route.summary).append("\n");
  }
  if (context.listener != Listener::kOps) {
    out.append("\nA record that /predict takes:\n").append(service.plan().model().schema().example()).append("\n");
  }
  http::Response response;
  response.content_type = "text/plain; charset=utf-8";
  response.body = out;
  return response;
}

}  // namespace slipway::serve
