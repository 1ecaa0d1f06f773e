// SPDX-License-Identifier: Apache-2.0
// Two passes over a document. The first goes over all nodes in file order, also those that nothing refers to any more
// (a file can make an object and drop it), and collects names, calls and versions. The second walks the tree from the
// root with its own stack, a bit for every node already shown, and budgets for lines, depth and width.
#include "format/pickle/outline.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "format/pickle/calls.h"
#include "format/pickle/numpy.h"

namespace slipway::pickle {
namespace {

constexpr std::size_t kMaxVersions = 20;
constexpr std::size_t kValueBytes = 60;
constexpr std::size_t kNameBytes = 200;

std::string full_name(Global name) {
  return fmt::format("{}.{}", printable(name.module, kNameBytes), printable(name.name, kNameBytes));
}

std::string real_text(double value) {
  if (!std::isfinite(value)) return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
  std::string text;
  append_json_number(text, value);
  return printable(text, kValueBytes);  // 1e300 has many digits, and -0.0 a sign
}

class Names {
 public:
  Names(const Document& document, const OutlineOptions& options) : document_(document), options_(options) {}

  void collect(Outline& outline) {
    group();
    count_calls(outline);
    for (FoundName& name : names_) judge(name);
    outline.all_names = names_.size();
    outline.dangerous_names = static_cast<std::uint64_t>(std::ranges::count_if(names_, &FoundName::dangerous));
    const auto most = std::min<std::size_t>(names_.size(), options_.names);
    std::ranges::partial_sort(names_, names_.begin() + static_cast<std::ptrdiff_t>(most), {},
                              [](const FoundName& name) { return std::pair(!name.dangerous, name.offset); });
    names_.resize(most);
    std::ranges::sort(names_, {}, &FoundName::offset);
    outline.names = std::move(names_);
  }

 private:
  // Names by content: sorting instead of hashing, so that a file cannot choose its collisions.
  void group() {
    std::vector<NodeId> globals;
    index_.assign(document_.size(), kNoNode);
    for (NodeId node = 0; node < document_.size(); ++node) {
      if (document_.kind(node) == Kind::kGlobal) globals.push_back(node);
    }
    const auto key = [&](NodeId node) {
      const Global name = document_.global(node);
      return std::tuple(name.module, name.name, node);
    };
    std::ranges::sort(globals, {}, key);
    for (const NodeId node : globals) {
      const Global name = document_.global(node);
      const bool same =
          !names_.empty() && names_.back().name.module == name.module && names_.back().name.name == name.name;
      if (!same) names_.push_back({.name = name, .offset = document_.offset(node)});
      ++names_.back().named;
      index_[node] = static_cast<std::uint32_t>(names_.size() - 1);
    }
  }

  void count_calls(Outline& outline) {
    for (NodeId node = 0; node < document_.size(); ++node) {
      if (document_.kind(node) != Kind::kObject) continue;
      const Object& object = document_.object(node);
      if (document_.kind(object.callable) != Kind::kGlobal) {
        if (outline.computed_calls++ == 0) outline.computed_offset = document_.offset(node);
        continue;
      }
      FoundName& name = names_[index_[object.callable]];
      const bool creates = object.made == Made::kNewObj || object.made == Made::kNewObjEx;
      ++(creates ? name.created : name.called);
      const Global modern_name = modern(name.name);
      const bool reconstructs = !creates && modern_name.module == "copyreg" && is_known_call(modern_name);
      const auto args = document_.items(object.args);
      if (reconstructs && !args.empty() && document_.kind(args[0]) == Kind::kGlobal) ++names_[index_[args[0]]].created;
    }
  }

  void judge(FoundName& name) const {
    if (options_.support) name.support = options_.support(modern(name.name));
    if (name.support == Support::kUnknown && is_known_call(name.name)) name.support = Support::kInert;
    if (name.called != 0 && name.support == Support::kUnknown) name.support = Support::kRunsCode;
    name.dangerous = name.support == Support::kRunsCode;
  }

