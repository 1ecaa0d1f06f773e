// SPDX-License-Identifier: Apache-2.0
// Reading: the header is parsed as JSON, each entry checked by itself, then all of them sorted by where they begin:
// each must begin where the one before ended, the last end with the file. So nothing overlaps and nothing is hidden.
#include "format/safetensors.h"

#include <fmt/core.h>
#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "base/json_writer.h"
#include "base/text.h"

namespace slipway::safetensors {
namespace {

namespace dom = simdjson::dom;

static_assert(std::endian::native == std::endian::little, "arrays are used as they lie in the file");

struct DtypeRow {
  std::string_view name;
  std::size_t bytes;
};
constexpr DtypeRow kDtypes[] = {{"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"U16", 2}, {"I16", 2}, {"F16", 2}, {"BF16", 2},
                                {"U32", 4},  {"I32", 4}, {"F32", 4}, {"U64", 8}, {"I64", 8}, {"F64", 8}};
static_assert(std::size(kDtypes) == std::size_t(Dtype::kF64) + 1);

constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kHeaderLimit = 100'000'000;  // the reference reader's
constexpr std::size_t kDepth = 8;
constexpr std::size_t kRank = 8;

std::unexpected<Error> corrupt(std::string message) { return fail(Code::kCorrupt, std::move(message)); }

struct Placed {
  Tensor tensor;
  std::uint64_t begin = 0, end = 0;  // of the data
};

Result<std::uint64_t> count_of(dom::element value) {
  std::uint64_t out = 0;
  if (value.get(out) != simdjson::SUCCESS) return corrupt("an offset or a dimension is no whole number");
  return out;
}

Result<Dtype> read_dtype(dom::object entry) {
  std::string_view name;
  if (entry["dtype"].get(name) != simdjson::SUCCESS) return corrupt("has no dtype");
  const auto* row = std::ranges::find(kDtypes, name, &DtypeRow::name);
  if (row == std::end(kDtypes)) return fail(Code::kUnsupported, "is of dtype " + printable(name));
  return static_cast<Dtype>(row - std::begin(kDtypes));
}

// The number of bytes that the shape asks for.
Result<std::uint64_t> read_shape(dom::object entry, Tensor& tensor) {
  dom::array dimensions;
  if (entry["shape"].get(dimensions) != simdjson::SUCCESS) return corrupt("has no shape");
  if (dimensions.size() > kRank) return corrupt("has too many dimensions");
  std::uint64_t bytes = dtype_bytes(tensor.dtype);
  for (const dom::element dimension : dimensions) {
    const std::uint64_t size = SLIPWAY_TRY(count_of(dimension));
    tensor.shape.push_back(size);
    if (__builtin_mul_overflow(bytes, size, &bytes)) return corrupt("is larger than any file");
  }
  return bytes;
}

Result<Placed> read_entry(std::string_view name, dom::element value, std::uint64_t data_bytes) {
  dom::object entry;
  if (value.get(entry) != simdjson::SUCCESS || entry.size() != 3) {
    return corrupt("is not described by dtype, shape and data_offsets");
  }
  Placed out;
  out.tensor.name = name;
  out.tensor.dtype = SLIPWAY_TRY(read_dtype(entry));
  const std::uint64_t bytes = SLIPWAY_TRY(read_shape(entry, out.tensor));
  dom::array offsets;
  if (entry["data_offsets"].get(offsets) != simdjson::SUCCESS || offsets.size() != 2) {
    return corrupt("has no data_offsets");
  }
  out.begin = SLIPWAY_TRY(count_of(offsets.at(0).value_unsafe()));
  out.end = SLIPWAY_TRY(count_of(offsets.at(1).value_unsafe()));
  if (out.begin > out.end || out.end > data_bytes) {
    return corrupt(fmt::format("lies at {} to {} of {} bytes", out.begin, out.end, data_bytes));
  }
  if (out.end - out.begin != bytes) {
    return corrupt(fmt::format("has {} bytes, its shape asks for {}", out.end - out.begin, bytes));
  }
  return out;
}

Result<void> check_order(std::vector<Placed>& entries, std::uint64_t data_bytes) {
  std::ranges::sort(entries, {}, [](const Placed& it) { return std::pair(it.begin, it.end); });
  std::uint64_t at = 0;
  for (const Placed& entry : entries) {
    if (entry.begin != at) {
      return corrupt(fmt::format("\"{}\" begins at {}, the tensor before it ends at {}", printable(entry.tensor.name),
                                 entry.begin, at));
    }
    at = entry.end;
  }
  if (at != data_bytes) return corrupt(fmt::format("the tensors end at {} of {} bytes", at, data_bytes));
  std::ranges::sort(entries, {}, [](const Placed& it) -> const std::string& { return it.tensor.name; });
  const auto twice =
      std::ranges::adjacent_find(entries, {}, [](const Placed& it) -> const std::string& { return it.tensor.name; });
  if (twice != entries.end()) return corrupt("\"" + printable(twice->tensor.name) + "\" stands twice");
  return {};
}

Result<std::string_view> header_of(std::string_view bytes) {
  std::uint64_t length = 0;
  if (bytes.size() < kLengthBytes) return corrupt("is shorter than the length of its header");
  std::memcpy(&length, bytes.data(), sizeof length);
  if (length > kHeaderLimit) return fail(Code::kTooLarge, fmt::format("has a header of {} bytes", length));
  if (length > bytes.size() - kLengthBytes) {
    return corrupt(fmt::format("has {} bytes, its header alone would have {}", bytes.size(), length));
  }
  return bytes.substr(kLengthBytes, length);
}

std::string padding_name(std::size_t number) { return std::string(kPadding) + std::to_string(number); }

void describe(JsonWriter& header, const Tensor& tensor, std::uint64_t begin) {
  header.key(tensor.name).begin_object().member("dtype", dtype_name(tensor.dtype));
  header.key("shape").begin_array();
  for (const std::uint64_t size : tensor.shape) header.value(size);
  header.end_array();
  header.key("data_offsets").begin_array().value(begin).value(begin + tensor.bytes.size()).end_array().end_object();
}

}  // namespace

std::string_view dtype_name(Dtype dtype) { return kDtypes[std::size_t(dtype)].name; }
std::size_t dtype_bytes(Dtype dtype) { return kDtypes[std::size_t(dtype)].bytes; }

Rope write(std::span<const Tensor> tensors) {
  static constexpr char kZeros[kAlignment] = {};
  JsonWriter header;
  header.begin_object();
  Rope data;
  std::uint64_t at = 0;
  std::size_t paddings = 0;
  for (const Tensor& tensor : tensors) {
    const std::uint64_t missing = (kAlignment - at % kAlignment) % kAlignment;
    if (missing != 0) {
      const std::string_view zeros(kZeros, missing);
      describe(header, {.name = padding_name(paddings++), .dtype = Dtype::kU8, .shape = {missing}, .bytes = zeros}, at);
      data.add(zeros, nullptr);
    }
    at += missing;
    describe(header, tensor, at);
    data.add(tensor.bytes, tensor.owner);
    at += tensor.bytes.size();
  }
  header.end_object();
  std::string text = header.take();
  text.resize((text.size() + kLengthBytes + kAlignment - 1) / kAlignment * kAlignment - kLengthBytes, ' ');
  const std::uint64_t length = text.size();
  text.insert(0, reinterpret_cast<const char*>(&length), sizeof length);
  Rope out = Rope::of(std::move(text));
  for (const Rope::Piece& piece : data.pieces()) out.add(piece.bytes, piece.owner);
  return out;
}

Result<File> File::parse(FileBytes bytes) {
  const std::string_view all = bytes.bytes();
  const std::string_view header = SLIPWAY_TRY(header_of(all));
  const std::string_view data = all.substr(kLengthBytes + header.size());
  dom::parser parser;
  dom::object entries;
  const simdjson::padded_string padded(header);
  if (parser.allocate(std::max<std::size_t>(padded.size(), 1), kDepth) != simdjson::SUCCESS ||
      !header.starts_with('{') || parser.parse(padded).get(entries) != simdjson::SUCCESS) {
    return corrupt("has a header that is no JSON object");
  }
  std::vector<Placed> found;
  for (const dom::key_value_pair entry : entries) {
    if (entry.key == "__metadata__") continue;
    auto placed = read_entry(entry.key, entry.value, data.size());
    if (!placed) return fail(std::move(placed).error().within("\"" + printable(entry.key) + "\""));
    placed->tensor.bytes = data.substr(placed->begin, placed->end - placed->begin);
    found.push_back(std::move(*placed));
  }
  SLIPWAY_TRY(check_order(found, data.size()));
  std::vector<Tensor> tensors;
  tensors.reserve(found.size());
  for (Placed& placed : found) tensors.push_back(std::move(placed.tensor));
  return File(std::move(bytes), std::move(tensors));
}

const Tensor* File::find(std::string_view name) const {
  const auto at =
      std::ranges::lower_bound(tensors_, name, {}, [](const Tensor& it) -> std::string_view { return it.name; });
  return at != tensors_.end() && at->name == name ? &*at : nullptr;
}

}  // namespace slipway::safetensors
