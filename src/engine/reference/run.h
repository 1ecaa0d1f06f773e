// SPDX-License-Identifier: Apache-2.0
// How the reference engine runs one step: fresh vectors for every value, each function a transcription of the library's
// own. An operator without an overload here stops the build.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/model.h"

namespace slipway::engine::reference {

// What one slot holds for one record; which member counts is the slot's type.
struct Value {
  std::vector<std::pair<std::uint32_t, double>> hits;  // kCsr: column and value, columns ascending
  std::vector<double> row;                             // kDense
  std::uint32_t index = 0;                             // kIndex
  std::vector<model::Cell> cells;                      // kCells; text is borrowed from the record or the model
};

// One step of one record.
class Step {
 public:
  Step(const model::Model& model, const model::Record& record, std::uint32_t number, std::span<const Value> values)
      : model(model), record(record), number(number), values_(values) {}

  const model::Model& model;
  const model::Record& record;
  const std::uint32_t number;

  std::size_t inputs() const { return model.steps()[number].inputs.size(); }
  std::uint32_t slot_in(std::size_t i = 0) const { return model.steps()[number].inputs[i]; }
  const Value& in(std::size_t i = 0) const { return values_[slot_in(i)]; }
  std::uint32_t columns_in(std::size_t i = 0) const { return model.slots()[slot_in(i)].columns; }
  bool sparse_in(std::size_t i = 0) const { return model.slots()[slot_in(i)].type == model::SlotType::kCsr; }
  std::uint32_t columns_out() const { return model.slots()[number + 1].columns; }

  // The library would raise on this record. The first reason stays. `why` lives as long as the model.
  void refuse(const char* why, std::uint32_t field) {
    if (refusal != nullptr) return;
    refusal = why;
    refusal_field = field;
  }
  const char* refusal = nullptr;
  std::uint32_t refusal_field = model::Schema::kNoField;

 private:
  std::span<const Value> values_;
};

// A row with every column, hits on one column added up.
std::vector<double> dense(const Value& value, std::uint32_t columns);

// The columns of those of the wanted names that there are. One pass over `names`: they may be a hundred thousand, of
// which a record has a few.
using Columns = std::map<std::string, std::uint32_t>;
Columns columns_of(const Texts& names, const std::set<std::string, std::less<>>& wanted);

// records.cc
Value run(const model::VectorizeDict& op, Step& step);
Value run(const model::StackNumbers& op, Step& step);
Value run(const model::RequireFinite& op, Step& step);

// rows.cc
Value run(const model::Densify& op, Step& step);
Value run(const model::Standardize& op, Step& step);
Value run(const model::ScaleColumns& op, Step& step);
Value run(const model::Clip& op, Step& step);
Value run(const model::Binarize& op, Step& step);
Value run(const model::NormalizeRows& op, Step& step);

// columns.cc
Value run(const model::Products& op, Step& step);
Value run(const model::Discretize& op, Step& step);
Value run(const model::PowerTransform& op, Step& step);
Value run(const model::QuantileTransform& op, Step& step);
Value run(const model::Apply& op, Step& step);

// encode.cc
Value run(const model::Encode& op, Step& step);
Value run(const model::OneHot& op, Step& step);
Value run(const model::Impute& op, Step& step);
Value run(const model::IsMissing& op, Step& step);

// join.cc
Value run(const model::Select& op, Step& step);
Value run(const model::Concat& op, Step& step);
Value run(const model::WeightedSum& op, Step& step);
Value run(const model::LookUp& op, Step& step);

// linear.cc
Value run(const model::Linear& op, Step& step);
Value run(const model::Expit& op, Step& step);
Value run(const model::Softmax& op, Step& step);
Value run(const model::WithComplement& op, Step& step);
Value run(const model::WithNegation& op, Step& step);
Value run(const model::PositiveIndex& op, Step& step);
Value run(const model::ArgmaxIndex& op, Step& step);

// ensemble.cc
Value run(const model::Constant& op, Step& step);
Value run(const model::Spread& op, Step& step);
Value run(const model::ThresholdIndex& op, Step& step);
Value run(const model::LastArgmaxIndex& op, Step& step);
Value run(const model::SammeScores& op, Step& step);
Value run(const model::WeightedMedian& op, Step& step);
Value run(const model::Interpolate& op, Step& step);

// text.cc
Value run(const model::CountText& op, Step& step);
Value run(const model::LogCounts& op, Step& step);

// compare.cc
Value run(const model::CompareRows& op, Step& step);

// pairwise.cc
Value run(const model::PairwiseSum& op, Step& step);
Value run(const model::PairwiseVote& op, Step& step);
Value run(const model::PairwiseScores& op, Step& step);
Value run(const model::PairwiseProbability& op, Step& step);

// trees.cc
Value run(const model::TreeSum& op, Step& step);
Value run(const model::RoundToFloat& op, Step& step);

// neighbors.cc
Value run(const model::Nearest& op, Step& step);
Value run(const model::NeighborVotes& op, Step& step);
Value run(const model::NeighborMean& op, Step& step);

// likelihood.cc
Value run(const model::GaussianLikelihood& op, Step& step);
Value run(const model::ExpNormalize& op, Step& step);

}  // namespace slipway::engine::reference
