// SPDX-License-Identifier: Apache-2.0
// What writing and reading a bundle share. Internal to this module; bundle.h is the way in.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/array.h"
#include "base/result.h"
#include "model/bundle.h"
#include "model/op_codec.h"
#include "model/values.h"

namespace slipway::model {

inline constexpr std::string_view kFormat = "slipway-bundle";
inline constexpr std::uint32_t kFormatVersion = 1;
inline constexpr std::string_view kSourceFolder = "source/";
inline constexpr std::size_t kMaxSources = 9;
std::string source_name(std::size_t index);  // "source/1" of 0

// Names of tensors.
inline constexpr std::string_view kFieldNames = "schema.names";
inline constexpr std::string_view kFieldFlags = "schema.flags";
inline constexpr std::string_view kFieldTypical = "schema.typical";
inline constexpr std::string_view kFieldCategoryCounts = "schema.category_counts";
inline constexpr std::string_view kFieldCategories = "schema.categories";
inline constexpr std::string_view kTargetNames = "targets.names";
inline constexpr std::string_view kTargetLabelCounts = "targets.label_counts";
inline constexpr std::string_view kTargetLabels = "targets.labels";

// A schema and targets as arrays: what belongs to field i or target i is entry i, or the next `count[i]` of a table.
struct SchemaTables {
  Texts names;
  Array<std::uint8_t> flags;  // kTakesNumber | kTakesText | kHasTypical
  Array<double> typical;      // 0 where there is none
  Array<std::uint64_t> category_counts;
  Texts categories;
};
inline constexpr std::uint8_t kTakesNumber = 1, kTakesText = 2, kHasTypical = 4;
SchemaTables tables_of(const Schema& schema);
Result<Schema> schema_of(const SchemaTables& tables, bool records_only);

struct TargetTables {
  Texts names;
  Array<std::uint64_t> label_counts;
  Values labels;
};
TargetTables tables_of(const std::vector<Target>& targets);
Result<std::vector<Target>> targets_of(const TargetTables& tables);

// kTooLarge, kUnsupported (a text is not UTF-8).
Result<std::string> write_manifest(const Manifest& manifest);

}  // namespace slipway::model
