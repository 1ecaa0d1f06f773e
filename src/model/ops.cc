// SPDX-License-Identifier: Apache-2.0
// What every operator promises its kernel: the sizes of its parameters.
#include <string>

#include "model/name_table.h"
#include "model/op.h"

namespace slipway::model {
namespace {

Result<void> want_size(std::string_view what, std::size_t have, std::size_t want) {
  if (have == want) return {};
  return fail(Code::kCorrupt, std::string(what) + " has " + std::to_string(have) + " values, the input has " +
                                  std::to_string(want) + " columns");
}

}  // namespace

Result<void> VectorizeDict::check(std::uint32_t) const {
  if (names.empty()) return fail(Code::kCorrupt, "has no columns");
  if (names.size() >= (1U << 30)) return fail(Code::kTooLarge, "more than 2^30 columns");
  if (separator.empty()) return fail(Code::kCorrupt, "has no separator");
  if (separator.size() > kMaxSeparator) {
    return fail(Code::kTooLarge, "the separator has more than 64 bytes");
  }
  std::vector<NameEntry> entries;
  entries.reserve(names.size());
  for (std::uint32_t i = 0; i < names.size(); ++i) entries.push_back({.name = names[i], .value = i});
  SLIPWAY_TRY(NameTable::create(entries));  // no name stands twice
  return {};
}

Result<void> StackNumbers::check(std::uint32_t cols) const {
  if (columns == cols) return {};
  return fail(Code::kCorrupt,
              "wants " + std::to_string(columns) + " columns, the schema has " + std::to_string(cols) + " fields");
}

Result<void> Standardize::check(std::uint32_t cols) const {
  if (!offset.empty()) SLIPWAY_TRY(want_size("offset", offset.size(), cols));
  if (!scale.empty()) SLIPWAY_TRY(want_size("scale", scale.size(), cols));
  return {};
}

Result<void> ScaleColumns::check(std::uint32_t cols) const { return want_size("factor", factor.size(), cols); }

Result<void> Clip::check(std::uint32_t) const {
  if (low <= high) return {};
  return fail(Code::kCorrupt, "the lower bound is not below the upper one");
}

Result<void> Binarize::check(std::uint32_t) const {
  if (threshold == threshold) return {};
  return fail(Code::kCorrupt, "the threshold is NaN");
}

Result<void> NormalizeRows::check(std::uint32_t cols) const {
  if (cols == 0) return fail(Code::kCorrupt, "too few columns");
  if (norm > Norm::kSignedMax || zero > Zero::kKeep) return fail(Code::kCorrupt, "is of no known kind");
  if (!(tiny >= 0)) return fail(Code::kCorrupt, "tiny is negative or NaN");
  return {};
}

Result<void> Linear::check(std::uint32_t cols) const {
  if (outputs == 0) return fail(Code::kCorrupt, "has no outputs");
  if (intercept.size() != outputs) {
    return fail(Code::kCorrupt,
                "has " + std::to_string(outputs) + " outputs and " + std::to_string(intercept.size()) + " intercepts");
  }
  if (coef.size() == std::uint64_t{outputs} * cols) return {};
  return fail(Code::kCorrupt, "has " + std::to_string(coef.size()) + " coefficients, want " + std::to_string(outputs) +
                                  " x " + std::to_string(cols));
}

}  // namespace slipway::model
