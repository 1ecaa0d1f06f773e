// SPDX-License-Identifier: Apache-2.0
// A pickle as a graph of inert nodes. Reading one never resolves a name, imports, calls or allocates what the file
// merely claims: names are strings, a call is a record of who would have been called with what. The graph may share
// nodes and contain cycles (a node is memoised before it is filled), so walks over it keep a visited set or a budget,
// and never recurse. A Document is immutable once read; any thread may look at it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "format/pickle/limits.h"

namespace slipway::pickle {

using NodeId = std::uint32_t;
inline constexpr NodeId kNoNode = ~NodeId{0};

enum class Kind : std::uint8_t {
  kNone,
  kBool,
  kInt,     // fits 64 bits
  kBigInt,  // little-endian two's complement bytes, in text()
  kFloat,
  kText,   // UTF-8 as the file has it: lone surrogates are possible
  kBytes,  // bytes, and Python 2's str
  kByteArray,
  kTuple,
  kList,
  kDict,
  kSet,
  kFrozenSet,
  kGlobal,  // a name that Python would import
  kObject,  // a call that Python would make, and what it would then do to the result
};

std::string_view kind_name(Kind kind);  // "none", "int", ... as `slipway inspect` prints it

// How an object came to be.
enum class Made : std::uint8_t { kReduce, kNewObj, kNewObjEx, kInst, kObj };

struct Global {
  std::string_view module;
  std::string_view name;
};

struct Object {
  Made made = Made::kReduce;
  NodeId callable = kNoNode;  // a kGlobal in every file that a library writes; hostile files put anything here
  NodeId args = kNoNode;      // a kTuple
  NodeId kwargs = kNoNode;    // NEWOBJ_EX only: a kDict
  NodeId state = kNoNode;     // the last BUILD, raw: what it means is the class's business
};

class Arena;
class Reader;
struct Partial;

class Document {
 public:
  // Reads the first pickle in `file`; the document keeps the file's bytes alive. The file may be one of pickle.dump or
  // of joblib.dump, compressed (see unpack.h) or not; offsets count the bytes of the unpacked file.
  // Errors: kCorrupt (truncated, a length that lies, an opcode out of place), kTooLarge (a limit), kUnsupported
  // (persistent ids, extension registry, out-of-band buffers, arrays in other files), kRefused (not a pickle; see
  // sniff.h). Each message has the byte offset and the opcode's name.
  static Result<Document> read(FileBytes file, const Limits& limits = {});
  // All pickles of a file, in order, `most` at most, sharing its bytes. What begins no other pickle is kUnsupported.
  static Result<std::vector<Document>> read_all(FileBytes file, std::size_t most, const Limits& limits = {});
  // For those who look at a file instead of using it: what was read before an error, and the error. read_next: of the
  // pickle that begins where `before` ended. REQUIRES: before.trailing_bytes() != 0.
  static Partial read_partial(FileBytes file, const Limits& limits = {});
  static Partial read_next(const Document& before, const Limits& limits = {});

  Document(Document&&) noexcept;
  Document& operator=(Document&&) noexcept;
  ~Document();

  NodeId root() const;       // kNoNode only in a document that read_partial could not finish
  std::size_t size() const;  // nodes; the ids are 0 to size() - 1, in the order of the file
  std::uint64_t file_bytes() const;
  std::uint64_t opcodes() const;
  int protocol() const;                  // the highest PROTO seen, 0 if none
  std::string_view packing() const;      // "zlib", "gzip", ... what the file was compressed with; "" if it was not
  std::uint64_t end_offset() const;      // one past STOP; the opcode that failed if unfinished
  std::uint64_t trailing_bytes() const;  // in the file after STOP

  Kind kind(NodeId node) const;
  std::uint64_t offset(NodeId node) const;  // of the opcode that made it

  // REQUIRES of each: a node of the kind named.
  bool boolean(NodeId node) const;           // kBool
  std::int64_t integer(NodeId node) const;   // kInt
  double real(NodeId node) const;            // kFloat
  std::string_view text(NodeId node) const;  // kText, kBytes, kByteArray, kBigInt
  Global global(NodeId node) const;          // kGlobal
  const Object& object(NodeId node) const;   // kObject

  // Elements in order: of a tuple, list or set; of a dict key, value, key, value (duplicates as written, the last one
  // counts); of an object what APPEND(S) added. Empty for other kinds. Valid as long as the document.
  std::span<const NodeId> items(NodeId node) const;
  // Of an object: key, value, ... that SETITEM(S) added. Empty otherwise.
  std::span<const NodeId> pairs(NodeId node) const;

  // Of an object that stands for an array in a joblib file: the bytes of the array (kBytes) or, if it holds objects,
  // the root of the pickle that joblib wrote there; kNoNode of any other. numpy.h reads it.
  NodeId raw(NodeId node) const;

  // Every distinct callable of an object, in order of first use: what Python would have called. Objects that the file
  // made and dropped again count too. Two nodes with the same name are one.
  std::vector<NodeId> callables() const;

  // What lay on the stack, bottom first, where read_partial gave up; else empty.
  std::span<const NodeId> unfinished() const;

 private:
  friend Global class_of(const Document& document, NodeId object);
  friend class Reader;
  explicit Document(std::shared_ptr<Arena> arena);
  // For questions about what has been read so far. REQUIRES: the arena outlives it.
  static Document borrow(Arena& arena);
  std::shared_ptr<Arena> arena_;
};

struct Partial {
  Document document;
  std::optional<Error> error;  // none: the document is whole
};

// A name as Python 3 says it: __builtin__ is builtins, copy_reg is copyreg, __builtin__.unicode is builtins.str.
Global modern(Global name);

// The class or function an object was made by, as "module.name": looks through copyreg._reconstructor and
// copyreg.__newobj__ to the class itself, maps Python 2 module names (__builtin__, copy_reg) to today's. Empty parts
// if the callable is not a name. REQUIRES: a kObject.
Global class_of(const Document& document, NodeId object);

// The value of a text key in a dict, by last match; kNoNode if absent. Python 2's bytes keys match too.
NodeId find(const Document& document, NodeId dict, std::string_view key);

// An attribute bag's dict: the state if it is a dict, or its first half if the state is the (dict, slots) pair that
// object.__reduce_ex__ writes. kNoNode if neither.
NodeId attributes(const Document& document, NodeId object);

}  // namespace slipway::pickle
