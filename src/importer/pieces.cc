// SPDX-License-Identifier: Apache-2.0
// By rule, and said: numbers, text, arrays and lists of them are left out. A function or somebody's own object may
// change the answers, and a dict that holds estimators is a choice that only the user can make: those are refused,
// unless the user says with --steps what is to be used.
#include "importer/pieces.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/text.h"
#include "format/pickle/numpy.h"
#include "importer/refusals.h"
#include "importer/sklearn/estimators.h"

namespace slipway::importer {
namespace {

using pickle::Kind;
using sklearn::Support;

constexpr std::size_t kMaxPieces = 5;  // 120 orders
constexpr std::size_t kMaxFiles = 8;
constexpr std::size_t kMaxPickles = 16;  // in a file
constexpr std::size_t kNamesShown = 5;

// Keys under which people keep the names of the columns.
constexpr std::string_view kColumnKeys[] = {"feature_names", "features",         "columns",      "feature_columns",
                                            "column_names",  "feature_names_in", "feature_cols", "feature_list"};

enum class Entry : std::uint8_t { kStep, kLabelEncoder, kData, kHolder };

bool is_list(Kind kind) { return kind == Kind::kTuple || kind == Kind::kList; }

bool is_estimator(const pickle::Document& document, pickle::NodeId node) {
  if (document.kind(node) != Kind::kObject) return false;
  const Support support = sklearn::support_of(pickle::class_of(document, node));
  return support == Support::kEstimator || support == Support::kKnownUnsupported;
}

bool holds_estimators(const pickle::Document& document, pickle::NodeId node) {
  return std::ranges::any_of(document.items(node), [&](pickle::NodeId item) { return is_estimator(document, item); });
}

Entry entry_of(const pickle::Document& document, pickle::NodeId node) {
  const Kind kind = document.kind(node);
  if (kind == Kind::kGlobal) return Entry::kStep;  // refused by name when it is lowered
  if (kind != Kind::kObject) return holds_estimators(document, node) ? Entry::kHolder : Entry::kData;
  const pickle::Global name = pickle::class_of(document, node);
  if (name.name == "LabelEncoder" && name.module.starts_with("sklearn.preprocessing")) return Entry::kLabelEncoder;
  return sklearn::support_of(name) == Support::kInert ? Entry::kData : Entry::kStep;
}

std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  return text;
}

// "logisticregression" of an object, "root" of anything else: the first word of every path.
std::string root_path(const pickle::Document& document) {
  if (document.kind(document.root()) != Kind::kObject) return "root";
  std::string out = lower_case(printable(pickle::class_of(document, document.root()).name));
  return out.empty() ? "root" : out;
}

bool is_text(Kind kind) { return kind == Kind::kText || kind == Kind::kBytes; }

// A document's members, if it is a tuple, list or dict with something that is a model's; else itself.
std::vector<Piece> members(const pickle::Document& document, std::string name, const std::string& file, bool alone) {
  const pickle::NodeId root = document.root();
  const Kind kind = document.kind(root);
  const auto items = document.items(root);
  std::vector<Piece> out;
  const bool data = !alone && std::ranges::all_of(
                                  items, [&](pickle::NodeId item) { return entry_of(document, item) == Entry::kData; });
  if (kind == Kind::kDict && !data) {
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
      const std::string key =
          is_text(document.kind(items[i])) ? std::string(document.text(items[i])) : std::to_string(i / 2);
      out.push_back({&document, items[i + 1], key, fmt::format("root['{}']", printable(key)), file});
    }
  } else if (is_list(kind) && !data) {
    for (std::size_t i = 0; i < items.size(); ++i) {
      out.push_back({&document, items[i], std::to_string(i), fmt::format("root[{}]", i), file});
    }
  } else {
    out.push_back({&document, root, std::move(name), root_path(document), file});
  }
  return out;
}

std::string listed(std::span<const Piece> pieces) {
  std::vector<std::string> names;
  for (const Piece& piece : pieces.first(std::min(pieces.size(), kNamesShown))) {
    names.push_back(fmt::format("'{}'", printable(piece.name)));
  }
  if (pieces.size() > kNamesShown) names.push_back(fmt::format("{} more", pieces.size() - kNamesShown));
  const std::vector<std::string_view> views(names.begin(), names.end());
  return join_and(views);
}

// As the user said, in that order.
Result<Pieces> chosen(std::span<const Piece> all, const std::vector<std::string>& names) {
  Pieces out;
  out.ordered = true;
  for (const std::string& name : names) {
    const auto count = std::ranges::count(all, name, &Piece::name);
    if (count != 1 || std::ranges::count(names, name) != 1) {
      return fail(Code::kUsage,
                  fmt::format("--steps: {} '{}'", count == 0 ? "there is no piece" : "there is more than one piece",
                              printable(name)),
                  fmt::format("there {} {}", all.size() == 1 ? "is" : "are", listed(all)));
    }
    const Piece& piece = *std::ranges::find(all, name, &Piece::name);
    const bool encoder = entry_of(*piece.document, piece.node) == Entry::kLabelEncoder;
    (encoder ? out.label_encoders : out.steps).push_back(piece);
  }
  if (out.steps.empty()) return fail(Code::kUsage, "--steps names no estimator", "for example --steps scaler,model");
  return out;
}

