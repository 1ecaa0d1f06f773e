// SPDX-License-Identifier: Apache-2.0
// Result<T>: a value or an Error. What the outside world can get wrong is a Result; what only we can get wrong is
// SLIPWAY_ASSERT; running out of memory ends the process. No exception of ours crosses a module.
#pragma once

#include <expected>
#include <utility>

#include "base/error.h"

namespace slipway {

template <class T>
using Result = std::expected<T, Error>;

// Return this from a function that gives a Result: `return fail(Code::kInvalid, "...");`
inline std::unexpected<Error> fail(Code code, std::string message, std::string hint = {}) {
  return std::unexpected(Error(code, std::move(message), std::move(hint)));
}
inline std::unexpected<Error> fail(Error error) { return std::unexpected(std::move(error)); }

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

}  // namespace slipway

// The value of a Result, or return its Error. Only as `x = SLIPWAY_TRY(...);` or `SLIPWAY_TRY(...);`: inside a larger
// expression the early return can skip destructors (seen with two compilers). tools/check enforces it.
#define SLIPWAY_TRY(...)                                                          \
  __extension__({                                                                 \
    auto slipway_try = (__VA_ARGS__);                                             \
    if (!slipway_try) return ::std::unexpected(::std::move(slipway_try).error()); \
    ::std::move(slipway_try).value();                                             \
  })

// Our own bug: says where and aborts, in every build.
#define SLIPWAY_ASSERT(...) \
  (__builtin_expect(!!(__VA_ARGS__), 1) ? void(0) : ::slipway::assertion_failed(#__VA_ARGS__, __FILE__, __LINE__))
