// SPDX-License-Identifier: Apache-2.0
// Estimators of sklearn.svm. The linear ones are liblinear's: what they learnt is a linear model like any other.
#include "importer/sklearn/estimators.h"
#include "importer/sklearn/linear.h"

namespace slipway::importer::sklearn {
namespace {

constexpr std::string_view kClasses[] = {"sklearn.svm._classes", "sklearn.svm.classes"};

constexpr Estimator kRows[] = {
    {"LinearSVC", "sklearn.svm", kClasses, linear_classifier, "the label of the largest x coef_^T + intercept_"},
    {"LinearSVR", "sklearn.svm", kClasses, linear_regressor, "x coef_^T + intercept_"},
};

}  // namespace

std::span<const Estimator> svm() { return kRows; }

}  // namespace slipway::importer::sklearn
