// SPDX-License-Identifier: Apache-2.0
// What every linear estimator is made of, wherever scikit-learn keeps it: coefficients, labels, scores.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "importer/attributes.h"
#include "importer/sklearn/lowering.h"
#include "model/model.h"

namespace slipway::importer::sklearn {

// coef_ and intercept_, finite and of one size. The latter is a number for all outputs, or an array with one each.
struct Coefficients {
  model::Linear linear;
  std::size_t columns = 0;
};
// Of a regressor: coef_ (columns,) or (outputs, columns).
// Errors: kUnsupported "is not fitted", or made sparse by sparsify(); kCorrupt what is no such array, with its path.
Result<Coefficients> regressor_coefficients(const Attributes& fitted);
// Of a classifier: one row for two labels, a row each for more. A row of two labels may stand without its dimension
// where `flat` says so.
enum class Flat : bool { kRefused, kAllowed };
Result<Coefficients> classifier_coefficients(const Attributes& fitted, std::size_t labels, Flat flat = Flat::kRefused);

// `classes_`, two or more.
Result<std::vector<model::Label>> read_labels(const Attributes& fitted);
// The same of what was read of `classes_` already; `least`: how many there must be.
Result<std::vector<model::Label>> make_labels(const Attributes& fitted, const std::vector<pickle::Scalar>& scalars,
                                              std::size_t least);

// Adds the check of the input and the product; gives the slot of the scores. Errors as Lowering::take_rows.
Result<std::uint32_t> add_scores(const Attributes& fitted, Lowering& out, Coefficients coefficients);
// Adds what LinearClassifierMixin.predict makes of scores: an index.
std::uint32_t add_index(Lowering& out, std::uint32_t scores, std::size_t labels);

// Rows of the tables ------------------------------------------------------------------------------------------------

// Predicts x coef_^T + intercept_.
Result<void> linear_regressor(const Attributes& fitted, Lowering& out);
// Predicts a label, with scores and no probabilities.
Result<void> linear_classifier(const Attributes& fitted, Lowering& out);
// The same with labels that stand elsewhere.
Result<void> classify(const Attributes& fitted, Lowering& out, std::vector<model::Label> labels, Flat flat);

}  // namespace slipway::importer::sklearn
