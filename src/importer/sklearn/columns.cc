// SPDX-License-Identifier: Apache-2.0
// Whatever it is written as becomes scalars first, and those become numbers of columns.
#include "importer/sklearn/columns.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"

namespace slipway::importer::sklearn {
namespace {

using pickle::Document;
using pickle::Kind;
using pickle::NodeId;
using pickle::Scalar;

bool is_made_by(const Document& document, NodeId node, std::string_view module, std::string_view name) {
  if (document.kind(node) != Kind::kObject) return false;
  const pickle::Global made = pickle::class_of(document, node);
  return made.module == module && made.name == name;
}

// The dict of what _new_Index(class, {...}) is given; kNoNode if the node is no pandas Index.
NodeId index_parts(const Document& document, NodeId node) {
  if (!is_made_by(document, node, "pandas.core.indexes.base", "_new_Index")) return pickle::kNoNode;
  const auto arguments = document.items(document.object(node).args);
  if (arguments.size() != 2 || document.kind(arguments[1]) != Kind::kDict) return pickle::kNoNode;
  return arguments[1];
}

// What stands inside the containers that pandas and scikit-learn put around a list.
NodeId unwrapped(const Document& document, NodeId node) {
  if (document.kind(node) != Kind::kObject) return node;
  NodeId parts = index_parts(document, node);
  if (is_made_by(document, node, "sklearn.compose._column_transformer", "_RemainderColsList")) {
    parts = pickle::attributes(document, node);
  }
  if (parts == pickle::kNoNode) return node;
  const NodeId data = pickle::find(document, parts, "data");
  return data == pickle::kNoNode ? node : data;
}

using Bounds = std::optional<std::int64_t>[3];

// Python's slice.indices: columns start, start + step, ... before stop.
Result<std::vector<std::uint32_t>> count_off(const Bounds& bounds, std::size_t columns) {
  const auto size = std::int64_t(columns);
  const std::int64_t step = bounds[2].value_or(1);
  if (step == 0) return fail(Code::kCorrupt, "is a slice whose step is 0");
  const auto place = [&](std::optional<std::int64_t> bound, std::int64_t none) {
    if (!bound) return none;
    const std::int64_t at = *bound < 0 ? std::max(*bound, -size - 1) + size : std::min(*bound, size);
    return step > 0 ? std::clamp<std::int64_t>(at, 0, size) : std::clamp<std::int64_t>(at, -1, size - 1);
  };
  const std::int64_t start = place(bounds[0], step > 0 ? 0 : size - 1);
  const std::int64_t stop = place(bounds[1], step > 0 ? size : -1);
  std::vector<std::uint32_t> out;
  if (step > size || step < -size) {
    if (step > 0 ? start < stop : start > stop) out.push_back(std::uint32_t(start));
    return out;
  }
  for (std::int64_t at = start; step > 0 ? at < stop : at > stop; at += step) out.push_back(std::uint32_t(at));
  return out;
}

Result<std::uint32_t> column_named(std::string_view name, const std::vector<std::string>& names) {
  const auto found = std::ranges::find(names, name);
  if (found != names.end()) return std::uint32_t(found - names.begin());
  return fail(Code::kCorrupt, fmt::format("names a column '{}' that training did not have", printable(name)));
}

// slice(start, stop, step) of numbers, or of names, where the last is taken too.
Result<std::vector<std::uint32_t>> read_slice(const Document& document, NodeId node, std::size_t columns,
                                              const std::vector<std::string>& names) {
  const auto parts = document.items(document.object(node).args);
  if (parts.size() != 3) return fail(Code::kCorrupt, "is a slice without its three bounds");
  Bounds bounds;
  for (std::size_t i = 0; i < 3; ++i) {
    const Kind kind = document.kind(parts[i]);
    if (kind == Kind::kNone) continue;
    if (kind == Kind::kText && i < 2) {
      const std::uint32_t column = SLIPWAY_TRY(column_named(document.text(parts[i]), names));
      bounds[i] = std::int64_t{column} + (i == 1 ? 1 : 0);
      continue;
    }
    const pickle::Numbers bound = SLIPWAY_TRY(pickle::read_numbers(document, parts[i]));
    const double value = bound.shape.empty() ? bound.values[0] : 0.5;
    if (!(value == double(std::int64_t(std::clamp(value, -1e15, 1e15))))) {
      return fail(Code::kCorrupt, "is a slice with a bound that is no integer");
    }
    bounds[i] = std::int64_t(value);
  }
  return count_off(bounds, columns);
}

Result<std::uint32_t> column_of(const Scalar& scalar, std::size_t columns, const std::vector<std::string>& names) {
  if (scalar.kind == Scalar::Kind::kText) return column_named(scalar.text, names);
  if (scalar.kind != Scalar::Kind::kInt) return fail(Code::kUnsupported, "chooses a column by no name and no number");
  const std::int64_t column = scalar.integer < 0 ? scalar.integer + std::int64_t(columns) : scalar.integer;
  if (column < 0 || std::cmp_greater_equal(column, columns)) {
    return fail(Code::kCorrupt, fmt::format("chooses column {} of {}", scalar.integer, columns));
  }
  return std::uint32_t(column);
}

// RangeIndex(start, stop, step): the numbers are the names of the columns, which were called 0, 1, ...
std::optional<Result<std::vector<std::uint32_t>>> read_range(const Document& document, NodeId node,
                                                             std::size_t columns) {
  const NodeId parts = index_parts(document, node);
  if (parts == pickle::kNoNode) return std::nullopt;
  Bounds bounds;
  constexpr std::string_view kNames[] = {"start", "stop", "step"};
  for (std::size_t i = 0; i < 3; ++i) {
    const NodeId bound = pickle::find(document, parts, kNames[i]);
    if (bound == pickle::kNoNode || document.kind(bound) != Kind::kInt) return std::nullopt;
    bounds[i] = document.integer(bound);
  }
  return count_off(bounds, columns);
}

}  // namespace

std::vector<std::string> names_in(const Document& document, NodeId node) {
  std::vector<std::string> out;
  const auto scalars = pickle::read_scalars(document, unwrapped(document, node));
  if (!scalars) return out;
  for (const Scalar& scalar : *scalars) {
    if (scalar.kind == Scalar::Kind::kText) out.push_back(scalar.text);
  }
  return out;
}

Result<std::vector<std::uint32_t>> read_columns(const Document& document, NodeId node, std::size_t columns,
                                                const std::vector<std::string>& names) {
  if (is_made_by(document, node, "builtins", "slice")) return read_slice(document, node, columns, names);
  if (auto range = read_range(document, node, columns)) return std::move(*range);
  const auto scalars = pickle::read_scalars(document, unwrapped(document, node));
  if (!scalars) {
    return fail(Code::kUnsupported,
                fmt::format("chooses its columns in a way that is not read: {}", scalars.error().message()));
  }
  std::vector<std::uint32_t> out;
  const bool mask = !scalars->empty() && scalars->front().kind == Scalar::Kind::kBool;
  if (mask && scalars->size() != columns) {
    return fail(Code::kCorrupt, fmt::format("chooses by {} booleans among {} columns", scalars->size(), columns));
  }
  for (std::size_t i = 0; i < scalars->size(); ++i) {
    const Scalar& scalar = (*scalars)[i];
    if (mask != (scalar.kind == Scalar::Kind::kBool)) return fail(Code::kCorrupt, "mixes booleans and other choices");
    if (mask) {
      if (scalar.integer != 0) out.push_back(std::uint32_t(i));
      continue;
    }
    const std::uint32_t column = SLIPWAY_TRY(column_of(scalar, columns, names));
    out.push_back(column);
  }
  return out;
}

}  // namespace slipway::importer::sklearn
