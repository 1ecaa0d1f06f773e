// SPDX-License-Identifier: Apache-2.0
// The read side of the arena, and the few questions that every user of a pickle asks: which class, which attributes.
#include "format/pickle/document.h"

#include <fmt/core.h>

#include <bit>
#include <set>
#include <string>
#include <utility>

#include "format/pickle/arena.h"
#include "format/pickle/reader.h"
#include "format/pickle/sniff.h"
#include "format/pickle/unpack.h"

namespace slipway::pickle {
namespace {

constexpr std::string_view kKindNames[] = {"none", "bool",  "int",        "big int", "float",
                                           "text", "bytes", "bytearray",  "tuple",   "list",
                                           "dict", "set",   "frozen set", "name",    "object"};
static_assert(std::size(kKindNames) == std::size_t(Kind::kObject) + 1);

struct Renamed {
  Global old;
  Global now;
};
constexpr Renamed kRenamed[] = {
    {{"__builtin__", "long"}, {"builtins", "int"}},       {{"__builtin__", "unicode"}, {"builtins", "str"}},
    {{"__builtin__", "basestring"}, {"builtins", "str"}}, {{"__builtin__", "unichr"}, {"builtins", "chr"}},
    {{"__builtin__", "xrange"}, {"builtins", "range"}},
};

bool is_name(Global global, std::string_view module, std::string_view name) {
  return global.name == name && global.module == module;
}

std::string described(std::string_view packing) {
  return packing.empty() ? std::string() : fmt::format("unpacked from {}", packing);
}

// Takes one layer of compression off, and refuses what is no pickle.
Result<void> unpack_arena(Arena& arena, const Limits& limits) {
  if (arena.bytes().size() > limits.file_bytes) {
    return fail(Code::kTooLarge,
                fmt::format("{} bytes, more than the limit of {} for a file", arena.bytes().size(), limits.file_bytes));
  }
  FileKind kind = sniff(arena.bytes());
  if (const std::string_view packing = packing_name(kind); !packing.empty()) {
    arena.file = SLIPWAY_TRY(unpack(arena.file, kind, limits));
    arena.packing = packing;
    kind = sniff(arena.bytes());
  }
  if (kind != FileKind::kPickle) return fail(refusal(kind));
  return {};
}

}  // namespace

std::string_view kind_name(Kind kind) { return kKindNames[std::size_t(kind)]; }

Global modern(Global name) {
  for (const Renamed& row : kRenamed) {
    if (is_name(name, row.old.module, row.old.name)) return row.now;
  }
  if (name.module == "__builtin__") return {"builtins", name.name};
  if (name.module == "copy_reg") return {"copyreg", name.name};
  return name;
}

Document::Document(std::shared_ptr<Arena> arena) : arena_(std::move(arena)) {}
Document Document::borrow(Arena& arena) { return Document(std::shared_ptr<Arena>(std::shared_ptr<void>(), &arena)); }
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;
Document::~Document() = default;

Result<Document> Document::read(FileBytes file, const Limits& limits) {
  Partial partial = read_partial(std::move(file), limits);
  if (partial.error) return fail(std::move(*partial.error));
  return std::move(partial.document);
}

Partial Document::read_partial(FileBytes file, const Limits& limits) {
  auto arena = std::make_shared<Arena>(std::move(file));
  auto status = unpack_arena(*arena, limits);
  if (status) status = Reader(*arena, limits).run();
  Partial partial{Document(std::move(arena)), std::nullopt};
  if (!status) partial.error = std::move(status).error().within(described(partial.document.packing()));
  return partial;
}

Partial Document::read_next(const Document& before, const Limits& limits) {
  auto arena = std::make_shared<Arena>(before.arena_->file);
  arena->packing = before.arena_->packing;
  arena->begin = before.arena_->end;
  auto status = Reader(*arena, limits).run();
  Partial partial{Document(std::move(arena)), std::nullopt};
  if (!status) partial.error = std::move(status).error().within(described(partial.document.packing()));
  return partial;
}

Result<std::vector<Document>> Document::read_all(FileBytes file, std::size_t most, const Limits& limits) {
  std::vector<Document> documents;
  Document first = SLIPWAY_TRY(read(std::move(file), limits));
  documents.push_back(std::move(first));
  while (documents.back().trailing_bytes() != 0) {
    const Arena& before = *documents.back().arena_;
    const auto after = fmt::format("{} at byte {}, {} bytes after the {} pickle ended",
                                   documents.size() < most ? "something follows" : "another pickle", before.end,
                                   before.bytes().size() - before.end, documents.size() == 1 ? "first" : "last");
    if (documents.size() >= most) return fail(Code::kUnsupported, after);
    Partial next = read_next(documents.back(), limits);
    if (next.error && next.document.end_offset() == before.end) return fail(Code::kUnsupported, after);
    if (next.error) return fail(std::move(*next.error));
    documents.push_back(std::move(next.document));
  }
  return documents;
}

NodeId Document::root() const { return arena_->root; }
std::size_t Document::size() const { return arena_->nodes.size(); }
std::uint64_t Document::file_bytes() const { return arena_->bytes().size(); }
std::uint64_t Document::opcodes() const { return arena_->opcodes; }
int Document::protocol() const { return arena_->protocol; }
std::string_view Document::packing() const { return arena_->packing; }
std::uint64_t Document::end_offset() const { return arena_->end; }
std::uint64_t Document::trailing_bytes() const { return arena_->bytes().size() - arena_->end; }
// A file may leave out any attribute: what is absent is None, so that nobody reads behind the nodes by forgetting to
// ask.
Kind Document::kind(NodeId node) const { return node == kNoNode ? Kind::kNone : arena_->kind(node); }
std::uint64_t Document::offset(NodeId node) const { return node == kNoNode ? 0 : arena_->nodes[node].offset; }

bool Document::boolean(NodeId node) const {
  SLIPWAY_ASSERT(kind(node) == Kind::kBool);
  return arena_->nodes[node].body != 0;
}

std::int64_t Document::integer(NodeId node) const {
  SLIPWAY_ASSERT(kind(node) == Kind::kInt);
  return static_cast<std::int64_t>(arena_->nodes[node].body);
}

double Document::real(NodeId node) const {
  SLIPWAY_ASSERT(kind(node) == Kind::kFloat);
  return std::bit_cast<double>(arena_->nodes[node].body);
}

std::string_view Document::text(NodeId node) const {
  const Kind k = kind(node);
  SLIPWAY_ASSERT(k == Kind::kText || k == Kind::kBytes || k == Kind::kByteArray || k == Kind::kBigInt);
  return arena_->text(node);
}

Global Document::global(NodeId node) const {
  SLIPWAY_ASSERT(kind(node) == Kind::kGlobal);
  return arena_->global(node);
}

const Object& Document::object(NodeId node) const {
  SLIPWAY_ASSERT(kind(node) == Kind::kObject);
  return arena_->objects[arena_->nodes[node].body].object;
}

std::span<const NodeId> Document::items(NodeId node) const {
  if (node == kNoNode) return {};
  const Node& found = arena_->nodes[node];
  switch (Kind(found.kind)) {
    case Kind::kTuple:
    case Kind::kList:
    case Kind::kDict:
    case Kind::kSet:
    case Kind::kFrozenSet:
      return arena_->children.get(found.high(), found.low());
    case Kind::kObject: {
      const ObjectRecord& record = arena_->objects[found.body];
      if (record.extra == ObjectRecord::kNoExtra) return {};
      const Run& run = arena_->extras[record.extra].items;
      return arena_->children.get(run.start, run.count);
    }
    default:
      return {};
  }
}

std::span<const NodeId> Document::pairs(NodeId node) const {
  if (kind(node) != Kind::kObject) return {};
  const ObjectRecord& record = arena_->objects[arena_->nodes[node].body];
  if (record.extra == ObjectRecord::kNoExtra) return {};
  const Run& run = arena_->extras[record.extra].pairs;
  return arena_->children.get(run.start, run.count);
}

NodeId Document::raw(NodeId node) const {
  if (kind(node) != Kind::kObject) return kNoNode;
  const ObjectRecord& record = arena_->objects[arena_->nodes[node].body];
  return record.extra == ObjectRecord::kNoExtra ? kNoNode : arena_->extras[record.extra].raw;
}

std::span<const NodeId> Document::unfinished() const { return arena_->unfinished; }

std::vector<NodeId> Document::callables() const {
  std::vector<NodeId> found;
  std::vector<bool> seen(size());
  std::set<std::pair<std::string_view, std::string_view>> names;
  for (NodeId node = 0; node < size(); ++node) {
    if (kind(node) != Kind::kObject) continue;
    const NodeId callable = object(node).callable;
    if (seen[callable]) continue;
    seen[callable] = true;
    if (kind(callable) == Kind::kGlobal) {
      const Global name = global(callable);
      if (!names.emplace(name.module, name.name).second) continue;
    }
    found.push_back(callable);
  }
  return found;
}

Global class_name(const Arena& arena, NodeId object) {
  const Object& made = arena.objects[arena.nodes[object].body].object;
  if (arena.kind(made.callable) != Kind::kGlobal) return {};
  const Global name = modern(arena.global(made.callable));
  const bool through = is_name(name, "copyreg", "_reconstructor") || is_name(name, "copyreg", "__newobj__") ||
                       is_name(name, "copyreg", "__newobj_ex__");
  if (!through) return name;
  const Node& args = arena.nodes[made.args];
  const auto items = arena.children.get(args.high(), args.low());
  if (items.empty() || arena.kind(items[0]) != Kind::kGlobal) return name;
  return modern(arena.global(items[0]));
}

Global class_of(const Document& document, NodeId object) {
  SLIPWAY_ASSERT(document.kind(object) == Kind::kObject);
  return class_name(*document.arena_, object);
}

NodeId find(const Document& document, NodeId dict, std::string_view key) {
  if (dict == kNoNode || document.kind(dict) != Kind::kDict) return kNoNode;
  const auto items = document.items(dict);
  for (std::size_t i = items.size(); i >= 2; i -= 2) {
    const Kind kind = document.kind(items[i - 2]);
    if ((kind == Kind::kText || kind == Kind::kBytes) && document.text(items[i - 2]) == key) return items[i - 1];
  }
  return kNoNode;
}

NodeId attributes(const Document& document, NodeId object) {
  if (document.kind(object) != Kind::kObject) return kNoNode;
  const NodeId state = document.object(object).state;
  if (state == kNoNode) return kNoNode;
  if (document.kind(state) == Kind::kDict) return state;
  if (document.kind(state) != Kind::kTuple || document.items(state).size() != 2) return kNoNode;
  const NodeId first = document.items(state)[0];
  return document.kind(first) == Kind::kDict ? first : kNoNode;
}

}  // namespace slipway::pickle
