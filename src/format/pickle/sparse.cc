// SPDX-License-Identifier: Apache-2.0
// scipy keeps a compressed matrix as a bag of attributes: _shape, data, indices, indptr; a diagonal one as _shape,
// data, offsets. Nothing but the class name says whether indptr counts rows or columns.
#include "format/pickle/sparse.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include "format/pickle/records.h"

namespace slipway::pickle {
namespace {

constexpr std::uint64_t kMaxIndex = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t kEmptyRows = std::uint64_t{1} << 20;  // that any file may claim

std::unexpected<Error> error_at(const Document& document, NodeId node, Code code, std::string_view what) {
  return fail(code, fmt::format("byte {}: {}", document.offset(node), what));
}
std::unexpected<Error> corrupt(const Document& document, NodeId node, std::string_view what) {
  return error_at(document, node, Code::kCorrupt, what);
}

enum class Format : std::uint8_t { kNone, kRows, kColumns, kDiagonals };

Format format_of(const Document& document, NodeId node) {
  if (document.kind(node) != Kind::kObject) return Format::kNone;
  const Global name = class_of(document, node);
  if (name.module != "scipy.sparse" && !name.module.starts_with("scipy.sparse.")) return Format::kNone;
  if (name.name == "csr_matrix" || name.name == "csr_array") return Format::kRows;
  if (name.name == "csc_matrix" || name.name == "csc_array") return Format::kColumns;
  if (name.name == "dia_matrix" || name.name == "dia_array") return Format::kDiagonals;
  return Format::kNone;
}

struct Shape {
  std::uint64_t rows = 0;
  std::uint64_t columns = 0;
};

Result<NodeId> attribute(const Document& document, NodeId node, std::string_view name) {
  const NodeId found = find(document, attributes(document, node), name);
  if (found != kNoNode) return found;
  return corrupt(document, node, fmt::format("a sparse matrix without {}", name));
}

Result<Shape> read_shape(const Document& document, NodeId node) {
  const NodeId shape = SLIPWAY_TRY(attribute(document, node, "_shape"));
  const Numbers sizes = SLIPWAY_TRY(read_numbers(document, shape));
  if (sizes.values.size() != 2) {
    return corrupt(document, shape, fmt::format("a sparse matrix of {} dimensions; 2 expected", sizes.values.size()));
  }
  for (const double size : sizes.values) {
    const bool count = size >= 0 && size <= static_cast<double>(kMaxIndex);
    if (!count) return corrupt(document, shape, fmt::format("a sparse matrix whose shape says {}", size));
  }
  return Shape{static_cast<std::uint64_t>(sizes.values[0]), static_cast<std::uint64_t>(sizes.values[1])};
}

// Reading by columns, or a diagonal, makes a row for each that the shape merely claims.
Result<void> check_rows(const Document& document, NodeId node, std::uint64_t rows) {
  if (rows <= std::max(kEmptyRows, document.file_bytes())) return {};
  return error_at(document, node, Code::kTooLarge, fmt::format("a sparse matrix that claims {} rows", rows));
}

// The arrays, checked against `outer` (what indptr counts) and `inner` (what indices name).
Result<Csr> read_compressed(const Document& document, NodeId node, std::uint64_t outer, std::uint64_t inner) {
  const NodeId pointers_node = SLIPWAY_TRY(attribute(document, node, "indptr"));
  const NodeId indices_node = SLIPWAY_TRY(attribute(document, node, "indices"));
  const NodeId data_node = SLIPWAY_TRY(attribute(document, node, "data"));
  const auto pointers = SLIPWAY_TRY(i64_values(document, pointers_node));
  const auto indices = SLIPWAY_TRY(i64_values(document, indices_node));
  Numbers data = SLIPWAY_TRY(read_numbers(document, data_node));
  if (pointers.elements.size() != outer + 1) {
    return corrupt(document, pointers_node,
                   fmt::format("{} pointers where {} are needed", pointers.elements.size(), outer + 1));
  }
  Csr out{.rows = outer, .columns = inner, .is_float32 = data.is_float32};
  out.row_start.reserve(outer + 1);
  std::int64_t before = 0;
  for (std::size_t i = 0; i < pointers.elements.size(); ++i) {
    const std::int64_t pointer = pointers.elements[i];
    if (i == 0 ? pointer != 0 : pointer < before) {
      return corrupt(document, pointers_node,
                     fmt::format("pointer {} of a sparse matrix is {} after {}", i, pointer, before));
    }
    before = pointer;
    out.row_start.push_back(static_cast<std::uint64_t>(pointer));
  }
  const std::uint64_t entries = out.row_start.back();  // scipy's arrays may be longer
  if (entries > indices.elements.size() || entries > data.values.size()) {
    return corrupt(
        document, pointers_node,
        fmt::format("{} entries, but {} indices and {} values", entries, indices.elements.size(), data.values.size()));
  }
  out.column.reserve(entries);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::int64_t index = indices.elements[i];
    if (index < 0 || std::cmp_greater_equal(index, inner)) {
      return corrupt(document, indices_node,
                     fmt::format("index {} of a sparse matrix is {}, not below {}", i, index, inner));
    }
    out.column.push_back(static_cast<std::uint32_t>(index));
  }
  data.values.resize(entries);
  out.value = std::move(data.values);
  return out;
}

// Columns to rows, by counting.
Csr transposed(const Csr& from) {
  Csr out{.rows = from.columns, .columns = from.rows, .is_float32 = from.is_float32};
  out.row_start.assign(out.rows + 1, 0);
  out.column.resize(from.column.size());
  out.value.resize(from.value.size());
  for (const std::uint32_t row : from.column) ++out.row_start[row + 1];
  for (std::size_t i = 0; i < out.rows; ++i) out.row_start[i + 1] += out.row_start[i];
  std::vector<std::uint64_t> next(out.row_start.begin(), out.row_start.end() - 1);
  for (std::uint32_t outer = 0; outer < from.rows; ++outer) {
    for (std::uint64_t i = from.row_start[outer]; i < from.row_start[outer + 1]; ++i) {
      const std::uint64_t to = next[from.column[i]]++;
      out.column[to] = outer;
      out.value[to] = from.value[i];
    }
  }
  return out;
}

// dia: data[k, j] stands in column j of the diagonal offsets[k].
Result<std::vector<double>> read_dia(const Document& document, NodeId node, Shape shape) {
  const NodeId offsets_node = SLIPWAY_TRY(attribute(document, node, "offsets"));
  const NodeId data_node = SLIPWAY_TRY(attribute(document, node, "data"));
  const auto offsets = SLIPWAY_TRY(i64_values(document, offsets_node));
  if (offsets.elements.size() != 1 || offsets.elements[0] != 0) {
    return error_at(document, node, Code::kUnsupported, "a matrix of other diagonals than the main one");
  }
  Numbers data = SLIPWAY_TRY(read_numbers(document, data_node));
  data.values.resize(shape.rows);
  return std::move(data.values);
}

}  // namespace

