// SPDX-License-Identifier: Apache-2.0
#include "serve/routes.h"

namespace slipway::serve {
namespace {

using http::Method;

constexpr Route kRoutes[] = {
    {Method::kPost, "/predict", predict, Listener::kData, true, "Score a record, a row, or many of them"},
    {Method::kPost, "/models/{name}/predict", predict, Listener::kData, true, "The same, of a model by its name"},
    {Method::kPost, "/models/{name}/versions/{version}/predict", predict, Listener::kData, true,
     "The same, of a version: its number, its label or an alias"},
    {Method::kGet, "/model", model_card, Listener::kData, false, "The model's card and schema"},
    {Method::kGet, "/models", models, Listener::kData, false, "What is served: names, versions, aliases, proof"},
    {Method::kGet, "/models/{name}", model_card, Listener::kData, false, "The card of a model by its name"},
    {Method::kGet, "/models/{name}/versions/{version}", model_card, Listener::kData, false, "The card of a version"},
    {Method::kGet, "/health", health, Listener::kBoth, false, "Is the service healthy (the guides' shape)"},
    {Method::kGet, "/livez", livez, Listener::kOps, false, "Is the process alive"},
    {Method::kGet, "/readyz", readyz, Listener::kOps, false, "May traffic be sent here"},
    {Method::kGet, "/metrics", metrics, Listener::kOps, false, "Prometheus's text format"},
    {Method::kGet, "/", front, Listener::kBoth, false, "This list"},
};

}  // namespace

std::span<const Route> routes() { return kRoutes; }

bool matches(const Route& route, std::string_view path, PathParts& parts) {
  std::string_view pattern = route.path;
  if (pattern == path) return true;
  parts = {};
  for (std::size_t open = 0; (open = pattern.find('{')) != pattern.npos;) {
    const std::string_view before = pattern.substr(0, open);
    if (!path.starts_with(before)) return false;
    path.remove_prefix(open);
    const std::string_view part = path.substr(0, path.find('/'));
    if (part.empty()) return false;
    path.remove_prefix(part.size());
    pattern.remove_prefix(open);
    (pattern.starts_with("{name}") ? parts.name : parts.version) = part;
    pattern.remove_prefix(pattern.find('}') + 1);
  }
  return pattern == path && !parts.name.empty();
}

Result<std::size_t> find_slot(const Snapshot& snapshot, const PathParts& parts) {
  return parts.name.empty() ? snapshot.find_default() : snapshot.find(parts.name, parts.version);
}

bool is_shown(const Route& route, Listener listener) {
  return (std::uint8_t(route.shown_on) & std::uint8_t(listener)) != 0;
}
std::size_t no_route() { return std::size(kRoutes); }

}  // namespace slipway::serve
