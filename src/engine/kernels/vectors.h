// SPDX-License-Identifier: Apache-2.0
// Loops over a row's numbers, four at once where the processor has AVX2. Each number is calculated alone, so that the
// width changes no bit. f64.
#pragma once

#include <cstddef>
#include <span>

#include "model/cell.h"

namespace slipway::engine::kernels {

// out[i] = the number of cell i; false if some cell is no real one, and then `out` is not to be read.
bool take_reals(std::span<const model::Cell> cells, double* out);

bool all_finite(std::span<const double> row);

// out[i] = (in[i] - offset[i]) / scale[i]; without offsets or scales if there are none. REQUIRES: `out` is another row.
void standardize(std::span<const double> in, std::span<const double> offset, std::span<const double> scale,
                 double* out);

}  // namespace slipway::engine::kernels
