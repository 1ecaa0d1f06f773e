// SPDX-License-Identifier: Apache-2.0
// The estimators that an estimator holds, and what they give.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "importer/attributes.h"
#include "importer/sklearn/lowering.h"

namespace slipway::importer::sklearn {

struct Member {
  pickle::NodeId node = pickle::kNoNode;
  std::string path;
};

// The elements of a list, a tuple or an array of objects, in order. kCorrupt if it is none; kUnsupported if the
// estimator is not fitted; never empty.
Result<std::vector<Member>> members(const Attributes& fitted, std::string_view name);

// Each lowered apart, from what stands before the one that holds them.
Result<std::vector<Lowered>> lower_members(const Attributes& fitted, std::string_view name, Lowering& out);

// The slot of an output of the first target. kUnsupported "<path> has no predict_proba" if there is none.
Result<std::uint32_t> output_of(const Attributes& fitted, const Lowered& member, model::OutputKind kind);
// One of several kinds, the first that there is.
Result<std::uint32_t> score_of(const Attributes& fitted, const Lowered& member);

// 0, 1, ..., count - 1: the labels of members that were fitted on encoded ones.
std::vector<model::Label> codes(std::size_t count);
// For each label of the member its place in `all`. kCorrupt if it has one that is not there.
Result<std::vector<std::uint32_t>> places(const Attributes& fitted, const Lowered& member,
                                          std::span<const model::Label> all);
// The label's number, to feed it to another estimator. kUnsupported if it is text.
Result<std::vector<double>> label_numbers(const Attributes& fitted, std::span<const model::Label> labels);

// A slot with a column for each of `all`: the member's own columns, put in their places.
Result<std::uint32_t> spread(const Attributes& fitted, Lowering& out, const Lowered& member, std::uint32_t slot,
                             std::span<const model::Label> all);

// How many columns the estimator takes: as many as stand before it, or at the head of a chain as it says itself.
Result<std::size_t> column_count(const Attributes& fitted, const Lowering& out);

// Side by side; a single one as it is.
std::uint32_t side_by_side(Lowering& out, std::vector<std::uint32_t> slots);

}  // namespace slipway::importer::sklearn
