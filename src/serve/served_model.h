// SPDX-License-Identifier: Apache-2.0
// One version of one model, ready to answer: the plan, and everything that is worked out once instead of with each
// request (how labels print, which outputs an answer has and what they are called). Immutable; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/plan.h"
#include "model/bundle.h"
#include "monitor/metrics.h"

namespace slipway::serve {

// What an answer can hold; in the order of model::Serving::kAnswers.
enum class Part : std::uint8_t {
  kPrediction,
  kProbability,    // P(positive class): of a model whose every target has two labels
  kProbabilities,  // by label
  kPositive,       // probability >= threshold
  kDecision,
  kScore,
  kTransform,
};
inline constexpr std::size_t kParts = std::size(model::Serving::kAnswers);

// Which parts an answer has, in order. Small enough to be copied with each request.
struct Parts {
  std::uint8_t count = 0;
  Part list[kParts] = {};
  engine::Wanted wanted = 0;  // what has to be run for them

  void add(Part part);  // unless it is there
  bool has(Part part) const;
};

class ServedModel {
 public:
  struct Options {
    std::string name;
    std::string version;  // "3"; empty: a file, not a version of a store
    std::string label;    // of the version; may be empty
    std::string bundle;   // its id; empty: a file
    model::ProofLevel proof = model::ProofLevel::kNone;
    std::uint32_t proof_rows = 0;
    model::Serving serving;
  };
  // kCorrupt if `serving` names what this model does not have.
  static Result<std::shared_ptr<const ServedModel>> create(engine::Plan plan, Options options);

  const engine::Plan& plan() const { return plan_; }
  const model::Model& model() const { return plan_.model(); }
  const Options& options() const { return options_; }
  const std::string& title() const { return title_; }  // "churn:3", or "churn"
  const std::string& title_json() const { return title_json_; }
  // No two have the same, though one may be where another was.
  std::uint64_t serial() const { return serial_; }
  const monitor::Metrics::Model& counted() const { return counted_; }

  // How a label prints as a JSON value, and as a JSON text for the keys of `probabilities`.
  const std::string& label_json(std::size_t target, std::size_t label) const {
    return targets_[target].labels[label].json;
  }
  const std::string& label_key(std::size_t target, std::size_t label) const {
    return targets_[target].labels[label].key;
  }
  std::size_t targets() const { return targets_.size(); }
  std::size_t labels(std::size_t target) const { return targets_[target].labels.size(); }
  // Of the target: the label whose probability is `probability`.
  std::size_t positive(std::size_t target) const { return targets_[target].positive; }

  const Parts& parts() const { return parts_; }  // of an answer when nobody asks for others
  bool has(Part part) const { return (has_ & (1U << unsigned(part))) != 0; }
  // What `?outputs=` may name, for messages.
  std::vector<std::string_view> output_names() const;
  // The parts for one name of `?outputs=`; false if the model does not give that.
  bool add_output(std::string_view name, Parts& parts) const;
  // "\"prediction\":"
  const std::string& key(Part part) const { return keys_[std::size_t(part)]; }

  static constexpr double kPoolFromNs = 200'000;  // a request that takes longer leaves the loop
  // Estimated time to answer a predict request with that body; rather too long than too short.
  double cost_ns(std::string_view body) const;

 private:
  struct Text {
    std::string json, key;
  };
  struct Target {
    std::vector<Text> labels;
    std::size_t positive = 1;
  };
  ServedModel(engine::Plan plan, Options options);
  void find_parts();
  Result<void> take_serving();

  engine::Plan plan_;
  Options options_;
  std::uint64_t serial_;
  std::string title_, title_json_;
  std::vector<Target> targets_;
  monitor::Metrics::Model counted_;
  unsigned has_ = 0;  // a bit a part
  Parts parts_;
  std::string keys_[kParts];
};

}  // namespace slipway::serve
