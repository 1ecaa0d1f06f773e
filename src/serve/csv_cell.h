// SPDX-License-Identifier: Apache-2.0
// What a text in a CSV file means for a field of a model. As pandas.read_csv reads it, with three differences: a cell
// is judged by its field, not by its column's other cells; a field that takes text gets the text as it stands ("01"
// stays "01", "True" stays "True"); and a text that is a category of the field is that category, even "None" or "NA".
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/plan.h"
#include "model/cell.h"

namespace slipway::serve {

// True for the texts that pandas.read_csv takes as missing by default: "", "NA", "NaN", "null", "None" and the rest.
bool is_missing_text(std::string_view text);

// Reads `text` as Python's float() does, blanks around it included, but for "_" between digits and the words for NaN.
// An integer of 64 bits gives an integer. False if it is no number; `cell` is then unchanged.
bool read_number(std::string_view text, model::Cell& cell);

// The text as a cell of the plan's field `field`: a number, true or false where the field takes numbers; else a text;
// null if it is missing. A text that fits nothing stays a text, for the contract to judge. Borrows `text`.
model::Cell csv_cell(const engine::Plan& plan, std::uint32_t field, std::string_view text);

// Of a column that is no field: a number, missing, or a text.
model::Cell csv_cell(std::string_view text);

}  // namespace slipway::serve
