// SPDX-License-Identifier: Apache-2.0
// Forests made at random: the kernels that take many trees at once, with vectors and without, against the reference
// that takes one after another, with narrow and with wide nodes, bit for bit.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "engine/kernels/trees_avx512.h"
#include "engine/plan.h"
#include "engine/random_record.h"
#include "engine/reference.h"
#include "model/model.h"

namespace slipway::engine {
namespace {

using model::TreeSum;

constexpr std::uint32_t kRows = 21;  // of values

struct Shape {
  TreeSum::Nodes width = TreeSum::Nodes::kNarrow;
  bool categories = false;
  int trees = 37;
  std::uint32_t columns = 5;
  std::uint32_t outputs = 3;
  bool turns = false;
};

class RandomForest {
 public:
  RandomForest(unsigned seed, const Shape& shape) : shape_(shape), random_(seed) {
    op_.width = shape.width;
    op_.feature_bits = std::uint32_t(std::bit_width(shape.columns));
    op_.outputs = shape.outputs;
    op_.turns = shape.turns;
    op_.base = numbers(shape.outputs);
    op_.divisor = 7;
    std::vector<std::uint32_t> roots;
    for (int tree = 0; tree < shape.trees; ++tree) {
      roots.push_back(count());
      constexpr int kSplits[] = {60, 5, 0, 300, 1};
      const auto kind = random_() % 5;
      grow(kSplits[kind], kind == 0);
    }
    op_.nodes = std::move(nodes_);
    op_.roots = std::move(roots);
    op_.values = numbers(kRows * op_.row_width());
    if (!shape.categories) return;
    op_.left_sets = words(4 * TreeSum::kSetWords);
    op_.known_sets = words(shape.columns * TreeSum::kSetWords);
  }
  TreeSum op() const { return op_; }

 private:
  bool narrow() const { return shape_.width == TreeSum::Nodes::kNarrow; }
  std::uint32_t count() const { return std::uint32_t(nodes_.size() / (narrow() ? 1 : 2)); }
  std::vector<double> numbers(std::size_t size) {
    std::vector<double> out(size);
    for (double& x : out) x = double(random_()) / 1e9 - 2;
    return out;
  }
  std::vector<std::uint32_t> words(std::size_t size) {
    std::vector<std::uint32_t> out(size);
    for (std::uint32_t& word : out) word = std::uint32_t(random_());
    return out;
  }

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
    const std::uint32_t feature = children == 0 ? shape_.columns : std::uint32_t(random_()) % shape_.columns;
    const std::uint32_t missing = std::uint32_t(random_()) % 2, row = std::uint32_t(random_()) % kRows;
    const float threshold = float(random_() % 200) / 4 - 10;
    if (narrow()) {
      const std::uint32_t low = children == 0 ? TreeSum::kNarrowLeaf + row : std::bit_cast<std::uint32_t>(threshold);
      const std::uint32_t link = (children << 1 | missing) << op_.feature_bits | feature;
      nodes_.push_back(std::uint64_t{link} << 32 | low);
      return;
    }
    const bool category = shape_.categories && children != 0 && random_() % 2 == 0;
    std::uint64_t word = children == 0 ? TreeSum::kWideLeaf + row : std::bit_cast<std::uint64_t>(double(threshold));
    if (category) word = random_() % 4;
    const std::uint32_t asks = feature | missing << 31 | (category ? TreeSum::kCategorical : 0U);
    nodes_.push_back(word);
    nodes_.push_back(std::uint64_t{asks} << 32 | children);
  }

  Shape shape_;
  std::mt19937 random_;
  TreeSum op_;
  std::vector<std::uint64_t> nodes_;
};

Result<model::Model> model_of(const Shape& shape, TreeSum op) {
  std::vector<model::Field> fields;
  for (std::uint32_t i = 0; i < shape.columns; ++i) {
    model::Field field{.name = "x" + std::to_string(i)};
    field.takes_number = true;
    fields.push_back(std::move(field));
  }
  model::Model::Parts parts;
  parts.schema = *model::Schema::create(std::move(fields), false);
  parts.steps = {{model::StackNumbers{shape.columns}, {0}}, {model::RoundToFloat{}, {1}}, {std::move(op), {2}}};
  parts.outputs = {{model::OutputKind::kPrediction, 3}};
  return model::Model::create(std::move(parts));
}

// Every fourth row has numbers missing; some of its numbers are as large as can be, some equal a threshold.
std::vector<model::Cell> random_row(std::uint32_t columns, std::mt19937& random) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const bool missing = random() % 4 == 0;
  std::vector<model::Cell> out;
  for (std::uint32_t i = 0; i < columns; ++i) {
    const auto kind = random() % 16;
    double x = double(random() % 200) / 4 - 10;
    if (kind == 0) x = random() % 2 == 0 ? kInfinity : -kInfinity;
    if (kind < 4 && missing) x = std::numeric_limits<double>::quiet_NaN();
    out.push_back(model::Cell::of(x));
  }
  return out;
}

