// SPDX-License-Identifier: Apache-2.0
// From a request's body to records, one at a time. Every value is parsed, unknown fields included. Buffers are reused,
// so a steady stream of like requests allocates nothing. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/cell.h"
#include "model/schema.h"

namespace slipway::serve {

struct BodyLimits {
  std::uint32_t rows = 100'000;
  std::uint64_t cells = 50'000'000;  // rows x fields of the schema: bounds the work of a small request to a wide model
  std::uint32_t depth = 64;
  std::uint32_t text_bytes = 64 * 1024;
  std::uint32_t flat_bytes = 16 * 1024;  // up to this a body may take the short way (flat_record.h); 0: never
};

class BodyReader {
 public:
  // `schema` must outlive the reader. `input_key`: what a body may hold its rows under, {"customer": {...}}; or "".
  BodyReader(const model::Schema& schema, const BodyLimits& limits, std::string input_key = {});
  BodyReader(BodyReader&&) noexcept;
  ~BodyReader();

  // Parses all of `body`; 64 bytes behind its end must be readable. Errors: kInvalid with the reason;
  // kTooLarge (depth, rows, cells); kContract if the value is neither record, row, list nor columns; of a
  // model that takes one text and nothing else, a text is a row too.
  Result<void> open(std::string_view body);

  // True if the answer is a list: a list of records or rows, or columns.
  bool many() const;
  // True if the body is an object of columns, for the paths of errors.
  bool columns() const;
  std::size_t rows() const;

  enum class Next : std::uint8_t { kRow, kBad, kEnd };
  // Reads the next row. kBad: it is not a row that this model could take; problem() says why, and next() goes on
  // behind it. kTooLarge: a text is above its limit.
  Result<Next> next();
  std::string_view problem() const;

  // The row, until the next call. Cells may be changed.
  std::span<model::Cell> cells();
  std::span<const model::Extra> extras() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace slipway::serve
