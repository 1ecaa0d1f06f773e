// SPDX-License-Identifier: Apache-2.0
// JSON written piece by piece, commas put where they belong. The caller keeps objects and keys in order; what is
// written is always the same bytes for the same calls. One thread.
#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"

namespace slipway {

class JsonWriter {
 public:
  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name) {
    separate();
    append_json_string(out_, name);
    out_ += ':';
    return *this;
  }

  JsonWriter& value(std::string_view text) {
    separate();
    append_json_string(out_, text);
    return *this;
  }
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(std::same_as<bool> auto flag) { return word(flag ? "true" : "false"); }
  JsonWriter& value(std::integral auto number)
    requires(!std::same_as<decltype(number), bool> && !std::same_as<decltype(number), char>)
  {
    return word(std::to_string(number));
  }
  // What JSON has no number for is a text: "NaN", "Infinity", "-Infinity".
  JsonWriter& value(double number) {
    if (std::isnan(number)) return value("NaN");
    if (std::isinf(number)) return value(number > 0 ? "Infinity" : "-Infinity");
    separate();
    append_json_number(out_, number);
    return *this;
  }
  JsonWriter& null() { return word("null"); }
  // REQUIRES: JSON.
  JsonWriter& raw(std::string_view json) { return word(json); }

  template <class T>
  JsonWriter& member(std::string_view name, const T& of) {
    return key(name).value(of);
  }
  std::string_view text() const { return out_; }
  std::string take() { return std::exchange(out_, {}); }

 private:
  void separate() {
    if (!out_.empty() && out_.back() != '{' && out_.back() != '[' && out_.back() != ':') out_ += ',';
  }
  JsonWriter& open(char bracket) {
    separate();
    out_ += bracket;
    return *this;
  }
  JsonWriter& close(char bracket) {
    out_ += bracket;
    return *this;
  }
  JsonWriter& word(std::string_view text) {
    separate();
    out_ += text;
    return *this;
  }

  std::string out_;
};

}  // namespace slipway
