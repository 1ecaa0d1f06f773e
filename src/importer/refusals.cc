// SPDX-License-Identifier: Apache-2.0
// Names are compared with tables; nothing is resolved.
#include "importer/refusals.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "base/text.h"
#include "importer/sklearn/estimators.h"

namespace slipway::importer {
namespace {

using pickle::Kind;
using sklearn::Support;

constexpr std::size_t kNamesShown = 3;

// The first names in the document that are somebody's own code, and how many there are.
std::pair<std::vector<std::string>, pickle::NodeId> foreign_names(const pickle::Document& document) {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  std::pair<std::vector<std::string>, pickle::NodeId> out{{}, pickle::kNoNode};
  const auto look = [&](pickle::Global name, pickle::NodeId where) {
    if (!seen.emplace(name.module, name.name).second || sklearn::support_of(name) != Support::kUnknown) return;
    if (out.first.empty()) out.second = where;
    out.first.push_back(name.name.empty() ? "something that is not a name" : dotted(name));
  };
  for (const pickle::NodeId callable : document.callables()) {
    const bool name = document.kind(callable) == Kind::kGlobal;
    look(name ? pickle::modern(document.global(callable)) : pickle::Global{}, callable);
  }
  for (pickle::NodeId node = 0; node < document.size(); ++node) {
    if (document.kind(node) == Kind::kObject) look(pickle::class_of(document, node), node);
  }
  return out;
}

std::string listed(const std::vector<std::string>& names) {
  const std::span<const std::string> first = std::span(names).first(std::min(names.size(), kNamesShown));
  std::vector<std::string_view> shown(first.begin(), first.end());
  const std::string rest = names.size() > kNamesShown ? fmt::format("{} more", names.size() - kNamesShown) : "";
  if (!rest.empty()) shown.push_back(rest);
  return join_and(shown);
}

// The served estimator that is meant most likely, or the list.
std::string hint_for(std::string_view name) {
  const std::vector<sklearn::Estimator> rows = sklearn::estimators();
  std::vector<std::string_view> names;
  names.reserve(rows.size());
  for (const sklearn::Estimator& row : rows) names.push_back(row.name);
  const std::string_view near = nearest(name, names);
  if (!near.empty() && near != name) {
    return fmt::format("the nearest that is served is {}; all: slipway estimators", near);
  }
  return fmt::format("served today: {}", sklearn::supported_names());
}

}  // namespace

std::string dotted(pickle::Global name) { return printable(name.module) + "." + printable(name.name); }

Error refuse_node(const pickle::Document& document, pickle::NodeId node, std::string_view path) {
  const Kind kind = document.kind(node);
  const auto offset = document.offset(node);
  if (kind == Kind::kGlobal) {
    const auto name = dotted(pickle::modern(document.global(node)));
    return {
        Code::kRefused,
        fmt::format("{}: is the Python function or class {} (byte {}); a file holds only its name, not its code, and "
                    "it was not imported",
                    path, name, offset),
        "Slipway never runs Python code: replace it with a built-in transformer, or do this step before the request"};
  }
  if (kind != Kind::kObject) {
    return {Code::kRefused, fmt::format("{}: is {} (byte {}), not a model", path, pickle::kind_name(kind), offset),
            fmt::format("dump a fitted estimator; served today: {}", sklearn::supported_names())};
  }
  const pickle::Global name = pickle::class_of(document, node);
  switch (sklearn::support_of(name)) {
    case Support::kEstimator:
    case Support::kKnownUnsupported:
      return {Code::kUnsupported, fmt::format("{}: {} is not served yet (byte {})", path, dotted(name), offset),
              hint_for(name.name)};
    case Support::kInert:
      return {Code::kRefused, fmt::format("{}: is a {} (byte {}), not a model", path, dotted(name), offset),
              fmt::format("dump a fitted estimator; served today: {}", sklearn::supported_names())};
    case Support::kUnknown:
      break;
  }
  return {
      Code::kRefused,
      fmt::format("{}: is made by {} (byte {}), which is not scikit-learn's. In all this file asks Python to call {}; "
                  "nothing was called",
                  path, name.name.empty() ? "something that is not a name" : dotted(name), offset,
                  listed(foreign_names(document).first)),
      "Slipway never runs code from a model file; dump the fitted scikit-learn estimator inside it instead"};
}

Result<void> refuse_foreign_code(const pickle::Document& document) {
  const auto [names, where] = foreign_names(document);
  if (names.empty()) return {};
  return fail(Code::kRefused,
              fmt::format("this file asks Python to call {} (byte {}); nothing was called", listed(names),
                          document.offset(where)),
              "the model itself could be served: dump it again without what is not scikit-learn's own");
}

}  // namespace slipway::importer
