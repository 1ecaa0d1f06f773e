// SPDX-License-Identifier: Apache-2.0
// From model files to a Model. Nothing in a file is executed. Any thread.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "model/model.h"

namespace slipway::importer {

struct Source {
  std::string name;  // as the user wrote it, for messages
  FileBytes bytes;
};

struct Options {
  std::vector<std::string> feature_names;  // names for the columns of a model that has none of its own
};

// One file with a model (an estimator, a Pipeline, a tuple such as (dv, model)), or several with one piece each
// (dv.bin model.bin). Errors name the file, the path in the object tree, the byte offset, why, and what to do:
// kRefused (code, or no model), kUnsupported (an estimator or option that we do not serve), kCorrupt, kTooLarge.
Result<model::Model> import_files(std::span<const Source> sources, const Options& options = {});

}  // namespace slipway::importer
