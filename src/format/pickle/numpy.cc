// SPDX-License-Identifier: Apache-2.0
// dtype, ndarray and scalar as NumPy's __reduce__ and __setstate__ define them, all versions. Nothing here trusts a
// count: products are checked for overflow, bytes must be exactly as many as shape and dtype say.
#include "format/pickle/numpy.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

#include "base/text.h"
#include "format/pickle/text_forms.h"

namespace slipway::pickle {
namespace {

constexpr std::size_t kMaxDimensions = 64;  // NumPy's own limit (32 before NumPy 2)
constexpr std::uint64_t kMaxCount = std::uint64_t{1} << 40;
constexpr std::size_t kMaxFields = 4096;
constexpr std::size_t kMaxJoblibParts = 64;
constexpr std::int64_t kHasObjects = 1;  // NPY_ITEM_HASOBJECT

std::unexpected<Error> error_at(const Document& document, NodeId node, Code code, std::string_view what) {
  return fail(code, fmt::format("byte {}: {}", document.offset(node), what));
}

std::unexpected<Error> corrupt(const Document& document, NodeId node, std::string_view what) {
  return error_at(document, node, Code::kCorrupt, what);
}

// numpy.core became numpy._core in NumPy 2, and 1.16 wrote the inner module.
bool is_numpy_core(std::string_view module, std::string_view inner) {
  for (const std::string_view prefix : {"numpy.core.", "numpy._core."}) {
    if (module.starts_with(prefix) && module.substr(prefix.size()) == inner) return true;
  }
  return false;
}

Global callable_name(const Document& document, NodeId node) {
  if (document.kind(node) != Kind::kObject) return {};
  const NodeId callable = document.object(node).callable;
  return document.kind(callable) == Kind::kGlobal ? modern(document.global(callable)) : Global{};
}

bool is_multiarray(const Document& document, NodeId node, std::string_view name) {
  const Global global = callable_name(document, node);
  return global.name == name &&
         (is_numpy_core(global.module, "multiarray") || is_numpy_core(global.module, "_multiarray_umath"));
}

bool is_frombuffer(const Document& document, NodeId node) {
  const Global global = callable_name(document, node);
  return global.name == "_frombuffer" && is_numpy_core(global.module, "numeric");
}

bool is_text(Kind kind) { return kind == Kind::kText || kind == Kind::kBytes; }

std::optional<std::int64_t> integer(const Document& document, NodeId node) {
  if (document.kind(node) == Kind::kInt) return document.integer(node);
  if (document.kind(node) == Kind::kBool) return document.boolean(node) ? 1 : 0;
  return std::nullopt;
}

// Latin-1 from the text that Python 2, or a protocol without bytes, wrote in its place.
std::optional<std::string> latin1(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x80) {
      out += text[i];
    } else if ((byte == 0xC2 || byte == 0xC3) && i + 1 < text.size()) {
      ++i;
      out += static_cast<char>((byte & 3) << 6 | (static_cast<unsigned char>(text[i]) & 0x3F));
    } else {
      return std::nullopt;
    }
  }
  return out;
}

struct Bytes {
  std::string_view view;
  std::shared_ptr<const std::string> decoded;
};

