// SPDX-License-Identifier: Apache-2.0
// Answers that somebody wrote down: a CSV file or JSON lines, a row a record. Every value is given as text, as str() of
// Python prints it. One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace slipway::cli {

class ExpectedFile {
 public:
  virtual ~ExpectedFile() = default;
  // By the name: .jsonl and .ndjson are JSON lines, all else CSV. Errors: those of the file; kInvalid.
  static Result<std::unique_ptr<ExpectedFile>> open(const std::string& path);

  // Of the columns; an unnamed first one (the index that pandas writes) is left out.
  const std::vector<std::string>& names() const { return names_; }
  // The next row; false at the end. kInvalid with file and line.
  virtual Result<bool> next() = 0;
  const std::vector<std::string>& values() const { return values_; }

 protected:
  std::vector<std::string> names_, values_;
};

}  // namespace slipway::cli
