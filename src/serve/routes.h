// SPDX-License-Identifier: Apache-2.0
// The one table of routes: the router, 404 and 405 answers, metrics labels, GET / and docs/exposure.md come from it.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "serve/http/message.h"
#include "serve/service.h"

namespace slipway::serve {

// What stood in the path where the route's has {name} and {version}; not decoded. Empty: the route has none.
struct PathParts {
  std::string_view name, version;
};

struct Context {
  const Service& service;
  RouteWorker& worker;
  Listener listener;  // that the request came in by
  PathParts parts;
};

// Writes its body into worker.out. An Error becomes problem+json in one place, problem.cc.
using RouteFunction = Result<http::Response> (*)(const http::Request&, Context&);

struct Route {
  http::Method method;
  std::string_view path;  // {name} and {version} stand for a part each
  RouteFunction run;
  Listener shown_on;
  bool by_cost;  // long requests go to the pool
  std::string_view summary;
};

std::span<const Route> routes();
// True if the path is the route's; fills `parts`.
bool matches(const Route& route, std::string_view path, PathParts& parts);
// The slot that the path means: of the name and version in it, or the default. Errors as Snapshot::find().
Result<std::size_t> find_slot(const Snapshot& snapshot, const PathParts& parts);
bool is_shown(const Route& route, Listener listener);

// What matched none: the index behind the last route.
std::size_t no_route();

// routes/*.cc
Result<http::Response> predict(const http::Request& request, Context& context);
Result<http::Response> health(const http::Request& request, Context& context);
Result<http::Response> livez(const http::Request& request, Context& context);
Result<http::Response> readyz(const http::Request& request, Context& context);
Result<http::Response> metrics(const http::Request& request, Context& context);
Result<http::Response> models(const http::Request& request, Context& context);
Result<http::Response> model_card(const http::Request& request, Context& context);
Result<http::Response> front(const http::Request& request, Context& context);

}  // namespace slipway::serve
