// SPDX-License-Identifier: Apache-2.0
// The attributes of one object in a pickle, read by name and type. Every error says where: the path from the root, the
// attribute, the byte. Borrows the document. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "format/pickle/document.h"
#include "format/pickle/numpy.h"

namespace slipway::importer {

// "1.6.1" and its order; an unknown or absent version is 0.0.
struct Version {
  int major = 0, minor = 0;
  friend auto operator<=>(const Version&, const Version&) = default;
};
Version parse_version(std::string_view text);

class Attributes {
 public:
  // kCorrupt if the object has no attribute dict. `path` is as the user would write it: "pipeline.steps[1] 'model'".
  static Result<Attributes> of(const pickle::Document& document, pickle::NodeId object, std::string path);

  const pickle::Document& document() const { return *document_; }
  const std::string& path() const { return path_; }
  pickle::NodeId object() const { return object_; }
  pickle::Global class_name() const { return pickle::class_of(*document_, object_); }

  // The attribute's node; kNoNode if it is absent. is_none: absent too.
  pickle::NodeId node(std::string_view name) const { return pickle::find(*document_, dict_, name); }
  bool has(std::string_view name) const { return node(name) != pickle::kNoNode; }
  bool is_none(std::string_view name) const;

  // kCorrupt with path, name and byte if the attribute is absent or of another type.
  Result<bool> flag(std::string_view name) const;
  Result<std::string> text(std::string_view name) const;
  Result<std::int64_t> integer(std::string_view name) const;
  Result<pickle::Numbers> numbers(std::string_view name) const;
  // Exactly `count` finite numbers in one dimension.
  Result<std::vector<double>> doubles(std::string_view name, std::size_t count) const;
  Result<std::vector<pickle::Scalar>> scalars(std::string_view name) const;
  // Text only, in one dimension; nullopt if the attribute is absent or None.
  Result<std::optional<std::vector<std::string>>> names(std::string_view name) const;

  // kUnsupported "<path> is not fitted: it has no coef_; call fit() before dumping", if `name` is absent.
  Result<void> fitted(std::string_view name) const;

  // "<path> -> <name>: <what> (byte N)"; without a name "<path>: <what> (byte N)".
  Error error(Code code, std::string_view name, std::string_view what) const;

  Version version() const;           // of `_sklearn_version`
  std::string version_text() const;  // "" if there is none

 private:
  Attributes() = default;
  Result<pickle::NodeId> present(std::string_view name) const;

  const pickle::Document* document_ = nullptr;
  pickle::NodeId object_ = pickle::kNoNode;
  pickle::NodeId dict_ = pickle::kNoNode;
  std::string path_;
};

// "(1, 8)", "()" and "(3,)" as Python prints a shape.
std::string shape_text(std::span<const std::uint64_t> shape);

}  // namespace slipway::importer