// Bytes in any of their spellings: as such, as Latin-1 text, as _codecs.encode(text, 'latin1'), bytes(), and
// bytearray(text, 'latin-1') or bytearray(bytes).
Result<Bytes> read_bytes(const Document& document, NodeId node, std::uint64_t wanted) {
  NodeId inner = node;
  if (document.kind(node) == Kind::kObject) {
    const Global name = callable_name(document, node);
    const auto args = document.items(document.object(node).args);
    const bool encode = name.module == "_codecs" && name.name == "encode" && args.size() == 2;
    const bool bytes = name.module == "builtins" && (name.name == "bytes" || name.name == "bytearray");
    if (bytes && args.empty()) return Bytes{};
    if ((!encode && !bytes) || args.size() > 2) return corrupt(document, node, "bytes expected, found an object");
    if (args.size() == 2) {
      const std::string_view codec = is_text(document.kind(args[1])) ? document.text(args[1]) : std::string_view();
      if (codec != "latin1" && codec != "latin-1") return corrupt(document, node, "text that is not coded as latin1");
    }
    inner = args[0];
  }
  const Kind kind = document.kind(inner);
  if (kind == Kind::kBytes || kind == Kind::kByteArray) return Bytes{document.text(inner), nullptr};
  if (kind != Kind::kText) {
    return corrupt(document, node, fmt::format("bytes expected, found {}", kind_name(kind)));
  }
  const std::string_view text = document.text(inner);
  if (text.size() / 2 > wanted || text.size() < wanted) {  // before decoding: many arrays may share one text
    return corrupt(document, node, fmt::format("{} bytes expected, found a text of {}", wanted, text.size()));
  }
  auto decoded = latin1(text);
  if (!decoded) return corrupt(document, node, "text with characters beyond Latin-1 where bytes are expected");
  auto owner = std::make_shared<const std::string>(std::move(*decoded));
  return Bytes{*owner, owner};
}

// "<f8", "U5", "O": kind and size; the order, where one is written, is the last word only without a state.
Result<DType> parse_typestr(const Document& document, NodeId node) {
  if (!is_text(document.kind(node))) return corrupt(document, node, "a dtype without a name");
  std::string_view text = document.text(node);
  DType dtype;
  if (!text.empty() && std::string_view("<>|=").find(text[0]) != std::string_view::npos) {
    dtype.big_endian = text[0] == '>';
    text.remove_prefix(1);
  }
  if (text.empty() || std::string_view("biufcSUOVMm").find(text[0]) == std::string_view::npos) {
    return error_at(document, node, Code::kUnsupported,
                    fmt::format("dtype '{}' is not read", printable(document.text(node))));
  }
  dtype.kind = text[0];
  text.remove_prefix(1);
  if (text.starts_with('[')) text = {};  // M8 and m8 with their unit: the size is fixed
  std::uint32_t size = dtype.kind == 'O' || dtype.kind == 'M' || dtype.kind == 'm' ? 8 : 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), size);
  const std::string_view rest = text.substr(static_cast<std::size_t>(parsed.ptr - text.data()));
  if (!text.empty() && (parsed.ec != std::errc() || (!rest.empty() && rest[0] != '['))) {
    return corrupt(document, node, fmt::format("'{}' is no dtype", printable(document.text(node))));
  }
  const std::uint32_t unit = dtype.kind == 'U' ? 4 : 1;
  if (size > std::numeric_limits<std::int32_t>::max() / unit) return corrupt(document, node, "a dtype of huge items");
  dtype.itemsize = size * unit;
  return dtype;
}

// The state's parts, whatever its version: numpy/_core/src/multiarray/descriptor.c, arraydescr_setstate.
struct DTypeState {
  NodeId order = kNoNode;
  NodeId subarray = kNoNode;
  NodeId names = kNoNode;
  NodeId fields = kNoNode;
  NodeId elsize = kNoNode;
  NodeId flags = kNoNode;
};

Result<DTypeState> read_state(const Document& document, NodeId node) {
  if (document.kind(node) != Kind::kTuple) return corrupt(document, node, "the state of a dtype is not a tuple");
  const auto parts = document.items(node);
  if (parts.size() < 5 || parts.size() > 9) {
    return corrupt(document, node, fmt::format("the state of a dtype has {} parts", parts.size()));
  }
  if (parts.size() == 5) return DTypeState{parts[0], parts[1], kNoNode, parts[2], parts[3]};
  const auto version = integer(document, parts[0]);
  if (!version || *version < 0 || *version > 4) {
    return error_at(document, node, Code::kUnsupported, "a dtype of an unknown version; 0 to 4 are read");
  }
  if (parts.size() == 6) return DTypeState{parts[1], parts[2], kNoNode, parts[3], parts[4]};
  return DTypeState{parts[1], parts[2], parts[3], parts[4], parts[5], parts.size() > 7 ? parts[7] : kNoNode};
}

