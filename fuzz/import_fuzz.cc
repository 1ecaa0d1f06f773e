// SPDX-License-Identifier: Apache-2.0
// Any bytes, through to an answer: a refusal must say why and name the file; what is taken must compile, and the plan
// must equal the reference bit for bit on records made from the schema.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "engine/plan.h"
#include "engine/random_record.h"
#include "engine/reference.h"
#include "importer/import.h"

namespace {

void require(bool holds, const std::string& what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what.c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace slipway;
  std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto seed = static_cast<std::uint32_t>(std::hash<std::string>()(bytes));
  const importer::Source source{"fuzz.pkl", FileBytes::of(std::move(bytes))};
  auto model = importer::import_files(std::span(&source, 1));
  if (!model) {
    require(model.error().message().starts_with("fuzz.pkl: ") && model.error().message().size() > 20,
            "an error without a reason: " + model.error().message());
    return 0;
  }
  auto plan = engine::Plan::compile(std::move(*model));
  require(plan.has_value(), "a checked model did not compile");
  require(!plan->model().schema().example().empty(), "no example");
  const auto scratch = plan->scratch();
  engine::Answer answer;
  std::mt19937 random(seed);
  for (int i = 0; i < 8; ++i) {
    const engine::RandomRecord record(plan->model(), random);
    plan->run(record.record(), *scratch, answer);
    require(engine::same_answer(answer, engine::run_reference(plan->model(), record.record())),
            "the plan and the reference differ");
  }
  return 0;
}
