// SPDX-License-Identifier: Apache-2.0
// Estimators of sklearn.feature_extraction. A DictVectorizer's schema is read off its columns: "contract=monthly" is
// the text "monthly" of the field "contract", a column without the separator is a number.
#include <fmt/core.h>

#include <map>

#include "base/text.h"
#include "importer/attributes.h"
#include "importer/refusals.h"
#include "importer/sklearn/estimators.h"
#include "importer/sklearn/lowering.h"

namespace slipway::importer::sklearn {
namespace {

using pickle::Kind;
using pickle::NodeId;

// feature_names_ and vocabulary_ say the same twice. The library looks values up in the latter; a file where they
// disagree was not written by it.
Result<void> check_vocabulary(const Attributes& fitted, std::span<const std::string> names) {
  const pickle::Document& document = fitted.document();
  const NodeId vocabulary = fitted.node("vocabulary_");
  const auto broken = [&](std::string_view what) { return fail(fitted.error(Code::kCorrupt, "vocabulary_", what)); };
  if (document.kind(vocabulary) != Kind::kDict) return broken("is not a dict");
  const auto items = document.items(vocabulary);
  if (items.size() / 2 != names.size()) {
    return broken(fmt::format("has {} entries, feature_names_ has {}", items.size() / 2, names.size()));
  }
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
    const Kind kind = document.kind(items[i]);
    if (kind != Kind::kText && kind != Kind::kBytes) return broken("has a key that is not text");
    const std::string_view name = document.text(items[i]);
    auto index = pickle::read_numbers(document, items[i + 1]);
    if (!index || !index->shape.empty()) return broken(fmt::format("'{}' has no index", printable(name)));
    const double at = index->values[0];
    if (!(at >= 0 && at < double(names.size())) || at != double(std::size_t(at))) {
      return broken(fmt::format("'{}' has the index {}, there are {} columns", printable(name), at, names.size()));
    }
    if (names[std::size_t(at)] != name) {
      return broken(fmt::format("'{}' has the index {}, which feature_names_ calls '{}'", printable(name), at,
                                printable(names[std::size_t(at)])));
    }
  }
  return {};
}

Result<void> check_dtype(const Attributes& fitted) {
  const NodeId node = fitted.node("dtype");
  const pickle::Document& document = fitted.document();
  if (node == pickle::kNoNode || document.kind(node) != Kind::kGlobal) {
    return fail(fitted.error(Code::kUnsupported, "dtype", "is not numpy.float64"));
  }
  const pickle::Global name = document.global(node);
  if (name.module == "numpy" && name.name == "float64") return {};
  const auto what = fmt::format("is {}; only numpy.float64, the default, is served", dotted(name));
  return fail(fitted.error(Code::kUnsupported, "dtype", what));
}

std::vector<model::Field> fields_of(const Texts& columns, std::string_view separator) {
  std::vector<model::Field> out;
  std::map<std::string_view, std::size_t> known;
  for (const std::string_view column : columns.all()) {
    const std::size_t cut = column.find(separator);
    const std::string_view name = column.substr(0, cut);
    const auto [at, fresh] = known.emplace(name, out.size());
    if (fresh) out.push_back({.name = std::string(name)});
    model::Field& field = out[at->second];
    if (cut == column.npos) {
      field.takes_number = true;
    } else {
      field.takes_text = true;
      field.categories.emplace_back(column.substr(cut + separator.size()));
    }
  }
  return out;
}

Result<void> dict_vectorizer(const Attributes& fitted, Lowering& out) {
  SLIPWAY_TRY(fitted.fitted("vocabulary_"));
  SLIPWAY_TRY(fitted.fitted("feature_names_"));
  SLIPWAY_TRY(check_dtype(fitted));
  const bool sparse = SLIPWAY_TRY(fitted.flag("sparse"));
  std::optional<std::vector<std::string>> names = SLIPWAY_TRY(fitted.names("feature_names_"));
  if (!names || names->empty()) return fail(fitted.error(Code::kCorrupt, "feature_names_", "has no columns"));
  SLIPWAY_TRY(check_vocabulary(fitted, *names));
  model::VectorizeDict op{.names = *names};
  op.separator = SLIPWAY_TRY(fitted.text("separator"));
  if (op.separator.empty()) {
    return fail(fitted.error(Code::kUnsupported, "separator", "is empty: a column does not say which field it is of"));
  }
  if (op.separator.size() > model::VectorizeDict::kMaxSeparator) {
    return fail(fitted.error(Code::kTooLarge, "separator", "has more than 64 bytes"));
  }
  const Version version = fitted.version();
  // Lists came with 0.24, but to sparse=False only with 1.0, when both began to share their code.
  op.lists = version >= Version{1, 0} || (sparse && version >= Version{0, 24});
  op.refuse_unknown = op.lists || !sparse;
  SLIPWAY_TRY(out.take_records(fitted, fields_of(op.names, op.separator)));
  out.emit(std::move(op));
  if (!sparse) out.emit(model::Densify{.last_wins = version < Version{1, 0}});
  return {};
}

constexpr std::string_view kDictVectorizer[] = {"sklearn.feature_extraction._dict_vectorizer",
                                                "sklearn.feature_extraction.dict_vectorizer"};

constexpr Estimator kRows[] = {
    {"DictVectorizer", "sklearn.feature_extraction", kDictVectorizer, dict_vectorizer,
     "number -> its column; text -> 1 in the column name=text"},
};

}  // namespace

std::span<const Estimator> feature_extraction() { return kRows; }

}  // namespace slipway::importer::sklearn