// `vectors`: the plan takes them where it can.
void expect_same(const Shape& shape, const TreeSum& op, bool vectors, int rows) {
  auto model = model_of(shape, op);
  ASSERT_TRUE(model) << model.error().to_string();
  kernels::vector_walk_allowed = vectors;
  const auto plan = Plan::compile(std::move(*model));
  kernels::vector_walk_allowed = true;
  const auto scratch = plan->scratch();
  Answer answer;
  std::mt19937 random(3);
  for (int i = 0; i < rows; ++i) {
    const std::vector<model::Cell> row = random_row(shape.columns, random);
    const model::Record record{.fields = row, .extras = {}};
    plan->run(record, *scratch, answer);
    ASSERT_TRUE(same_answer(answer, run_reference(plan->model(), record)))
        << i << (vectors ? " with vectors, " : " without vectors, ") << shape.trees << " trees, " << shape.columns
        << " columns, " << shape.outputs << " outputs";
  }
}

TEST(TreeSum, IsTheSameInThePlanAsOneTreeAfterAnother) {
  using enum TreeSum::Nodes;
  for (const unsigned seed : {1U, 2U, 3U}) {
    for (const Shape& shape : {Shape{.width = kNarrow}, Shape{.width = kNarrow, .turns = true}, Shape{.width = kWide},
                               Shape{.width = kWide, .categories = true}}) {
      for (const bool vectors : {true, false}) expect_same(shape, RandomForest(seed, shape).op(), vectors, 2000);
    }
  }
}

TEST(TreeSum, IsTheSameForAnyNumberOfTreesAndColumns) {
  std::mt19937 random(5);
  for (int trees = 1; trees <= 40; ++trees) {
    for (const std::uint32_t columns : {1U, 30U, 31U, 32U, 33U, 1 + std::uint32_t(random()) % 100}) {
      const Shape shape{
          .trees = trees, .columns = columns, .outputs = 1 + std::uint32_t(random()) % 4, .turns = random() % 2 == 0};
      const TreeSum op = RandomForest(unsigned(random()), shape).op();
      for (const bool vectors : {true, false}) expect_same(shape, op, vectors, 40);
    }
  }
}

TEST(TreeSum, IsTheSameForMoreTreesThanAreWalkedAtOnce) {
  for (const int trees : {63, 64, 65, 100, 131, 500}) {
    const Shape shape{.trees = trees, .columns = 28, .outputs = 2};
    const TreeSum op = RandomForest(unsigned(trees), shape).op();
    for (const bool vectors : {true, false}) expect_same(shape, op, vectors, 200);
  }
}

TEST(TreeSum, IsWalkedWithVectorsWhereTheProcessorHasThem) {
#if defined(__x86_64__)
  const bool has_vectors = __builtin_cpu_supports("x86-64-v4");
#else
  const bool has_vectors = false;
#endif
  for (const bool missing : {false, true}) {
    EXPECT_EQ(kernels::vector_walk(RandomForest(1, {}).op(), 5, missing) != nullptr, has_vectors);
    EXPECT_EQ(kernels::vector_walk(RandomForest(1, {.width = TreeSum::Nodes::kWide}).op(), 5, missing), nullptr);
  }
}

// Pages that nobody writes cost nothing.
TEST(TreeSum, IsWalkedWithVectorsOnBothSidesOf2To31Nodes) {
  constexpr std::size_t kMiddle = std::size_t{1} << 31, kSize = kMiddle + 5;
  const auto at =
      ::mmap(nullptr, kSize * 8, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) GTEST_SKIP() << "no room for 2^31 nodes";
  const std::shared_ptr<void> owner(at, [](void* pages) { ::munmap(pages, kSize * 8); });
  const std::span<std::uint64_t> nodes(static_cast<std::uint64_t*>(at), kSize);
  const auto leaf = [](std::uint64_t row) { return std::uint64_t{1} << 32 | (TreeSum::kNarrowLeaf + row); };
  const std::uint64_t split = std::uint64_t{1 << 2} << 32;  // x[0] <= 0; its children are the next two
  for (const std::size_t root : {std::size_t{0}, kMiddle - 1, kMiddle + 2}) {
    nodes[root] = split;
    nodes[root + 1] = leaf(root == 0 ? 0 : root == kMiddle - 1 ? 2 : 4);
    nodes[root + 2] = leaf(root == 0 ? 1 : root == kMiddle - 1 ? 3 : 5);
  }
  TreeSum op;
  op.feature_bits = 1;
  op.nodes = Array<std::uint64_t>::view(nodes, owner);
  op.roots = {0, std::uint32_t(kMiddle - 1), std::uint32_t(kMiddle + 2)};
  const kernels::VectorWalk walk = kernels::vector_walk(op, 1, false);
  if (walk == nullptr) GTEST_SKIP() << "no vectors";
  float row[kernels::kVectorWalkRow] = {-1, -std::numeric_limits<float>::infinity()};
  std::vector<std::uint32_t> leaves(3);
  walk(op, row, leaves.data());
  EXPECT_EQ(leaves, (std::vector<std::uint32_t>{0, 2, 4}));
  row[0] = 1;
  walk(op, row, leaves.data());
  EXPECT_EQ(leaves, (std::vector<std::uint32_t>{1, 3, 5}));
}

}  // namespace
}  // namespace slipway::engine
