// SPDX-License-Identifier: Apache-2.0
// What both engines say when the library would raise. Arrays, so that each sentence has one address.
#pragma once

#include <cstdint>

#include "model/cell.h"
#include "model/model.h"

namespace slipway::engine {

inline constexpr char kNestedValue[] = "a nested value is not taken: only numbers, text and lists of text are";
inline constexpr char kNoListsThen[] =
    "a list or nested value is not taken: the DictVectorizer of this scikit-learn version knows numbers and text";
inline constexpr char kTextForNumber[] = "text, a list or a nested value is not taken where a number is wanted";
inline constexpr char kNotText[] = "only text is taken here: a number, null or a list is not";

inline constexpr char kUnknownText[] =
    "the text is none of the categories that training saw, and the encoder refuses others (handle_unknown='error')";
inline constexpr char kUnknownNumber[] =
    "the number is none of the categories that training saw, and the encoder refuses others (handle_unknown='error')";
inline constexpr char kUnknownMissing[] =
    "training saw no missing value, and the encoder refuses what it does not know (handle_unknown='error')";
inline constexpr char kUnknownNested[] = "a list or nested value is no category";

inline constexpr char kNotPositive[] = "the Box-Cox transformation takes numbers above 0 only";
inline constexpr char kNegative[] = "QuantileTransformer takes no negative numbers in sparse rows";

inline constexpr char kOutOfBounds[] =
    "the number is outside of what training saw, and the IsotonicRegression refuses others (out_of_bounds='raise')";

// Which of these is said of a value that an Encode does not know.
const char* why_unknown(const model::Cell& cell);

// The schema's field that `column` of `slot` comes from, kNoField if there is none. REQUIRES: both exist.
std::uint32_t field_of(const model::Model& model, std::uint32_t slot, std::uint32_t column);

}  // namespace slipway::engine
