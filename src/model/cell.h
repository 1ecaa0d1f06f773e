// SPDX-License-Identifier: Apache-2.0
// One value of a record as somebody sent it, before any operator has looked at it. Text is borrowed.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace slipway::model {

struct Cell {
  enum class Kind : std::uint8_t {
    kAbsent,  // the record does not have the field
    kNull,
    kBool,
    kInt,
    kReal,
    kText,
    kTexts,  // a list of texts
    kOther,  // a nested object, or a list of something else: no library takes it
  };

  Kind kind = Kind::kAbsent;
  // kText: 1 + its place among the categories of its field in the schema that the record is held against, if whoever
  // made the cell has recognised it; 0: nobody has looked.
  std::uint16_t known = 0;
  std::uint32_t size = 0;  // kText: bytes; kTexts: elements. Here, so that a cell has 16 bytes
  union {
    std::int64_t integer = 0;  // kBool (0 or 1), kInt
    double real;               // kReal
    const char* data;          // kText
    const Cell* cells;         // kTexts: each of kind kText
  };

  static Cell null() { return make(Kind::kNull); }
  static Cell other() { return make(Kind::kOther); }
  static Cell of(bool value) {
    Cell cell = make(Kind::kBool);
    cell.integer = value ? 1 : 0;
    return cell;
  }
  static Cell of(std::int64_t value) {
    Cell cell = make(Kind::kInt);
    cell.integer = value;
    return cell;
  }
  static Cell of(double value) {
    Cell cell = make(Kind::kReal);
    cell.real = value;
    return cell;
  }
  static Cell of(std::string_view value) {
    Cell cell = make(Kind::kText);
    cell.data = value.data();
    cell.size = static_cast<std::uint32_t>(value.size());
    return cell;
  }
  static Cell of(std::span<const Cell> values) {
    Cell cell = make(Kind::kTexts);
    cell.cells = values.data();
    cell.size = static_cast<std::uint32_t>(values.size());
    return cell;
  }

  bool missing() const { return kind == Kind::kAbsent || kind == Kind::kNull; }
  bool is_number() const { return kind == Kind::kBool || kind == Kind::kInt || kind == Kind::kReal; }
  // REQUIRES: is_number(). As Python's float() gives it.
  double number() const { return kind == Kind::kReal ? real : static_cast<double>(integer); }
  // REQUIRES: kText.
  std::string_view text() const { return {data, size}; }
  // REQUIRES: kTexts.
  std::span<const Cell> texts() const { return {cells, size}; }

 private:
  static Cell make(Kind kind) {
    Cell cell;
    cell.kind = kind;
    return cell;
  }
};

// A field that the schema does not know, as it came.
struct Extra {
  std::string_view name;
  Cell value;
};

// One record: a cell for each field of the schema, in its order, and what else was sent. Names among `extras` are
// distinct and none is a field of the schema.
struct Record {
  std::span<const Cell> fields;
  std::span<const Extra> extras;
};

}  // namespace slipway::model
