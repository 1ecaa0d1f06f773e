// SPDX-License-Identifier: Apache-2.0
// OneHotEncoder and OrdinalEncoder: categories_ become one table of values with a code each. What the library does
// between value and code (rare ones grouped, one of them dropped, missing ones set apart) is done here, once.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"
#include "importer/attributes.h"
#include "importer/sklearn/estimators.h"
#include "importer/sklearn/linear.h"
#include "importer/sklearn/lowering.h"
#include "importer/sklearn/values.h"

namespace slipway::importer::sklearn {
namespace {

using pickle::Document;
using pickle::Kind;
using pickle::NodeId;
using pickle::Scalar;

using Categories = std::vector<std::vector<Scalar>>;  // of each column

// The members of an attribute that is a list or a tuple.
Result<std::span<const NodeId>> members(const Attributes& fitted, std::string_view name) {
  const Document& document = fitted.document();
  const NodeId node = fitted.node(name);
  if (node != pickle::kNoNode && (document.kind(node) == Kind::kList || document.kind(node) == Kind::kTuple)) {
    return document.items(node);
  }
  return fail(fitted.error(Code::kCorrupt, name, "is not a list with a member for each column"));
}

Result<Categories> read_categories(const Attributes& fitted) {
  SLIPWAY_TRY(fitted.fitted("categories_"));
  const auto columns = SLIPWAY_TRY(members(fitted, "categories_"));
  Categories out;
  for (const NodeId column : columns) {
    auto values = pickle::read_scalars(fitted.document(), column);
    if (!values) {
      const auto what = fmt::format("column {}: {}", out.size(), values.error().message());
      return fail(fitted.error(values.error().code(), "categories_", what));
    }
    out.push_back(std::move(*values));
  }
  if (out.empty()) return fail(fitted.error(Code::kCorrupt, "categories_", "is empty"));
  return out;
}

// Where the rare categories of a column are one: the group of each category, and how many groups there are. Without
// any, each is its own.
struct Groups {
  std::vector<std::uint32_t> of;
  std::uint32_t count = 0;
  std::optional<std::uint32_t> rare;
};

// `column` of _default_to_infrequent_mappings; of `size` categories.
Result<Groups> read_groups(const Attributes& fitted, std::size_t column, std::size_t size) {
  constexpr std::string_view kName = "_default_to_infrequent_mappings";
  Groups out;
  out.count = std::uint32_t(size);
  for (std::uint32_t k = 0; k < size; ++k) out.of.push_back(k);
  if (!fitted.has("_infrequent_enabled")) return out;
  const bool enabled = SLIPWAY_TRY(fitted.flag("_infrequent_enabled"));
  if (!enabled) return out;
  const auto mappings = SLIPWAY_TRY(members(fitted, kName));
  const auto wrong = [&](std::string_view what) {
    return fail(fitted.error(Code::kCorrupt, kName, fmt::format("column {}: {}", column, what)));
  };
  if (column >= mappings.size()) return wrong("has no member");
  if (fitted.document().kind(mappings[column]) == Kind::kNone) return out;
  const auto mapping = pickle::read_numbers(fitted.document(), mappings[column]);
  if (!mapping) return wrong(mapping.error().message());
  if (mapping->shape.size() != 1 || mapping->values.size() != size) return wrong("is not of one number a category");
  out.count = 0;
  for (std::size_t k = 0; k < size; ++k) {
    const double group = mapping->values[k];
    if (!(group >= 0 && group < double(size)) || group != std::floor(group)) return wrong("has a group out of range");
    out.of[k] = std::uint32_t(group);
    out.count = std::max(out.count, out.of[k] + 1);
  }
  out.rare = out.count - 1;  // the last
  return out;
}

// Says of each column which kinds of values it takes, and which texts.
void describe(Lowering& out, const Categories& categories) {
  for (std::size_t i = 0; i < categories.size(); ++i) {
    model::Field* field = out.field(i);
    if (field == nullptr) continue;
    std::vector<std::string> texts;
    std::optional<double> number;
    for (const Scalar& value : categories[i]) {
      if (value.kind == Scalar::Kind::kText) texts.push_back(value.text);
      if (value.kind == Scalar::Kind::kText || is_missing(value) || number) continue;
      number = value.kind == Scalar::Kind::kFloat ? value.real : double(value.integer);
    }
    field->takes_text = field->takes_text || !texts.empty();
    field->takes_number = field->takes_number || number;
    if (field->categories.empty()) field->categories = std::move(texts);
    if (number && !field->typical) field->typical = number;
  }
}

// Takes the columns, and refuses what check_array does. That is NaN and, before NaN was taken, not None: where training
// had it, null in a record is None. Where it had none, it is refused like NaN.
Result<void> take_values(const Attributes& fitted, Lowering& out, const Categories& categories, bool allow_nan) {
  SLIPWAY_TRY(out.take_cells(fitted, categories.size()));
  if (out.sparse()) out.emit(model::Densify{});
  if (out.has_rows() || !allow_nan) {
    std::vector<std::uint32_t> nullable;
    for (std::uint32_t i = 0; i < categories.size() && !allow_nan && !out.has_rows(); ++i) {
      const bool none =
          std::ranges::any_of(categories[i], [](const Scalar& it) { return it.kind == Scalar::Kind::kNone; });
      if (none) nullable.push_back(i);
    }
    out.emit(model::RequireFinite{
        .allow_nan = allow_nan, .estimator = std::string(fitted.class_name().name), .nullable = std::move(nullable)});
  }
  describe(out, categories);
  return {};
}

// An Encode without codes and unknown ones.
Result<model::Encode> value_table(const Attributes& fitted, const Categories& categories) {
  std::vector<model::Value> values;
  std::vector<std::uint32_t> starts = {0};
  for (const std::vector<Scalar>& column : categories) {
    for (const Scalar& value : column) values.push_back(value_of(value));
    if (values.size() >= (1U << 30)) return fail(fitted.error(Code::kTooLarge, "categories_", "are more than 2^30"));
    starts.push_back(std::uint32_t(values.size()));
  }
  return model::Encode{.starts = std::move(starts), .values = values, .codes = {}, .unknown = {}};
}

// The group that each column drops: none, or nothing for a column. Since 1.2 there are two attributes, of which the
// private one counts the groups.
Result<std::vector<Scalar>> read_dropped(const Attributes& fitted, std::size_t columns) {
  const std::string_view name = fitted.has("_drop_idx_after_grouping") ? "_drop_idx_after_grouping" : "drop_idx_";
  if (fitted.is_none(name)) return std::vector<Scalar>(columns);
  std::vector<Scalar> out = SLIPWAY_TRY(fitted.scalars(name));
  const bool whole = std::ranges::all_of(
      out, [](const Scalar& it) { return it.kind == Scalar::Kind::kNone || it.kind == Scalar::Kind::kInt; });
  if (out.size() == columns && whole) return out;
  return fail(
      fitted.error(Code::kCorrupt, name, fmt::format("is not a number or None for each of {} columns", columns)));
}

// What a OneHotEncoder does with what training did not see.
enum class Unknown : std::uint8_t { kRefused, kIgnored, kRare };

Result<Unknown> read_unknown(const Attributes& fitted) {
  const std::string handle = SLIPWAY_TRY(fitted.text("handle_unknown"));
  if (handle == "error") return Unknown::kRefused;
  if (handle == "ignore") return Unknown::kIgnored;
  if (handle == "infrequent_if_exist") return Unknown::kRare;
  // 1.6 and 1.7 warned, and then forgot to take them for the rare ones
  if (handle == "warn") return fitted.version() < Version{1, 8} ? Unknown::kIgnored : Unknown::kRare;
  return fail(fitted.error(Code::kUnsupported, "handle_unknown", fmt::format("is '{}'", printable(handle))));
}

// The columns of one feature: the place of each category among them, of what is unknown, and how many there are.
struct Spread {
  std::vector<double> codes;
  double unknown = -1;
  std::uint32_t columns = 0;
};

Result<Spread> spread(const Attributes& fitted, std::size_t column, std::size_t categories, const Scalar& dropped,
                      Unknown unknown) {
  const Groups groups = SLIPWAY_TRY(read_groups(fitted, column, categories));
  const bool drops = dropped.kind == Scalar::Kind::kInt;
  if (drops && (dropped.integer < 0 || std::cmp_greater_equal(dropped.integer, groups.count))) {
    const auto what = fmt::format("column {} drops category {} of {}", column, dropped.integer, groups.count);
    return fail(fitted.error(Code::kCorrupt, "drop_idx_", what));
  }
  const auto place = [&](std::uint32_t group) {
    if (!drops || std::cmp_less(group, dropped.integer)) return double(group);
    return std::cmp_equal(group, dropped.integer) ? -1.0 : double(group) - 1;
  };
  Spread out;
  for (const std::uint32_t group : groups.of) out.codes.push_back(place(group));
  if (unknown == Unknown::kRare && groups.rare) out.unknown = place(*groups.rare);
  out.columns = groups.count - (drops ? 1 : 0);
  return out;
}

Result<void> one_hot_encoder(const Attributes& fitted, Lowering& out) {
  if (fitted.has("_legacy_mode") || fitted.has("_active_features_") || fitted.has("active_features_")) {
    bool legacy = true;
    if (fitted.has("_legacy_mode")) legacy = SLIPWAY_TRY(fitted.flag("_legacy_mode"));
    if (legacy) {
      return fail(fitted.error(Code::kUnsupported, "", "was fitted in the old integer mode of scikit-learn before 0.22")
                      .or_hint("fit it with categories='auto'"));
    }
  }
  const Categories categories = SLIPWAY_TRY(read_categories(fitted));
  const Unknown unknown = SLIPWAY_TRY(read_unknown(fitted));
  const std::vector<Scalar> dropped = SLIPWAY_TRY(read_dropped(fitted, categories.size()));
  const bool sparse = SLIPWAY_TRY(fitted.flag(fitted.has("sparse_output") ? "sparse_output" : "sparse"));
  SLIPWAY_TRY(take_values(fitted, out, categories, fitted.version() >= Version{0, 24}));
  model::Encode encode = SLIPWAY_TRY(value_table(fitted, categories));
  std::vector<double> codes, others;
  std::vector<std::uint32_t> starts = {0};
  for (std::size_t i = 0; i < categories.size(); ++i) {
    const Spread column = SLIPWAY_TRY(spread(fitted, i, categories[i].size(), dropped[i], unknown));
    codes.insert(codes.end(), column.codes.begin(), column.codes.end());
    others.push_back(column.unknown);
    starts.push_back(starts.back() + column.columns);
  }
  encode.codes = std::move(codes);
  if (unknown != Unknown::kRefused) encode.unknown = std::move(others);
  out.emit(std::move(encode));
  out.emit(model::OneHot{.starts = std::move(starts), .sparse = sparse});
  return {};
}

// A number that may be NaN; `none` if the release does not have the attribute.
Result<double> number_or(const Attributes& fitted, std::string_view name, double none) {
  if (!fitted.has(name)) return none;
  const pickle::Numbers number = SLIPWAY_TRY(fitted.numbers(name));
  if (number.shape.empty()) return number.values[0];
  return fail(fitted.error(Code::kCorrupt, name, "is not a number"));
}

Result<void> ordinal_encoder(const Attributes& fitted, Lowering& out) {
  const Categories categories = SLIPWAY_TRY(read_categories(fitted));
  std::string handle = "error";
  if (fitted.has("handle_unknown")) handle = SLIPWAY_TRY(fitted.text("handle_unknown"));
  if (handle != "error" && handle != "use_encoded_value") {
    return fail(fitted.error(Code::kUnsupported, "handle_unknown", fmt::format("is '{}'", printable(handle))));
  }
  const bool takes_nan = fitted.version() >= Version{1, 0};
  const double missing =
      SLIPWAY_TRY(number_or(fitted, "encoded_missing_value", std::numeric_limits<double>::quiet_NaN()));
  SLIPWAY_TRY(take_values(fitted, out, categories, takes_nan));
  model::Encode encode = SLIPWAY_TRY(value_table(fitted, categories));
  std::vector<double> codes;
  for (std::size_t i = 0; i < categories.size(); ++i) {
    const bool last = takes_nan && !categories[i].empty() && is_nan(categories[i].back());
    const Groups groups = SLIPWAY_TRY(read_groups(fitted, i, categories[i].size() - (last ? 1 : 0)));
    codes.insert(codes.end(), groups.of.begin(), groups.of.end());
    if (last) codes.push_back(missing);
  }
  encode.codes = std::move(codes);
  if (handle == "use_encoded_value") {
    const double unknown = SLIPWAY_TRY(number_or(fitted, "unknown_value", -1));
    encode.unknown = std::vector(categories.size(), unknown);
  }
  out.emit(std::move(encode));
  return {};
}

// Behind a model it says what the labels are called. Alone it is what it is: a text or number to its place.
Result<void> label_encoder(const Attributes& fitted, Lowering& out) {
  SLIPWAY_TRY(fitted.fitted("classes_"));
  if (out.has_labels()) {
    const std::vector<model::Label> names = SLIPWAY_TRY(read_labels(fitted));
    return out.rename_labels(fitted, names);
  }
  Categories categories(1);
  categories[0] = SLIPWAY_TRY(fitted.scalars("classes_"));
  SLIPWAY_TRY(out.take_cells(fitted, 1, {"y"}));
  describe(out, categories);
  model::Encode encode = SLIPWAY_TRY(value_table(fitted, categories));
  std::vector<double> codes(categories[0].size());
  std::iota(codes.begin(), codes.end(), 0.0);
  encode.codes = std::move(codes);
  out.emit(std::move(encode));
  return {};
}

constexpr std::string_view kLabels[] = {"sklearn.preprocessing._label", "sklearn.preprocessing.label"};
constexpr std::string_view kEncoders[] = {"sklearn.preprocessing._encoders", "sklearn.preprocessing.data"};

constexpr Estimator kRows[] = {
    {"LabelEncoder", "sklearn.preprocessing", kLabels, label_encoder,
     "the place of y in classes_; behind a model, back"},
    {"OneHotEncoder", "sklearn.preprocessing", kEncoders, one_hot_encoder, "1 in the column of each value's category"},
    {"OrdinalEncoder", "sklearn.preprocessing", kEncoders, ordinal_encoder, "the number of each value's category"},
};

}  // namespace

std::span<const Estimator> encoders() { return kRows; }

}  // namespace slipway::importer::sklearn
