// SPDX-License-Identifier: Apache-2.0
// Makes what the swap benchmark swaps: `swap_store make DIR` publishes two versions of a model of 200 MB (a linear
// model, 25,000 categories by 1,000 classes) in the store DIR; `swap_store promote DIR 2` points its alias at one of
// them.
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

constexpr std::uint32_t kCategories = 25'000;
constexpr std::uint32_t kClasses = 1'000;

Result<model::Model> large(std::uint32_t seed) {
  model::Model::Parts parts;
  model::Field field{.name = "city", .takes_text = true};
  std::vector<std::string> names;
  for (std::uint32_t i = 0; i < kCategories; ++i) {
    field.categories.push_back("c" + std::to_string(i));
    names.push_back("city=" + field.categories.back());
  }
  std::vector<model::Field> fields;
  fields.push_back(std::move(field));
  parts.schema = SLIPWAY_TRY(model::Schema::create(std::move(fields), true));
  std::vector<double> coef(std::size_t{kCategories} * kClasses);
  std::uint64_t state = seed;
  for (double& value : coef) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    value = double(state >> 40) / double(1 << 24) - 0.5;
  }
  parts.steps.push_back({model::VectorizeDict{.names = names, .separator = "="}, {0}});
  parts.steps.push_back(
      {model::Linear{.outputs = kClasses, .coef = std::move(coef), .intercept = std::vector<double>(kClasses, 0.0)},
       {1}});
  parts.steps.push_back({model::ArgmaxIndex{}, {2}});
  parts.outputs = {{model::OutputKind::kPrediction, 3}};
  std::vector<model::Label> labels;
  for (std::int64_t i = 0; i < kClasses; ++i) labels.emplace_back(i);
  parts.targets = {{.name = {}, .labels = std::move(labels)}};
  parts.provenance = {.library = "scikit-learn", .versions = {"1.6.1"}, .chain = {"DictVectorizer", "LinearSVC"}};
  return model::Model::create(std::move(parts));
}

Result<void> make(registry::Catalog& catalog) {
  for (std::uint32_t seed = 1; seed <= 2; ++seed) {
    const model::Model model = SLIPWAY_TRY(large(seed));
    const model::Bundle bundle = SLIPWAY_TRY(model::encode(model, {.importer_version = "bench"}));
    registry::BundleFiles files{.id = bundle.id, .files = {}};
    for (const model::Bundle::File& file : bundle.files) files.files.push_back({file.name, file.bytes.bytes()});
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
