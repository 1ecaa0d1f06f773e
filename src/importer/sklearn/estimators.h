// SPDX-License-Identifier: Apache-2.0
// The scikit-learn estimators that we serve, a table a family, joined here. Adding one: docs/adding_an_estimator.md.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "format/pickle/document.h"

namespace slipway::importer {
class Attributes;
}

namespace slipway::importer::sklearn {

class Lowering;

// One row: a class, the modules that it has lived in (the first is what scikit-learn calls it in public; the others
// stand in pickles), the function that turns its fitted state into steps, and what it computes in a line.
struct Estimator {
  std::string_view name;
  std::string_view subpackage;
  std::span<const std::string_view> modules;  // exact; the subpackage itself matches too
  Result<void> (*lower)(const Attributes& fitted, Lowering& out);
  std::string_view formula;
};

// The families. Each stands in its own file.
std::span<const Estimator> bagging();
std::span<const Estimator> boosted_trees();
std::span<const Estimator> calibration();
std::span<const Estimator> cluster();
std::span<const Estimator> compose();
std::span<const Estimator> decomposition();
std::span<const Estimator> encoders();
std::span<const Estimator> feature_extraction();
std::span<const Estimator> feature_maps();
std::span<const Estimator> feature_selection();
std::span<const Estimator> function_transformer();
std::span<const Estimator> impute();
std::span<const Estimator> linear_model();
std::span<const Estimator> model_selection();
std::span<const Estimator> multiclass();
std::span<const Estimator> naive_bayes();
std::span<const Estimator> neighbors();
std::span<const Estimator> neural_network();
std::span<const Estimator> pipeline();
std::span<const Estimator> preprocessing();
std::span<const Estimator> svm();
std::span<const Estimator> target();
std::span<const Estimator> text();
std::span<const Estimator> trees();
std::span<const Estimator> voting();

// All of them, for `slipway estimators`, sorted by name.
std::vector<Estimator> estimators();

// The row of a class, by its name and exact module; nullptr if we do not serve it.
const Estimator* find_estimator(pickle::Global name);

enum class Support {
  kEstimator,         // served
  kKnownUnsupported,  // a scikit-learn name that is not served yet
  kInert,             // a helper that library files use: arrays, dtypes, random states, containers
  kUnknown,           // somebody's own code, or anything else: never called, and a model with it is refused
};
Support support_of(pickle::Global name);

// "LogisticRegression, LinearRegression, ..." for messages.
std::string supported_names();

}  // namespace slipway::importer::sklearn
