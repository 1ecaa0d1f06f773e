// SPDX-License-Identifier: Apache-2.0
// Of rows of numbers, column by column.
#include <cmath>

#include "engine/blame.h"
#include "engine/column_math.h"
#include "engine/reference/run.h"

namespace slipway::engine::reference {

Value run(const model::Products& op, Step& step) {
  Value out;
  for (std::uint32_t k = 0; k < op.left.size(); ++k) {
    const double x = op.right[k] == model::Products::kNone ? 1 : step.in().row[op.right[k]];
    out.row.push_back(op.left[k] == model::Products::kNone ? x : out.row[op.left[k]] * x);
  }
  return out;
}

Value run(const model::Discretize& op, Step& step) {
  Value out = step.in();
  for (std::uint32_t i = 0; i < out.row.size(); ++i) {
    double x = out.row[i];
    if (op.nudged) x += 1e-8 + 1e-5 * std::fabs(x);
    double bin = 0;
    for (std::uint32_t k = op.starts[i]; k < op.starts[i + 1]; ++k) bin += op.edges[k] <= x ? 1 : 0;
    out.row[i] = bin;
  }
  return out;
}

Value run(const model::PowerTransform& op, Step& step) {
  Value out = step.in();
  for (std::uint32_t i = 0; i < out.row.size(); ++i) {
    if (op.method == model::PowerTransform::Method::kBoxCox && out.row[i] <= 0) {
      step.refuse(kNotPositive, field_of(step.model, step.slot_in(), i));
    }
    out.row[i] = power_transform(op.method, op.lambdas[i], out.row[i], op.single);
  }
  return out;
}

Value run(const model::QuantileTransform& op, Step& step) {
  Value out = step.in();
  const std::size_t size = op.references.size();
  const auto map = [&](std::uint32_t column, double& x) {
    if (step.sparse_in() && op.refuse_negative && x < 0) {
      step.refuse(kNegative, field_of(step.model, step.slot_in(), column));
    }
    x = quantile_transform(op.output, x, op.quantiles.span().subspan(column * size, size), op.references);
  };
  for (auto& [column, value] : out.hits) map(column, value);
  for (std::uint32_t i = 0; i < out.row.size(); ++i) map(i, out.row[i]);
  return out;
}

Value run(const model::Apply& op, Step& step) {
  Value out = step.in();
  for (double& x : out.row) x = apply(op.function, x);
  return out;
}

}  // namespace slipway::engine::reference
