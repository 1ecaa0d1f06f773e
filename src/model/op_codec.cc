// SPDX-License-Identifier: Apache-2.0
// Two visitors over fields(), one for each direction, with an overload for each type that a field may have. Reading
// tries the operators' names one by one; a field that is there in the file and not in the struct is an error, and so is
// the reverse.
#include "model/op_codec.h"

#include <fmt/core.h>

#include <concepts>
#include <cstring>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/text.h"
#include "model/enum_names.h"

namespace slipway::model {
namespace {

namespace dom = simdjson::dom;
using safetensors::Dtype;

template <class T>
constexpr Dtype dtype_of() {
  if constexpr (std::same_as<T, double>) return Dtype::kF64;
  if constexpr (std::same_as<T, float>) return Dtype::kF32;
  if constexpr (std::same_as<T, std::uint8_t> || std::same_as<T, char>) return Dtype::kU8;
  if constexpr (std::same_as<T, std::int32_t>) return Dtype::kI32;
  if constexpr (std::same_as<T, std::uint32_t>) return Dtype::kU32;
  if constexpr (std::same_as<T, std::int64_t>) return Dtype::kI64;
  if constexpr (std::same_as<T, std::uint64_t>) return Dtype::kU64;
}

// Writes one field after the other; the first that cannot be written stops it.
struct FieldWriter {
  const std::string& prefix;
  JsonWriter& json;
  TensorWriter& tensors;
  std::optional<Error> error = std::nullopt;

  void write(std::string_view name, const std::string& text) {
    if (!is_utf8(text) && !error) error = Error(Code::kUnsupported, fmt::format("\"{}\" is not UTF-8", name));
    json.member(name, std::string_view(text));
  }
  template <class T>
    requires std::is_arithmetic_v<T>
  void write(std::string_view name, const T& value) {
    json.member(name, value);
  }
  template <class E>
    requires std::is_enum_v<E>
  void write(std::string_view name, const E& value) {
    json.member(name, std::string_view(enum_name(value)));
  }
  template <class T>
    requires(!std::is_arithmetic_v<T> && !std::is_enum_v<T>)
  void write(std::string_view name, const T& table) {
    tensors.add(prefix + std::string(name), table);
  }
};

// Reads them, likewise.
struct FieldReader {
  const std::string& prefix;
  JsonMembers& json;
  TensorReader& tensors;
  std::optional<Error> error = std::nullopt;

  template <class T>
  void read(std::string_view name, T& value) {
    if (error) return;
    auto done = take(name, value);
    if (!done) error = std::move(done).error();
  }

 private:
  template <class T>
  static Result<void> put(Result<T> from, T& to) {
    to = SLIPWAY_TRY(std::move(from));
    return {};
  }
  Result<void> take(std::string_view name, bool& value) { return put(json.flag(name), value); }
  Result<void> take(std::string_view name, std::uint32_t& value) { return put(json.u32(name), value); }
  Result<void> take(std::string_view name, std::int64_t& value) { return put(json.i64(name), value); }
  Result<void> take(std::string_view name, double& value) { return put(json.real(name), value); }
  Result<void> take(std::string_view name, std::string& value) { return put(json.text(name), value); }
  template <class E>
    requires std::is_enum_v<E>
  Result<void> take(std::string_view name, E& value) {
    const std::string text = SLIPWAY_TRY(json.text(name));
    const std::optional<E> known = enum_of<E>(text);
    if (!known) {
      return fail(Code::kUnsupported, fmt::format("\"{}\" is \"{}\", which is not known here", name, printable(text)),
                  std::string(kNewerHint));
    }
    value = *known;
    return {};
  }
  template <class T>
    requires(!std::is_arithmetic_v<T> && !std::is_enum_v<T>)
  Result<void> take(std::string_view name, T& table) {
    return tensors.read(prefix + std::string(name), table);
  }
};

template <class T>
Result<Op> read_op(JsonMembers& json, const std::string& prefix, TensorReader& tensors) {
  T op;
  FieldReader reader{prefix, json, tensors};
  T::fields([&](std::string_view name, auto member) { reader.read(name, op.*member); });
  if (reader.error) return fail(std::move(*reader.error));
  SLIPWAY_TRY(json.finish());
  return Op(std::move(op));
}

using OpReader = Result<Op> (*)(JsonMembers&, const std::string&, TensorReader&);
struct OpRow {
  std::string_view name;
  OpReader read;
};
template <class... Ops>
constexpr auto rows_of(const std::variant<Ops...>*) {
  return std::array<OpRow, sizeof...(Ops)>{OpRow{Ops::kName, read_op<Ops>}...};
}
constexpr auto kOps = rows_of(static_cast<const Op*>(nullptr));

Result<std::vector<std::uint32_t>> read_inputs(JsonMembers& json) {
  const dom::array list = SLIPWAY_TRY(json.list("inputs"));
  std::vector<std::uint32_t> out;
  for (const dom::element element : list) {
    std::uint64_t slot = 0;
    if (element.get(slot) != simdjson::SUCCESS || slot > ~std::uint32_t{0}) {
      return fail(Code::kCorrupt, "an input is no slot");
    }
    out.push_back(static_cast<std::uint32_t>(slot));
  }
  return out;
}

}  // namespace

template <class T>
void TensorWriter::add(std::string_view name, const Array<T>& values) {
  tensors_.push_back({.name = std::string(name),
                      .dtype = dtype_of<T>(),
                      .shape = {values.size()},
                      .bytes = {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)},
                      .owner = values.owner()});
}

