// SPDX-License-Identifier: Apache-2.0
// Scores a file of records: reads, holds each against the contract, runs the model, prints. One thread; memory does not
// grow with the number of rows (but for a JSON file, which is held whole).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/plan.h"
#include "serve/rows.h"

namespace slipway::cli {

struct BatchOptions {
  std::string input;         // a path, or "-"
  std::string output = "-";  // a path, or "-"
  std::string input_format;  // csv, jsonl, json; empty: by the input's name
  std::string format;        // likewise, of the output; standard output: as the input
  std::string delimiter;     // , ; tab | or auto; empty: by the name (.tsv)
  std::vector<std::string> columns;
  bool skip_bad = false;  // else the first bad row ends it
  bool json = false;      // the summary is JSON: on standard output, or on standard error if the rows go there
  serve::RowOptions rows;
};

// Writes the output file whole, or, if something is wrong, not at all. Progress and summary go to standard error. The
// exit code: 0, or 141 if the reader of our pipe went away. Errors: those of the input, with file:line:column.
Result<int> run_batch(const engine::Plan& plan, BatchOptions options);

}  // namespace slipway::cli
