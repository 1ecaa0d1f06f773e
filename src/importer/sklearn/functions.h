// SPDX-License-Identifier: Apache-2.0
// Functions of one number that a file holds: of a transformer, and of a transformed target, where they go back.
#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"
#include "importer/attributes.h"
#include "model/op.h"

namespace slipway::importer::sklearn {

// The function of an attribute; nullopt for None, which is the identity. Somebody's own is refused by its name.
Result<std::optional<model::Apply::Function>> read_function(const Attributes& fitted, std::string_view attribute);

// Of a QuantileTransformer.
Result<model::QuantileTransform> read_quantiles(const Attributes& fitted);

}  // namespace slipway::importer::sklearn
