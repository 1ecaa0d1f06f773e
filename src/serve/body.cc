// SPDX-License-Identifier: Apache-2.0
// simdjson's DOM: it validates the whole text before anything is read from it, and its tape is walked once. One plain
// record, which is what nearly every request is, goes a shorter way (flat_record.h).
#include "serve/body.h"

#include <simdjson.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"
#include "serve/flat_record.h"

namespace slipway::serve {

namespace dom = simdjson::dom;
using model::Cell;
using model::Extra;

namespace {

// A parser keeps the memory of the largest text it has read; above this it is given back.
constexpr std::size_t kKeepBytes = std::size_t{1} << 20;

std::string_view type_name(dom::element_type type) {
  switch (type) {
    case dom::element_type::ARRAY:
      return "a list";
    case dom::element_type::OBJECT:
      return "an object";
    case dom::element_type::STRING:
      return "text";
    case dom::element_type::BOOL:
      return "true or false";
    case dom::element_type::NULL_VALUE:
      return "null";
    default:
      return "a number";
  }
}

Error json_error(simdjson::error_code code, std::uint32_t depth) {
  if (code == simdjson::DEPTH_ERROR) {
    return {Code::kTooLarge, "the JSON is nested more than " + std::to_string(depth) + " deep"};
  }
  if (code == simdjson::EMPTY) {
    return {Code::kInvalid, "the body is empty", "Send a JSON object, for example with curl -d '{...}'"};
  }
  std::string message = "the body is not JSON: ";
  switch (code) {
    case simdjson::NUMBER_ERROR:
      message += "a number is malformed or beyond 64 bits (write 1e20, not its digits)";
      break;
    case simdjson::UTF8_ERROR:
      message += "it is not valid UTF-8";
      break;
    case simdjson::STRING_ERROR:
      message += "a text has a bad escape";
      break;
    case simdjson::UNESCAPED_CHARS:
      message += "a text holds a raw control character";
      break;
    case simdjson::UNCLOSED_STRING:
      message += "a text is not closed";
      break;
    case simdjson::T_ATOM_ERROR:
    case simdjson::F_ATOM_ERROR:
    case simdjson::N_ATOM_ERROR:
      message += "a word is not true, false or null";
      break;
    default:
      message += "a bracket, comma, colon or value is missing or out of place (NaN and Infinity are not JSON)";
      break;
  }
  return {Code::kInvalid, std::move(message)};
}

}  // namespace

struct BodyReader::Impl {
  Impl(const model::Schema& s, const BodyLimits& l, std::string key)
      : schema(s),
        limits(l),
        input_key(std::move(key)),
        takes_texts(s.fields().size() == 1 && s.fields()[0].takes_text && !s.fields()[0].takes_number &&
                    !s.records_only()),
        order(s.fields().size(), model::Schema::kNoField),
        cells(s.fields().size()) {}

  enum class Shape : std::uint8_t { kRecord, kRow, kText, kList, kColumns };

  const model::Schema& schema;
  const BodyLimits limits;
  const std::string input_key;
  const bool takes_texts;  // a row may be a bare text
  dom::parser parser;
  std::size_t parser_bytes = 0;

  dom::element root;
  Shape shape = Shape::kRecord;
  std::size_t rows = 0;
  std::size_t at = 0;          // the next row
  dom::array::iterator place;  // kList
  struct Column {
    std::uint32_t field;  // or kNoField
    std::string_view name;
    dom::array::iterator place;
  };
  std::vector<Column> column_list;

  std::vector<std::uint32_t> order;  // the field that stood at each place of the record before: most come alike
  std::vector<Cell> cells;
  std::vector<Extra> extras;
  std::vector<Cell> texts;  // elements of lists in this row
  std::string problem;
  std::optional<std::string_view> too_long;  // the field whose text is

  bool flat = false;  // the row is read already