void TensorWriter::add(const std::string& name, const Texts& texts) {
  add(name + ".offsets", texts.offsets());
  add(name + ".bytes", texts.bytes());
}

void TensorWriter::add(const std::string& name, const Values& values) {
  add(name + ".kinds", values.kinds());
  add(name + ".bits", values.bits());
  add(name + ".texts", values.texts());
}

TensorReader::TensorReader(safetensors::File file)
    : file_(std::move(file)), owner_(std::make_shared<const FileBytes>(file_.bytes())) {}

template <class T>
Result<void> TensorReader::read(const std::string& name, Array<T>& values) {
  const safetensors::Tensor* tensor = file_.find(name);
  if (tensor == nullptr) return fail(Code::kCorrupt, fmt::format("the tensor \"{}\" is missing", name));
  if (tensor->dtype != dtype_of<T>() || tensor->shape.size() != 1) {
    return fail(Code::kCorrupt, fmt::format("the tensor \"{}\" is of dtype {} and rank {}, want {} and 1", name,
                                            safetensors::dtype_name(tensor->dtype), tensor->shape.size(),
                                            safetensors::dtype_name(dtype_of<T>())));
  }
  if (!read_.insert(name).second) return fail(Code::kCorrupt, fmt::format("the tensor \"{}\" is used twice", name));
  const char* data = tensor->bytes.data();
  const std::size_t count = tensor->bytes.size() / sizeof(T);
  if (reinterpret_cast<std::uintptr_t>(data) % alignof(T) == 0) {
    values = Array<T>::view({reinterpret_cast<const T*>(data), count}, owner_);
    return {};
  }
  std::vector<T> copy(count);
  std::memcpy(copy.data(), data, tensor->bytes.size());
  values = std::move(copy);
  return {};
}

Result<void> TensorReader::read(const std::string& name, Texts& texts) {
  Array<std::uint64_t> offsets;
  Array<char> bytes;
  SLIPWAY_TRY(read(name + ".offsets", offsets));
  SLIPWAY_TRY(read(name + ".bytes", bytes));
  auto made = Texts::create(std::move(offsets), std::move(bytes));
  if (!made) return fail(std::move(made).error().within(fmt::format("the table \"{}\"", name)));
  texts = std::move(*made);
  return {};
}

Result<void> TensorReader::read(const std::string& name, Values& values) {
  Array<std::uint8_t> kinds;
  Array<std::int64_t> bits;
  Texts texts;
  SLIPWAY_TRY(read(name + ".kinds", kinds));
  SLIPWAY_TRY(read(name + ".bits", bits));
  SLIPWAY_TRY(read(name + ".texts", texts));
  auto made = Values::create(std::move(kinds), std::move(bits), std::move(texts));
  if (!made) return fail(std::move(made).error().within(fmt::format("the table \"{}\"", name)));
  values = std::move(*made);
  return {};
}

Result<void> TensorReader::finish() const {
  for (const safetensors::Tensor& tensor : file_.tensors()) {
    if (tensor.name.starts_with(safetensors::kPadding) || read_.contains(tensor.name)) continue;
    return fail(Code::kUnsupported, fmt::format("the tensor \"{}\" is not known here", printable(tensor.name)),
                std::string(kNewerHint));
  }
  return {};
}

template void TensorWriter::add(std::string_view, const Array<double>&);
template void TensorWriter::add(std::string_view, const Array<std::uint8_t>&);
template void TensorWriter::add(std::string_view, const Array<std::uint64_t>&);
template Result<void> TensorReader::read(const std::string&, Array<double>&);
template Result<void> TensorReader::read(const std::string&, Array<std::uint8_t>&);
template Result<void> TensorReader::read(const std::string&, Array<std::uint64_t>&);

Result<void> write_step(const Op& op, std::span<const std::uint32_t> inputs, const std::string& prefix,
                        JsonWriter& json, TensorWriter& tensors) {
  json.begin_object().member("op", op_name(op)).key("inputs").begin_array();
  for (const std::uint32_t input : inputs) json.value(input);
  json.end_array().key("parameters").begin_object();
  FieldWriter writer{prefix, json, tensors};
  std::visit(
      [&](const auto& it) {
        std::decay_t<decltype(it)>::fields([&](std::string_view name, auto member) { writer.write(name, it.*member); });
      },
      op);
  json.end_object().end_object();
  if (writer.error) return fail(std::move(*writer.error));
  return {};
}

Result<ReadStep> read_step(dom::element element, const std::string& prefix, TensorReader& tensors) {
  JsonMembers json = SLIPWAY_TRY(JsonMembers::of(element));
  const std::string name = SLIPWAY_TRY(json.text("op"));
  std::vector<std::uint32_t> inputs = SLIPWAY_TRY(read_inputs(json));
  const dom::element members = SLIPWAY_TRY(json.any("parameters"));
  SLIPWAY_TRY(json.finish());
  JsonMembers parameters = SLIPWAY_TRY(JsonMembers::of(members));
  for (const OpRow& row : kOps) {
    if (row.name != name) continue;
    auto op = row.read(parameters, prefix, tensors);
    if (!op) return fail(std::move(op).error().within(name));
    return ReadStep{std::move(*op), std::move(inputs)};
  }
  return fail(Code::kUnsupported, fmt::format("the operator \"{}\" is not known here", printable(name)),
              std::string(kNewerHint));
}

}  // namespace slipway::model
