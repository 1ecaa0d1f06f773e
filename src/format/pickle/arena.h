// SPDX-License-Identifier: Apache-2.0
// Where a Document keeps its nodes. The file may be hostile and made of one-byte opcodes, so a node is 16 bytes, what
// the file already holds (text, bytes, names) is not copied, and children take space only once there are some.
//
// Nodes and children live in chunks that never move: growing copies nothing, and no vector doubles behind our back.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "format/pickle/document.h"

namespace slipway::pickle {

// `body` by kind: kBool, kInt, kFloat: the value. Text-like: a length; the bytes begin `aux` after `offset`, or with
// kDecoded the index of a decoded string. Containers: first child and number of children. kObject: index.
// kGlobal: lengths of the two lines, or with kByNodes the ids of two text nodes.
struct Node {
  std::uint64_t kind : 8;
  std::uint64_t aux : 8;
  std::uint64_t offset : 48;
  std::uint64_t body;

  std::uint32_t high() const { return static_cast<std::uint32_t>(body >> 32); }
  std::uint32_t low() const { return static_cast<std::uint32_t>(body); }
};
static_assert(sizeof(Node) == 16);

inline constexpr std::uint8_t kDecoded = 0xFF;
inline constexpr std::uint8_t kByNodes = 1;

constexpr std::uint64_t pack(std::uint32_t high, std::uint32_t low) { return std::uint64_t{high} << 32 | low; }

// Records in chunks; an index is for ever.
template <class T, unsigned kBits>
class Chunks {
 public:
  T& operator[](std::size_t i) { return chunks_[i >> kBits][i & kMask]; }
  const T& operator[](std::size_t i) const { return chunks_[i >> kBits][i & kMask]; }
  std::size_t size() const { return size_; }
  std::uint32_t add(const T& value) {
    if ((size_ & kMask) == 0) chunks_.push_back(std::make_unique_for_overwrite<T[]>(kMask + 1));
    (*this)[size_] = value;
    return static_cast<std::uint32_t>(size_++);
  }

 private:
  static constexpr std::size_t kMask = (std::size_t{1} << kBits) - 1;
  std::vector<std::unique_ptr<T[]>> chunks_;
  std::size_t size_ = 0;
};

// A run of children that can grow: exact when filled once, a power of two from the second time on.
struct Run {
  static constexpr std::uint8_t kExact = 0xFF;
  std::uint32_t start = 0;
  std::uint32_t count = 0;
  std::uint8_t capacity = kExact;  // log2, or kExact
};

// The children of all nodes. An index is start of a run; a run is contiguous. Runs that were outgrown are used again.
class Children {
 public:
  // False when 2^32 children are exceeded; the run is unchanged then.
  bool append(Run& run, std::span<const NodeId> more);
  std::span<const NodeId> get(std::uint32_t start, std::uint32_t count) const {
    if (count == 0) return {};
    return {blocks_[start >> kBits] + (start & kMask), count};
  }

 private:
  static constexpr unsigned kBits = 12;
  static constexpr std::uint32_t kMask = (1U << kBits) - 1;
  static constexpr std::size_t kMostBlocks = std::size_t{1} << (32 - kBits);

  NodeId* at(std::uint32_t start) { return blocks_[start >> kBits] + (start & kMask); }
  bool allocate(std::uint64_t count, std::uint32_t& start);
  void release(const Run& run);

  std::vector<std::unique_ptr<NodeId[]>> memory_;
  std::vector<NodeId*> blocks_;  // one an index block; a long run owns several in a row
  std::uint32_t next_ = 0;       // free space: [next_, end_) of the index
  std::uint64_t end_ = 0;
  std::array<std::vector<std::uint32_t>, 32> free_;  // by log2 of size
};

// What an object holds besides its record: rare, so it stands apart.
struct Extra {
  Run items;
  Run pairs;
  NodeId raw = kNoNode;  // what joblib wrote after the BUILD
};

struct ObjectRecord {
  static constexpr std::uint32_t kNoExtra = ~0U;
  Object object;
  std::uint32_t extra = kNoExtra;  // index
};

class Arena {
 public:
  explicit Arena(FileBytes bytes) : file(std::move(bytes)) {}

  FileBytes file;
  Chunks<Node, 12> nodes;
  Chunks<ObjectRecord, 9> objects;
  Children children;
  std::deque<Extra> extras;
  std::deque<std::string> decoded;
  std::vector<NodeId> unfinished;
  std::string_view packing;  // what `file` was compressed with
  NodeId root = kNoNode;
  int protocol = 0;
  std::uint64_t opcodes = 0;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;

  std::string_view bytes() const { return file.bytes(); }
  Extra& extra_of(NodeId object_node) {
    ObjectRecord& record = objects[nodes[object_node].body];
    if (record.extra == ObjectRecord::kNoExtra) {
      record.extra = static_cast<std::uint32_t>(extras.size());
      extras.emplace_back();
    }
    return extras[record.extra];
  }
  Kind kind(NodeId id) const { return Kind(nodes[id].kind); }
  std::string_view text(NodeId id) const {
    const Node& node = nodes[id];
    if (node.aux == kDecoded) return decoded[node.body];
    return bytes().substr(node.offset + node.aux, node.body);
  }
  Global global(NodeId id) const {
    const Node& node = nodes[id];
    if (node.aux == kByNodes) return {text(node.high()), text(node.low())};
    const std::uint64_t module = node.offset + 1;
    return {bytes().substr(module, node.high()), bytes().substr(module + node.high() + 1, node.low())};
  }
};

}  // namespace slipway::pickle
