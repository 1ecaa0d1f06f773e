// SPDX-License-Identifier: Apache-2.0
// Makes what the swap benchmark swaps: `swap_store make DIR` publishes two versions of a model of 200 MB (a forest of
// 128 complete trees, 16 deep) in the store DIR; `swap_store promote DIR 2` points its alias at one of them.
#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/bundle.h"
#include "registry/catalog.h"

namespace {

using namespace slipway;

constexpr std::uint32_t kFields = 28, kFeatureBits = 5;
constexpr std::uint32_t kTrees = 128, kDepth = 16;
constexpr std::uint32_t kSplits = (1U << kDepth) - 1, kLeaves = kSplits + 1;  // of a tree

// A complete tree, level by level: the children of node i are 2i + 1 and 2i + 2.
void plant(std::uint32_t tree, std::uint64_t& state, std::vector<std::uint64_t>& nodes, std::vector<double>& values) {
  const auto next = [&state] {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return std::uint32_t(state >> 33);
  };
  const auto node = [](std::uint32_t distance, std::uint32_t feature, std::uint32_t low) {
    return std::uint64_t{distance << (kFeatureBits + 1) | feature} << 32 | low;  // the bit between: where NaN goes
  };
  for (std::uint32_t i = 0; i < kSplits; ++i) {
    const float threshold = float(next() % 1000) / 1000;
    nodes.push_back(node(i + 1, next() % kFields, std::bit_cast<std::uint32_t>(threshold)));
  }
  for (std::uint32_t i = 0; i < kLeaves; ++i) {
    nodes.push_back(node(0, kFields, model::TreeSum::kNarrowLeaf + tree * kLeaves + i));
    values.push_back(double(next() % 1000) / 1000);
  }
}

Result<model::Model> large(std::uint64_t seed) {
  model::Model::Parts parts;
  std::vector<model::Field> fields;
  for (std::uint32_t i = 0; i < kFields; ++i) fields.push_back({.name = "x" + std::to_string(i), .takes_number = true});
  parts.schema = SLIPWAY_TRY(model::Schema::create(std::move(fields), false));

  std::vector<std::uint64_t> nodes;
  std::vector<double> values;
  std::vector<std::uint32_t> roots;
  for (std::uint32_t tree = 0; tree < kTrees; ++tree) {
    roots.push_back(std::uint32_t(nodes.size()));
    plant(tree, seed, nodes, values);
  }
  parts.steps.push_back({model::StackNumbers{.columns = kFields}, {0}});
  parts.steps.push_back({model::RoundToFloat{}, {1}});
  parts.steps.push_back({model::TreeSum{.feature_bits = kFeatureBits,
                                        .nodes = std::move(nodes),
                                        .roots = std::move(roots),
                                        .values = std::move(values),
                                        .base = std::vector<double>{-0.0},
                                        .divisor = kTrees},
                         {2}});
  parts.outputs = {{model::OutputKind::kPrediction, 3}};
  parts.provenance = {.library = "scikit-learn", .versions = {"1.6.1"}, .chain = {"RandomForestRegressor"}};
  return model::Model::create(std::move(parts));
}

Result<void> make(registry::Catalog& catalog) {
  for (std::uint32_t seed = 1; seed <= 2; ++seed) {
    const model::Model model = SLIPWAY_TRY(large(seed));
    const model::Bundle bundle = SLIPWAY_TRY(model::encode(model, {.importer_version = "bench"}));
    registry::BundleFiles files{.id = bundle.id, .files = {}};
    for (const model::Bundle::File& file : bundle.files) files.files.push_back({file.name, file.bytes});
    SLIPWAY_TRY(catalog.publish("large", files, {.by = "bench"}));
  }
  SLIPWAY_TRY(catalog.promote("large:1", "production", "bench", "start"));
  return {};
}

Result<void> run(std::string_view verb, const std::string& folder, const std::string& version) {
  const auto store = SLIPWAY_TRY(registry::open_store(folder));
  registry::Catalog catalog(*store);
  if (verb == "make") return make(catalog);
  SLIPWAY_TRY(catalog.promote("large:" + version, "production", "bench", "swap"));
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const auto done = run(argv[1], argv[2], argc > 3 ? argv[3] : "1");
  if (!done) std::fprintf(stderr, "%s\n", done.error().to_string().c_str());
  return done ? 0 : 1;
}
