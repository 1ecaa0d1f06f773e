// SPDX-License-Identifier: Apache-2.0
// One row through a plan: 19 fields and 45 columns (the size of the churn table), binary and ten labels.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "engine/plan.h"
#include "engine/reference.h"

namespace slipway {
namespace {

model::Model churn(std::uint32_t outputs) {
  model::Model::Parts parts;
  model::VectorizeDict vectorize{.separator = "="};
  std::vector<std::string> names;
  std::vector<model::Field> fields;
  for (int i = 0; i < 19; ++i) {
    model::Field field{.name = "customer_field_" + std::to_string(i)};
    field.takes_number = i % 6 == 0;
    field.takes_text = !field.takes_number;
    if (field.takes_number) names.push_back(field.name);
    const int categories = i == 1 ? 6 : 2 + i % 2;
    for (int k = 0; field.takes_text && k < categories; ++k) {
      field.categories.push_back("category number " + std::to_string(k));
      names.push_back(field.name + "=" + field.categories.back());
    }
    fields.push_back(std::move(field));
  }
  vectorize.names = names;
  const std::size_t columns = names.size();
  parts.schema = *model::Schema::create(std::move(fields), true);
  std::vector<double> coef;
  for (std::size_t i = 0; i < columns * outputs; ++i) coef.push_back(0.25 + 0.001 * double(i % 97));
  parts.steps.push_back({std::move(vectorize), {0}});
  parts.steps.push_back({model::RequireFinite{.estimator = "LogisticRegression"}, {1}});
  parts.steps.push_back({model::Linear{outputs, std::move(coef), std::vector<double>(outputs, -1)}, {2}});
  if (outputs == 1) {
    parts.steps.push_back({model::Expit{}, {3}});
    parts.steps.push_back({model::WithComplement{}, {4}});
    parts.steps.push_back({model::PositiveIndex{}, {3}});
    parts.outputs = {{model::OutputKind::kPrediction, 6}, {model::OutputKind::kProbability, 5}};
  } else {
    parts.steps.push_back({model::Softmax{}, {3}});
    parts.steps.push_back({model::ArgmaxIndex{}, {3}});
    parts.outputs = {{model::OutputKind::kPrediction, 5}, {model::OutputKind::kProbability, 4}};
  }
  parts.targets.emplace_back();
  for (std::uint32_t i = 0; i < std::max(outputs, 2U); ++i) parts.targets[0].labels.emplace_back(std::int64_t{i});
  return std::move(*model::Model::create(std::move(parts)));
}

std::vector<model::Cell> row(const model::Schema& schema) {
  std::vector<model::Cell> cells;
  for (const model::Field& field : schema.fields()) {
    cells.push_back(field.takes_number ? model::Cell::of(24.5)
                                       : model::Cell::of(std::string_view(field.categories.back())));
  }
  return cells;
}

void BM_Plan(benchmark::State& state) {
  const auto plan = engine::Plan::compile(churn(static_cast<std::uint32_t>(state.range(0))));
  const auto cells = row(plan->model().schema());
  const model::Record record{.fields = cells, .extras = {}};
  const auto scratch = plan->scratch();
  engine::Answer answer;
  for (auto _ : state) {
    plan->run(record, *scratch, answer);
    benchmark::DoNotOptimize(answer.probability.data());
  }
  state.counters["row_cost_ns"] = plan->row_cost_ns();
}
BENCHMARK(BM_Plan)->Arg(1)->Arg(10);

void BM_Reference(benchmark::State& state) {
  const model::Model model = churn(static_cast<std::uint32_t>(state.range(0)));
  const auto cells = row(model.schema());
  for (auto _ : state) benchmark::DoNotOptimize(engine::run_reference(model, {.fields = cells, .extras = {}}).index);
}
BENCHMARK(BM_Reference)->Arg(1)->Arg(10);

void BM_Compile(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(engine::Plan::compile(churn(1))->row_cost_ns());
}
BENCHMARK(BM_Compile);

}  // namespace
}  // namespace slipway

BENCHMARK_MAIN();
