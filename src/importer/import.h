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
  // Which pieces to use, in order: keys of a dict, indices into a tuple or into a file's pickles, stems of files.
  // Others are left out. Empty: all pieces, in the one order that fits.
  std::vector<std::string> steps;
};

// One file with a model (an estimator, a Pipeline, a tuple such as (dv, model), a dict of pieces, several pickles one
// after the other), or several files. What is used beside estimators, and what is left out, stands in the model's
// notes. Errors name the file, the path in the object tree, the byte offset, why, and what to do: kRefused (code, or no
// model), kUnsupported (an estimator or option that we do not serve), kCorrupt, kTooLarge.
Result<model::Model> import_files(std::span<const Source> sources, const Options& options = {});

}  // namespace slipway::importer