// Kind, size and order: all but the fields.
Result<DType> read_flat(const Document& document, NodeId node, DTypeState& state) {
  const Global name = callable_name(document, node);
  if (name.module != "numpy" || name.name != "dtype") {
    return corrupt(document, node, fmt::format("a dtype expected, found {}", kind_name(document.kind(node))));
  }
  const Object& object = document.object(node);
  const auto args = document.items(object.args);
  if (args.empty()) return corrupt(document, node, "a dtype without a name");
  DType dtype = SLIPWAY_TRY(parse_typestr(document, args[0]));
  dtype.has_objects = dtype.kind == 'O';
  if (object.state == kNoNode) return dtype;
  state = SLIPWAY_TRY(read_state(document, object.state));
  const std::string_view order =
      is_text(document.kind(state.order)) ? document.text(state.order) : std::string_view("?");
  if (order.size() != 1 || std::string_view("<>|=").find(order[0]) == std::string_view::npos) {
    return corrupt(document, object.state, "a dtype without a byte order");
  }
  dtype.big_endian = order[0] == '>';
  if (dtype.kind != 'S' && dtype.kind != 'U' && dtype.kind != 'V') return dtype;
  const auto flags = state.flags == kNoNode ? std::nullopt : integer(document, state.flags);
  dtype.has_objects = dtype.kind == 'V' && flags && (*flags & kHasObjects) != 0;
  const auto size = integer(document, state.elsize);
  if (!size || *size < -1 || *size > std::numeric_limits<std::int32_t>::max()) {
    return corrupt(document, object.state, "a dtype whose item size is out of range");
  }
  if (*size >= 0) dtype.itemsize = static_cast<std::uint32_t>(*size);
  if (dtype.kind == 'U' && dtype.itemsize % 4 != 0) {
    return corrupt(document, object.state, "a text dtype whose items are not whole characters");
  }
  return dtype;
}

struct Named {
  std::string_view name;
  std::size_t position;  // of equal names the last one counts
  NodeId node;
  auto key() const { return std::pair(name, position); }
};

// The fields dict by name, sorted; and where versions 0 and 1 keep the names: under the key -1.
std::vector<Named> field_table(const Document& document, DTypeState& state) {
  std::vector<Named> table;
  const auto items = document.items(state.fields);
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
    if (is_text(document.kind(items[i]))) table.push_back({document.text(items[i]), i, items[i + 1]});
    const bool is_names = state.names == kNoNode && integer(document, items[i]) == -1;
    if (is_names) state.names = items[i + 1];
  }
  std::ranges::sort(table, {}, &Named::key);
  return table;
}

Result<DType::FieldType> read_field(const Document& document, const Named& named, std::uint32_t itemsize,
                                    std::uint32_t& size) {
  const auto [name, position, node] = named;
  const auto parts = document.items(node);
  if (document.kind(node) != Kind::kTuple || parts.size() < 2) return corrupt(document, node, "a field without offset");
  const auto offset = integer(document, parts[1]);
  DTypeState unused;
  const DType dtype = SLIPWAY_TRY(read_flat(document, parts[0], unused));
  if (!offset || *offset < 0 || *offset > itemsize || dtype.itemsize > itemsize - *offset) {
    return corrupt(document, node,
                   fmt::format("field '{}' lies outside its item of {} bytes", printable(name), itemsize));
  }
  size = dtype.itemsize;
  return DType::FieldType{name, static_cast<std::uint32_t>(*offset), parts[0]};
}

