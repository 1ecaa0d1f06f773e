// SPDX-License-Identifier: Apache-2.0
// One step's operator to its kernel; nullptr where nothing has to run. An operator without an overload here stops the
// build. Errors: kTooLarge where the tables would not fit.
#pragma once

#include "engine/kernels/kernel.h"

namespace slipway::engine::kernels {

// records.cc
Result<KernelPtr> compile(const model::VectorizeDict& op, Compiling& step);
Result<KernelPtr> compile(const model::StackNumbers& op, Compiling& step);
Result<KernelPtr> compile(const model::RequireFinite& op, Compiling& step);
// Of the Linear that alone reads what a RequireFinite checks: the check, which nobody else runs; else nullptr.
KernelPtr check_before(const Compiling& step);

// rows.cc
Result<KernelPtr> compile(const model::Densify& op, Compiling& step);
Result<KernelPtr> compile(const model::Standardize& op, Compiling& step);
Result<KernelPtr> compile(const model::ScaleColumns& op, Compiling& step);
Result<KernelPtr> compile(const model::Clip& op, Compiling& step);
Result<KernelPtr> compile(const model::Binarize& op, Compiling& step);
Result<KernelPtr> compile(const model::NormalizeRows& op, Compiling& step);
Result<KernelPtr> compile(const model::RoundToFloat& op, Compiling& step);

// columns.cc
Result<KernelPtr> compile(const model::Products& op, Compiling& step);
Result<KernelPtr> compile(const model::Discretize& op, Compiling& step);
Result<KernelPtr> compile(const model::PowerTransform& op, Compiling& step);
Result<KernelPtr> compile(const model::QuantileTransform& op, Compiling& step);
Result<KernelPtr> compile(const model::Apply& op, Compiling& step);

// encode.cc
Result<KernelPtr> compile(const model::Encode& op, Compiling& step);
Result<KernelPtr> compile(const model::OneHot& op, Compiling& step);
Result<KernelPtr> compile(const model::Impute& op, Compiling& step);
Result<KernelPtr> compile(const model::IsMissing& op, Compiling& step);

// join.cc
Result<KernelPtr> compile(const model::Select& op, Compiling& step);
Result<KernelPtr> compile(const model::Concat& op, Compiling& step);
Result<KernelPtr> compile(const model::WeightedSum& op, Compiling& step);
Result<KernelPtr> compile(const model::LookUp& op, Compiling& step);

// linear.cc
Result<KernelPtr> compile(const model::Linear& op, Compiling& step);
Result<KernelPtr> compile(const model::Expit& op, Compiling& step);
Result<KernelPtr> compile(const model::Softmax& op, Compiling& step);
Result<KernelPtr> compile(const model::WithComplement& op, Compiling& step);
Result<KernelPtr> compile(const model::WithNegation& op, Compiling& step);
Result<KernelPtr> compile(const model::PositiveIndex& op, Compiling& step);
Result<KernelPtr> compile(const model::ArgmaxIndex& op, Compiling& step);

// ensemble.cc
Result<KernelPtr> compile(const model::Constant& op, Compiling& step);
Result<KernelPtr> compile(const model::Spread& op, Compiling& step);
Result<KernelPtr> compile(const model::ThresholdIndex& op, Compiling& step);
Result<KernelPtr> compile(const model::LastArgmaxIndex& op, Compiling& step);
Result<KernelPtr> compile(const model::SammeScores& op, Compiling& step);
Result<KernelPtr> compile(const model::WeightedMedian& op, Compiling& step);
Result<KernelPtr> compile(const model::Interpolate& op, Compiling& step);

// text.cc
Result<KernelPtr> compile(const model::CountText& op, Compiling& step);
Result<KernelPtr> compile(const model::LogCounts& op, Compiling& step);

// compare.cc
Result<KernelPtr> compile(const model::CompareRows& op, Compiling& step);

// pairwise.cc
Result<KernelPtr> compile(const model::PairwiseSum& op, Compiling& step);
Result<KernelPtr> compile(const model::PairwiseVote& op, Compiling& step);
Result<KernelPtr> compile(const model::PairwiseScores& op, Compiling& step);
Result<KernelPtr> compile(const model::PairwiseProbability& op, Compiling& step);

// trees.cc
Result<KernelPtr> compile(const model::TreeSum& op, Compiling& step);

// neighbors.cc
Result<KernelPtr> compile(const model::Nearest& op, Compiling& step);
Result<KernelPtr> compile(const model::NeighborVotes& op, Compiling& step);
Result<KernelPtr> compile(const model::NeighborMean& op, Compiling& step);

// likelihood.cc
Result<KernelPtr> compile(const model::GaussianLikelihood& op, Compiling& step);
Result<KernelPtr> compile(const model::ExpNormalize& op, Compiling& step);

}  // namespace slipway::engine::kernels
