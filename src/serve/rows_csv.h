// SPDX-License-Identifier: Apache-2.0
// Records from CSV; RowReader::open() chooses it.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "serve/plain_rows.h"
#include "serve/rows.h"

namespace slipway::serve {

class CsvRows : public RowReader {
 public:
  CsvRows(Source& source, const engine::Plan& plan, RowOptions options);
  // Reads the header and settles what each column is.
  Result<void> open();

  Result<Next> next() override;
  std::span<model::Cell> cells() override { return cells_; }
  std::span<const model::Extra> extras() const override { return extras_; }
  format::TextPlace place(std::uint32_t field) const override;
  std::uint64_t bytes() const override { return reader_.bytes(); }

 private:
  struct Column {  // one that is read
    std::uint32_t at;
    std::uint32_t field;
    bool takes_number;
  };
  struct Unknown {
    std::uint32_t at;
    std::string name;
  };
  Result<void> read_header();
  Result<void> take_column(std::uint32_t at, std::string_view name, std::vector<Unknown>& unknown);
  Result<void> keep_columns(std::span<const Unknown> unknown);
  Result<void> judge_unknown(std::span<const Unknown> unknown);
  bool is_kept(std::uint32_t at) const;
  Error header_error(std::uint32_t at, std::string message, std::string hint = {}) const;
  void read_row();
  void clear_absent();
  void prepare_plain();
  bool read_plain();

  const engine::Plan& plan_;
  const RowOptions options_;
  format::CsvReader reader_;
  bool replay_ = false;  // the row that stands in reader_ has not been given yet
  std::optional<PlainRows> plain_;
  bool is_plain_ = false;  // the row was read by plain_
  int credit_ = 0;         // how many rows in a row may be not plain until plain_ is no longer asked

  std::size_t width_ = 0;                       // columns
  std::vector<std::string> names_;              // of all columns
  std::vector<Column> columns_;                 // fields
  std::vector<std::uint32_t> column_of_field_;  // kNoField: none
  std::vector<std::uint32_t> kept_columns_;
  std::vector<Unknown> extra_columns_;  // whose values the model might use
  std::vector<model::Cell> cells_;
  std::vector<model::Extra> extras_;
};

}  // namespace slipway::serve