bool is_sparse(const Document& document, NodeId node) { return format_of(document, node) != Format::kNone; }

Result<Csr> read_csr(const Document& document, NodeId node) {
  const Format format = format_of(document, node);
  if (format == Format::kNone) return corrupt(document, node, "a sparse matrix expected");
  if (format == Format::kDiagonals) {
    return error_at(document, node, Code::kUnsupported, "a matrix of diagonals where one of rows is expected");
  }
  const Shape shape = SLIPWAY_TRY(read_shape(document, node));
  if (format == Format::kRows) return read_compressed(document, node, shape.rows, shape.columns);
  SLIPWAY_TRY(check_rows(document, node, shape.rows));
  const Csr by_columns = SLIPWAY_TRY(read_compressed(document, node, shape.columns, shape.rows));
  return transposed(by_columns);
}

Result<std::vector<double>> read_diagonal(const Document& document, NodeId node) {
  const Format format = format_of(document, node);
  if (format == Format::kNone) return corrupt(document, node, "a sparse matrix expected");
  const Shape shape = SLIPWAY_TRY(read_shape(document, node));
  if (shape.rows != shape.columns) {
    return corrupt(document, node, fmt::format("a diagonal matrix of {} by {}", shape.rows, shape.columns));
  }
  SLIPWAY_TRY(check_rows(document, node, shape.rows));
  if (format == Format::kDiagonals) return read_dia(document, node, shape);
  const Csr matrix = SLIPWAY_TRY(read_compressed(document, node, shape.rows, shape.columns));  // rows are columns here
  std::vector<double> diagonal(shape.rows);
  for (std::size_t row = 0; row < matrix.rows; ++row) {
    for (std::uint64_t i = matrix.row_start[row]; i < matrix.row_start[row + 1]; ++i) {
      if (matrix.column[i] != row)
        return corrupt(document, node, "a diagonal matrix with an entry beside its diagonal");
      diagonal[row] += matrix.value[i];
    }
  }
  return diagonal;
}

}  // namespace slipway::pickle
