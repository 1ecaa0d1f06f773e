// SPDX-License-Identifier: Apache-2.0
// For tests only: a node in the notation of describe() in tools/fixtures/pickles.py, so that what Python says and what
// we read can be compared as text.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "format/pickle/document.h"

namespace slipway::pickle::test {

using namespace std::string_literals;

inline Document read(std::string bytes) {
  auto document = Document::read(FileBytes::of(std::move(bytes)));
  EXPECT_TRUE(document) << document.error().to_string();
  if (!document) return *Document::read(FileBytes::of("N."));
  return std::move(*document);
}

inline Error refused(std::string bytes, const Limits& limits = {}) {
  const auto document = Document::read(FileBytes::of(std::move(bytes)), limits);
  EXPECT_FALSE(document) << "was read";
  return document ? Error(Code::kInternal, "was read") : document.error();
}

inline std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

inline std::string unhex(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    out += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
  }
  return out;
}

inline std::string bits(double value) {
  return std::isnan(value) ? "nan" : fmt::format("{:016x}", std::bit_cast<std::uint64_t>(value));
}

inline std::string show(const Document& document, NodeId node, int depth = 0);

inline std::string show_all(const Document& document, std::span<const NodeId> items, int depth, bool sorted = false) {
  std::vector<std::string> parts;
  for (const NodeId item : items) parts.push_back(show(document, item, depth + 1));
  if (sorted) std::ranges::sort(parts);
  return fmt::format("{}", fmt::join(parts, " "));
}

// Below protocol 3 or 4, Python writes bytes, bytearrays and sets as calls: trap 12 of the format.
inline std::string show_object(const Document& document, NodeId node, int depth) {
  const Global name = class_of(document, node);
  const Object& object = document.object(node);
  const auto args = document.items(object.args);
  const auto text_bytes = [&](NodeId text) {
    std::string out;
    const std::string utf8(document.text(text));
    for (std::size_t i = 0; i < utf8.size(); ++i) {
      const auto c = static_cast<unsigned char>(utf8[i]);
      out += c < 0x80 ? utf8[i] : static_cast<char>((c & 3) << 6 | (static_cast<unsigned char>(utf8[++i]) & 63));
    }
    return hex(out);
  };
  if (name.module == "_codecs" && name.name == "encode") return "bytes:" + text_bytes(args[0]);
  if (name.module == "builtins" && name.name == "bytes" && args.empty()) return "bytes:";
  if (name.module == "builtins" && name.name == "bytearray") {
    if (args.empty()) return "bytearray:";
    if (document.kind(args[0]) == Kind::kText) return "bytearray:" + text_bytes(args[0]);
    return "bytearray:" + show(document, args[0], depth + 1).substr(std::string_view("bytes:").size());
  }
  if (name.module == "builtins" && (name.name == "set" || name.name == "frozenset")) {
    const std::string inside = args.empty() ? "" : show_all(document, document.items(args[0]), depth, true);
    return (name.name == "set" ? "set<" : "frozen<") + inside + ">";
  }
  std::string out = fmt::format("{}.{}({})", name.module, name.name, show_all(document, args, depth));
  if (object.kwargs != kNoNode) out += " kwargs=" + show(document, object.kwargs, depth + 1);
  if (object.state != kNoNode) out += " state=" + show(document, object.state, depth + 1);
  if (!document.items(node).empty()) out += " items=" + show_all(document, document.items(node), depth);
  if (!document.pairs(node).empty()) out += " pairs=" + show_all(document, document.pairs(node), depth);
  return out;
}

inline std::string show(const Document& document, NodeId node, int depth) {
  if (depth > 20) return "...";
  const auto items = document.items(node);
  switch (document.kind(node)) {
    case Kind::kNone:
      return "None";
    case Kind::kBool:
      return fmt::format("bool:{:d}", document.boolean(node));
    case Kind::kInt:
      return fmt::format("int:{}", document.integer(node));
    case Kind::kBigInt:
      return "big:" + hex(document.text(node));
    case Kind::kFloat:
      return "float:" + bits(document.real(node));
    case Kind::kText:
      return "text:" + hex(document.text(node));
    case Kind::kBytes:
      return "bytes:" + hex(document.text(node));
    case Kind::kByteArray:
      return "bytearray:" + hex(document.text(node));
    case Kind::kTuple:
      return "(" + show_all(document, items, depth) + ")";
    case Kind::kList:
      return "[" + show_all(document, items, depth) + "]";
    case Kind::kSet:
      return "set<" + show_all(document, items, depth, true) + ">";
    case Kind::kFrozenSet:
      return "frozen<" + show_all(document, items, depth, true) + ">";
    case Kind::kDict: {
      std::vector<std::string> pairs;
      for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
        pairs.push_back(show(document, items[i], depth + 1) + "=" + show(document, items[i + 1], depth + 1));
      }
      return fmt::format("{{{}}}", fmt::join(pairs, " "));
    }
    case Kind::kGlobal:
      return fmt::format("name:{}.{}", document.global(node).module, document.global(node).name);
    case Kind::kObject:
      return show_object(document, node, depth);
  }
  return "?";
}

}  // namespace slipway::pickle::test
