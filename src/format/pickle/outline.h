// SPDX-License-Identifier: Apache-2.0
// What is in a pickle, for people: `slipway inspect FILE`. Works on any document, damaged and hostile ones too: time is
// linear in the file, lines are budgeted, shared and cyclic parts are shown once.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "format/pickle/document.h"

namespace slipway::pickle {

// What becomes of a class or function when the file is imported.
enum class Support : std::uint8_t {
  kUnknown,    // nobody here has heard of it
  kSupported,  // served
  kInert,      // understood or ignored; it runs nothing
  kRunsCode,   // Python would run code that the file brings or chooses
};

struct OutlineOptions {
  std::function<Support(Global)> support;  // none: every name is kUnknown
  std::uint32_t lines = 400;               // of the tree
  std::uint32_t depth = 24;
  std::uint32_t children = 24;  // shown of one container
  std::uint32_t names = 200;    // listed; those that run code first
};

// A library's version, as the file says it, as its names give it away ("2 or later"), or "" if nothing does.
struct FoundVersion {
  std::string library;
  std::string version;
  std::uint64_t offset = 0;  // of the first evidence
  std::uint64_t count = 0;
};

// A name that Python would import.
struct FoundName {
  Global name;                // borrowed from the document
  std::uint64_t offset = 0;   // where it is first named
  std::uint64_t named = 0;    // times
  std::uint64_t called = 0;   // as a function, with arguments of the file's choice
  std::uint64_t created = 0;  // objects of this class made without calling its constructor
  Support support = Support::kUnknown;
  bool dangerous = false;  // called, and none of the libraries that we know has it called: see calls.h
};

// One line of the tree.
struct OutlineLine {
  std::uint32_t depth = 0;
  std::string name;                   // attribute, key or [index] in its parent; "" for the root
  std::string kind;                   // kind_name(), or "array", "scalar", "dtype", "more"
  std::string type;                   // of an object module.class; of an array its dtype
  std::string value;                  // short, for a leaf
  std::vector<std::uint64_t> shape;   // of an array
  std::optional<std::uint64_t> size;  // elements or bytes
  std::uint64_t offset = 0;
  Support support = Support::kUnknown;
  bool seen = false;  // shown above; not repeated
};

struct Outline {
  int protocol = 0;
  std::string packing;      // what the file was compressed with; "" if it was not
  std::uint64_t bytes = 0;  // of the file, unpacked
  std::uint64_t opcodes = 0;
  std::uint64_t values = 0;
  std::uint64_t end = 0;
  std::uint64_t trailing = 0;
  std::optional<Error> error;
  std::vector<FoundVersion> versions;
  std::vector<FoundName> names;  // by offset
  std::uint64_t all_names = 0;
  std::uint64_t dangerous_names = 0;
  std::uint64_t computed_calls = 0;  // whose callable is no name but what another call gave
  std::uint64_t computed_offset = 0;
  std::vector<OutlineLine> tree;
  std::vector<Outline> following;  // the other pickles of the file
};

// Borrows names from the document. `error`: why it is not whole, as read_partial says.
Outline make_outline(const Document& document, const std::optional<Error>& error, const OutlineOptions& options = {});

std::string outline_text(const Outline& outline);  // lines for a terminal: no control characters, valid UTF-8
std::string outline_json(const Outline& outline);  // one object, valid UTF-8

}  // namespace slipway::pickle
