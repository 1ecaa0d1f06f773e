// SPDX-License-Identifier: Apache-2.0
// What a model is: a list of steps over typed slots, the schema of what goes in and the named outputs that come out.
// Built by importer/, run by engine/. Move-only; immutable once create() has checked it; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "model/op.h"
#include "model/schema.h"
#include "model/slot.h"

namespace slipway::model {

// Slot 0 is the record. Step i writes slot i + 1 and reads slots before it.
struct Step {
  Op op;
  std::vector<std::uint32_t> inputs;
};

using Label = std::variant<bool, std::int64_t, double, std::string>;

enum class OutputKind : std::uint8_t {
  kPrediction,   // what predict() gives: a label (slot of kind index) or numbers
  kProbability,  // predict_proba(): a column a label
  kDecision,     // decision_function()
  kScore,        // score_samples()
  kTransform,    // transform(): what a model without a prediction gives, and some with one
};
inline constexpr std::size_t kOutputKinds = 5;
std::string_view output_name(OutputKind kind);

struct Output {
  OutputKind kind = OutputKind::kPrediction;
  std::uint32_t slot = 0;
  std::uint32_t target = 0;  // of which target; always 0 for a model without labels
};

// What is predicted by label: one in most classifiers, several in a multi-output one, none in a regressor.
struct Target {
  std::string name;           // of several, if the model has names for them
  std::vector<Label> labels;  // in the order of the probability columns
};

struct Provenance {
  std::string library;                // "scikit-learn"
  std::vector<std::string> versions;  // found in the file, distinct, in order of appearance
  std::vector<std::string> chain;     // "DictVectorizer", "LogisticRegression"
  std::vector<std::string> notes;     // sentences: what else of the files was used, and what was left out
};

class Model {
 public:
  struct Parts {
    Schema schema;
    std::vector<Step> steps;
    std::vector<Output> outputs;
    std::vector<Target> targets;
    Provenance provenance;
  };
  // Checks every operator and shape; works out the slots. kCorrupt names the step.
  static Result<Model> create(Parts parts);

  const Schema& schema() const { return parts_.schema; }
  const std::vector<Step>& steps() const { return parts_.steps; }
  const std::vector<Slot>& slots() const { return slots_; }
  const std::vector<Output>& outputs() const { return parts_.outputs; }
  const std::vector<Target>& targets() const { return parts_.targets; }
  // Of the first target; empty: a regressor, or a model that only transforms.
  std::span<const Label> labels() const;
  const Provenance& provenance() const { return parts_.provenance; }
  void set_notes(std::vector<std::string> notes) { parts_.provenance.notes = std::move(notes); }
  // nullptr if the model does not have it.
  const Output* output(OutputKind kind, std::uint32_t target = 0) const;

  // "DictVectorizer > LogisticRegression"
  std::string chain() const;

  // What a RequireFinite step says of a value that it refuses: "LogisticRegression does not take NaN". As long as the
  // model, wherever it is moved to. REQUIRES: `step` is such a step.
  enum class Refused : std::uint8_t { kNan, kInfinity };
  const char* refusal(std::size_t step, Refused what) const;

 private:
  Result<void> run_shapes();
  Result<void> check_outputs() const;

  Parts parts_;
  std::vector<Slot> slots_;
  std::vector<std::string> refusals_;  // two a step: of NaN and of infinity; empty for other steps
};

// "yes", "0", "1.5", "True": the label as Python's str() prints it, for keys and metrics.
std::string label_text(const Label& label);

}  // namespace slipway::model