  bool read_flat(std::string_view body);
  Result<void> parse(std::string_view body);
  void unwrap();
  Result<void> set_shape();
  Result<void> set_list(dom::array list);
  Result<bool> set_columns(dom::object object);
  Result<void> check_rows() const;
  void clear_row();
  bool read_row(dom::element element);
  bool read_record(dom::object object);
  bool read_values(dom::array values);
  bool read_columns();
  std::uint32_t find(std::string_view name, std::size_t position);
  bool store(std::uint32_t field, std::string_view name, dom::element value);
  bool to_cell(std::string_view name, dom::element value, Cell& cell);
  bool list_to_cell(std::string_view name, dom::array list, Cell& cell);
  bool text_to_cell(std::string_view name, std::string_view text, Cell& cell);
  void keep_last_of_equal_extras();
  void point_to_texts();
};

// True if the body is one plain record; it is then in `cells` and `extras`.
bool BodyReader::Impl::read_flat(std::string_view body) {
  if (body.size() > std::min(limits.flat_bytes, limits.text_bytes)) return false;  // so no text is above its limit
  clear_row();
  std::size_t position = 0;
  const bool taken = FlatRecord(body).read([&](std::string_view name) -> Cell& {
    const std::uint32_t field = find(name, position++);
    return field != model::Schema::kNoField ? cells[field] : extras.emplace_back(Extra{name, {}}).value;
  });
  if (!taken) return false;
  const auto is_key = [this](const Extra& extra) { return extra.name == input_key; };
  if (!input_key.empty() && std::ranges::any_of(extras, is_key)) return false;  // {"key": "a text"} is to be unwrapped
  keep_last_of_equal_extras();
  shape = Shape::kRecord;
  rows = 1;
  at = 0;
  return true;
}

// What stands under the input key is the body. The schema's own names come first.
void BodyReader::Impl::unwrap() {
  if (input_key.empty() || !root.is_object() || schema.find(input_key) != model::Schema::kNoField) return;
  std::optional<dom::element> found;
  for (const dom::key_value_pair pair : root.get_object().value_unsafe()) {
    if (pair.key == input_key) found = pair.value;
  }
  if (found) root = *found;
}

Result<void> BodyReader::Impl::parse(std::string_view body) {
  if (parser_bytes > kKeepBytes && body.size() <= kKeepBytes) {
    parser = dom::parser();
    parser_bytes = 0;
  }
  if (parser_bytes < body.size()) {
    const std::size_t capacity = std::max<std::size_t>(body.size(), 1024);
    if (parser.allocate(capacity, limits.depth + 1) != simdjson::SUCCESS) return fail(Code::kBusy, "out of memory");
    parser_bytes = capacity;
  }
  const auto result = parser.parse(reinterpret_cast<const std::uint8_t*>(body.data()), body.size(), false);
  if (result.error() != simdjson::SUCCESS) return fail(json_error(result.error(), limits.depth));
  root = result.value_unsafe();
  return {};
}

Result<void> BodyReader::Impl::set_shape() {
  at = 0;
  if (root.is_string() && takes_texts) {
    shape = Shape::kText;
    rows = 1;
    return {};
  }
  if (root.is_array()) return set_list(root.get_array().value_unsafe());
  if (!root.is_object()) {
    return fail(Code::kContract, "the body is " + std::string(type_name(root.type())) +
                                     "; it must be a record, a row, a list of them, or columns");
  }
  const dom::object object = root.get_object().value_unsafe();
  const bool is_columns = SLIPWAY_TRY(set_columns(object));
  if (!is_columns) {
    shape = Shape::kRecord;
    rows = 1;
  }
  return {};
}

Result<void> BodyReader::Impl::set_list(dom::array list) {
  rows = 0;
  bool scalars = true;
  for (const dom::element element : list) {
    ++rows;
    const bool row = element.is_object() || element.is_array() || (takes_texts && element.is_string());
    scalars = scalars && !row;
  }
  if (rows == 0) return fail(Code::kContract, "the list has no rows");
  shape = scalars ? Shape::kRow : Shape::kList;
  if (scalars) {
    rows = 1;
    return {};
  }
  SLIPWAY_TRY(check_rows());
  place = list.begin();
  return {};
}

Result<void> BodyReader::Impl::check_rows() const {
  const auto refuse = [&](std::uint64_t most) {
    return fail(Code::kTooLarge, std::to_string(rows) + " rows in one request; the limit is " + std::to_string(most),
                "Send them in several requests");
  };
  if (rows > limits.rows) return refuse(limits.rows);
  const std::uint64_t fields = std::max<std::uint64_t>(cells.size(), 1);
  if (rows > 1 && rows > limits.cells / fields) return refuse(limits.cells / fields);
  return {};
}

// Columns are an object in which every value is a list, all of one length.
Result<bool> BodyReader::Impl::set_columns(dom::object object) {
  column_list.clear();
  for (const dom::key_value_pair pair : object) {
    if (!pair.value.is_array()) return false;
  }
  bool first = true;
  for (const dom::key_value_pair pair : object) {
    const dom::array list = pair.value.get_array().value_unsafe();
    std::size_t length = 0;
    for ([[maybe_unused]] const dom::element element : list) ++length;
    if (!first && length != rows) {
      return fail(Code::kContract, "column \"" + printable(pair.key) + "\" has " + std::to_string(length) +
                                       " values, the ones before it " + std::to_string(rows));
    }
    rows = length;
    first = false;
    column_list.push_back({schema.find(pair.key), pair.key, list.begin()});
  }
  if (first) return false;  // {} is a record without fields
  if (rows == 0) return fail(Code::kContract, "the columns have no rows");
  SLIPWAY_TRY(check_rows());
  shape = Shape::kColumns;
  return true;
}

void BodyReader::Impl::clear_row() {
  too_long.reset();
  std::ranges::fill(cells, Cell{});
  extras.clear();
  texts.clear();
}

bool BodyReader::Impl::read_row(dom::element element) {
  if (element.is_object()) return read_record(element.get_object().value_unsafe());
  if (element.is_array()) return read_values(element.get_array().value_unsafe());
  if (element.is_string() && takes_texts) return store(0, schema.fields()[0].name, element);
  problem = "a row is a record or a list of values, not " + std::string(type_name(element.type()));
  return false;
}

// The schema's field of that name. A client's records mostly have their fields in one order, so the field that stood
// at this place before is tried first: a comparison instead of a hash.
std::uint32_t BodyReader::Impl::find(std::string_view name, std::size_t position) {
  if (position >= order.size()) return schema.find(name);
  std::uint32_t& expected = order[position];
  if (expected == model::Schema::kNoField || schema.names()[expected] != name) expected = schema.find(name);
  return expected;
}

bool BodyReader::Impl::read_record(dom::object object) {
  std::size_t position = 0;
  for (const dom::key_value_pair pair : object) {
    if (!store(find(pair.key, position++), pair.key, pair.value)) return false;
  }
  keep_last_of_equal_extras();
  return true;
}

bool BodyReader::Impl::read_values(dom::array values) {
  if (schema.records_only()) {
    problem = "this model was fitted on records: send an object with its fields, not a list of values";
    return false;
  }
  std::size_t count = 0;
  for (const dom::element value : values) {
    if (count < cells.size() && !store(std::uint32_t(count), schema.fields()[count].name, value)) return false;
    ++count;
  }
  if (count == cells.size()) return true;
  problem = "a row has " + std::to_string(cells.size()) + " values, this one has " + std::to_string(count);
  return false;
}

bool BodyReader::Impl::read_columns() {
  bool good = true;
  for (Column& column : column_list) {
    good = good && store(column.field, column.name, *column.place);
    ++column.place;
  }
  keep_last_of_equal_extras();
  return good;
}

// A name that stands twice counts with its last value, as in Python.
bool BodyReader::Impl::store(std::uint32_t field, std::string_view name, dom::element value) {
  Cell cell;
  if (!to_cell(name, value, cell)) return false;
  if (field != model::Schema::kNoField) {
    cells[field] = cell;
  } else {
    extras.push_back({name, cell});
  }
  return true;
}

// As in a Python dict, a name that stands twice keeps its first place and its last value. Names stand one behind the
// other in memory, so their addresses tell the order in which they came.
void BodyReader::Impl::keep_last_of_equal_extras() {
  if (extras.size() < 2) return;
  const auto by_place = [](const Extra& a, const Extra& b) { return std::less<>()(a.name.data(), b.name.data()); };
  const auto by_name = [&](const Extra& a, const Extra& b) {
    return a.name != b.name ? a.name < b.name : by_place(a, b);
  };
  std::ranges::sort(extras, by_name);
  std::size_t kept = 0;
  for (std::size_t i = 1; i < extras.size(); ++i) {
    if (extras[kept].name == extras[i].name) {
      extras[kept].value = extras[i].value;
    } else {
      extras[++kept] = extras[i];
    }
  }
  extras.resize(kept + 1);
  std::ranges::sort(extras, by_place);
}

bool BodyReader::Impl::to_cell(std::string_view name, dom::element value, Cell& cell) {
  switch (value.type()) {
    case dom::element_type::INT64:
      cell = Cell::of(value.get_int64().value_unsafe());
      return true;
    case dom::element_type::UINT64:
      cell = Cell::of(double(value.get_uint64().value_unsafe()));
      return true;
    case dom::element_type::DOUBLE:
      cell = Cell::of(value.get_double().value_unsafe());
      return true;
    case dom::element_type::BOOL:
      cell = Cell::of(value.get_bool().value_unsafe());
      return true;
    case dom::element_type::NULL_VALUE:
      cell = Cell::null();
      return true;
    case dom::element_type::OBJECT:
      cell = Cell::other();
      return true;
    case dom::element_type::STRING:
      return text_to_cell(name, value.get_string().value_unsafe(), cell);
    case dom::element_type::ARRAY:
      return list_to_cell(name, value.get_array().value_unsafe(), cell);
  }
  return true;
}

bool BodyReader::Impl::text_to_cell(std::string_view name, std::string_view text, Cell& cell) {
  if (text.size() > limits.text_bytes) {
    too_long = name;
    return false;
  }
  cell = Cell::of(text);
  return true;
}

bool BodyReader::Impl::list_to_cell(std::string_view name, dom::array list, Cell& cell) {
  std::size_t count = 0;
  for (const dom::element element : list) {
    if (!element.is_string()) {
      cell = Cell::other();
      return true;
    }
    ++count;
  }
  const std::size_t start = texts.size();
  for (const dom::element element : list) {
    Cell text;
    if (!text_to_cell(name, element.get_string().value_unsafe(), text)) return false;
    texts.push_back(text);
  }
  cell = Cell::of(std::span<const Cell>());
  cell.size = static_cast<std::uint32_t>(count);
  cell.integer = std::int64_t(start);  // until point_to_texts(): `texts` may still move
  return true;
}

void BodyReader::Impl::point_to_texts() {
  if (texts.empty()) return;
  const auto point = [&](Cell& cell) {
    if (cell.kind == Cell::Kind::kTexts) cell.cells = texts.data() + cell.integer;
  };
  for (Cell& cell : cells) point(cell);
  for (Extra& extra : extras) point(extra.value);
}

BodyReader::BodyReader(const model::Schema& schema, const BodyLimits& limits, std::string input_key)
    : impl_(std::make_unique<Impl>(schema, limits, std::move(input_key))) {}
BodyReader::BodyReader(BodyReader&&) noexcept = default;
BodyReader::~BodyReader() = default;

Result<void> BodyReader::open(std::string_view body) {
  impl_->flat = impl_->read_flat(body);
  if (impl_->flat) return {};
  SLIPWAY_TRY(impl_->parse(body));
  impl_->unwrap();
  return impl_->set_shape();
}

bool BodyReader::many() const { return impl_->shape == Impl::Shape::kList || columns(); }
bool BodyReader::columns() const { return impl_->shape == Impl::Shape::kColumns; }
std::size_t BodyReader::rows() const { return impl_->rows; }

Result<BodyReader::Next> BodyReader::next() {
  Impl& self = *impl_;
  if (self.at == self.rows) return Next::kEnd;
  ++self.at;
  if (self.flat) return Next::kRow;
  self.clear_row();
  bool good = false;
  switch (self.shape) {
    case Impl::Shape::kRecord:
      good = self.read_record(self.root.get_object().value_unsafe());
      break;
    case Impl::Shape::kText:
      good = self.read_row(self.root);
      break;
    case Impl::Shape::kRow:
      good = self.read_values(self.root.get_array().value_unsafe());
      break;
    case Impl::Shape::kColumns:
      good = self.read_columns();
      break;
    case Impl::Shape::kList:
      good = self.read_row(*self.place);
      ++self.place;
      break;
  }
  if (self.too_long) {
    return fail(Code::kTooLarge, "the text of \"" + printable(*self.too_long) + "\" is longer than " +
                                     std::to_string(self.limits.text_bytes) + " bytes");
  }
  self.point_to_texts();
  return good ? Next::kRow : Next::kBad;
}

std::string_view BodyReader::problem() const { return impl_->problem; }
std::span<Cell> BodyReader::cells() { return impl_->cells; }
std::span<const Extra> BodyReader::extras() const { return impl_->extras; }

}  // namespace slipway::serve