Result<void> read_fields(const Document& document, NodeId node, DTypeState state, DType& dtype) {
  if (document.items(state.fields).size() > 2 * 2 * (kMaxFields + 1)) {  // a title is a second key of its field
    return error_at(document, node, Code::kTooLarge, fmt::format("a dtype of more than {} fields", kMaxFields));
  }
  const auto table = field_table(document, state);
  const Kind kind = state.names == kNoNode ? Kind::kNone : document.kind(state.names);
  if (kind != Kind::kTuple && kind != Kind::kList) return corrupt(document, node, "a structured dtype without names");
  const auto names = document.items(state.names);
  if (names.size() > kMaxFields) {
    return error_at(document, node, Code::kTooLarge, fmt::format("a dtype of {} fields", names.size()));
  }
  std::vector<std::pair<DType::FieldType, std::uint32_t>> found;
  for (const NodeId name : names) {
    if (!is_text(document.kind(name))) return corrupt(document, node, "a field whose name is not text");
    const auto row = std::ranges::upper_bound(table, document.text(name), {}, &Named::name);
    if (row == table.begin() || (row - 1)->name != document.text(name)) {
      return corrupt(document, node, fmt::format("no field '{}'", printable(document.text(name))));
    }
    std::uint32_t size = 0;
    auto field = SLIPWAY_TRY(read_field(document, *(row - 1), dtype.itemsize, size));
    found.emplace_back(field, size);
  }
  std::ranges::sort(found, {}, [](const auto& row) { return std::pair(row.first.offset, row.second); });
  std::uint64_t end = 0;
  for (const auto& [field, size] : found) {
    if (field.offset < end) {
      return corrupt(document, node, fmt::format("field '{}' overlaps another", printable(field.name)));
    }
    end = std::uint64_t{field.offset} + size;
    dtype.fields.push_back(field);
  }
  return {};
}

Result<std::uint64_t> read_shape(const Document& document, NodeId node, std::vector<std::uint64_t>& shape) {
  if (document.kind(node) != Kind::kTuple) return corrupt(document, node, "the shape of an array is not a tuple");
  const auto sizes = document.items(node);
  if (sizes.size() > kMaxDimensions) {
    return corrupt(document, node, fmt::format("an array of {} dimensions", sizes.size()));
  }
  std::uint64_t count = 1;
  bool empty = false;
  for (const NodeId part : sizes) {
    const auto size = integer(document, part);
    if (!size || *size < 0) return corrupt(document, node, "a shape with something else than counts");
    shape.push_back(static_cast<std::uint64_t>(*size));
    empty = empty || *size == 0;
    if (*size != 0 && __builtin_mul_overflow(count, shape.back(), &count)) count = kMaxCount + 1;
    if (count > kMaxCount) return error_at(document, node, Code::kTooLarge, "an array of more than 2^40 elements");
  }
  return empty ? 0 : count;
}

// Attaches the bytes or objects; shape, count and dtype are known.
Result<void> read_data(const Document& document, NodeId node, Array& array) {
  if (array.dtype.kind == 'O') {
    if (document.kind(node) != Kind::kList) return corrupt(document, node, "an array of objects without its list");
    array.objects = document.items(node);
    if (array.objects.size() == array.count) return {};
    return corrupt(document, node,
                   fmt::format("an array of {} objects has a list of {}", array.count, array.objects.size()));
  }
  if (document.kind(node) == Kind::kList) {
    return error_at(document, node, Code::kUnsupported, "an array of structures that hold objects");
  }
  std::uint64_t wanted = 0;
  if (__builtin_mul_overflow(array.count, std::uint64_t{array.dtype.itemsize}, &wanted)) {
    return error_at(document, node, Code::kTooLarge, "an array of more than 2^64 bytes");
  }
  Bytes bytes = SLIPWAY_TRY(read_bytes(document, node, wanted));
  if (bytes.view.size() != wanted) {
    return corrupt(document, node,
                   fmt::format("an array of {} items of {} bytes each has {} bytes", array.count, array.dtype.itemsize,
                               bytes.view.size()));
  }
  if (array.dtype.itemsize == 0 && array.count > document.file_bytes()) {
    return error_at(document, node, Code::kTooLarge, fmt::format("an array of {} empty items", array.count));
  }
  array.data = bytes.view;
  array.decoded = std::move(bytes.decoded);
  return {};
}

