// SPDX-License-Identifier: Apache-2.0
// Records from a file: CSV, JSON lines or JSON, one at a time, as cells of a plan's schema. CSV and JSON lines stream;
// a JSON file is held whole. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/stream.h"
#include "engine/plan.h"
#include "format/csv.h"
#include "model/cell.h"
#include "serve/contract.h"

namespace slipway::serve {

enum class RowFormat : std::uint8_t { kCsv, kJsonLines, kJson };

struct RowOptions {
  std::string name;  // of the input, for messages
  RowFormat format = RowFormat::kCsv;
  Contract contract = Contract::kAuto;  // judges a CSV file's header; records are the caller's to judge
  format::CsvOptions csv;
  bool header = true;             // false: a CSV file without a header; its columns are the schema's fields, in order
  std::vector<std::string> keep;  // columns of the input that are handed through; they may be fields or not
  std::string hint = "Rename it, or leave it out";  // of a column that the contract refuses
};

// "churn.csv:17:5: ", or "churn.csv: " for line 0.
std::string where(std::string_view name, format::TextPlace place);

class RowReader {
 public:
  virtual ~RowReader() = default;

  // `source` and `plan` must outlive the reader. Reads a CSV file's header. Errors: the source's; kContract for a
  // header that the contract refuses, by name and place; kUsage if a column to keep is not there; kInvalid, kTooLarge.
  static Result<std::unique_ptr<RowReader>> open(Source& source, const engine::Plan& plan, RowOptions options);

  enum class Next : std::uint8_t { kRow, kBad, kEnd };
  // Reads the next record. kBad: it is none; problem() and problem_place() say why, and next() goes on behind it.
  virtual Result<Next> next() = 0;

  // The record, until the next call. Cells may be changed.
  virtual std::span<model::Cell> cells() = 0;
  virtual std::span<const model::Extra> extras() const = 0;

  // True if judge() would find nothing: every field has a value of a type that it takes, and there are no extras. False
  // may mean that nobody looked.
  bool sound() const { return sound_; }

  // What is handed through, for the record: a value for each name. Without RowOptions::keep: the unnamed first column
  // (the index that pandas writes) and a column "id" that is no field. The names stand after the first record, and are
  // then the same for all; of CSV from the beginning.
  std::span<const std::string> kept_names() const { return kept_names_; }
  std::span<const model::Cell> kept() const { return kept_; }

  // Columns that are neither fields nor handed through.
  std::span<const std::string> ignored() const { return ignored_; }

  // Where the record's value for a field of the schema stands; kNoField: where the record begins. Line 0: not known.
  virtual format::TextPlace place(std::uint32_t field) const = 0;
  const std::string& problem() const { return problem_; }
  format::TextPlace problem_place() const { return problem_place_; }
  // Bytes read so far.
  virtual std::uint64_t bytes() const = 0;

 protected:
  std::vector<std::string> kept_names_, ignored_;
  std::vector<model::Cell> kept_;
  std::string problem_;
  format::TextPlace problem_place_;
  bool sound_ = false;
};

}  // namespace slipway::serve
