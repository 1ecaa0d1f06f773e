// SPDX-License-Identifier: Apache-2.0
// Of rows, dense or sparse, to rows of the same columns.
#include <cmath>
#include <map>

#include "engine/reference/run.h"

namespace slipway::engine::reference {
namespace {

// Applies f to all that the rows hold.
template <class F>
Value each(Value rows, F f) {
  for (auto& [column, value] : rows.hits) value = f(value);
  for (double& value : rows.row) value = f(value);
  return rows;
}

}  // namespace

std::vector<double> dense(const Value& value, std::uint32_t columns) {
  std::vector<double> out(columns, 0.0);
  for (const auto& [column, x] : value.hits) out[column] += x;
  return out;
}

Value run(const model::Densify& op, Step& step) {
  if (!op.last_wins) return {.row = dense(step.in(), step.columns_in())};
  Value out;
  out.row.assign(step.columns_in(), 0.0);
  for (const auto& [column, value] : step.in().hits) out.row[column] = value;
  return out;
}

Value run(const model::Standardize& op, Step& step) {
  Value out = step.in();
  for (std::size_t i = 0; i < out.row.size(); ++i) {
    if (!op.offset.empty()) out.row[i] -= op.offset[i];
    if (!op.scale.empty()) out.row[i] /= op.scale[i];
  }
  return out;
}

Value run(const model::ScaleColumns& op, Step& step) {
  Value out = step.in();
  for (auto& [column, value] : out.hits) value *= op.factor[column];
  for (std::size_t i = 0; i < out.row.size(); ++i) out.row[i] *= op.factor[i];
  return out;
}

Value run(const model::Clip& op, Step& step) {
  return each(step.in(), [&](double x) { return x < op.low ? op.low : x > op.high ? op.high : x; });
}

Value run(const model::Binarize& op, Step& step) {
  return each(step.in(), [&](double x) { return x > op.threshold ? 1.0 : 0.0; });
}

Value run(const model::NormalizeRows& op, Step& step) {
  using enum model::NormalizeRows::Norm;
  using enum model::NormalizeRows::Zero;
  Value rows = step.in();
  if (op.norm == kMax || op.norm == kSignedMax) {
    std::map<std::uint32_t, double> once;
    for (const auto& [column, value] : step.in().hits) once[column] += value;
    rows.hits = {once.begin(), once.end()};
  }
  std::vector<double> values = rows.row;
  for (const auto& [column, value] : rows.hits) values.push_back(value);
  if (values.size() < step.columns_in()) values.push_back(0);  // one stands for all that a sparse row does not hold
  double norm = op.norm == kSignedMax ? values[0] : 0;
  for (const double x : values) {
    if (op.norm == kSum) norm += x;
    if (op.norm == kL1) norm += std::fabs(x);
    if (op.norm == kL2) norm += x * x;
    if (op.norm == kMax && std::fabs(x) > norm) norm = std::fabs(x);
    if (op.norm == kSignedMax && x > norm) norm = x;
  }
  if (op.norm == kL2) norm = std::sqrt(norm);
  const bool zero = norm == 0 || std::fabs(norm) < op.tiny;
  if (zero && op.zero == kKeep) return rows;
  const double share = 1.0 / double(step.columns_in());
  return each(rows, [&](double x) { return zero && op.zero == kUniform ? share : x / norm; });
}

}  // namespace slipway::engine::reference
