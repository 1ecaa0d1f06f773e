// SPDX-License-Identifier: Apache-2.0
// Any bytes as a file of records: CSV, JSON lines or JSON. Read whole or in small pieces, the same comes out; what is
// wrong has a place; and it ends. The first byte chooses the format and the contract, the second the size of the
// pieces.
#include <cstdint>
#include <cstdlib>
#include <string>

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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const engine::Plan plan = small_plan();
  if (size < 2 || size > 1 << 12) return 0;
  constexpr char kDelimiters[] = {',', '\0', ';', '\t'};
  const RowOptions options{.name = "f",
                           .format = RowFormat(data[0] % 3),
                           .contract = Contract(data[0] / 3 % 3),
                           .csv = {.delimiter = kDelimiters[data[0] / 9 % 4], .line_bytes = 1000, .field_bytes = 100}};
  const std::string text(reinterpret_cast<const char*>(data + 2), size - 2);
  const std::string whole = read(plan, text, SIZE_MAX, options);
  const bool same = whole == read(plan, text, data[1] % 16 + 1, options);
  if (!same) std::abort();
  return 0;
}