// _reconstruct(type, (0,), b'b') and the state ([version,] shape, dtype, is_fortran, data).
Result<Array> read_reconstructed(const Document& document, NodeId node, bool with_data) {
  const NodeId state = document.object(node).state;
  if (state == kNoNode) return corrupt(document, node, "an array without its state");
  auto parts = document.items(state);
  if (document.kind(state) != Kind::kTuple || parts.size() < 4 || parts.size() > 5) {
    return corrupt(document, state, "the state of an array is not a tuple of 4 or 5");
  }
  if (parts.size() == 5) {
    const auto version = integer(document, parts[0]);
    if (!version || *version < 0 || *version > 1) {
      return error_at(document, state, Code::kUnsupported, "an array of an unknown version; 0 and 1 are read");
    }
    parts = parts.subspan(1);
  }
  Array array;
  array.count = SLIPWAY_TRY(read_shape(document, parts[0], array.shape));
  array.dtype = SLIPWAY_TRY(read_dtype(document, parts[1]));
  const auto fortran = integer(document, parts[2]);
  if (!fortran) return corrupt(document, state, "an array that does not say its order");
  array.fortran = *fortran != 0 && array.dtype.kind != 'O';
  if (with_data) SLIPWAY_TRY(read_data(document, parts[3], array));
  if (!with_data && array.dtype.kind == 'O') array.objects = document.items(parts[3]);
  return array;
}

// _frombuffer(buffer, dtype, shape, order[, axis_order])
Result<Array> read_frombuffer(const Document& document, NodeId node, bool with_data) {
  const auto args = document.items(document.object(node).args);
  if (args.size() < 4 || args.size() > 5 || !is_text(document.kind(args[3]))) {
    return corrupt(document, node, "an array from a buffer needs buffer, dtype, shape and order");
  }
  const std::string_view order = document.text(args[3]);
  const bool has_axes = args.size() == 5 && document.kind(args[4]) != Kind::kNone;
  if ((order != "C" && order != "F") || has_axes) {
    return error_at(document, node, Code::kUnsupported,
                    fmt::format("an array in the order '{}'; C and F are read", printable(order)));
  }
  Array array;
  array.dtype = SLIPWAY_TRY(read_dtype(document, args[1]));
  array.count = SLIPWAY_TRY(read_shape(document, args[2], array.shape));
  if (array.dtype.kind == 'O') return corrupt(document, node, "an array of objects from a buffer");
  array.fortran = order == "F";
  if (with_data) SLIPWAY_TRY(read_data(document, args[0], array));
  return array;
}

// scalar(dtype, bytes), or scalar(dtype, object)
Result<Array> read_numpy_scalar(const Document& document, NodeId node, bool with_data) {
  const auto args = document.items(document.object(node).args);
  if (args.size() != 2) return corrupt(document, node, "a numpy scalar needs a dtype and a value");
  Array array;
  array.dtype = SLIPWAY_TRY(read_dtype(document, args[0]));
  array.count = 1;
  if (array.dtype.kind == 'O') {
    array.objects = args.subspan(1);
    return array;
  }
  if (with_data) SLIPWAY_TRY(read_data(document, args[1], array));
  return array;
}

bool is_joblib_array(const Document& document, NodeId node) {
  return document.kind(node) == Kind::kObject && document.raw(node) != kNoNode;
}

// NumpyArrayWrapper{subclass, shape, order, dtype[, numpy_array_alignment_bytes]} and what stands after its BUILD.
Result<Array> read_joblib(const Document& document, NodeId node, bool with_data) {
  const NodeId raw = document.raw(node);
  if (document.kind(raw) != Kind::kBytes) {  // a pickle of its own, in which joblib puts no other
    if (is_multiarray(document, raw, "_reconstruct")) return read_reconstructed(document, raw, with_data);
    return corrupt(document, raw, fmt::format("an array expected, found {}", kind_name(document.kind(raw))));
  }
  JoblibHeader header = SLIPWAY_TRY(read_joblib_header(document, node));
  header.array.dtype = SLIPWAY_TRY(read_dtype(document, find(document, attributes(document, node), "dtype")));
  if (with_data) SLIPWAY_TRY(read_data(document, raw, header.array));
  return std::move(header.array);
}