  const Document& document_;
  const OutlineOptions& options_;
  std::vector<FoundName> names_;
  std::vector<std::uint32_t> index_;  // of a kGlobal node in names_
};

void add_version(Outline& outline, std::string_view library, std::string_view version, std::uint64_t offset) {
  for (FoundVersion& found : outline.versions) {
    if (found.library == library && found.version == version) {
      ++found.count;
      return;
    }
  }
  if (outline.versions.size() >= kMaxVersions) return;
  outline.versions.push_back({std::string(library), std::string(version), offset, 1});
}

struct Evidence {
  std::string_view prefix;  // of a module
  std::string_view library;
  std::string_view version;
};
constexpr Evidence kEvidence[] = {
    {"numpy._core", "numpy", "2 or later"},
    {"numpy.core", "numpy", "before 2"},
    {"joblib.numpy_pickle", "joblib", "0.12 or later"},
    {"sklearn.externals.joblib", "joblib", "of scikit-learn before 0.23"},
    {"pandas.", "pandas", ""},
    {"xgboost.", "xgboost", ""},
    {"lightgbm.", "lightgbm", ""},
    {"catboost.", "catboost", ""},
    {"cloudpickle.", "cloudpickle", ""},
    {"dill.", "dill", ""},
};

void find_versions(const Document& document, Outline& outline) {
  for (NodeId node = 0; node < document.size(); ++node) {
    const Kind kind = document.kind(node);
    if (kind == Kind::kGlobal) {
      const std::string_view module = document.global(node).module;
      for (const Evidence& row : kEvidence) {
        if (module.starts_with(row.prefix)) add_version(outline, row.library, row.version, document.offset(node));
      }
    }
    if (kind != Kind::kDict) continue;
    const auto items = document.items(node);
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
      const auto is_text = [&](NodeId id) {
        return document.kind(id) == Kind::kText || document.kind(id) == Kind::kBytes;
      };
      if (!is_text(items[i]) || document.text(items[i]) != "_sklearn_version" || !is_text(items[i + 1])) continue;
      add_version(outline, "scikit-learn", printable(document.text(items[i + 1]), kValueBytes),
                  document.offset(items[i + 1]));
    }
  }
}

std::string array_type(const DType& dtype) {
  if (dtype.kind == 'O') return "object";
  constexpr std::pair<char, std::string_view> kNames[] = {
      {'i', "int"}, {'u', "uint"}, {'f', "float"}, {'c', "complex"}};
  std::string name;
  if (dtype.kind == 'b') name = "bool";
  for (const auto& [kind, word] : kNames) {
    if (kind == dtype.kind) name = fmt::format("{}{}", word, dtype.itemsize * 8);
  }
  if (name.empty()) name = fmt::format("{}{}", dtype.kind, dtype.kind == 'U' ? dtype.itemsize / 4 : dtype.itemsize);
  if (!dtype.fields.empty()) name += fmt::format(" of {} fields", dtype.fields.size());
  if (dtype.big_endian && dtype.itemsize > 1) name += ", big-endian";
  return name;
}

class Tree {
 public:
  Tree(const Document& document, const OutlineOptions& options, Outline& outline)
      : document_(document), options_(options), lines_(outline.tree), shown_(document.size()) {}

  void walk() {
    if (document_.root() != kNoNode) {
      pending_.push_back({document_.root(), 0, {}});
    } else {
      add_list("unfinished", document_.unfinished(), 0);
    }
    while (!pending_.empty()) {
      if (lines_.size() >= options_.lines) {
        lines_.push_back({.kind = "more", .value = "the rest is left out"});
        return;
      }
      const Pending next = std::move(pending_.back());
      pending_.pop_back();
      next.node == kNoNode ? more(next) : show(next);
    }
  }

 private:
  struct Pending {
    NodeId node = kNoNode;  // kNoNode: a line that says how many more there are
    std::uint32_t depth = 0;
    std::string name;
    std::uint64_t left_out = 0;
  };

  void more(const Pending& next) {
    lines_.push_back({.depth = next.depth, .kind = "more", .value = fmt::format("... {} more", next.left_out)});
  }

  void show(const Pending& next) {
    const NodeId node = next.node;
    OutlineLine line{.depth = next.depth, .name = next.name, .kind = std::string(kind_name(document_.kind(node)))};
    line.offset = document_.offset(node);
    const bool has_parts = document_.kind(node) == Kind::kObject || !document_.items(node).empty();
    line.seen = has_parts && shown_[node];
    shown_[node] = true;
    describe(node, line);
    const bool expand = has_parts && !line.seen;
    lines_.push_back(std::move(line));
    if (!expand) return;
    if (next.depth + 1 >= options_.depth) {
      pending_.push_back({.depth = next.depth + 1, .left_out = 1});
      return;
    }
    expand_node(node, next.depth + 1);
  }

  void describe(NodeId node, OutlineLine& line) {
    switch (document_.kind(node)) {
      case Kind::kNone:
        break;
      case Kind::kBool:
        line.value = document_.boolean(node) ? "true" : "false";
        break;
      case Kind::kInt:
        line.value = std::to_string(document_.integer(node));
        break;
      case Kind::kFloat:
        line.value = real_text(document_.real(node));
        break;
      case Kind::kText:
        line.value = printable(document_.text(node), kValueBytes);
        line.size = document_.text(node).size();
        break;
      case Kind::kBigInt:
      case Kind::kBytes:
      case Kind::kByteArray:
        line.size = document_.text(node).size();
        break;
      case Kind::kGlobal:
        line.type = full_name(document_.global(node));
        line.support = support(document_.global(node));
        break;
      case Kind::kDict:
        line.size = document_.items(node).size() / 2;
        break;
      case Kind::kObject:
        describe_object(node, line);
        break;
      default:
        line.size = document_.items(node).size();
        break;
    }
  }

