// SPDX-License-Identifier: Apache-2.0
// Trees one after another, node by node, as the library walks them.
#include <cmath>

#include "engine/reference/run.h"

namespace slipway::engine::reference {
namespace {

using model::TreeSum;

bool has(const Array<std::uint32_t>& sets, std::size_t set, double x) {
  const std::uint32_t category = x < 0x1p31 ? std::uint32_t(x) & 0xFF : 0;  // what a C cast to 8 bits gives
  return (sets[set * TreeSum::kSetWords + category / 32] >> (category % 32) & 1) != 0;
}

bool goes_left(const TreeSum& op, const TreeSum::Node& node, double x) {
  if (std::isnan(x)) return node.missing_left;
  if (!node.categorical) return x <= node.threshold;
  if (x < 0) return node.missing_left;
  if (has(op.left_sets, node.set, x)) return true;
  if (has(op.known_sets, node.feature, x)) return false;
  return node.missing_left;
}

}  // namespace

Value run(const TreeSum& op, Step& step) {
  Value out;
  out.row = step.inputs() == 2 ? step.in(1).row : std::vector<double>(op.base.begin(), op.base.end());
  for (std::size_t tree = 0; tree < op.roots.size(); ++tree) {
    std::size_t at = op.roots[tree];
    TreeSum::Node node = op.node(at);
    while (node.children != 0) {
      at += node.children + (goes_left(op, node, step.in().row[node.feature]) ? 0 : 1);
      node = op.node(at);
    }
    if (op.turns) out.row[tree % op.outputs] += op.values[node.row];
    for (std::size_t k = 0; !op.turns && k < op.outputs; ++k) out.row[k] += op.values[node.row * op.outputs + k];
  }
  for (double& sum : out.row) sum /= op.divisor;
  return out;
}

Value run(const model::RoundToFloat&, Step& step) {
  Value out = step.in();
  for (auto& [column, value] : out.hits) value = double(float(value));
  for (double& value : out.row) value = double(float(value));
  return out;
}

}  // namespace slipway::engine::reference
