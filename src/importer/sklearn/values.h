// SPDX-License-Identifier: Apache-2.0
// Single values in fitted state: categories, statistics, what counts as missing.
#pragma once

#include "format/pickle/numpy.h"
#include "model/values.h"

namespace slipway::importer::sklearn {

inline model::Value value_of(const pickle::Scalar& scalar) {
  using Kind = pickle::Scalar::Kind;
  switch (scalar.kind) {
    case Kind::kBool:
      return scalar.integer != 0;
    case Kind::kInt:
      return scalar.integer;
    case Kind::kFloat:
      return scalar.real;
    case Kind::kText:
      return scalar.text;
    case Kind::kNone:
      break;
  }
  return model::Null{};
}

inline bool is_nan(const pickle::Scalar& scalar) {
  return scalar.kind == pickle::Scalar::Kind::kFloat && scalar.real != scalar.real;
}
inline bool is_missing(const pickle::Scalar& scalar) {
  return scalar.kind == pickle::Scalar::Kind::kNone || is_nan(scalar);
}

}  // namespace slipway::importer::sklearn
