// SPDX-License-Identifier: Apache-2.0
// NumPy's values inside a pickle: ndarray, dtype, scalar. Formats: numpy/_core/src/multiarray/{methods,descriptor}.c.
// Views borrow from the Document. Every count is checked against the bytes that are there before anything is allocated.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "format/pickle/document.h"

namespace slipway::pickle {

struct DType {
  char kind = 0;               // b i u f c S U O V M m, as numpy.dtype.kind
  std::uint32_t itemsize = 0;  // bytes; of U: 4 a character
  bool big_endian = false;
  bool has_objects = false;  // O, or a structure that says so
  struct FieldType {
    std::string_view name;
    std::uint32_t offset;
    NodeId dtype;
  };
  std::vector<FieldType> fields;  // of a structured dtype: by offset, inside itemsize, not overlapping
};

// Of any numpy.dtype object. Fields are not read deeper: read_dtype(field.dtype) does.
Result<DType> read_dtype(const Document& document, NodeId node);

// An array as stored. Exactly one of `data` and `objects` is used.
struct Array {
  DType dtype;
  std::vector<std::uint64_t> shape;
  bool fortran = false;                        // `data` is column-major; `objects` never is
  std::uint64_t count = 0;                     // product of shape
  std::string_view data;                       // count * itemsize bytes
  std::span<const NodeId> objects;             // of dtype O
  std::shared_ptr<const std::string> decoded;  // keeps `data` where the file writes it as text (protocols 0 to 2)

  bool is_c_order() const { return !fortran || shape.size() < 2; }
};

// True if the node is an ndarray (by _reconstruct, _frombuffer or joblib) or a numpy scalar. Says nothing of its
// health.
bool is_array(const Document& document, NodeId node);
bool is_scalar(const Document& document, NodeId node);

// Of an array, or of a numpy scalar (shape {}). Errors: kCorrupt where the parts do not fit together, kUnsupported,
// kTooLarge; each with the byte offset of what is wrong.
Result<Array> read_array(const Document& document, NodeId node);
// The same without looking at the bytes: `data` is empty and `objects` may be fewer or more than `count`.
Result<Array> read_array_header(const Document& document, NodeId node);

// What joblib says of an array before it writes it: all but `data`, `objects` and the fields of its dtype. `padded`:
// bytes that mean nothing stand before the data.
struct JoblibHeader {
  Array array;
  bool padded = false;
};
Result<JoblibHeader> read_joblib_header(const Document& document, NodeId wrapper);

// Real numbers in C order, whatever their dtype (bool, integers and floats of any size and endianness): a Python
// number, a numpy scalar (shape {}), an array, or a list or tuple of numbers (shape {n}). Integers above 2^53 round to
// nearest; one beyond the range of a double is an error.
struct Numbers {
  std::vector<double> values;
  std::vector<std::uint64_t> shape;
  bool is_float32 = false;  // stored as float32
};
Result<Numbers> read_numbers(const Document& document, NodeId node);

// One element that is a label or a category.
struct Scalar {
  enum class Kind : std::uint8_t { kNone, kBool, kInt, kFloat, kText } kind = Kind::kNone;
  std::int64_t integer = 0;  // kBool (0, 1) and kInt
  double real = 0;           // kFloat
  std::string text;          // kText: UTF-8, lone surrogates as they are; bytes that are not UTF-8 as Latin-1
};
// The elements of an array, list or tuple of labels, or one scalar: text arrays (U, S), object arrays, numbers. C
// order.
Result<std::vector<Scalar>> read_scalars(const Document& document, NodeId node);

}  // namespace slipway::pickle
