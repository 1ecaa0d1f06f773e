// SPDX-License-Identifier: Apache-2.0
// Any bytes as a file of records: CSV, JSON lines or JSON. Read whole or in small pieces, the same comes out; what is
// wrong has a place; and it ends. A row that is read in one pass has the cells of the general way, at each level of
// instructions. The first byte chooses the format and the contract, the second the size of the pieces and the model.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "serve/csv_cell.h"
#include "serve/plain_rows.h"
#include "serve/rows.h"
#include "serve/small_model.h"

namespace {

using namespace slipway;
using namespace slipway::serve;

// All that the reader says, as text.
std::string read(const engine::Plan& plan, std::string_view text, std::size_t piece, const RowOptions& options) {
  TextSource source(text, piece);
  const auto rows = RowReader::open(source, plan, options);
  if (!rows) return rows.error().message();
  std::string out;
  const auto add = [&](format::TextPlace place) {
    out += std::to_string(place.line) + ":" + std::to_string(place.column) + " ";
  };
  for (std::size_t count = 0;; ++count) {
    if (count > text.size() + 1) std::abort();  // a row has at least a byte
    const auto next = (*rows)->next();
    if (!next) return out + next.error().message();
    if (*next == RowReader::Next::kEnd) break;
    if (*next == RowReader::Next::kBad) {
      if ((*rows)->problem().empty()) std::abort();
      add((*rows)->problem_place());
      out += (*rows)->problem() + "\n";
      continue;
    }
    for (std::uint32_t field = 0; field < (*rows)->cells().size(); ++field) {
      const model::Cell& cell = (*rows)->cells()[field];
      out += std::to_string(int(cell.kind)) + " ";
      if (cell.kind == model::Cell::Kind::kText) out += cell.text();
      if (cell.is_number()) out += std::to_string(cell.number());
      add((*rows)->place(field));
    }
    for (const model::Cell& cell : (*rows)->kept()) {
      if (cell.kind == model::Cell::Kind::kText) out += cell.text();
    }
    out += "\n";
  }
  return out;
}

bool same(const model::Cell& a, const model::Cell& b) {
  if (a.kind != b.kind) return false;
  return a.kind == model::Cell::Kind::kText ? a.text() == b.text() : std::memcmp(&a.integer, &b.integer, 8) == 0;
}

// The row as format::CsvReader finds its fields. It is not the first, which may begin with a byte order mark.
void check_row(const engine::Plan& plan, std::string_view row, std::span<const model::Cell> cells, char delimiter) {
  const std::string text = "first\n" + std::string(row);
  TextSource source(text);
  format::CsvReader reader(source, {.delimiter = delimiter});
  if (!reader.next()) std::abort();
  const auto next = reader.next();
  if (!next || *next != format::CsvReader::Next::kRow || reader.size() != cells.size()) std::abort();
  for (std::uint32_t i = 0; i < cells.size(); ++i) {
    const bool takes_number = plan.model().schema().fields()[i].takes_number;
    model::Cell cell;
    if (!takes_number || !read_number(reader[i], cell)) cell = csv_cell(plan, i, reader[i]);
    if (!same(cell, cells[i])) std::abort();
  }
}

// Each line of `text` as a row, whose columns are the model's fields.
void check_plain(const engine::Plan& plan, std::string_view text, char delimiter) {
  constexpr std::size_t kAround = format::CsvReader::kAround;
  const auto& fields = plan.model().schema().fields();
  std::vector<PlainRows::Column> columns;
  for (std::uint32_t i = 0; i < fields.size(); ++i) {
    columns.push_back({fields[i].takes_number ? PlainRows::Kind::kNumber : PlainRows::Kind::kText, i});
  }
  const std::string padded = std::string(kAround, '1') + std::string(text) + std::string(kAround, '1');
  using enum PlainRows::Level;
  for (const auto level : {kAvx2, kAvx512}) {
    if (level > PlainRows::best_level(delimiter)) break;
    PlainRows rows(plan, columns, delimiter, level);
    std::vector<model::Cell> cells(columns.size());
    for (auto left = std::string_view(padded).substr(kAround, text.size()); !left.empty();) {
      std::size_t size = rows.read(left, cells);
      if (size > left.size()) std::abort();
      if (size > 0) check_row(plan, left.substr(0, size), cells, delimiter);
      if (size == 0) size = std::min(left.find('\n'), left.size() - 1) + 1;
      left.remove_prefix(size);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const engine::Plan plans[] = {small_plan(), sum_plan(8)};
  if (size < 2 || size > 1 << 12) return 0;
  constexpr char kDelimiters[] = {',', '\0', ';', '\t'};
  const RowOptions options{.name = "f",
                           .format = RowFormat(data[0] % 3),
                           .contract = Contract(data[0] / 3 % 3),
                           .csv = {.delimiter = kDelimiters[data[0] / 9 % 4], .line_bytes = 1000, .field_bytes = 100}};
  const std::string text(reinterpret_cast<const char*>(data + 2), size - 2);
  const engine::Plan& plan = plans[data[1] / 16 % 2];
  if (options.format == RowFormat::kCsv && options.csv.delimiter != '\0')
    check_plain(plan, text, options.csv.delimiter);
  const std::string whole = read(plan, text, SIZE_MAX, options);
  if (whole != read(plan, text, data[1] % 16 + 1, options)) std::abort();
  return 0;
}
