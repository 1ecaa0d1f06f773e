// SPDX-License-Identifier: Apache-2.0
// One element of an array, whatever its storage type, and the order of elements. Internal to this module.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

#include "format/pickle/numpy.h"

namespace slipway::pickle {

// Calls put(stored, position): element number `stored` of the data belongs at `position` in C order.
template <class Put>
void in_c_order(const Array& array, Put put) {
  if (array.is_c_order()) {
    for (std::uint64_t i = 0; i < array.count; ++i) put(i, i);
    return;
  }
  const std::size_t dimensions = array.shape.size();
  std::vector<std::uint64_t> stride(dimensions, 1);
  for (std::size_t d = dimensions - 1; d-- > 0;) stride[d] = stride[d + 1] * array.shape[d + 1];
  std::vector<std::uint64_t> index(dimensions, 0);
  std::uint64_t position = 0;
  for (std::uint64_t i = 0; i < array.count; ++i) {
    put(i, position);
    for (std::size_t d = 0; d < dimensions; ++d) {  // the first dimension runs fastest
      position += stride[d];
      if (++index[d] < array.shape[d]) break;
      position -= stride[d] * array.shape[d];
      index[d] = 0;
    }
  }
}

template <std::size_t kSize>
using Unsigned = std::conditional_t<
    kSize == 1, std::uint8_t,
    std::conditional_t<kSize == 2, std::uint16_t, std::conditional_t<kSize == 4, std::uint32_t, std::uint64_t>>>;

template <class T>
T load(const char* from, bool big_endian) {
  Unsigned<sizeof(T)> bits;
  std::memcpy(&bits, from, sizeof(T));
  if (big_endian) {
    if constexpr (sizeof(T) == 2) bits = __builtin_bswap16(bits);
    if constexpr (sizeof(T) == 4) bits = __builtin_bswap32(bits);
    if constexpr (sizeof(T) == 8) bits = __builtin_bswap64(bits);
  }
  return std::bit_cast<T>(bits);
}

struct Half {
  std::uint16_t bits;
  // Every half is a double exactly.
  double value() const {
    const int exponent = bits >> 10 & 31;
    const int mantissa = bits & 1023;
    double magnitude = std::ldexp(exponent == 0 ? mantissa : mantissa + 1024, (exponent == 0 ? 1 : exponent) - 25);
    if (exponent == 31) {
      magnitude = mantissa == 0 ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
    }
    return (bits & 0x8000) != 0 ? -magnitude : magnitude;
  }
};

struct Boolean {
  std::uint8_t byte;
};

// Calls visit with a value of the storage type; false if the dtype holds no real numbers.
template <class Visit>
bool with_type(const DType& dtype, Visit visit) {
  switch (dtype.kind << 8 | int(std::min<std::uint32_t>(dtype.itemsize, 255))) {
    case 'b' << 8 | 1:
      return visit(Boolean{}), true;
    case 'i' << 8 | 1:
      return visit(std::int8_t{}), true;
    case 'i' << 8 | 2:
      return visit(std::int16_t{}), true;
    case 'i' << 8 | 4:
      return visit(std::int32_t{}), true;
    case 'i' << 8 | 8:
      return visit(std::int64_t{}), true;
    case 'u' << 8 | 1:
      return visit(std::uint8_t{}), true;
    case 'u' << 8 | 2:
      return visit(std::uint16_t{}), true;
    case 'u' << 8 | 4:
      return visit(std::uint32_t{}), true;
    case 'u' << 8 | 8:
      return visit(std::uint64_t{}), true;
    case 'f' << 8 | 2:
      return visit(Half{}), true;
    case 'f' << 8 | 4:
      return visit(float{}), true;
    case 'f' << 8 | 8:
      return visit(double{}), true;
    default:
      return false;
  }
}

inline double to_double(Half value) { return value.value(); }
inline double to_double(Boolean value) { return value.byte != 0 ? 1 : 0; }
template <class T>
double to_double(T value) {
  return static_cast<double>(value);
}

}  // namespace slipway::pickle
