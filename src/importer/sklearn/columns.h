// SPDX-License-Identifier: Apache-2.0
// How a ColumnTransformer says which columns it takes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "importer/attributes.h"

namespace slipway::importer::sklearn {

// The columns by number: of a list or an array of numbers, of names or of booleans, one name, one number (negative from
// the end), a slice, a pandas Index, or the list that scikit-learn 1.5 and 1.6 keep for the remainder. `names`: of all
// columns, or empty. kCorrupt for what is out of range or unknown, kUnsupported for anything else (a function); without
// a path.
Result<std::vector<std::uint32_t>> read_columns(const pickle::Document& document, pickle::NodeId node,
                                                std::size_t columns, const std::vector<std::string>& names);

// The names alone, in the order written, if it is by names that the columns are chosen; else nothing.
std::vector<std::string> names_in(const pickle::Document& document, pickle::NodeId node);

}  // namespace slipway::importer::sklearn
