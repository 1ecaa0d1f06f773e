// SPDX-License-Identifier: Apache-2.0
// A model while it is being put together: each estimator of a chain adds steps that read what the one before wrote.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "importer/attributes.h"
#include "importer/import.h"
#include "model/model.h"

namespace slipway::importer::sklearn {

class Lowering {
 public:
  explicit Lowering(const Options& options) : options_(options) { parts_.provenance.library = "scikit-learn"; }

  // Lowers an estimator, and what it contains, after what is there. Errors carry the path.
  Result<void> add(const pickle::Document& document, pickle::NodeId root, const std::string& path);
  // The model. kUnsupported if nothing in it predicts.
  Result<model::Model> finish() &&;

  // Called by the rows of the tables ---------------------------------------------------------------------------------

  // Leaves the estimator `node` to be lowered next, before everything already left. For containers.
  void then(const pickle::Document& document, pickle::NodeId node, std::string path) {
    pending_.push_back({&document, node, std::move(path), depth_ + 1});
  }

  // The rows that the estimator takes: the last step's, or, for the first of a chain, a table of its own columns named
  // by feature_names_in_, by the user or x0, x1, ... kCorrupt if there are not `columns` of them.
  Result<void> take_rows(const Attributes& fitted, std::size_t columns);
  // Adds the steps of an estimator that takes any number of columns and keeps it. At the head of a chain they wait for
  // the first estimator that says how many there are.
  Result<void> take_any_rows(const Attributes& fitted, std::vector<model::Op> ops);
  // True if a step before gives rows.
  bool has_rows() const { return !parts_.steps.empty(); }
  bool sparse() const { return type_ == model::SlotType::kCsr; }

  // Starts from records. kUnsupported if something stands before.
  Result<void> take_records(const Attributes& fitted, std::vector<model::Field> fields);

  // Adds a step that reads the last one; gives the slot it writes. The next reads this one.
  std::uint32_t emit(model::Op op, model::SlotType type);
  // Adds a step that reads `slot`, off the chain.
  std::uint32_t branch(model::Op op, std::uint32_t slot);
  std::uint32_t slot() const { return slot_; }

  // What training centred on, a value a column: shown as the typical value of the fields that are these columns.
  void set_typical(std::span<const double> column_values);

  // Ends the chain.
  void predicts(std::vector<model::Output> outputs, std::vector<model::Label> labels);

  // How many estimators were lowered: tells which of several orders came furthest.
  std::size_t lowered() const { return lowered_; }

 private:
  struct Pending {
    const pickle::Document* document;
    pickle::NodeId node;
    std::string path;
    int depth;
  };
  struct Waiting {
    Attributes fitted;
    std::vector<model::Op> ops;
  };
  Result<void> add_one(const Pending& item);

  const Options& options_;
  model::Model::Parts parts_;
  std::vector<model::Field> fields_;
  bool records_ = false;
  std::vector<Pending> pending_;  // the next one is last
  std::vector<Waiting> waiting_;  // none once a step gives rows
  std::vector<std::string> column_names_;
  std::uint32_t slot_ = 0;
  model::SlotType type_ = model::SlotType::kRecord;
  std::size_t columns_ = 0;
  std::string last_;  // path of the estimator before
  std::size_t lowered_ = 0, visited_ = 0;
  int depth_ = 0;
};

}  // namespace slipway::importer::sklearn
