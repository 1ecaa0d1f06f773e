// SPDX-License-Identifier: Apache-2.0
// What a model is: a list of steps over typed slots, the schema of what goes in and the named outputs that come out.
// Built by importer/, run by engine/. Move-only; immutable once create() has checked it; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "model/op.h"
#include "model/schema.h"

namespace slipway::model {

enum class SlotType : std::uint8_t {
  kRecord,  // the input: cells of the schema's fields, and extras
  kCsr,     // f64 rows, sparse, columns ascending
  kDense,   // f64 rows
  kIndex,   // one index a row
};

struct Slot {
  SlotType type = SlotType::kDense;
  std::uint32_t columns = 0;  // kRecord: fields; kIndex: how many different indices there can be
};

// Slot 0 is the record. Step i writes slot i + 1 and reads one slot before it.
struct Step {
  Op op;
  std::uint32_t input = 0;
};

using Label = std::variant<bool, std::int64_t, double, std::string>;

enum class OutputKind : std::uint8_t {
  kPrediction,   // what predict() gives: a label (slot of kind index) or numbers
  kProbability,  // predict_proba(): a column a label
  kDecision,     // decision_function()
};
std::string_view output_name(OutputKind kind);

struct Output {
  OutputKind kind = OutputKind::kPrediction;
  std::uint32_t slot = 0;
};

struct Provenance {
  std::string library;                // "scikit-learn"
  std::vector<std::string> versions;  // found in the file, distinct, in order of appearance
  std::vector<std::string> chain;     // "DictVectorizer", "LogisticRegression"
};

class Model {
 public:
  struct Parts {
    Schema schema;
    std::vector<Step> steps;
    std::vector<Output> outputs;
    std::vector<Label> labels;  // of a classifier, in the order of the probability columns; empty: a regressor
    Provenance provenance;
  };
  // Checks every operator and shape; works out the slots. kCorrupt names the step.
  static Result<Model> create(Parts parts);

  const Schema& schema() const { return parts_.schema; }
  const std::vector<Step>& steps() const { return parts_.steps; }
  const std::vector<Slot>& slots() const { return slots_; }
  const std::vector<Output>& outputs() const { return parts_.outputs; }
  const std::vector<Label>& labels() const { return parts_.labels; }
  const Provenance& provenance() const { return parts_.provenance; }
  const Output* output(OutputKind kind) const;  // nullptr if the model does not have it

  // "DictVectorizer > LogisticRegression"
  std::string chain() const;

  // What a RequireFinite step says of a value that it refuses: "LogisticRegression does not take NaN". As long as the
  // model, wherever it is moved to. REQUIRES: `step` is such a step.
  enum class Refused : std::uint8_t { kNan, kInfinity };
  const char* refusal(std::size_t step, Refused what) const;

 private:
  Parts parts_;
  std::vector<Slot> slots_;
  std::vector<std::string> refusals_;  // two a step: of NaN and of infinity; empty for other steps
};

// "yes", "0", "1.5", "True": the label as Python's str() prints it, for keys and metrics.
std::string label_text(const Label& label);

}  // namespace slipway::model
