// SPDX-License-Identifier: Apache-2.0
// Estimators of sklearn.feature_extraction.text: a text to counts of its n-grams, and counts to tf-idf. The text is one
// field of the schema, "text" unless somebody calls it otherwise.
#include "base/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>
#include <vector>

#include "format/pickle/sparse.h"
#include "importer/attributes.h"
#include "importer/refusals.h"
#include "importer/sklearn/estimators.h"
#include "importer/sklearn/lowering.h"
#include "importer/sklearn/text_rules.h"
#include "model/name_table.h"

namespace slipway::importer::sklearn {
namespace {

using model::CountText;
using pickle::Kind;
using pickle::NodeId;

// A function of the user's where None or a name is served: a file holds its name, not its code.
Result<void> refuse_function(const Attributes& fitted, std::string_view name) {
  const NodeId node = fitted.node(name);
  const pickle::Document& document = fitted.document();
  std::string what = "is not a name";
  if (document.kind(node) == Kind::kGlobal) what = "is the function " + dotted(document.global(node));
  if (document.kind(node) == Kind::kObject) what = "is a " + dotted(pickle::class_of(document, node));
  return fail(
      fitted.error(Code::kUnsupported, name, what + ", whose code is not in the file")
          .or_hint("train without it: analyzer, token_pattern, lowercase, strip_accents and stop_words are served"));
}

bool is_text(const Attributes& fitted, std::string_view name) {
  return fitted.has(name) && fitted.document().kind(fitted.node(name)) == Kind::kText;
}

// Counts are whole numbers, so that any type that holds them gives the same; but float32 would stay float32 after it.
Result<void> check_dtype(const Attributes& fitted) {
  const pickle::Document& document = fitted.document();
  const NodeId node = fitted.node("dtype");
  std::string what = "is not a type";
  if (node != pickle::kNoNode && document.kind(node) == Kind::kGlobal) {
    const pickle::Global name = pickle::modern(document.global(node));
    if (name.module == "builtins" && (name.name == "int" || name.name == "float")) return {};
    const bool served = name.name == "float64" || name.name == "int64" || name.name == "int32";
    if (name.module == "numpy" && served) return {};
    what = "is " + dotted(name);
  } else if (node != pickle::kNoNode && document.kind(node) == Kind::kObject) {
    const pickle::DType dtype = SLIPWAY_TRY(pickle::read_dtype(document, node));
    if ((dtype.kind == 'f' && dtype.itemsize == 8) || (dtype.kind == 'i' && dtype.itemsize >= 4)) return {};
    what = fmt::format("is a dtype of kind '{}' and {} bytes", dtype.kind, dtype.itemsize);
  }
  return fail(fitted.error(Code::kUnsupported, "dtype", what + "; float64, int64 and int32 are served"));
}

// The elements of a list, a tuple or a set, however the protocol writes a set.
std::span<const NodeId> elements(const pickle::Document& document, NodeId node) {
  if (document.kind(node) != Kind::kObject) return document.items(node);
  const pickle::Global name = pickle::class_of(document, node);
  const bool set = name.module == "builtins" && (name.name == "set" || name.name == "frozenset");
  const NodeId args = document.object(node).args;
  if (!set || args == pickle::kNoNode || document.items(args).size() != 1) return {};
  return document.items(document.items(args)[0]);
}

Result<void> read_stop_words(const Attributes& fitted, CountText& op) {
  constexpr std::string_view kName = "stop_words";
  if (fitted.is_none(kName)) return {};
  const pickle::Document& document = fitted.document();
  const NodeId node = fitted.node(kName);
  std::set<std::string> words;
  if (document.kind(node) == Kind::kText) {
    const std::string_view list = document.text(node);
    if (list != "english") {
      return fail(fitted.error(Code::kUnsupported, kName, fmt::format("is '{}', not english", printable(list))));
    }
    for (const std::string_view word : english_stop_words()) words.emplace(word);
  } else {
    const Kind kind = document.kind(node);
    if (kind == Kind::kGlobal || kind == Kind::kDict) return refuse_function(fitted, kName);
    for (const NodeId item : elements(document, node)) {
      if (document.kind(item) != Kind::kText) return fail(fitted.error(Code::kCorrupt, kName, "has what is not text"));
      words.emplace(document.text(item));
    }
    if (words.empty() && kind == Kind::kObject) return refuse_function(fitted, kName);
  }
  op.stop_words = std::vector<std::string>(words.begin(), words.end());
  return {};
}

Result<void> read_words(const Attributes& fitted, CountText& op) {
  if (!fitted.is_none("tokenizer")) return refuse_function(fitted, "tokenizer");
  const std::string pattern = SLIPWAY_TRY(fitted.text("token_pattern"));
  const auto read = read_token_pattern(pattern, op);
  if (!read) {
    const auto what = fmt::format("'{}' {}", printable(pattern), read.error().message());
    return fail(fitted.error(read.error().code(), "token_pattern", what).or_hint(read.error().hint()));
  }
  return read_stop_words(fitted, op);
}

Result<void> read_accents(const Attributes& fitted, CountText& op) {
  if (fitted.is_none("strip_accents")) return {};
  if (!is_text(fitted, "strip_accents")) return refuse_function(fitted, "strip_accents");
  const std::string how = SLIPWAY_TRY(fitted.text("strip_accents"));
  const bool old = fitted.version() < Version{0, 22};
  if (how == "ascii") {
    op.accents = CountText::Accents::kAscii;
  } else if (how == "unicode") {
    op.accents = old ? CountText::Accents::kStripUnlessDecomposed : CountText::Accents::kStrip;
  } else {
    return fail(fitted.error(Code::kUnsupported, "strip_accents", fmt::format("is '{}'", printable(how))));
  }
  return {};
}

Result<void> read_grams(const Attributes& fitted, CountText& op) {
  const std::vector<double> range = SLIPWAY_TRY(fitted.doubles("ngram_range", 2));
  const bool whole = range[0] == std::floor(range[0]) && range[1] == std::floor(range[1]);
  if (!whole || range[0] < 1 || range[0] > range[1] || range[1] > CountText::kMaxGram) {
    const auto what = fmt::format("is ({}, {}), want 1 to {}", range[0], range[1], CountText::kMaxGram);
    return fail(fitted.error(Code::kUnsupported, "ngram_range", what));
  }
  op.shortest = static_cast<std::uint32_t>(range[0]);
  op.longest = static_cast<std::uint32_t>(range[1]);
  return {};
}

// How a text is taken apart: what all vectorizers share.
Result<CountText> read_analysis(const Attributes& fitted) {
  CountText op;
  SLIPWAY_TRY(check_dtype(fitted));
  if (!is_text(fitted, "analyzer")) return std::unexpected(refuse_function(fitted, "analyzer").error());
  const std::string analyzer = SLIPWAY_TRY(fitted.text("analyzer"));
  const std::string input = SLIPWAY_TRY(fitted.text("input"));
  if (input != "content") {
    const auto what = fmt::format("is '{}': it opens files, which a request cannot name", printable(input));
    return fail(fitted.error(Code::kUnsupported, "input", what));
  }
  if (!fitted.is_none("preprocessor")) return std::unexpected(refuse_function(fitted, "preprocessor").error());
  op.lowercase = SLIPWAY_TRY(fitted.flag("lowercase"));
  op.binary = SLIPWAY_TRY(fitted.flag("binary"));
  SLIPWAY_TRY(read_accents(fitted, op));
  SLIPWAY_TRY(read_grams(fitted, op));
  if (analyzer == "word") {
    SLIPWAY_TRY(read_words(fitted, op));
  } else if (analyzer == "char") {
    op.analyzer = CountText::Analyzer::kChar;
  } else if (analyzer == "char_wb") {
    op.analyzer = CountText::Analyzer::kCharInWord;
  } else {
    const auto what = fmt::format("is '{}', want word, char or char_wb", printable(analyzer));
    return fail(fitted.error(Code::kUnsupported, "analyzer", what));
  }
  return op;
}

// A word's column: a number, or one of numpy's objects.
Result<std::int64_t> read_index(const pickle::Document& document, NodeId node) {
  if (document.kind(node) == Kind::kInt) return document.integer(node);
  const auto numbers = pickle::read_numbers(document, node);
  if (!numbers || !numbers->shape.empty()) return -1;
  const double value = numbers->values[0];
  return value == std::floor(value) && value >= 0 && value < 0x1p32 ? std::int64_t(value) : -1;
}

// The words in the order of their columns: each column has one.
Result<Texts> read_vocabulary(const Attributes& fitted) {
  constexpr std::string_view kName = "vocabulary_";
  SLIPWAY_TRY(fitted.fitted(kName));
  const pickle::Document& document = fitted.document();
  const NodeId dict = fitted.node(kName);
  const auto broken = [&](std::string_view what) { return fail(fitted.error(Code::kCorrupt, kName, what)); };
  if (document.kind(dict) != Kind::kDict) return broken("is not a dict");
  const auto items = document.items(dict);
  const std::size_t count = items.size() / 2;
  if (count == 0) return broken("has no words");
  std::vector<std::string_view> words(count);
  std::vector<bool> taken(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (document.kind(items[2 * i]) != Kind::kText) return broken("has a key that is not text");
    const std::string_view word = document.text(items[2 * i]);
    const std::int64_t at = SLIPWAY_TRY(read_index(document, items[2 * i + 1]));
    if (at < 0 || std::cmp_greater_equal(at, count)) {
      return broken(fmt::format("'{}' has no column: there are {} words", printable(word), count));
    }
    const auto column = static_cast<std::size_t>(at);
    if (taken[column]) {
      return broken(fmt::format("'{}' and '{}' have the column {}", printable(words[column]), printable(word), at));
    }
    taken[column] = true;
    words[column] = word;
  }
  std::vector<std::uint64_t> offsets = {0};
  std::vector<char> bytes;
  std::vector<model::NameEntry> entries;
  offsets.reserve(count + 1);
  entries.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    bytes.insert(bytes.end(), words[i].begin(), words[i].end());
    offsets.push_back(bytes.size());
    entries.push_back({.name = words[i], .value = static_cast<std::uint32_t>(i)});
  }
  if (auto table = model::NameTable::create(entries); !table) return broken(table.error().message());
  return Texts::create(std::move(offsets), std::move(bytes));
}

Result<void> take_text(const Attributes& fitted, Lowering& out) {
  std::vector<std::string> name;
  if (!out.named_by_user()) name.emplace_back("text");
  SLIPWAY_TRY(out.take_cells(fitted, 1, name));
  if (model::Field* field = out.field(0)) field->takes_text = true;
  return {};
}

// normalize() of what a row holds; None: as it is.
Result<void> emit_norm(const Attributes& fitted, Lowering& out) {
  if (fitted.is_none("norm")) return {};
  const std::string norm = SLIPWAY_TRY(fitted.text("norm"));
  model::NormalizeRows op{.zero = model::NormalizeRows::Zero::kKeep};
  if (norm != "l1" && norm != "l2") {
    const auto what = fmt::format("is '{}', want l1, l2 or None", printable(norm));
    return fail(fitted.error(Code::kUnsupported, "norm", what));
  }
  op.norm = norm == "l1" ? model::NormalizeRows::Norm::kL1 : model::NormalizeRows::Norm::kL2;
  out.emit(op);
  return {};
}

Result<void> count_vectorizer(const Attributes& fitted, Lowering& out) {
  CountText op = SLIPWAY_TRY(read_analysis(fitted));
  op.names = SLIPWAY_TRY(read_vocabulary(fitted));
  SLIPWAY_TRY(take_text(fitted, out));
  out.emit(std::move(op));
  return {};
}

Result<void> hashing_vectorizer(const Attributes& fitted, Lowering& out) {
  CountText op = SLIPWAY_TRY(read_analysis(fitted));
  const std::int64_t columns = SLIPWAY_TRY(fitted.integer("n_features"));
  if (columns < 1 || columns > (1 << 30)) {
    return fail(fitted.error(Code::kUnsupported, "n_features", fmt::format("is {}, want 1 to 2^30", columns)));
  }
  op.hashed = static_cast<std::uint32_t>(columns);
  op.alternate_sign = SLIPWAY_TRY(fitted.flag("alternate_sign"));
  if (fitted.has("non_negative")) {
    const bool positive = SLIPWAY_TRY(fitted.flag("non_negative"));
    if (positive) return fail(fitted.error(Code::kUnsupported, "non_negative", "is an option that 0.21 took away"));
  }
  SLIPWAY_TRY(take_text(fitted, out));
  out.emit(std::move(op));
  return emit_norm(fitted, out);
}

// idf_: until 1.4 the diagonal of a sparse matrix. Empty: not used.
Result<std::vector<double>> read_idf(const Attributes& fitted) {
  std::vector<double> idf;
  std::string_view name = "idf_";
  if (fitted.has("idf_")) {
    pickle::Numbers numbers = SLIPWAY_TRY(fitted.numbers("idf_"));
    if (numbers.shape.size() != 1) return fail(fitted.error(Code::kCorrupt, "idf_", "is not one row of numbers"));
    if (numbers.is_float32) {
      return fail(fitted.error(Code::kUnsupported, "idf_", "is of float32; only float64 is served"));
    }
    idf = std::move(numbers.values);
  } else {
    const bool used = SLIPWAY_TRY(fitted.flag("use_idf"));
    if (!used) return idf;
    name = "_idf_diag";
    SLIPWAY_TRY(fitted.fitted(name));
    auto diagonal = pickle::read_diagonal(fitted.document(), fitted.node(name));
    if (!diagonal) return fail(fitted.error(diagonal.error().code(), name, diagonal.error().message()));
    idf = std::move(*diagonal);
  }
  if (idf.empty()) return fail(fitted.error(Code::kCorrupt, name, "has no columns"));
  if (!std::ranges::all_of(idf, [](double x) { return std::isfinite(x); })) {
    return fail(fitted.error(Code::kCorrupt, name, "has NaN or infinity"));
  }
  return idf;
}

// Of the rows that the chain has.
Result<void> emit_tfidf(const Attributes& fitted, Lowering& out, std::vector<double> idf) {
  const bool logs = SLIPWAY_TRY(fitted.flag("sublinear_tf"));
  if (!out.sparse()) out.emit(model::Concat{.sparse = true});
  if (logs) out.emit(model::LogCounts{});
  if (!idf.empty()) out.emit(model::ScaleColumns{std::move(idf)});
  return emit_norm(fitted, out);
}

Result<void> tfidf_transformer(const Attributes& fitted, Lowering& out) {
  std::vector<double> idf = SLIPWAY_TRY(read_idf(fitted));
  std::size_t columns = idf.empty() ? out.flow().columns : idf.size();
  if (columns == 0) {
    const std::int64_t claimed = SLIPWAY_TRY(fitted.integer("n_features_in_"));
    if (claimed < 1 || claimed > kMaxClaimed) {
      return fail(fitted.error(Code::kCorrupt, "n_features_in_", fmt::format("is {}", claimed)));
    }
    columns = static_cast<std::size_t>(claimed);
  }
  SLIPWAY_TRY(out.take_rows(fitted, columns));
  out.emit(model::RequireFinite{.allow_nan = false, .estimator = "TfidfTransformer"});
  return emit_tfidf(fitted, out, std::move(idf));
}

Result<void> tfidf_vectorizer(const Attributes& fitted, Lowering& out) {
  SLIPWAY_TRY(count_vectorizer(fitted, out));
  SLIPWAY_TRY(fitted.fitted("_tfidf"));
  const NodeId node = fitted.node("_tfidf");
  const pickle::Document& document = fitted.document();
  if (document.kind(node) != Kind::kObject || pickle::class_of(document, node).name != "TfidfTransformer") {
    return fail(fitted.error(Code::kCorrupt, "_tfidf", "is not a TfidfTransformer"));
  }
  const Attributes weights = SLIPWAY_TRY(Attributes::of(document, node, fitted.path() + "._tfidf"));
  std::vector<double> idf = SLIPWAY_TRY(read_idf(weights));
  if (!idf.empty() && idf.size() != out.flow().columns) {
    const auto what = fmt::format("weighs {} columns, there are {} words", idf.size(), out.flow().columns);
    return fail(fitted.error(Code::kCorrupt, "_tfidf", what));
  }
  return emit_tfidf(weights, out, std::move(idf));
}

constexpr std::string_view kModule[] = {"sklearn.feature_extraction.text"};

constexpr Estimator kRows[] = {
    {"CountVectorizer", kModule[0], kModule, count_vectorizer, "how often each n-gram stands in the text"},
    {"HashingVectorizer", kModule[0], kModule, hashing_vectorizer, "n-grams of the text, by the hash of each"},
    {"TfidfTransformer", kModule[0], kModule, tfidf_transformer, "tf * idf_ / norm, by row"},
    {"TfidfVectorizer", kModule[0], kModule, tfidf_vectorizer, "counts of n-grams * idf_ / norm"},
};

}  // namespace

std::span<const Estimator> text() { return kRows; }

}  // namespace slipway::importer::sklearn
