// SPDX-License-Identifier: Apache-2.0
// For tests: models small enough to be worked out by hand, versions of them, and a source that a test can turn.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "serve/model_source.h"
#include "serve/small_model.h"
#include "serve/snapshot.h"

namespace slipway::serve::testing_support {

// y = value, whatever is sent: its answers tell which version gave them. `outputs` makes it large: 16 bytes each.
inline engine::Plan constant_plan(double value, std::uint32_t outputs = 1) {
  using namespace model;
  Model::Parts parts;
  auto schema = Schema::create({{.name = "x", .takes_number = true}}, false);
  SLIPWAY_ASSERT(schema.has_value());
  parts.schema = std::move(*schema);
  parts.steps.push_back({StackNumbers{.columns = 1}, {0}});
  parts.steps.push_back({Linear{.outputs = outputs,
                                .coef = std::vector<double>(outputs, 0.0),
                                .intercept = std::vector<double>(outputs, value)},
                         {1}});
  parts.outputs = {{OutputKind::kPrediction, 2}};
  parts.provenance = {.library = "scikit-learn", .versions = {"1.6.1"}, .chain = {"LinearRegression"}};
  auto made = Model::create(std::move(parts));
  SLIPWAY_ASSERT(made.has_value());
  auto plan = engine::Plan::compile(std::move(*made));
  SLIPWAY_ASSERT(plan.has_value());
  return std::move(*plan);
}

inline std::shared_ptr<const ServedModel> served(engine::Plan plan, ServedModel::Options options) {
  auto made = ServedModel::create(std::move(plan), std::move(options));
  SLIPWAY_ASSERT(made.has_value());
  return std::move(*made);
}

// Version "3" of the model of that name answers 3.
inline std::shared_ptr<const ServedModel> version_of(const std::string& name, const std::string& version) {
  ServedModel::Options options;
  options.name = name;
  options.version = version;
  return served(constant_plan(std::stod(version)), std::move(options));
}

inline Slot slot(const std::string& name, const std::string& wanted, std::shared_ptr<const ServedModel> model,
                 std::vector<std::string> aliases = {}) {
  return {.name = name,
          .wanted = wanted,
          .model = std::move(model),
          .aliases = std::move(aliases),
          .failed = {},
          .why = {}};
}

// What a test wants served; versions are loaded by version_of(), unless they are broken.
class TestSource final : public ModelSource {
 public:
  void want(const std::string& name, const std::string& version, std::vector<std::string> aliases = {}) {
    wanted_[name] = {.name = name, .wanted = name, .version = version, .aliases = std::move(aliases), .problem = {}};
    ++generation_;
  }
  void drop(const std::string& name) {
    wanted_.erase(name);
    ++generation_;
  }
  Result<std::uint64_t> generation() override {
    if (away) return fail(Code::kIo, "the disk is gone");
    return generation_;
  }
  Result<std::vector<WantedModel>> wanted() override {
    std::vector<WantedModel> out;
    for (const auto& [name, one] : wanted_) out.push_back(one);
    return out;
  }
  Result<void> check(const WantedModel&) override { return {}; }
  Result<std::shared_ptr<const ServedModel>> load(const WantedModel& one) override {
    ++loads;
    if (broken.contains(one.name + ":" + one.version)) return fail(Code::kCorrupt, "weights.safetensors is damaged");
    return version_of(one.name, one.version);
  }

  bool away = false;
  int loads = 0;
  std::set<std::string> broken;

 private:
  std::map<std::string, WantedModel> wanted_;
  std::uint64_t generation_ = 1;
};

}  // namespace slipway::serve::testing_support
