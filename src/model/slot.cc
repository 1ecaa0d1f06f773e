// SPDX-License-Identifier: Apache-2.0
#include "model/slot.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>

namespace slipway::model {

std::string_view type_name(SlotType type) {
  constexpr std::string_view kNames[] = {"a record", "cells", "sparse rows", "dense rows", "an index"};
  return kNames[std::size_t(type)];
}

Result<Slot> one_input(std::span<const Slot> in, std::initializer_list<SlotType> types) {
  if (in.size() != 1) return fail(Code::kCorrupt, fmt::format("takes one input, gets {}", in.size()));
  if (std::ranges::find(types, in[0].type) != types.end()) return in[0];
  std::string wanted;
  for (const SlotType type : types) wanted.append(wanted.empty() ? "" : " or ").append(type_name(type));
  return fail(Code::kCorrupt, fmt::format("takes {}, gets {}", wanted, type_name(in[0].type)));
}

Result<void> want_size(std::string_view what, std::uint64_t have, std::uint64_t want) {
  if (have == want) return {};
  return fail(Code::kCorrupt, fmt::format("{} has {} values, want {}", what, have, want));
}

}  // namespace slipway::model
