// SPDX-License-Identifier: Apache-2.0
// Values that a pickle writes as lines of text, or that need more than their bytes: protocol 0's numbers and strings,
// and long integers. Pure functions; nullopt means that the text does not follow the form.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace slipway::pickle {

// A 64-bit integer, or little-endian two's complement bytes of a larger one.
using Integer = std::variant<std::int64_t, std::string>;

// -?[0-9]+L? without leading zeros (Python's two readers disagree about octal). Quadratic: limit the digits first.
std::optional<Integer> parse_integer(std::string_view text);

// The bytes of LONG1 and LONG4 without the sign bytes that say nothing: at most 8 of them fit an int64.
std::string_view trim_long(std::string_view bytes);
// REQUIRES: at most 8 bytes.
std::int64_t small_long(std::string_view bytes);

// repr of a float: digits, exponent, nan, inf, -inf.
std::optional<double> parse_float(std::string_view text);

// Between the quotes of STRING: Python 2's str escapes, to bytes.
std::optional<std::string> decode_string_escapes(std::string_view text);

// UNICODE's raw-unicode-escape: \uXXXX and \UXXXXXXXX, other bytes Latin-1; to UTF-8, lone surrogates included.
std::optional<std::string> decode_raw_unicode(std::string_view text);

// UTF-8 in which surrogates may stand alone (Python's surrogatepass).
bool is_python_utf8(std::string_view text);

void append_utf8(std::string& out, std::uint32_t code_point);  // surrogates too

}  // namespace slipway::pickle
