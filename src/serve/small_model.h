// SPDX-License-Identifier: Apache-2.0
// For tests and fuzzing: models that can be worked out by hand.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/plan.h"

namespace slipway::serve {

// score = 2 * (contract = month) - 1 * (contract = year) + 0.5 * tenure - 1, labels 0 and 1.
inline engine::Plan small_plan() {
  using namespace model;
  const auto check = [](auto result) {
    SLIPWAY_ASSERT(result.has_value());
    return std::move(*result);
  };
  Model::Parts parts;
  parts.schema = check(Schema::create({{.name = "contract", .takes_text = true, .categories = {"month", "year"}},
                                       {.name = "tenure", .takes_number = true}},
                                      true));
  parts.steps.push_back({VectorizeDict{.names = {"contract=month", "contract=year", "tenure"}, .separator = "="}, {0}});
  parts.steps.push_back({RequireFinite{.allow_nan = false, .estimator = "LogisticRegression"}, {1}});
  parts.steps.push_back({Linear{.outputs = 1, .coef = {2, -1, 0.5}, .intercept = {-1}}, {2}});
  parts.steps.push_back({Expit{}, {3}});
  parts.steps.push_back({WithComplement{}, {4}});
  parts.steps.push_back({PositiveIndex{}, {3}});
  parts.outputs = {{OutputKind::kPrediction, 6}, {OutputKind::kProbability, 5}, {OutputKind::kDecision, 3}};
  parts.targets = {{.name = {}, .labels = {std::int64_t{0}, std::int64_t{1}}}};
  parts.provenance = {
      .library = "scikit-learn", .versions = {"1.6.1"}, .chain = {"DictVectorizer", "LogisticRegression"}};
  return check(engine::Plan::compile(check(Model::create(std::move(parts)))));
}

// The sum of numbers "x0", "x1", ...
inline engine::Plan sum_plan(std::uint32_t fields) {
  using namespace model;
  const auto check = [](auto result) {
    SLIPWAY_ASSERT(result.has_value());
    return std::move(*result);
  };
  std::vector<Field> all;
  for (std::uint32_t i = 0; i < fields; ++i) all.push_back({.name = "x" + std::to_string(i), .takes_number = true});
  Model::Parts parts;
  parts.schema = check(Schema::create(std::move(all), false));
  parts.steps.push_back({StackNumbers{.columns = fields}, {0}});
  parts.steps.push_back({Linear{.outputs = 1, .coef = std::vector<double>(fields, 1), .intercept = {0}}, {1}});
  parts.outputs = {{OutputKind::kPrediction, 2}};
  parts.provenance = {.library = "scikit-learn", .versions = {"1.6.1"}, .chain = {"LinearRegression"}};
  return check(engine::Plan::compile(check(Model::create(std::move(parts)))));
}

}  // namespace slipway::serve
