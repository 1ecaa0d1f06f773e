// SPDX-License-Identifier: Apache-2.0
// Files of rows that belong to a model: to prove it, to compare two of it, to know what it was trained on. One thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/stream.h"
#include "engine/plan.h"
#include "serve/rows.h"

namespace slipway::cli {

// X.<what>.csv or X.<what>.jsonl beside the model's file X.pkl; nullopt if there is neither.
std::optional<std::string> find_rows(const std::string& model_file, std::string_view what);

struct RowFile {
  std::unique_ptr<FileSource> source;
  std::unique_ptr<serve::RowReader> rows;  // reads from `source`, for a plan that outlives it
};

// By the end of its name: .jsonl and .ndjson are JSON lines, .json is JSON, all else CSV. Errors: those of the file and
// of RowReader::open, with the path.
Result<RowFile> open_rows(const std::string& path, const engine::Plan& plan,
                          serve::Contract contract = serve::Contract::kAuto);

}  // namespace slipway::cli
