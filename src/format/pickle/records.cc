// SPDX-License-Identifier: Apache-2.0
// A column is an address, a stride and one of a table of conversions: storage type and byte order are looked at once a
// column, not once an element.
#include "format/pickle/records.h"

#include <fmt/core.h>

#include <algorithm>
#include <concepts>
#include <limits>

#include "base/text.h"
#include "format/pickle/elements.h"

namespace slipway::pickle {
namespace {

std::unexpected<Error> corrupt(const Document& document, NodeId node, std::string_view what) {
  return fail(Code::kCorrupt, fmt::format("byte {}: {}", document.offset(node), what));
}

// To the nearest value that `To` has: an index that does not fit must not become one that does.
template <class To, class From>
To convert(From value) {
  if constexpr (std::is_same_v<To, double>) {
    return to_double(value);
  } else if constexpr (std::is_same_v<From, Boolean>) {
    return value.byte != 0 ? 1 : 0;
  } else if constexpr (std::integral<From>) {
    if (std::cmp_less(value, std::numeric_limits<To>::min())) return std::numeric_limits<To>::min();
    if (std::cmp_greater(value, std::numeric_limits<To>::max())) return std::numeric_limits<To>::max();
    return static_cast<To>(value);
  }
}

template <class To, class From, bool kBigEndian>
To load_as(const char* element) {
  return convert<To>(load<From>(element, kBigEndian));
}

// nullptr if the dtype holds no numbers that become a `To`.
template <class To>
Column<To>::Load loader(const DType& dtype) {
  typename Column<To>::Load found = nullptr;
  with_type(dtype, [&]<class From>(From) {
    constexpr bool kFits = std::is_same_v<To, double> || std::is_same_v<From, Boolean> || std::integral<From>;
    if constexpr (kFits) found = dtype.big_endian ? load_as<To, From, true> : load_as<To, From, false>;
  });
  return found;
}

template <class T>
std::string_view wanted() {
  return std::is_same_v<T, double> ? "numbers" : "integers";
}

template <class T>
Result<Values<T>> values(const Document& document, NodeId node) {
  Array array = SLIPWAY_TRY(read_array(document, node));
  const auto load_one = loader<T>(array.dtype);
  if (load_one == nullptr) {
    return corrupt(
        document, node,
        fmt::format("{} expected, found an array of dtype {}{}", wanted<T>(), array.dtype.kind, array.dtype.itemsize));
  }
  const Column<T> stored(array.data.data(), array.dtype.itemsize, array.count, load_one, array.decoded);
  if (!array.fortran || array.shape.size() < 2) return Values<T>{std::move(array.shape), stored};
  auto copy = std::make_shared<std::vector<T>>(array.count);
  in_c_order(array, [&](std::uint64_t from, std::uint64_t to) { (*copy)[to] = stored[from]; });
  const char* first = reinterpret_cast<const char*>(copy->data());
  return Values<T>{std::move(array.shape), Column<T>(first, sizeof(T), copy->size(), load_as<T, T, false>, copy)};
}

}  // namespace

Result<Records> Records::open(const Document& document, NodeId node) {
  Array array = SLIPWAY_TRY(read_array(document, node));
  if (array.dtype.fields.empty()) {
    return corrupt(document, node,
                   fmt::format("an array of structures expected, found one of dtype {}{}", array.dtype.kind,
                               array.dtype.itemsize));
  }
  if (array.shape.size() != 1) {
    return corrupt(document, node, fmt::format("structures in {} dimensions; 1 expected", array.shape.size()));
  }
  return Records(document, node, std::move(array));
}

bool Records::has(std::string_view field) const {
  return std::ranges::find(array_.dtype.fields, field, &DType::FieldType::name) != array_.dtype.fields.end();
}

template <class T>
Result<Column<T>> Records::column(std::string_view field) const {
  const auto found = std::ranges::find(array_.dtype.fields, field, &DType::FieldType::name);
  if (found == array_.dtype.fields.end()) {
    return corrupt(*document_, node_, fmt::format("the structures have no field '{}'", field));
  }
  const DType dtype = SLIPWAY_TRY(read_dtype(*document_, found->dtype));
  const auto load_one = loader<T>(dtype);
  if (load_one == nullptr) {
    return corrupt(
        *document_, node_,
        fmt::format("field '{}' should hold {}, its dtype is {}{}", field, wanted<T>(), dtype.kind, dtype.itemsize));
  }
  return Column<T>(array_.data.data() + found->offset, array_.dtype.itemsize, array_.count, load_one, array_.decoded);
}

Result<Column<double>> Records::f64(std::string_view field) const { return column<double>(field); }
Result<Column<std::int64_t>> Records::i64(std::string_view field) const { return column<std::int64_t>(field); }
Result<Column<std::uint8_t>> Records::u8(std::string_view field) const { return column<std::uint8_t>(field); }

Result<Values<double>> f64_values(const Document& document, NodeId node) { return values<double>(document, node); }
Result<Values<std::int64_t>> i64_values(const Document& document, NodeId node) {
  return values<std::int64_t>(document, node);
}
Result<Values<std::uint8_t>> u8_values(const Document& document, NodeId node) {
  return values<std::uint8_t>(document, node);
}

}  // namespace slipway::pickle
