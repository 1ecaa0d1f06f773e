// SPDX-License-Identifier: Apache-2.0
// The nearest of stored rows, and what their labels or targets say. Neighbours run between steps as a dense row of
// 2 * count numbers: the distances, ascending, then the rows' numbers in the same order.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/array.h"
#include "base/result.h"
#include "model/slot.h"

namespace slipway::model {

// The `count` smallest of a dense row of distances; of equals the first. kRoot gives the root of each, kPower its
// (1 / p)th power: distances that were compared before that.
struct Nearest {
  static constexpr std::string_view kName = "nearest";
  enum class Finish : std::uint8_t { kKeep, kRoot, kPower };
  std::uint32_t count = 1;
  Finish finish = Finish::kKeep;
  double p = 2;

  template <class F>
  static void fields(F&& f) {
    f("count", &Nearest::count);
    f("finish", &Nearest::finish);
    f("p", &Nearest::p);
  }
  Result<Slot> shape(std::span<const Slot> in) const;
};

// Every neighbour counts 1, or, `by_distance`, 1 / distance; if some are at distance 0 (or so near that this is
// infinite), they count 1 and the others 0. Source: sklearn.neighbors._base._get_weights.

// y[l] = the sum of what the neighbours with label l count, in their order from 0.0. label: of every stored row.
struct NeighborVotes {
  static constexpr std::string_view kName = "neighbor_votes";
  std::uint32_t labels = 1;
  bool by_distance = false;
  Array<std::uint32_t> label;

  template <class F>
  static void fields(F&& f) {
    f("labels", &NeighborVotes::labels);
    f("by_distance", &NeighborVotes::by_distance);
    f("label", &NeighborVotes::label);
  }
  Result<Slot> shape(std::span<const Slot> in) const;
};

// y[o] = the sum of targets[row, o] * what the neighbour counts / the sum of what they count, in their order from 0.0.
// targets: [rows, outputs].
struct NeighborMean {
  static constexpr std::string_view kName = "neighbor_mean";
  std::uint32_t outputs = 1;
  bool by_distance = false;
  Array<double> targets;

  template <class F>
  static void fields(F&& f) {
    f("outputs", &NeighborMean::outputs);
    f("by_distance", &NeighborMean::by_distance);
    f("targets", &NeighborMean::targets);
  }
  Result<Slot> shape(std::span<const Slot> in) const;
};

}  // namespace slipway::model
