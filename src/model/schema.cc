// SPDX-License-Identifier: Apache-2.0
// A list of fields with a table over their names.
#include "model/schema.h"

#include <cmath>
#include <utility>

#include "base/text.h"

namespace slipway::model {
namespace {

// A number as somebody would type it: 24, not 24.0.
void append_plain_number(std::string& out, double value) {
  const bool whole = value == std::floor(value) && std::fabs(value) < 1e15;
  if (whole) {
    append_json_number(out, static_cast<std::int64_t>(value));
  } else {
    append_json_number(out, value);
  }
}

}  // namespace

std::string_view Field::expected() const {
  if (takes_number && takes_text) return "number or text";
  return takes_number ? "number" : "text";
}

Result<Schema> Schema::create(std::vector<Field> fields, bool records_only) {
  if (fields.empty()) return fail(Code::kCorrupt, "the model has no input fields");
  Schema schema;
  schema.fields_ = std::move(fields);
  schema.records_only_ = records_only;
  std::vector<NameEntry> entries;
  entries.reserve(schema.fields_.size());
  for (std::uint32_t i = 0; i < schema.fields_.size(); ++i) {
    const Field& field = schema.fields_[i];
    if (!field.takes_number && !field.takes_text) {
      return fail(Code::kCorrupt, "the field \"" + printable(field.name) + "\" takes neither numbers nor text");
    }
    schema.names_.push_back(field.name);
    entries.push_back({.name = field.name, .value = i});
  }
  auto table = NameTable::create(entries);
  if (!table) return fail(std::move(table).error().within("input fields"));
  schema.table_ = std::move(*table);
  return schema;
}

std::string Schema::example() const {
  std::string out = "{";
  for (const Field& field : fields_) {
    if (out.size() > 1) out += ',';
    append_json_string(out, field.name);
    out += ':';
    if (!field.categories.empty()) {
      append_json_string(out, field.categories.front());
    } else if (field.takes_number) {
      append_plain_number(out, field.typical && std::isfinite(*field.typical) ? *field.typical : 0);
    } else {
      out += "\"\"";
    }
  }
  out += '}';
  return out;
}

}  // namespace slipway::model
