// SPDX-License-Identifier: Apache-2.0
// Files to documents, documents to pieces, pieces to a model. One piece is lowered as it is. Several are tried in every
// order: names and widths let at most one order through, or the import is refused.
#include "importer/import.h"

#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <optional>
#include <utility>

#include "base/text.h"
#include "format/pickle/document.h"
#include "importer/attributes.h"
#include "importer/pieces.h"
#include "importer/refusals.h"
#include "importer/sklearn/lowering.h"

namespace slipway::importer {
namespace {

constexpr std::size_t kNotesShown = 8;

struct Attempt {
  Result<model::Model> model;
  std::size_t lowered = 0;  // how far it came: estimators,
  std::size_t pieces = 0;   // and pieces that were taken whole
};

Attempt lower(const Pieces& pieces, std::span<const std::size_t> order, const Options& options) {
  sklearn::Lowering lowering(options);
  for (std::size_t at = 0; at < order.size(); ++at) {
    const Piece& piece = pieces.steps[order[at]];
    auto added = lowering.add(*piece.document, piece.node, piece.path);
    if (!added) return {fail(std::move(added).error().within(piece.file)), lowering.lowered(), at};
  }
  const std::size_t lowered = lowering.lowered();
  const std::string& file = pieces.steps[order.back()].file;
  if (!pieces.label_encoders.empty()) {
    const Piece& encoder = pieces.label_encoders.front();
    const auto fitted = Attributes::of(*encoder.document, encoder.node, encoder.path);
    auto renamed = fitted ? lowering.rename_labels(*fitted) : fail(fitted.error());
    if (!renamed) return {fail(std::move(renamed).error().within(encoder.file)), lowered, order.size()};
  }
  auto model = std::move(lowering).finish();
  if (!model) return {fail(std::move(model).error().within(file)), lowered, order.size()};
  return {std::move(model), lowered + 1, order.size()};
}

Error choose_order(const Pieces& pieces, const std::vector<std::vector<std::size_t>>& fits) {
  return {Code::kUnsupported,
          fmt::format("{}: the {} pieces fit together in {}{} orders", pieces.steps[0].file, pieces.steps.size(),
                      fits.size() > 2 ? "more than " : "", std::min<std::size_t>(fits.size(), 2)),
          fmt::format("say which: {} or {}; or dump them as one Pipeline", steps_text(pieces.steps, fits[0]),
                      steps_text(pieces.steps, fits[1]))};
}

Error with_steps(const Error& error) {
  const std::string steps = "say which pieces to use, in order, with --steps scaler,model";
  return {error.code(), error.message(), error.hint().empty() ? steps : error.hint() + "; or " + steps};
}

// Several pieces: every order is tried, but none that begins like one that failed. When none fits, the one that came
// furthest says why.
Result<model::Model> compose(const Pieces& pieces, const Options& options) {
  std::vector<std::size_t> order(pieces.steps.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (order.size() == 1 || pieces.ordered) return lower(pieces, order, options).model;
  std::optional<Attempt> best;
  std::vector<std::vector<std::size_t>> fits;
  do {
    Attempt attempt = lower(pieces, order, options);
    if (attempt.model) fits.push_back(order);
    const auto failed = static_cast<std::ptrdiff_t>(std::min(attempt.pieces + 1, order.size()));
    if (!best || attempt.lowered > best->lowered) best = std::move(attempt);
    std::sort(order.begin() + failed, order.end(), std::greater<>());  // the last order that begins so
  } while (fits.size() < 3 && std::ranges::next_permutation(order).found);
  if (fits.size() > 1) return fail(choose_order(pieces, fits));
  if (best->model) return std::move(best->model);
  return fail(with_steps(std::move(best->model).error()));
}

// The same, with the names of the columns that a piece beside the model gives, if they are as many as it has columns.
Result<model::Model> compose_named(const Pieces& pieces, const Options& options, const Piece*& naming) {
  if (options.feature_names.empty()) {
    for (const Piece& piece : pieces.column_names) {
      const Options named{.feature_names = read_column_names(piece), .steps = options.steps};
      auto model = compose(pieces, named);
      if (!model || !std::ranges::equal(model->schema().names(), named.feature_names)) continue;
      naming = &piece;
      return model;
    }
  }
  return compose(pieces, options);
}

// What a reader of the import should know.
std::vector<std::string> notes_of(const Pieces& pieces, const Piece* naming) {
  std::vector<std::string> notes;
  if (naming != nullptr) notes.push_back(fmt::format("the columns are named by {}", naming->path));
  for (const Piece& encoder : pieces.label_encoders) {
    notes.push_back(fmt::format("the labels are named by {}", encoder.path));
  }
  for (const Piece& piece : pieces.left_out) {
    if (naming != nullptr && piece.path == naming->path && piece.file == naming->file) continue;
    if (notes.size() == kNotesShown) {
      notes.push_back(fmt::format("{} pieces are left out in all", pieces.left_out.size()));
      break;
    }
    const auto kind = pickle::kind_name(piece.document->kind(piece.node));
    notes.push_back(fmt::format("{} ({}) is left out: it is no estimator", piece.path, kind));
  }
  return notes;
}

}  // namespace

Result<model::Model> import_files(std::span<const Source> sources, const Options& options) {
  const Opened files = SLIPWAY_TRY(open_files(sources));
  const Pieces pieces = SLIPWAY_TRY(pieces_of(files, options));
  const Piece* naming = nullptr;
  model::Model model = SLIPWAY_TRY(compose_named(pieces, options, naming));
  for (std::size_t i = 0; i < files.documents.size(); ++i) {
    auto clean = refuse_foreign_code(files.documents[i]);
    if (!clean) return fail(std::move(clean).error().within(files.sources[i]->name));
  }
  model.set_notes(notes_of(pieces, naming));
  return model;
}

}  // namespace slipway::importer
