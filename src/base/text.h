// SPDX-License-Identifier: Apache-2.0
// Text for people and for JSON. Nothing here allocates unless it returns a string. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace slipway {

// Appends `text` as a JSON string with its quotes. Bytes that are not UTF-8 (lone surrogates of a pickle too) become
// U+FFFD, control characters are escaped: the result is always valid JSON.
void append_json_string(std::string& out, std::string_view text);

// Appends the shortest decimal that reads back as the same double, the way Python writes it: 1.0, 1e-07, 0.1.
// NaN and infinities, which JSON cannot say, become null.
void append_json_number(std::string& out, double value);
void append_json_number(std::string& out, std::int64_t value);

// `text` with control characters and broken UTF-8 made visible, cut after `limit` bytes with "...": for messages that
// quote what somebody sent.
std::string printable(std::string_view text, std::size_t limit = 80);

// True if `text` is well-formed UTF-8.
bool is_utf8(std::string_view text);

// Edits (insert, delete, replace, swap of neighbours; ASCII case is free) between two names, at most `limit`: more
// than that gives limit + 1. Names are compared by bytes, the first 64 of each.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit);

// True if `a` looks like a slip of the pen for `b`: at most one edit in three characters, and at most three. Names of
// one or two characters are near only if they are equal but for case.
bool is_near(std::string_view a, std::string_view b);

// The candidate with the fewest edits from `name` that is_near, or "" if there is none. Ties: the first.
std::string_view nearest(std::string_view name, std::span<const std::string_view> candidates);

// "a, b and c"
std::string join_and(std::span<const std::string_view> parts);

}  // namespace slipway
