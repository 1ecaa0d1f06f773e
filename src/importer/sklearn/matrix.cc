// SPDX-License-Identifier: Apache-2.0
// Shapes are checked here, so that families can count on them.
#include "importer/sklearn/matrix.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace slipway::importer::sklearn {

Result<Matrix> read_matrix(const Attributes& fitted, std::string_view name, Gaps gaps) {
  SLIPWAY_TRY(fitted.fitted(name));
  pickle::Numbers found = SLIPWAY_TRY(fitted.numbers(name));
  if (found.shape.size() != 2 || found.values.empty()) {
    const auto what = fmt::format("has shape {}, want two dimensions", shape_text(found.shape));
    return fail(fitted.error(Code::kCorrupt, name, what));
  }
  // Counted, not searched for: without a way out the loop takes several at once, and they are millions.
  const auto odd = gaps == Gaps::kAllowed
                       ? std::ranges::count_if(found.values, [](double x) { return std::isinf(x); })
                       : std::ranges::count_if(found.values, [](double x) { return !std::isfinite(x); });
  if (odd > 0) {
    return fail(fitted.error(Code::kCorrupt, name, "has values that are NaN or infinite"));
  }
  if (std::max(found.shape[0], found.shape[1]) >= (1U << 30)) {
    return fail(fitted.error(Code::kTooLarge, name, "has more than 2^30 rows or columns"));
  }
  return Matrix{found.shape[0], found.shape[1], std::move(found.values), found.is_float32};
}

Result<Matrix> read_matrix(const Attributes& fitted, std::string_view name, std::size_t rows, std::size_t columns) {
  Matrix out = SLIPWAY_TRY(read_matrix(fitted, name));
  if (out.rows == rows && out.columns == columns) return out;
  const auto what = fmt::format("has shape ({}, {}), want ({}, {})", out.rows, out.columns, rows, columns);
  return fail(fitted.error(Code::kCorrupt, name, what));
}

Result<std::vector<pickle::Numbers>> read_arrays(const Attributes& fitted, std::string_view name) {
  SLIPWAY_TRY(fitted.fitted(name));
  const pickle::Document& document = fitted.document();
  const pickle::NodeId list = fitted.node(name);
  if (document.kind(list) != pickle::Kind::kList && document.kind(list) != pickle::Kind::kTuple) {
    const auto what = fmt::format("is {}, want a list of arrays", pickle::kind_name(document.kind(list)));
    return fail(fitted.error(Code::kCorrupt, name, what));
  }
  std::vector<pickle::Numbers> out;
  for (const pickle::NodeId item : document.items(list)) {
    auto numbers = pickle::read_numbers(document, item);
    if (!numbers) {
      const auto what = fmt::format("[{}] {}", out.size(), numbers.error().message());
      return fail(fitted.error(numbers.error().code(), name, what));
    }
    out.push_back(std::move(*numbers));
  }
  return out;
}

}  // namespace slipway::importer::sklearn
