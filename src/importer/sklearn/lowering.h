// SPDX-License-Identifier: Apache-2.0
// A model while it is being put together. Estimators stand in chains: each adds steps that read what the one before
// wrote. An estimator that holds others lowers them in chains of their own, and joins what they give.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "importer/attributes.h"
#include "importer/import.h"
#include "importer/sklearn/flow.h"
#include "model/model.h"

namespace slipway::importer::sklearn {

class Lowering {
 public:
  explicit Lowering(const Options& options) : options_(options) { parts_.provenance.library = "scikit-learn"; }

  // Lowers an estimator, and what it contains, after what is there. Errors carry the path.
  Result<void> add(const pickle::Document& document, pickle::NodeId root, const std::string& path);
  // Gives the labels 0 to k-1 of the one target the names that a LabelEncoder has for them. kUnsupported if the labels
  // are others.
  Result<void> rename_labels(const Attributes& encoder);
  // The model. kUnsupported if it ends with records that nothing has read.
  Result<model::Model> finish() &&;
  // How many estimators were lowered: tells which of several orders came furthest.
  std::size_t lowered() const { return lowered_; }

  // Called by the rows of the tables ---------------------------------------------------------------------------------

  // Lowers `node` next in this chain. For Pipeline, and for what only wraps another estimator.
  Result<void> next(const pickle::Document& document, pickle::NodeId node, const std::string& path);
  // Lowers `node` in a chain of its own that begins with `from`; this chain stays where it is.
  Result<Lowered> apart(const pickle::Document& document, pickle::NodeId node, const std::string& path, Flow from);
  Result<Lowered> apart(const Attributes& of, std::string_view attribute, Flow from);
  // The flow that members begin with. Errors: kUnsupported if somebody before still waits for the number of columns.
  Result<Flow> ready();

  // The rows that the estimator takes: the last step's, or, at the head, a table of its own columns named by
  // feature_names_in_, by the user or x0, x1, ... kCorrupt if there are not `columns` of them. Rows of numbers, dense
  // or sparse; take_dense: dense; take_cells: the record or cells where there are some (`names`: what the estimator
  // calls them, if it does not have feature_names_in_), else rows.
  Result<void> take_rows(const Attributes& fitted, std::size_t columns);
  Result<void> take_dense(const Attributes& fitted, std::size_t columns);
  Result<void> take_cells(const Attributes& fitted, std::size_t columns, const std::vector<std::string>& names = {});
  // Adds the steps of an estimator that takes any number of columns and keeps it. At the head of a chain they wait for
  // the first estimator that says how many there are.
  Result<void> take_any_rows(const Attributes& fitted, std::vector<model::Op> ops);
  // Starts from records. kUnsupported if something stands before.
  Result<void> take_records(const Attributes& fitted, std::vector<model::Field> fields);
  // True if a step before gives rows.
  bool has_rows() const;
  bool sparse() const { return chain_.flow.type == model::SlotType::kCsr; }

  // Adds a step that reads the last one; gives the slot it writes. The next reads this one. A step that does not fit
  // makes the estimator fail when it is done (so that rows need not ask after every step).
  std::uint32_t emit(model::Op op);
  // Adds a step that reads `slot`, or several, off the chain.
  std::uint32_t branch(model::Op op, std::uint32_t slot) { return branch(std::move(op), std::vector{slot}); }
  std::uint32_t branch(model::Op op, std::vector<std::uint32_t> slots);
  model::Slot slot_at(std::uint32_t slot) const { return slots_.at(slot); }

  // True if the user has names for the columns.
  bool named_by_user() const { return !options_.feature_names.empty(); }
  // The fields that the model is known to have so far.
  std::size_t fields() const { return fields_.size(); }

  // The chain's rows. A container sets them when it has joined what its members give.
  const Flow& flow() const { return chain_.flow; }
  void set_flow(Flow flow) {
    chain_.flow = std::move(flow);
    chain_.waiting.clear();
  }
  // A flow of what `slot` holds, columns without names.
  Flow flow_of(std::uint32_t slot) const;
  // Off the chain: columns of its rows, in any order; several flows side by side, as cells if one of them is and
  // `sparse` does not want numbers; the same as rows of numbers, which its fields then take.
  Flow select(std::span<const std::uint32_t> columns);
  Flow join(std::vector<Flow> parts, bool sparse);
  Flow numbers(Flow from);

  // The schema's field that a column is, to say what it takes; nullptr if columns are fields no more. Valid until the
  // next call.
  model::Field* field(std::size_t column);
  // A row that training saw or centred on: its values are the typical ones of the fields that are these columns. The
  // first step that knows a field's typical value is nearest to the field.
  void set_typical(std::span<const double> column_values);

  // Ends the chain. `labels`: of the one target; none: numbers.
  void predicts(std::vector<model::Output> outputs, std::vector<model::Label> labels);
  void predicts_many(std::vector<model::Output> outputs, std::vector<model::Target> targets);
  // True if the chain has ended with labels; gives them other names, each by its number. kCorrupt for a label that is
  // no number of one.
  bool has_labels() const { return !chain_.targets.empty(); }
  Result<void> rename_labels(const Attributes& fitted, const std::vector<model::Label>& names);

 private:
  struct Waiting {
    Attributes fitted;
    std::vector<model::Op> ops;
  };
  struct Chain {
    Flow flow;
    std::vector<model::Output> outputs;
    std::vector<model::Target> targets;
    std::vector<Waiting> waiting;  // none once a step gives rows
    std::string last;              // path of the estimator before
    std::size_t began = 0;         // the first step of the estimator that is being lowered, or was last
    bool ended = false;
  };

  Result<void> visit(const pickle::Document& document, pickle::NodeId node, const std::string& path);
  Result<void> go_on(const Attributes& fitted);
  Result<void> open_table(const Attributes& fitted, std::size_t columns, const std::vector<std::string>& names);
  Result<void> take_columns(const Attributes& fitted, std::size_t columns, const std::vector<std::string>& names);
  Result<void> take_waiting(std::size_t columns);
  Result<void> settle();
  void merge(std::vector<model::Field> fields);
  void follow(const model::Op& op, std::uint32_t slot);
  std::uint32_t stacked(std::uint32_t cells);
  void ignore_checks(std::uint32_t slot);
  void drop_unread();

  const Options& options_;
  model::Model::Parts parts_;
  std::set<std::size_t> idle_;  // steps that check what nobody asks the library for
  std::vector<model::Slot> slots_{{model::SlotType::kRecord, 0}};
  std::vector<model::Field> fields_;
  bool records_ = false;                            // the schema is a DictVectorizer's
  bool named_ = false;                              // its names are not x0, x1, ...
  std::map<std::uint32_t, std::uint32_t> stacked_;  // cells that were made rows already
  Chain chain_;
  std::optional<Error> misfit_;
  std::size_t lowered_ = 0, visited_ = 0, wrapped_ = 0;
  int depth_ = 0;
  bool apart_ = false;
};

}  // namespace slipway::importer::sklearn
