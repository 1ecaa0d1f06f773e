// SPDX-License-Identifier: Apache-2.0
// A model's steps as kernels over numbered buffers. Made by compile(), run row by row. Borrows the model, which must
// stay where it is.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "engine/answer.h"
#include "engine/vectorizer.h"
#include "model/model.h"

namespace slipway::engine {

// What one thread needs to run a program: rows of hits, all dense rows in one array, indices.
struct Buffers {
  std::vector<std::vector<Hit>> hits;
  std::vector<double> dense;
  std::vector<std::uint32_t> index;
  std::vector<std::uint32_t> unseen;  // as Vectorizer::Room has it
  std::string key;
};

// Where a slot lives: hits[at], dense[at .. at + columns) or index[at].
struct Place {
  model::SlotType type = model::SlotType::kRecord;
  std::uint32_t at = 0;
  std::uint32_t columns = 0;
};

struct Frame {
  const model::Record& record;
  Buffers& buffers;
  Answer& answer;
};

// The kernels. Each reads `in`, writes `out`; one that can refuse gives false and fills the answer's refusal.
struct Gather {
  const Vectorizer* vectorizer;
  Place out;
};
struct Stack {
  Place out;
};
struct CheckFinite {
  const model::Model* model;
  std::uint32_t step;
  bool allow_nan;
  Place in;
};
struct Merge {  // Densify whose zeros nobody reads: duplicates are folded, the row stays sparse
  bool last_wins;
  Place in, out;
};
struct Scatter {  // Densify
  bool last_wins;
  Place in, out;
};
struct Apply {  // Standardize, ScaleColumns
  const double* offset;
  const double* scale;
  const double* factor;
  Place in, out;
};
struct Map {  // Clip, Binarize
  enum class Kind : std::uint8_t { kClip, kBinarize } kind;
  double low, high;  // Binarize: both are the threshold
  Place in, out;
};
struct Normalize {
  const model::NormalizeRows* op;
  Place in, out;
};
struct Dot {
  const model::Linear* op;
  const double* transposed;  // [columns][outputs], for hits and more than one output; else nullptr
  Place in, out;
};
struct Squash {  // the operators without parameters
  enum class Kind : std::uint8_t { kExpit, kSoftmax, kComplement, kNegation, kPositive, kArgmax } kind;
  Place in, out;
};
using Kernel = std::variant<Gather, Stack, CheckFinite, Merge, Scatter, Apply, Map, Normalize, Dot, Squash>;

class Program {
 public:
  // Errors as Vectorizer::create.
  static Result<Program> compile(const model::Model& model);

  Buffers buffers() const;
  void run(const model::Record& record, Buffers& buffers, Answer& answer) const;
  const std::vector<std::unique_ptr<Vectorizer>>& vectorizers() const { return vectorizers_; }

 private:
  struct Named {
    model::OutputKind kind;
    Place place;
  };
  Place place(const model::Slot& slot);
  struct Adder;
  const double* transpose(const model::Linear& op);

  std::vector<Kernel> kernels_;
  std::vector<Place> places_;  // a slot each
  std::vector<Named> outputs_;
  std::vector<std::unique_ptr<Vectorizer>> vectorizers_;
  std::vector<std::unique_ptr<std::vector<double>>> transposed_;
  std::uint32_t hit_rows_ = 0, dense_size_ = 0, indices_ = 0;
  std::size_t key_size_ = 0, fields_ = 0;
};

}  // namespace slipway::engine
