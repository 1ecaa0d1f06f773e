// SPDX-License-Identifier: Apache-2.0
// What scikit-learn's text vectorizers are told in other languages than numbers: a regular expression for tokens, and
// its list of English stop words.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "model/ops/text.h"

namespace slipway::importer::sklearn {

// Sets what `op` takes as a token from a pattern of Python's `re` that means runs of one set of characters:
//   (?u)  \b  SET SET ... SET+  \b      with {n,}, {n,m}, {n} or * for +, and SET a \w, \d, \s, \W, \D, \S or [...]
// Both \b may be missing; the set may hold nothing but word characters where they stand, and a run must have an end of
// its own (not be cut after m characters). kUnsupported any other: no backtracking, whatever a request sends.
Result<void> read_token_pattern(std::string_view pattern, model::CountText& op);

// sklearn.feature_extraction._stop_words.ENGLISH_STOP_WORDS: the same in every release from 0.19 to 1.9. Sorted.
std::span<const std::string_view> english_stop_words();

}  // namespace slipway::importer::sklearn
