// SPDX-License-Identifier: Apache-2.0
// What lies beside a model's file and belongs to it: the versions that a lock file pins, and notes about the model.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace slipway::cli {

using Pairs = std::vector<std::pair<std::string, std::string>>;

struct Locked {
  std::string file;  // "Pipfile.lock"; "": there is none
  Pairs packages;    // those that decide what a model answers, and python: ("scikit-learn", "1.6.1"), sorted
};

// The lock file in the folder of `model_file`: uv.lock, poetry.lock, pdm.lock, Pipfile.lock, requirements.txt,
// environment.yml; the first of them. One that cannot be read is none.
Locked find_locked(const std::string& model_file);
// The packages in the text of a lock file of that name.
Pairs locked_packages(std::string_view file_name, std::string_view text);

// Where the lock and what the file says of itself differ: "Pipfile.lock pins scikit-learn 1.5.2, the model was written
// by 1.6.1"; "" if they do not.
std::string stale(const Locked& locked, std::string_view library, const std::vector<std::string>& versions);

// X_metadata.json or X.pkl_metadata.json: its top-level members, values as text; lists and objects as JSON. Empty if
// there is no such file. kInvalid if it is no JSON object.
Result<Pairs> find_metadata(const std::string& model_file);

}  // namespace slipway::cli