// A name that says that what is encoded are the classes, and not a column of the input.
bool names_labels(const std::string& name) {
  const std::string key = lower_case(name);
  constexpr std::string_view kWords[] = {"label", "target", "class", "y_"};
  return key == "le" || std::ranges::any_of(kWords, [&](std::string_view word) { return key.find(word) != key.npos; });
}

bool is_name_list(const Piece& piece) { return !read_column_names(piece).empty(); }

Result<void> sort_in(const Piece& piece, Pieces& out) {
  const auto choose = [&](std::string_view what) {
    return fail(Code::kUnsupported, fmt::format("{}: {}: {}", piece.file, piece.path, what),
                "say which pieces to use, in order: --steps scaler,model. The others are left out");
  };
  switch (entry_of(*piece.document, piece.node)) {
    case Entry::kStep:
      out.steps.push_back(piece);
      return {};
    case Entry::kHolder:
      return choose("holds estimators of its own; pieces are looked for one level deep");
    case Entry::kLabelEncoder:
      if (!names_labels(piece.name)) {
        return choose("is a LabelEncoder, and nothing says whether it encodes the labels or a column of the input");
      }
      out.label_encoders.push_back(piece);
      return {};
    case Entry::kData:
      break;
  }
  const bool names = std::ranges::find(kColumnKeys, lower_case(piece.name)) != std::end(kColumnKeys);
  if (names && is_name_list(piece)) out.column_names.push_back(piece);
  out.left_out.push_back(piece);
  return {};
}

}  // namespace

Result<Opened> open_files(std::span<const Source> sources) {
  if (sources.empty()) return fail(Code::kUsage, "no model file was named");
  if (sources.size() > kMaxFiles) {
    return fail(Code::kUsage, fmt::format("{} files were named, at most {} are composed", sources.size(), kMaxFiles));
  }
  Opened out;
  for (const Source& source : sources) {
    auto documents = pickle::Document::read_all(source.bytes, kMaxPickles);
    if (!documents) {
      Error error = std::move(documents).error().within(source.name);
      if (error.code() != Code::kUnsupported) return fail(std::move(error));
      return fail(std::move(error).or_hint(
          "dump one object: a Pipeline, or a tuple (vectorizer, model); or one file for each"));
    }
    out.sources.insert(out.sources.end(), documents->size(), &source);
    std::ranges::move(*documents, std::back_inserter(out.documents));
  }
  return out;
}

Result<Pieces> pieces_of(const Opened& files, const Options& options) {
  std::vector<Piece> all;
  const bool alone = files.documents.size() == 1;
  for (std::size_t i = 0; i < files.documents.size(); ++i) {
    const Source* source = files.sources[i];
    const auto index = i - static_cast<std::size_t>(std::ranges::find(files.sources, source) - files.sources.begin());
    const bool several = std::ranges::count(files.sources, source) > 1;
    std::ranges::move(
        members(files.documents[i], several ? std::to_string(index) : file_stem(source->name), source->name, alone),
        std::back_inserter(all));
  }
  if (!options.steps.empty()) return chosen(all, options.steps);
  const pickle::Document& first = files.documents.front();
  Pieces out;
  if (all.size() == 1 && all[0].node == first.root()) {  // whatever it is: lowering says why not
    out.steps = std::move(all);
    return out;
  }
  for (const Piece& piece : all) SLIPWAY_TRY(sort_in(piece, out));
  if (out.steps.empty()) {
    return fail(Code::kUnsupported,
                fmt::format("{}: holds {} pieces, none of them an estimator{}{}", files.sources[0]->name, all.size(),
                            all.empty() ? "" : ": ", listed(all)),
                "dump a fitted Pipeline, or a tuple (vectorizer, model)");
  }
  if (out.steps.size() > kMaxPieces || out.label_encoders.size() > 1) {
    return fail(Code::kUnsupported,
                fmt::format("{}: {} estimators and {} label encoders: {}", files.sources[0]->name, out.steps.size(),
                            out.label_encoders.size(), listed(all)),
                "say which pieces to use, in order: --steps scaler,model. The others are left out");
  }
  return out;
}

std::string steps_text(std::span<const Piece> pieces, std::span<const std::size_t> order) {
  std::string out = "--steps ";
  for (const std::size_t i : order) out += (i == order.front() ? "" : ",") + printable(pieces[i].name);
  return out;
}

std::vector<std::string> read_column_names(const Piece& piece) {
  const pickle::Document& document = *piece.document;
  if (!is_list(document.kind(piece.node)) && !pickle::is_array(document, piece.node)) return {};
  auto scalars = pickle::read_scalars(document, piece.node);
  if (!scalars) return {};
  std::vector<std::string> names;
  for (pickle::Scalar& scalar : *scalars) {
    if (scalar.kind != pickle::Scalar::Kind::kText || !is_utf8(scalar.text)) return {};
    names.push_back(std::move(scalar.text));
  }
  return names;
}

}  // namespace slipway::importer
