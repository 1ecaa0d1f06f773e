// SPDX-License-Identifier: Apache-2.0
// Forests made at random: the kernel that takes sixteen trees at once against the reference that takes one after
// another, with narrow and with wide nodes, bit for bit.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>

#include "engine/plan.h"
#include "engine/random_record.h"
#include "engine/reference.h"
#include "model/model.h"

namespace slipway::engine {
namespace {

using model::TreeSum;

constexpr std::uint32_t kColumns = 5;

class RandomForest {
 public:
  RandomForest(unsigned seed, TreeSum::Nodes width, bool categories) : random_(seed), categories_(categories) {
    op_.width = width;
    op_.feature_bits = 3;
    op_.outputs = 3;
    op_.base = {0.5, -0.0, 1e-3};
    op_.divisor = 7;
    std::vector<std::uint32_t> roots, sets;
    for (int i = 0; i < 64; ++i) values_.push_back(double(random_()) / 1e9 - 2);
    values_.resize(63);
    for (int tree = 0; tree < 37; ++tree) {
      roots.push_back(count());
      grow(tree % 5 == 0 ? 60 : 5, tree % 5 == 0);
    }
    op_.nodes = std::move(nodes_);
    op_.roots = std::move(roots);
    op_.values = std::move(values_);
    if (!categories) return;
    for (int i = 0; i < 4 * 8; ++i) sets.push_back(std::uint32_t(random_()));
    op_.left_sets = sets;
    sets.clear();
    for (std::uint32_t i = 0; i < kColumns * 8; ++i) sets.push_back(std::uint32_t(random_()));
    op_.known_sets = sets;
  }
  TreeSum op() const { return op_; }

 private:
  std::uint32_t count() const { return std::uint32_t(nodes_.size() / words()); }
  std::size_t words() const { return op_.width == TreeSum::Nodes::kNarrow ? 1 : 2; }

  // Nodes of a tree; in a `chain` each split has a leaf on its left.
  void grow(int splits, bool chain) {
    const std::uint32_t root = count();
    const std::uint32_t size = std::uint32_t(2 * splits + 1);
    for (std::uint32_t i = 0, next = 1; i < size; ++i) {
      const bool split = next < size && (!chain || i == 0 || i % 2 == 0);
      put(split ? next - i : 0);
      if (split) next += 2;
    }
    ASSERT_EQ(count(), root + size);
  }

  void put(std::uint32_t children) {
    const std::uint32_t feature = children == 0 ? kColumns : std::uint32_t(random_()) % kColumns;
    const std::uint32_t missing = std::uint32_t(random_()) % 2, row = std::uint32_t(random_()) % 21;
    const float threshold = float(random_() % 200) / 4 - 10;
    if (op_.width == TreeSum::Nodes::kNarrow) {
      const std::uint32_t low = children == 0 ? TreeSum::kNarrowLeaf + row : std::bit_cast<std::uint32_t>(threshold);
      nodes_.push_back(std::uint64_t{children << 4 | missing << 3 | feature} << 32 | low);
      return;
    }
    const bool category = categories_ && children != 0 && random_() % 2 == 0;
    std::uint64_t word = children == 0 ? TreeSum::kWideLeaf + row : std::bit_cast<std::uint64_t>(double(threshold));
    if (category) word = random_() % 4;
    const std::uint32_t asks = feature | missing << 31 | (category ? TreeSum::kCategorical : 0U);
    nodes_.push_back(word);
    nodes_.push_back(std::uint64_t{asks} << 32 | children);
  }

  std::mt19937 random_;
  bool categories_;
  TreeSum op_;
  std::vector<std::uint64_t> nodes_;
  std::vector<double> values_;
};

Result<model::Model> model_of(TreeSum op) {
  std::vector<model::Field> fields;
  for (std::uint32_t i = 0; i < kColumns; ++i) {
    model::Field field{.name = "x" + std::to_string(i)};
    field.takes_number = true;
    fields.push_back(std::move(field));
  }
  model::Model::Parts parts;
  parts.schema = *model::Schema::create(std::move(fields), false);
  parts.steps = {{model::StackNumbers{kColumns}, {0}}, {model::RoundToFloat{}, {1}}, {std::move(op), {2}}};
  parts.outputs = {{model::OutputKind::kPrediction, 3}};
  return model::Model::create(std::move(parts));
}

void expect_same(TreeSum op) {
  auto model = model_of(std::move(op));
  ASSERT_TRUE(model) << model.error().to_string();
  const auto plan = Plan::compile(std::move(*model));
  const auto scratch = plan->scratch();
  Answer answer;
  std::mt19937 random(3);
  for (int i = 0; i < 2000; ++i) {
    const RandomRecord record(plan->model(), random);
    plan->run(record.record(), *scratch, answer);
    ASSERT_TRUE(same_answer(answer, run_reference(plan->model(), record.record()))) << i;
  }
}

TEST(TreeSum, IsTheSameInThePlanAsOneTreeAfterAnother) {
  for (const unsigned seed : {1U, 2U, 3U}) {
    expect_same(RandomForest(seed, TreeSum::Nodes::kNarrow, false).op());
    expect_same(RandomForest(seed, TreeSum::Nodes::kWide, false).op());
    expect_same(RandomForest(seed, TreeSum::Nodes::kWide, true).op());
    TreeSum turns = RandomForest(seed, TreeSum::Nodes::kNarrow, false).op();
    turns.turns = true;
    expect_same(std::move(turns));
  }
}

}  // namespace
}  // namespace slipway::engine
