// SPDX-License-Identifier: Apache-2.0
#include "serve/routes.h"

namespace slipway::serve {
namespace {

using http::Method;

constexpr Route kRoutes[] = {
    {Method::kPost, "/predict", predict, Listener::kData, true, "Score a record, a row, or many of them"},
    {Method::kGet, "/model", model_card, Listener::kData, false, "The model's card and schema"},
    {Method::kGet, "/health", health, Listener::kBoth, false, "Is the service healthy (the guides' shape)"},
    {Method::kGet, "/livez", livez, Listener::kOps, false, "Is the process alive"},
    {Method::kGet, "/readyz", readyz, Listener::kOps, false, "May traffic be sent here"},
    {Method::kGet, "/metrics", metrics, Listener::kOps, false, "Prometheus's text format"},
    {Method::kGet, "/", front, Listener::kBoth, false, "This list"},
};

}  // namespace

std::span<const Route> routes() { return kRoutes; }
bool is_shown(const Route& route, Listener listener) {
  return (std::uint8_t(route.shown_on) & std::uint8_t(listener)) != 0;
}
std::size_t no_route() { return std::size(kRoutes); }

}  // namespace slipway::serve