Result<Array> read(const Document& document, NodeId node, bool with_data) {
  if (is_joblib_array(document, node)) return read_joblib(document, node, with_data);
  if (is_multiarray(document, node, "_reconstruct")) return read_reconstructed(document, node, with_data);
  if (is_frombuffer(document, node)) return read_frombuffer(document, node, with_data);
  if (is_multiarray(document, node, "scalar")) return read_numpy_scalar(document, node, with_data);
  return corrupt(document, node, fmt::format("an array expected, found {}", kind_name(document.kind(node))));
}

}  // namespace

bool is_array(const Document& document, NodeId node) {
  return is_multiarray(document, node, "_reconstruct") || is_frombuffer(document, node) ||
         is_joblib_array(document, node);
}

bool is_scalar(const Document& document, NodeId node) { return is_multiarray(document, node, "scalar"); }

Result<DType> read_dtype(const Document& document, NodeId node) {
  DTypeState state;
  DType dtype = SLIPWAY_TRY(read_flat(document, node, state));
  const bool none = state.fields == kNoNode || document.kind(state.fields) == Kind::kNone;
  if (none) return dtype;
  if (document.kind(state.fields) != Kind::kDict || dtype.kind != 'V') {
    return corrupt(document, node, "the fields of a dtype are not a dict");
  }
  SLIPWAY_TRY(read_fields(document, node, state, dtype));
  return dtype;
}

Result<JoblibHeader> read_joblib_header(const Document& document, NodeId wrapper) {
  const NodeId dict = attributes(document, wrapper);
  if (dict == kNoNode || document.items(dict).size() > 2 * kMaxJoblibParts) {  // many wrappers may share one
    return corrupt(document, wrapper, "an array of joblib without a dict of its few attributes");
  }
  const auto part = [&](std::string_view name) { return find(document, dict, name); };
  for (const std::string_view name : {"subclass", "shape", "order", "dtype"}) {
    if (part(name) == kNoNode) return corrupt(document, wrapper, fmt::format("an array of joblib without {}", name));
  }
  const bool named = document.kind(part("subclass")) == Kind::kGlobal;
  const Global subclass = named ? document.global(part("subclass")) : Global{};
  const bool numpy = subclass.module == "numpy" || subclass.module.starts_with("numpy.");
  if (!numpy || (subclass.name != "ndarray" && subclass.name != "matrix" && subclass.name != "memmap")) {
    return error_at(document, wrapper, Code::kUnsupported,
                    fmt::format("an array of the class {}.{}; numpy.ndarray, matrix and memmap are read",
                                printable(subclass.module), printable(subclass.name)));
  }
  const NodeId order = part("order");
  const std::string_view letter = is_text(document.kind(order)) ? document.text(order) : std::string_view();
  if (letter != "C" && letter != "F")
    return corrupt(document, wrapper, "an array of joblib that does not say its order");
  JoblibHeader header;
  header.array.count = SLIPWAY_TRY(read_shape(document, part("shape"), header.array.shape));
  DTypeState unused;
  header.array.dtype = SLIPWAY_TRY(read_flat(document, part("dtype"), unused));
  header.array.fortran = letter == "F" && !header.array.dtype.has_objects;
  const NodeId alignment = part("numpy_array_alignment_bytes");
  header.padded = alignment != kNoNode && document.kind(alignment) != Kind::kNone;
  return header;
}

Result<Array> read_array(const Document& document, NodeId node) { return read(document, node, true); }
Result<Array> read_array_header(const Document& document, NodeId node) { return read(document, node, false); }

}  // namespace slipway::pickle
