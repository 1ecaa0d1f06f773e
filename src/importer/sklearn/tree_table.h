// SPDX-License-Identifier: Apache-2.0
// Trees on their way from a library's arrays to a model::TreeSum: nodes in the order that a walk likes, both children
// side by side, the one that more of the training set took first.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "model/ops/trees.h"

namespace slipway::importer::sklearn {

// One tree as the library keeps it. Foreign: children may be anything.
class TreeSource {
 public:
  static constexpr std::uint64_t kNoSet = ~std::uint64_t{0};
  struct Node {
    bool leaf = true, missing_left = false, categorical = false;
    std::int64_t left = -1, right = -1;
    std::int64_t feature = -1;
    double threshold = 0;
    std::uint64_t set = 0;  // of a categorical node, among all sets of the table; kNoSet: one that is not there
    double cover = 0;
  };
  virtual ~TreeSource() = default;
  virtual std::size_t size() const = 0;
  virtual Node node(std::size_t i) const = 0;  // REQUIRES: i < size()
  virtual void values(std::size_t i, std::uint32_t depth,
                      std::span<double> out) const = 0;  // of a leaf; the root's depth is 0
};

class TreeTable {
 public:
  struct Size {
    std::uint32_t columns = 0;
    std::uint32_t outputs = 1;
    bool turns = false;
    bool floats = true;       // thresholds are asked of floats
    std::size_t nodes = 0;    // of all trees, to make room
    std::size_t largest = 0;  // nodes of the largest tree
  };
  explicit TreeTable(const Size& size);

  // Checks and adds the next tree. kCorrupt: "node 7 has children 3 and 900 of 20".
  Result<void> add(const TreeSource& source);
  // The table, without base, divisor and sets.
  model::TreeSum finish() &&;

 private:
  struct Pending {
    std::uint32_t from, to, depth;
  };
  Result<void> place(const TreeSource& source, const Pending& at, std::size_t root);
  Result<void> split(const TreeSource& source, const TreeSource::Node& node, const Pending& at, std::size_t root);
  std::uint64_t leaf_row(const TreeSource& source, const Pending& at);
  void write(std::size_t at, const model::TreeSum::Node& node);

  Size size_;
  model::TreeSum op_;
  std::vector<std::uint64_t> nodes_;
  std::vector<std::uint32_t> roots_;
  std::vector<double> values_, cover_;
  std::vector<double> row_;
  std::vector<std::uint32_t> rows_seen_;  // open addressing over rows of several values
  std::vector<Pending> pending_;
  std::size_t next_ = 0;
};

}  // namespace slipway::importer::sklearn