  void describe_object(NodeId node, OutlineLine& line) {
    const Global name = class_of(document_, node);
    line.type = name.name.empty() ? "(what a call gave)" : full_name(name);
    line.support = support(name);
    if (name.module == "numpy" && name.name == "dtype") {
      const auto dtype = read_dtype(document_, node);
      line.kind = "dtype";
      line.type = dtype ? array_type(*dtype) : "damaged";
      if (!dtype) line.value = dtype.error().message();
    }
    const bool array = is_array(document_, node);
    if (!array && !is_scalar(document_, node)) return;
    line.kind = array ? "array" : "scalar";
    const auto header = read_array_header(document_, node);
    line.type = header ? array_type(header->dtype) : "damaged";
    if (!header) line.value = header.error().message();
    if (!header) return;
    line.shape = header->shape;
    line.size = header->count;
    if (array || header->dtype.kind == 'O' || header->dtype.itemsize > 64) return;
    const auto value = read_scalars(document_, node);
    if (!value || value->size() != 1) return;
    const Scalar& scalar = value->front();
    if (scalar.kind == Scalar::Kind::kText) line.value = printable(scalar.text, kValueBytes);
    if (scalar.kind == Scalar::Kind::kFloat) line.value = real_text(scalar.real);
    if (scalar.kind == Scalar::Kind::kInt) line.value = std::to_string(scalar.integer);
    if (scalar.kind == Scalar::Kind::kBool) line.value = scalar.integer != 0 ? "true" : "false";
  }

  Support support(Global name) const {
    const Support told = options_.support ? options_.support(modern(name)) : Support::kUnknown;
    return told == Support::kUnknown && is_known_call(name) ? Support::kInert : told;
  }

  // Puts children on the stack, last first, so that they come off in order.
  void expand_node(NodeId node, std::uint32_t depth) {
    if (document_.kind(node) == Kind::kDict) return add_pairs(document_.items(node), depth);
    if (document_.kind(node) != Kind::kObject) return add_list("", document_.items(node), depth);
    const Global name = class_of(document_, node);
    if (name.module == "numpy" && name.name == "dtype") return;
    if (is_array(document_, node) || is_scalar(document_, node)) {
      const auto header = read_array_header(document_, node);
      if (header && header->dtype.kind == 'O') add_list("", header->objects, depth);
      return;
    }
    expand_object(document_.object(node), node, depth);
  }

  void expand_object(const Object& object, NodeId node, std::uint32_t depth) {
    add_pairs(document_.pairs(node), depth);
    add_list("item", document_.items(node), depth);
    const NodeId bag = attributes(document_, node);
    if (bag != kNoNode && bag == object.state) {
      if (!shown_[bag]) add_pairs(document_.items(bag), depth);
      shown_[bag] = true;
    } else if (object.state != kNoNode) {
      pending_.push_back({object.state, depth, "state"});
    }
    if (object.kwargs != kNoNode && !document_.items(object.kwargs).empty()) {
      pending_.push_back({object.kwargs, depth, "keyword arguments"});
    }
    if (!document_.items(object.args).empty()) pending_.push_back({object.args, depth, "arguments"});
    if (document_.kind(object.callable) != Kind::kGlobal) pending_.push_back({object.callable, depth, "callable"});
  }

  void add_list(std::string_view name, std::span<const NodeId> items, std::uint32_t depth) {
    const std::size_t shown = std::min<std::size_t>(items.size(), options_.children);
    if (shown < items.size()) pending_.push_back({.depth = depth, .left_out = items.size() - shown});
    for (std::size_t i = shown; i-- > 0;) pending_.push_back({items[i], depth, fmt::format("{}[{}]", name, i)});
  }

  void add_pairs(std::span<const NodeId> items, std::uint32_t depth) {
    const std::size_t pairs = items.size() / 2;
    const std::size_t shown = std::min<std::size_t>(pairs, options_.children * 2);
    if (shown < pairs) pending_.push_back({.depth = depth, .left_out = pairs - shown});
    for (std::size_t i = shown; i-- > 0;) pending_.push_back({items[2 * i + 1], depth, key_name(items[2 * i])});
  }

  std::string key_name(NodeId key) {
    OutlineLine line;
    const Kind kind = document_.kind(key);
    if (kind == Kind::kText || kind == Kind::kBytes) return printable(document_.text(key), kValueBytes);
    if (kind == Kind::kGlobal) return full_name(document_.global(key));
    if (kind != Kind::kObject) describe(key, line);
    return line.value.empty() ? fmt::format("({})", kind_name(kind)) : fmt::format("({})", line.value);
  }

  const Document& document_;
  const OutlineOptions& options_;
  std::vector<OutlineLine>& lines_;
  std::vector<bool> shown_;
  std::vector<Pending> pending_;
};

}  // namespace

Outline make_outline(const Document& document, const std::optional<Error>& error, const OutlineOptions& options) {
  Outline outline;
  outline.protocol = document.protocol();
  outline.packing = document.packing();
  outline.bytes = document.file_bytes();
  outline.opcodes = document.opcodes();
  outline.values = document.size();
  outline.end = document.end_offset();
  outline.trailing = error ? 0 : document.trailing_bytes();
  outline.error = error;
  find_versions(document, outline);
  Names(document, options).collect(outline);
  Tree(document, options, outline).walk();
  return outline;
}

}  // namespace slipway::pickle
