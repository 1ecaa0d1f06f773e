// SPDX-License-Identifier: Apache-2.0
// Digests. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/rope.h"

namespace slipway {

// SHA-256 as 64 lower-case hex digits. 1.1 GB/s where the CPU has instructions for it.
std::string sha256_hex(const Rope& bytes);

// True if `text` looks like what sha256_hex() gives.
bool is_sha256_hex(std::string_view text);

}  // namespace slipway
