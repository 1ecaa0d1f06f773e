// SPDX-License-Identifier: Apache-2.0
// scipy.sparse matrices inside a pickle, checked: a row's entries are where `row_start` says, and every column exists.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "format/pickle/document.h"

namespace slipway::pickle {

// Compressed rows: entries row_start[i] to row_start[i + 1] of `column` and `value` are those of row i. As stored:
// within a row columns are in the file's order, and one that occurs twice means the sum.
struct Csr {
  std::uint64_t rows = 0;
  std::uint64_t columns = 0;             // bounded by 2^32, by nothing in the file
  std::vector<std::uint64_t> row_start;  // rows + 1, from 0, never falling
  std::vector<std::uint32_t> column;     // of each entry, below `columns`
  std::vector<double> value;
  bool is_float32 = false;  // stored as float32
};

// True for a csr, csc or dia matrix or array of scipy. Says nothing of its health.
bool is_sparse(const Document& document, NodeId node);

// Of a csr matrix as it is, of a csc matrix by rows. Errors, with the byte: kCorrupt (indices out of range, pointers
// that fall), kTooLarge (more rows than the file can mean), kUnsupported (another kind of matrix).
Result<Csr> read_csr(const Document& document, NodeId node);

// The diagonal of a square csr, csc or dia matrix that has nothing beside it: a TfidfTransformer's `_idf_diag`.
Result<std::vector<double>> read_diagonal(const Document& document, NodeId node);

}  // namespace slipway::pickle
