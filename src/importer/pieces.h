// SPDX-License-Identifier: Apache-2.0
// What the files hold, told apart: estimators that may follow one another, an encoder of the labels, and what is no
// part of a model. A file is one object, a tuple or dict of them, or several pickles one after the other. Any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "format/pickle/document.h"
#include "importer/import.h"

namespace slipway::importer {

// One object: how the user names it (--steps), and where it stands, for messages.
struct Piece {
  const pickle::Document* document = nullptr;
  pickle::NodeId node = pickle::kNoNode;
  std::string name;  // a dict's key, an index into a tuple or into a file's pickles, or the file's stem
  std::string path;  // "root['scaler']", "logisticregression"
  std::string file;
};

struct Pieces {
  std::vector<Piece> steps;           // in order if `ordered`
  std::vector<Piece> label_encoders;  // of the names of classes: at most one is used
  std::vector<Piece> left_out;        // no estimators: metrics, versions, thresholds
  std::vector<Piece> column_names;    // of these, lists of names under a key that says so
  bool ordered = false;               // by options.steps
};

// All pickles of the files; `pieces_of` points into them.
struct Opened {
  std::vector<pickle::Document> documents;
  std::vector<const Source*> sources;  // of each document
};
Result<Opened> open_files(std::span<const Source> sources);

// Errors: kUsage where options.steps names what is not there; kUnsupported and kRefused, by name, where something can
// neither be used nor be left out by rule.
Result<Pieces> pieces_of(const Opened& files, const Options& options);

// "scaler,model"
std::string steps_text(std::span<const Piece> pieces, std::span<const std::size_t> order);

// The texts of such a list.
std::vector<std::string> read_column_names(const Piece& piece);

}  // namespace slipway::importer
