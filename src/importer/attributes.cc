// SPDX-License-Identifier: Apache-2.0
// Thin: the types are read by format/pickle, the sentences are made here.
#include "importer/attributes.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text.h"

namespace slipway::importer {

using pickle::Kind;
using pickle::kNoNode;
using pickle::NodeId;

Version parse_version(std::string_view text) {
  Version out;
  const char* begin = text.data();
  const char* end = begin + text.size();
  const auto major = std::from_chars(begin, end, out.major);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return {};
  if (std::from_chars(major.ptr + 1, end, out.minor).ec != std::errc()) return {};
  return out;
}

std::string shape_text(std::span<const std::uint64_t> shape) {
  std::string out = "(";
  for (const std::uint64_t size : shape) {
    if (out.size() > 1) out += ", ";
    out += std::to_string(size);
  }
  if (shape.size() == 1) out += ',';
  return out + ')';
}

Result<Attributes> Attributes::of(const pickle::Document& document, NodeId object, std::string path) {
  Attributes out;
  out.document_ = &document;
  out.object_ = object;
  out.path_ = std::move(path);
  if (document.kind(object) != Kind::kObject) {
    const auto what = fmt::format("is {}, not an object", pickle::kind_name(document.kind(object)));
    return fail(out.error(Code::kCorrupt, "", what));
  }
  out.dict_ = pickle::attributes(document, object);
  if (out.dict_ == kNoNode) return fail(out.error(Code::kCorrupt, "", "has no attributes"));
  return out;
}

bool Attributes::is_none(std::string_view name) const {
  const NodeId found = node(name);
  return found == kNoNode || document_->kind(found) == Kind::kNone;
}

Error Attributes::error(Code code, std::string_view name, std::string_view what) const {
  const NodeId found = name.empty() ? object_ : node(name);
  std::string message = path_;
  if (!name.empty()) message += fmt::format(" -> {}", name);
  message += fmt::format(": {} (byte {})", what, document_->offset(found == kNoNode ? object_ : found));
  return {code, std::move(message)};
}

Result<NodeId> Attributes::present(std::string_view name) const {
  const NodeId found = node(name);
  if (found == kNoNode) return fail(error(Code::kCorrupt, name, "is missing"));
  return found;
}

Result<bool> Attributes::flag(std::string_view name) const {
  const NodeId found = SLIPWAY_TRY(present(name));
  if (document_->kind(found) == Kind::kBool) return document_->boolean(found);
  // numpy.bool_, and the 0 and 1 that people write
  auto number = pickle::read_numbers(*document_, found);
  if (number && number->shape.empty() && (number->values[0] == 0 || number->values[0] == 1)) {
    return number->values[0] == 1;
  }
  return fail(
      error(Code::kCorrupt, name, fmt::format("is {}, want a bool", pickle::kind_name(document_->kind(found)))));
}

Result<std::string> Attributes::text(std::string_view name) const {
  const NodeId found = SLIPWAY_TRY(present(name));
  const Kind kind = document_->kind(found);
  if (kind == Kind::kText || kind == Kind::kBytes) return std::string(document_->text(found));
  return fail(error(Code::kCorrupt, name, fmt::format("is {}, want text", pickle::kind_name(kind))));
}

Result<std::int64_t> Attributes::integer(std::string_view name) const {
  const pickle::Numbers found = SLIPWAY_TRY(numbers(name));
  const double value = found.shape.empty() ? found.values[0] : -0.5;
  if (value != std::floor(value) || std::fabs(value) > 1e15)
    return fail(error(Code::kCorrupt, name, "is not an integer"));
  return static_cast<std::int64_t>(value);
}

Result<pickle::Numbers> Attributes::numbers(std::string_view name) const {
  const NodeId found = SLIPWAY_TRY(present(name));
  auto numbers = pickle::read_numbers(*document_, found);
  if (!numbers) return fail(error(numbers.error().code(), name, numbers.error().message()));
  return numbers;
}

Result<std::vector<double>> Attributes::doubles(std::string_view name, std::size_t count) const {
  pickle::Numbers found = SLIPWAY_TRY(numbers(name));
  if (found.shape.size() != 1 || found.values.size() != count) {
    return fail(error(Code::kCorrupt, name, fmt::format("has shape {}, want ({},)", shape_text(found.shape), count)));
  }
  if (!std::ranges::all_of(found.values, [](double x) { return std::isfinite(x); })) {
    return fail(error(Code::kCorrupt, name, "has values that are NaN or infinite: the fit did not converge"));
  }
  return std::move(found.values);
}

Result<std::vector<pickle::Scalar>> Attributes::scalars(std::string_view name) const {
  const NodeId found = SLIPWAY_TRY(present(name));
  auto scalars = pickle::read_scalars(*document_, found);
  if (!scalars) return fail(error(scalars.error().code(), name, scalars.error().message()));
  return scalars;
}

Result<std::optional<std::vector<std::string>>> Attributes::names(std::string_view name) const {
  std::optional<std::vector<std::string>> out;
  if (is_none(name)) return out;
  const std::vector<pickle::Scalar> found = SLIPWAY_TRY(scalars(name));
  out.emplace();
  for (const pickle::Scalar& scalar : found) {
    if (scalar.kind != pickle::Scalar::Kind::kText) {
      return fail(error(Code::kUnsupported, name, "has a name that is not text; records are read from JSON"));
    }
    out->push_back(scalar.text);
  }
  return out;
}

Result<void> Attributes::fitted(std::string_view name) const {
  if (has(name)) return {};
  const auto what = fmt::format("is not fitted: it has no {}", name);
  return fail(error(Code::kUnsupported, "", what).or_hint("call fit() before dumping"));
}

std::string Attributes::version_text() const {
  const NodeId found = node("_sklearn_version");
  if (found == kNoNode) return {};
  const Kind kind = document_->kind(found);
  return kind == Kind::kText || kind == Kind::kBytes ? printable(document_->text(found), 40) : "";
}

Version Attributes::version() const { return parse_version(version_text()); }

}  // namespace slipway::importer
