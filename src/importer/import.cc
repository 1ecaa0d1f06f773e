// SPDX-License-Identifier: Apache-2.0
// Files to documents, documents to pieces, pieces to a model. One piece is lowered as it is. Several are tried in every
// order: names and widths let at most one order through, or the import is refused.
#include "importer/import.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <numeric>
#include <optional>
#include <utility>

#include "base/text.h"
#include "format/pickle/document.h"
#include "importer/refusals.h"
#include "importer/sklearn/estimators.h"
#include "importer/sklearn/lowering.h"

namespace slipway::importer {
namespace {

using pickle::Kind;

constexpr std::size_t kMaxPieces = 4;  // 24 orders

struct Piece {
  const pickle::Document* document;
  pickle::NodeId node;
  std::string path;
  std::string file;
};

Result<pickle::Document> read(const Source& source) {
  auto document = pickle::Document::read(source.bytes);
  if (!document) return fail(std::move(document).error().within(source.name));
  if (document->trailing_bytes() == 0) return document;
  return fail(Code::kUnsupported,
              fmt::format("{}: something follows at byte {}, {} bytes after the first pickle ended", source.name,
                          document->end_offset(), document->trailing_bytes()),
              "dump one object: a Pipeline, or a tuple (vectorizer, model); or one file for each");
}

// "logisticregression" of an object, "root" of anything else: the first word of every path.
std::string root_path(const pickle::Document& document) {
  if (document.kind(document.root()) != Kind::kObject) return "root";
  std::string out = printable(pickle::class_of(document, document.root()).name);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  return out.empty() ? "root" : out;
}

Error refuse_dict(const pickle::Document& document) {
  std::vector<std::string> keys;
  const auto items = document.items(document.root());
  for (std::size_t i = 0; i < items.size() && keys.size() < 5; i += 2) {
    if (document.kind(items[i]) == Kind::kText) keys.push_back(fmt::format("'{}'", printable(document.text(items[i]))));
  }
  const std::vector<std::string_view> shown(keys.begin(), keys.end());
  return {Code::kUnsupported,
          fmt::format("root: is a dict of {} pieces{}{}; dicts are not composed yet", items.size() / 2,
                      keys.empty() ? "" : ": ", join_and(shown)),
          "dump a Pipeline, or a tuple (vectorizer, model)"};
}

// A document's pieces: its estimator, or the members of its tuple.
Result<std::vector<Piece>> pieces_of(const pickle::Document& document, const std::string& file) {
  std::vector<Piece> out;
  const pickle::NodeId root = document.root();
  const Kind kind = document.kind(root);
  if (kind == Kind::kDict) return fail(refuse_dict(document).within(file));
  if (kind != Kind::kTuple && kind != Kind::kList) {
    out.push_back({&document, root, root_path(document), file});
    return out;
  }
  const auto items = document.items(root);
  if (items.empty() || items.size() > kMaxPieces) {
    return fail(Code::kUnsupported,
                fmt::format("{}: root: is a {} of {} pieces, 1 to {} are composed", file, pickle::kind_name(kind),
                            items.size(), kMaxPieces),
                "dump a Pipeline, or a tuple (vectorizer, model)");
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    out.push_back({&document, items[i], fmt::format("root[{}]", i), file});
  }
  return out;
}

struct Attempt {
  Result<model::Model> model;
  std::size_t lowered = 0;  // how far it came
};

Attempt lower(std::span<const Piece> pieces, std::span<const std::size_t> order, const Options& options) {
  sklearn::Lowering lowering(options);
  for (const std::size_t i : order) {
    auto added = lowering.add(*pieces[i].document, pieces[i].node, pieces[i].path);
    if (!added) return {fail(std::move(added).error().within(pieces[i].file)), lowering.lowered()};
  }
  const std::size_t lowered = lowering.lowered();
  auto model = std::move(lowering).finish();
  if (!model) return {fail(std::move(model).error().within(pieces[order.back()].file)), lowered};
  return {std::move(model), lowered + 1};
}

// Several pieces: every order is tried. When none fits, the one that came furthest says why.
Result<model::Model> compose(std::span<const Piece> pieces, const Options& options) {
  std::vector<std::size_t> order(pieces.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::optional<Attempt> best;
  int fits = 0;
  do {
    Attempt attempt = lower(pieces, order, options);
    fits += attempt.model ? 1 : 0;
    if (!best || attempt.lowered > best->lowered) best = std::move(attempt);
  } while (std::ranges::next_permutation(order).found);
  if (fits <= 1) return std::move(best->model);
  return fail(Code::kUnsupported,
              fmt::format("{}: the {} pieces fit together in {} orders", pieces[0].file, pieces.size(), fits),
              "dump them as one Pipeline, which says the order");
}

}  // namespace

Result<model::Model> import_files(std::span<const Source> sources, const Options& options) {
  if (sources.empty()) return fail(Code::kUsage, "no model file was named");
  if (sources.size() > kMaxPieces) {
    return fail(Code::kUsage, fmt::format("{} files were named, at most {} are composed", sources.size(), kMaxPieces));
  }
  std::vector<pickle::Document> documents;
  documents.reserve(sources.size());  // pieces point into it
  std::vector<Piece> pieces;
  for (const Source& source : sources) {
    pickle::Document document = SLIPWAY_TRY(read(source));
    documents.push_back(std::move(document));
    std::vector<Piece> found = SLIPWAY_TRY(pieces_of(documents.back(), source.name));
    if (sources.size() > 1 && found.size() != 1) {
      return fail(Code::kUnsupported,
                  fmt::format("{}: holds {} pieces; of several files each must hold one", source.name, found.size()));
    }
    std::ranges::move(found, std::back_inserter(pieces));
  }
  model::Model model = SLIPWAY_TRY(compose(pieces, options));
  for (std::size_t i = 0; i < documents.size(); ++i) {
    auto clean = refuse_foreign_code(documents[i]);
    if (!clean) return fail(std::move(clean).error().within(sources[i].name));
  }
  return model;
}

}  // namespace slipway::importer
