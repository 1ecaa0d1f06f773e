// SPDX-License-Identifier: Apache-2.0
// The closed list of operators. Estimators are many, operators few: importer/ turns the former into the latter, engine/
// runs them, and neither sees the other. Two estimators share an operator only when rounding is kept.
//
// Every operator is a struct with kName, fields() (which gives the codec, the dump and fuzzing), out_cols() (its shape
// rule) and check() (what a kernel may rely on; run after an import and after a bundle is loaded).
#pragma once

#include <variant>

#include "model/ops/classify.h"
#include "model/ops/linear.h"
#include "model/ops/rows.h"
#include "model/ops/standardize.h"
#include "model/ops/vectorize.h"

namespace slipway::model {

using Op =
    std::variant<VectorizeDict, Densify, StackNumbers, RequireFinite, Standardize, ScaleColumns, Clip, Binarize,
                 NormalizeRows, Linear, Expit, Softmax, WithComplement, WithNegation, PositiveIndex, ArgmaxIndex>;

}  // namespace slipway::model
