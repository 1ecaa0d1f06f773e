// SPDX-License-Identifier: Apache-2.0
// Columns of numbers over the bytes of an array, as they lie in the file: nothing is copied, each element is converted
// when it is asked for. Sizes and byte orders are the file's business: a tree's nodes are read by the names of their
// fields, never by the width of a node, which has changed and means different things at the same size.
//
// A column borrows from the document and must not outlive it. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "format/pickle/document.h"
#include "format/pickle/numpy.h"

namespace slipway::pickle {

template <class T>
class Column {
 public:
  using Load = T (*)(const char* element);

  Column() = default;
  Column(const char* first, std::size_t stride, std::size_t size, Load load,
         std::shared_ptr<const void> keeps = nullptr)
      : first_(first), stride_(stride), size_(size), load_(load), keeps_(std::move(keeps)) {}

  std::size_t size() const { return size_; }
  T operator[](std::size_t i) const { return load_(first_ + i * stride_); }  // REQUIRES: i < size()
  std::vector<T> all() const {
    std::vector<T> out(size_);
    for (std::size_t i = 0; i < size_; ++i) out[i] = (*this)[i];
    return out;
  }

 private:
  const char* first_ = nullptr;
  std::size_t stride_ = 0;
  std::size_t size_ = 0;
  Load load_ = nullptr;
  std::shared_ptr<const void> keeps_;  // bytes that are not the document's
};

// A one-dimensional array of structures: the nodes of a tree, the bins of a mapper.
class Records {
 public:
  // kCorrupt if the node is no such array, or its parts do not fit together; kUnsupported, kTooLarge as read_array.
  static Result<Records> open(const Document& document, NodeId node);

  std::size_t size() const { return array_.count; }
  bool has(std::string_view field) const;

  // The field as numbers. kCorrupt, by name and byte, if it is absent or holds no such numbers.
  Result<Column<double>> f64(std::string_view field) const;  // booleans, integers and floats
  // Booleans and integers; what is beyond the range becomes the nearest end of it.
  Result<Column<std::int64_t>> i64(std::string_view field) const;
  Result<Column<std::uint8_t>> u8(std::string_view field) const;

 private:
  Records(const Document& document, NodeId node, Array array)
      : document_(&document), node_(node), array_(std::move(array)) {}
  template <class T>
  Result<Column<T>> column(std::string_view field) const;

  const Document* document_;
  NodeId node_;
  Array array_;
};

// A whole array in C order, with its shape. An array in Fortran order is copied once, into C order.
template <class T>
struct Values {
  std::vector<std::uint64_t> shape;  // () of a numpy scalar
  Column<T> elements;
};
// Errors as read_array, and kCorrupt if the elements are not such numbers (see Records). An array of objects or a list
// is refused: read_numbers reads those.
Result<Values<double>> f64_values(const Document& document, NodeId node);
Result<Values<std::int64_t>> i64_values(const Document& document, NodeId node);
Result<Values<std::uint8_t>> u8_values(const Document& document, NodeId node);

}  // namespace slipway::pickle
