// SPDX-License-Identifier: Apache-2.0
// feature_importances_, which no file holds: the library works them out of the trees whenever it is asked.
#pragma once

#include <vector>

#include "base/result.h"
#include "importer/attributes.h"

namespace slipway::importer::sklearn {

// True for what is made of sklearn.tree's trees and has importances.
bool has_tree_importances(const Attributes& estimator);
// A number a column; f64, added in the library's order. Source: _tree.pyx, compute_feature_importances; _forest.py and
// _gb.py and _weight_boosting.py, feature_importances_. Errors: as FittedTree::open; kCorrupt where the trees' columns
// differ.
Result<std::vector<double>> tree_importances(const Attributes& estimator);

}  // namespace slipway::importer::sklearn
