// SPDX-License-Identifier: Apache-2.0
// Elements: of arrays, of lists, or one alone, as numbers and as labels. One loop a storage type; the order of the
// result is always C.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "base/pages.h"
#include "base/text.h"
#include "format/pickle/elements.h"
#include "format/pickle/numpy.h"
#include "format/pickle/text_forms.h"

namespace slipway::pickle {
namespace {

constexpr std::uint64_t kMaxLabels = 16'000'000;  // a label takes more room here than in the file

std::unexpected<Error> error_at(const Document& document, NodeId node, Code code, std::string_view what) {
  return fail(code, fmt::format("byte {}: {}", document.offset(node), what));
}

// Two's complement bytes to the nearest double, through the C library's correctly rounded hexadecimal floats.
double big_to_double(std::string_view bytes) {
  const bool negative = (bytes.back() & 0x80) != 0;
  std::string hex = "0x0";
  std::string magnitude(bytes);
  unsigned carry = 1;
  for (char& byte : magnitude) {
    if (!negative) break;
    carry += static_cast<unsigned char>(~byte);
    byte = static_cast<char>(carry);
    carry >>= 8;
  }
  for (std::size_t i = magnitude.size(); i-- > 0;) {
    constexpr std::string_view kHex = "0123456789abcdef";
    hex += kHex[static_cast<unsigned char>(magnitude[i]) >> 4];
    hex += kHex[magnitude[i] & 15];
  }
  const double value = std::strtod(hex.c_str(), nullptr);
  return negative ? -value : value;
}

// A Python number, or what an object scalar holds.
Result<double> python_number(const Document& document, NodeId node) {
  switch (document.kind(node)) {
    case Kind::kBool:
      return document.boolean(node) ? 1.0 : 0.0;
    case Kind::kInt:
      return static_cast<double>(document.integer(node));
    case Kind::kFloat:
      return document.real(node);
    case Kind::kBigInt: {
      const double value = big_to_double(document.text(node));
      if (std::isfinite(value)) return value;
      return error_at(document, node, Code::kUnsupported, "an integer beyond the range of a double");
    }
    default:
      return error_at(document, node, Code::kCorrupt,
                      fmt::format("a number expected, found {}", kind_name(document.kind(node))));
  }
}

std::unexpected<Error> no_numbers(const Document& document, NodeId node, const DType& dtype) {
  return error_at(document, node, Code::kUnsupported,
                  fmt::format("numbers expected, found an array of dtype {}{}", dtype.kind, dtype.itemsize));
}

// at(0), at(1), ...: by way of a block that stays in the cache, so that memory is written once, not zeroed before.
template <class At>
void append(std::uint64_t count, At at, std::vector<double>& values) {
  std::array<double, 512> block;
  for (std::uint64_t begin = 0; begin < count; begin += block.size()) {
    const std::uint64_t size = std::min<std::uint64_t>(block.size(), count - begin);
    for (std::uint64_t i = 0; i < size; ++i) block[i] = at(begin + i);
    values.insert(values.end(), block.begin(), block.begin() + std::ptrdiff_t(size));
  }
}

Result<void> stored_numbers(const Document& document, NodeId node, const Array& array, std::vector<double>& values) {
  reserve_large(values, array.count);
  const bool known = with_type(array.dtype, [&]<class T>(T) {
    const auto at = [&](std::uint64_t stored) {
      return to_double(load<T>(array.data.data() + stored * sizeof(T), array.dtype.big_endian));
    };
    if (array.is_c_order()) return append(array.count, at, values);
    values.resize(array.count);
    in_c_order(array, [&](std::uint64_t stored, std::uint64_t position) { values[position] = at(stored); });
  });
  if (!known) return no_numbers(document, node, array.dtype);
  return {};
}

// A Python number or a numpy scalar.
Result<double> one_number(const Document& document, NodeId node) {
  if (!is_scalar(document, node)) return python_number(document, node);
  const Array array = SLIPWAY_TRY(read_array(document, node));
  if (array.dtype.kind == 'O') return python_number(document, array.objects[0]);
  std::vector<double> values;
  SLIPWAY_TRY(stored_numbers(document, node, array, values));
  return values[0];
}

bool is_sequence(Kind kind) { return kind == Kind::kList || kind == Kind::kTuple; }

// Bytes as text: UTF-8 if they are, else Latin-1.
std::string bytes_to_text(std::string_view bytes) {
  if (is_utf8(bytes)) return std::string(bytes);
  std::string out;
  for (const char c : bytes) append_utf8(out, static_cast<unsigned char>(c));
  return out;
}

Scalar text_scalar(std::string text) { return {.kind = Scalar::Kind::kText, .text = std::move(text)}; }
Scalar int_scalar(std::int64_t value) { return {.kind = Scalar::Kind::kInt, .integer = value}; }
Scalar bool_scalar(bool value) { return {.kind = Scalar::Kind::kBool, .integer = value ? 1 : 0}; }
Scalar real_scalar(double value) { return {.kind = Scalar::Kind::kFloat, .real = value}; }

template <class T>
Scalar to_scalar(T value) {
  if constexpr (std::is_same_v<T, Boolean>) return bool_scalar(value.byte != 0);
  if constexpr (std::is_integral_v<T>) return int_scalar(static_cast<std::int64_t>(value));
  return real_scalar(to_double(value));
}

// Element of a U array: UCS-4, padded with NULs. False if a character is beyond Unicode.
bool ucs4_to_text(std::string_view element, bool big_endian, std::string& out) {
  std::size_t characters = element.size() / 4;
  const auto character = [&](std::size_t i) { return load<std::uint32_t>(element.data() + i * 4, big_endian); };
  while (characters > 0 && character(characters - 1) == 0) --characters;
  for (std::size_t i = 0; i < characters; ++i) {
    if (character(i) > 0x10FFFF) return false;
    append_utf8(out, character(i));
  }
  return true;
}

Result<Scalar> python_scalar(const Document& document, NodeId node) {
  switch (document.kind(node)) {
    case Kind::kNone:
      return Scalar{};
    case Kind::kBool:
      return bool_scalar(document.boolean(node));
    case Kind::kInt:
      return int_scalar(document.integer(node));
    case Kind::kFloat:
      return real_scalar(document.real(node));
    case Kind::kText:
      return text_scalar(std::string(document.text(node)));
    case Kind::kBytes:
      return text_scalar(bytes_to_text(document.text(node)));
    case Kind::kBigInt:
      return error_at(document, node, Code::kUnsupported, "a label that is an integer of more than 64 bits");
    default:
      return error_at(document, node, Code::kUnsupported,
                      fmt::format("a label expected, found {}", kind_name(document.kind(node))));
  }
}

Result<void> text_elements(const Document& document, NodeId node, const Array& array, std::vector<Scalar>& out) {
  const std::size_t size = array.dtype.itemsize;
  bool sound = true;
  in_c_order(array, [&](std::uint64_t stored, std::uint64_t position) {
    std::string_view element = array.data.substr(stored * size, size);
    std::string text;
    if (array.dtype.kind == 'U') {
      sound = ucs4_to_text(element, array.dtype.big_endian, text) && sound;
    } else {
      while (element.ends_with('\0')) element.remove_suffix(1);
      text = bytes_to_text(element);
    }
    out[position] = text_scalar(std::move(text));
  });
  if (!sound) return error_at(document, node, Code::kCorrupt, "a text array with characters beyond Unicode");
  return {};
}

Result<void> stored_scalars(const Document& document, NodeId node, const Array& array, std::vector<Scalar>& out) {
  out.resize(array.count);
  if (array.dtype.kind == 'U' || array.dtype.kind == 'S') return text_elements(document, node, array, out);
  bool fits = true;
  const bool known = with_type(array.dtype, [&]<class T>(T) {
    in_c_order(array, [&](std::uint64_t stored, std::uint64_t position) {
      const T value = load<T>(array.data.data() + stored * sizeof(T), array.dtype.big_endian);
      if constexpr (std::is_same_v<T, std::uint64_t>) fits = fits && value >> 63 == 0;
      out[position] = to_scalar(value);
    });
  });
  if (!known) {
    return error_at(
        document, node, Code::kUnsupported,
        fmt::format("labels expected, found an array of dtype {}{}", array.dtype.kind, array.dtype.itemsize));
  }
  if (!fits) return error_at(document, node, Code::kUnsupported, "a label above the range of a 64-bit integer");
  return {};
}

// A Python value or a numpy scalar.
Result<Scalar> one_scalar(const Document& document, NodeId node) {
  if (!is_scalar(document, node)) return python_scalar(document, node);
  const Array array = SLIPWAY_TRY(read_array(document, node));
  if (array.dtype.kind == 'O') return python_scalar(document, array.objects[0]);
  std::vector<Scalar> values;
  SLIPWAY_TRY(stored_scalars(document, node, array, values));
  return std::move(values[0]);
}

Result<void> check_labels(const Document& document, NodeId node, std::uint64_t count) {
  if (count <= kMaxLabels) return {};
  return error_at(document, node, Code::kTooLarge, fmt::format("{} labels; the limit is {}", count, kMaxLabels));
}

}  // namespace

Result<Numbers> read_numbers(const Document& document, NodeId node) {
  Numbers numbers;
  std::span<const NodeId> elements;
  if (is_sequence(document.kind(node))) {
    elements = document.items(node);
    numbers.shape = {elements.size()};
  } else if (is_array(document, node) || is_scalar(document, node)) {
    const Array array = SLIPWAY_TRY(read_array(document, node));
    numbers.shape = array.shape;
    numbers.is_float32 = array.dtype.kind == 'f' && array.dtype.itemsize == 4;
    if (array.dtype.kind != 'O') {
      SLIPWAY_TRY(stored_numbers(document, node, array, numbers.values));
      return numbers;
    }
    elements = array.objects;
  } else {
    const double value = SLIPWAY_TRY(python_number(document, node));
    numbers.values.push_back(value);
    return numbers;
  }
  numbers.values.reserve(elements.size());
  for (const NodeId element : elements) {
    const double value = SLIPWAY_TRY(one_number(document, element));
    numbers.values.push_back(value);
  }
  return numbers;
}

Result<std::vector<Scalar>> read_scalars(const Document& document, NodeId node) {
  std::vector<Scalar> scalars;
  std::span<const NodeId> elements;
  if (is_sequence(document.kind(node))) {
    elements = document.items(node);
  } else if (is_array(document, node)) {
    const Array array = SLIPWAY_TRY(read_array(document, node));
    SLIPWAY_TRY(check_labels(document, node, array.count));
    if (array.dtype.kind != 'O') {
      SLIPWAY_TRY(stored_scalars(document, node, array, scalars));
      return scalars;
    }
    elements = array.objects;
  } else {
    Scalar scalar = SLIPWAY_TRY(one_scalar(document, node));
    scalars.push_back(std::move(scalar));
    return scalars;
  }
  SLIPWAY_TRY(check_labels(document, node, elements.size()));
  scalars.reserve(elements.size());
  for (const NodeId element : elements) {
    Scalar scalar = SLIPWAY_TRY(one_scalar(document, element));
    scalars.push_back(std::move(scalar));
  }
  return scalars;
}

}  // namespace slipway::pickle
