// SPDX-License-Identifier: Apache-2.0
// A model's steps as kernels over numbered buffers. Made by compile(), run row by row. Borrows the model, which must
// stay where it is.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "engine/answer.h"
#include "engine/kernels/kernel.h"
#include "engine/vectorizer.h"
#include "model/model.h"

namespace slipway::engine {

class Program {
 public:
  // Errors as Vectorizer::create; kTooLarge for rows that would not fit.
  static Result<Program> compile(const model::Model& model);

  Buffers buffers() const;
  void run(const model::Record& record, Buffers& buffers, Answer& answer, Wanted wanted) const;
  const std::vector<std::unique_ptr<Vectorizer>>& vectorizers() const { return vectorizers_; }
  // At least so many numbers are read or written for a row.
  std::uint64_t numbers() const { return reads_ + dense_size_; }
  // True if a text of that field is looked up somewhere and found nowhere.
  bool unseen(std::uint32_t field, std::string_view text) const;

 private:
  friend class Compiling;
  struct Step {
    KernelPtr kernel;
    Wanted serves;  // the outputs that need it; a step that none needs is run always
  };
  struct Named {
    model::OutputKind kind;
    Place place;
  };
  struct Room {
    std::unique_ptr<KernelRoom> (*make)(const void* of);
    const void* of;
  };
  Place place(const model::Slot& slot);
  void give(const Named& output, const Buffers& buffers, Answer& answer) const;

  std::vector<Step> steps_;
  std::vector<Place> places_;  // a slot each
  std::vector<Named> outputs_;
  std::vector<Room> rooms_;
  std::vector<std::unique_ptr<Vectorizer>> vectorizers_;
  std::uint32_t hit_rows_ = 0, dense_size_ = 0, indices_ = 0, cells_ = 0;
  std::uint64_t reads_ = 0;
  std::size_t key_size_ = 0, fields_ = 0;
};

}  // namespace slipway::engine
