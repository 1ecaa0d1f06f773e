// SPDX-License-Identifier: Apache-2.0
// Lists of lists as arrays and back. A count is believed only as far as the table behind it reaches.
#include <fmt/core.h>

#include <numeric>

#include "model/bundle_parts.h"

namespace slipway::model {
namespace {

// True if the counts add up to `total`, without overflow on the way.
bool add_up(const Array<std::uint64_t>& counts, std::uint64_t total) {
  std::uint64_t left = total;
  for (const std::uint64_t count : counts) {
    if (count > left) return false;
    left -= count;
  }
  return left == 0;
}

Value value_of(const Label& label) {
  return std::visit([](const auto& it) -> Value { return it; }, label);
}

Result<Label> label_of(const Cell& cell) {
  switch (cell.kind) {
    case Cell::Kind::kBool:
      return cell.integer != 0;
    case Cell::Kind::kInt:
      return cell.integer;
    case Cell::Kind::kReal:
      return cell.real;
    case Cell::Kind::kText:
      return std::string(cell.text());
    default:
      return fail(Code::kCorrupt, "a label is neither a bool nor a number nor text");
  }
}

}  // namespace

SchemaTables tables_of(const Schema& schema) {
  std::vector<std::string> names, categories;
  std::vector<std::uint8_t> flags;
  std::vector<double> typical;
  std::vector<std::uint64_t> counts;
  for (const Field& field : schema.fields()) {
    names.push_back(field.name);
    flags.push_back(std::uint8_t((field.takes_number ? kTakesNumber : 0) | (field.takes_text ? kTakesText : 0) |
                                 (field.typical ? kHasTypical : 0)));
    typical.push_back(field.typical.value_or(0));
    counts.push_back(field.categories.size());
    categories.insert(categories.end(), field.categories.begin(), field.categories.end());
  }
  return {.names = names,
          .flags = std::move(flags),
          .typical = std::move(typical),
          .category_counts = std::move(counts),
          .categories = categories};
}

Result<Schema> schema_of(const SchemaTables& tables, bool records_only) {
  const std::size_t count = tables.names.size();
  if (tables.flags.size() != count || tables.typical.size() != count || tables.category_counts.size() != count ||
      !add_up(tables.category_counts, tables.categories.size())) {
    return fail(Code::kCorrupt, "the tables of the input fields do not fit together");
  }
  std::vector<Field> fields(count);
  std::size_t category = 0;
  for (std::size_t i = 0; i < count; ++i) {
    Field& field = fields[i];
    const std::uint8_t flags = tables.flags[i];
    if (flags > (kTakesNumber | kTakesText | kHasTypical)) {
      return fail(Code::kUnsupported, fmt::format("input field {} has flags that are not known here", i),
                  std::string(kNewerHint));
    }
    field.name = tables.names[i];
    field.takes_number = (flags & kTakesNumber) != 0;
    field.takes_text = (flags & kTakesText) != 0;
    if ((flags & kHasTypical) != 0) field.typical = tables.typical[i];
    for (std::uint64_t left = tables.category_counts[i]; left > 0; --left) {
      field.categories.emplace_back(tables.categories[category++]);
    }
  }
  return Schema::create(std::move(fields), records_only);
}

TargetTables tables_of(const std::vector<Target>& targets) {
  std::vector<std::string> names;
  std::vector<std::uint64_t> counts;
  std::vector<Value> labels;
  for (const Target& target : targets) {
    names.push_back(target.name);
    counts.push_back(target.labels.size());
    for (const Label& label : target.labels) labels.push_back(value_of(label));
  }
  return {.names = names, .label_counts = std::move(counts), .labels = labels};
}

Result<std::vector<Target>> targets_of(const TargetTables& tables) {
  if (tables.label_counts.size() != tables.names.size() || !add_up(tables.label_counts, tables.labels.size())) {
    return fail(Code::kCorrupt, "the tables of the labels do not fit together");
  }
  std::vector<Target> out(tables.names.size());
  std::size_t at = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i].name = tables.names[i];
    for (std::uint64_t left = tables.label_counts[i]; left > 0; --left) {
      Label label = SLIPWAY_TRY(label_of(tables.labels[at++]));
      out[i].labels.push_back(std::move(label));
    }
  }
  return out;
}

}  // namespace slipway::model
