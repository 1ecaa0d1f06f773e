// SPDX-License-Identifier: Apache-2.0
// The closed list of operators. Estimators are many, operators few: importer/ turns the former into the latter, engine/
// runs them, and neither sees the other. Two estimators share an operator only when rounding is kept.
//
// Every operator is a struct with kName, fields() (which gives the codec, the dump and fuzzing) and shape(): which
// slots it takes and which it gives, and everything that a kernel may rely on; run after an import and after a bundle
// is loaded. What fields() may name: bool, std::uint32_t, std::int64_t, double, std::string, enum classes of one byte,
// Array<double | float | std::uint8_t | std::int32_t | std::uint32_t | std::int64_t | std::uint64_t>, Texts, Values.
#pragma once

#include <string_view>
#include <type_traits>
#include <variant>

#include "model/ops/classify.h"
#include "model/ops/columns.h"
#include "model/ops/compare.h"
#include "model/ops/encode.h"
#include "model/ops/ensemble.h"
#include "model/ops/join.h"
#include "model/ops/likelihood.h"
#include "model/ops/linear.h"
#include "model/ops/neighbors.h"
#include "model/ops/pairwise.h"
#include "model/ops/rows.h"
#include "model/ops/standardize.h"
#include "model/ops/text.h"
#include "model/ops/trees.h"
#include "model/ops/vectorize.h"
#include "model/values.h"

namespace slipway::model {

using Op = std::variant<
    // from a record or cells
    VectorizeDict, StackNumbers, CountText,
    // of single values
    Encode, OneHot, Impute, IsMissing,
    // of rows
    Densify, RequireFinite, Standardize, ScaleColumns, Clip, Binarize, NormalizeRows, LogCounts, RoundToFloat, Products,
    Discretize, PowerTransform, QuantileTransform, Interpolate, Apply,
    // parts, and putting together
    Select, Concat, WeightedSum, LookUp, Constant, Spread,
    // models
    Linear, TreeSum, CompareRows, GaussianLikelihood, Nearest, NeighborVotes, NeighborMean,
    // ensembles
    PairwiseSum, PairwiseVote, PairwiseScores, PairwiseProbability, SammeScores, WeightedMedian,
    // to probabilities and labels
    Expit, Softmax, ExpNormalize, WithComplement, WithNegation, PositiveIndex, ThresholdIndex, ArgmaxIndex,
    LastArgmaxIndex>;

// "linear"
inline std::string_view op_name(const Op& op) {
  return std::visit([](const auto& it) { return std::decay_t<decltype(it)>::kName; }, op);
}

}  // namespace slipway::model
