// SPDX-License-Identifier: Apache-2.0
// What both engines say when the library would raise. Arrays, so that each sentence has one address.
#pragma once

#include <cstdint>

#include "model/model.h"

namespace slipway::engine {

inline constexpr char kNestedValue[] = "a nested value is not taken: only numbers, text and lists of text are";
inline constexpr char kNoListsThen[] =
    "a list or nested value is not taken: the DictVectorizer of this scikit-learn version knows numbers and text";
inline constexpr char kTextForNumber[] = "text, a list or a nested value is not taken where a number is wanted";
inline constexpr char kNotText[] = "only text is taken here: a number, null or a list is not";

// The schema's field that `column` of `slot` comes from, kNoField if there is none. REQUIRES: both exist.
std::uint32_t field_of(const model::Model& model, std::uint32_t slot, std::uint32_t column);

}  // namespace slipway::engine
