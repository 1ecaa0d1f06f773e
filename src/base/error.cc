// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <cstdio>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "base/result.h"

namespace slipway {

Error Error::within(std::string_view where) && {
  if (!where.empty()) message_.insert(0, ": ").insert(0, where);
  return std::move(*this);
}

Error Error::within(std::string_view where) const& { return Error(*this).within(where); }

Error Error::or_hint(std::string_view hint) && {
  if (hint_.empty()) hint_ = hint;
  return std::move(*this);
}

std::string Error::to_string() const { return hint_.empty() ? message_ : message_ + "\n" + hint_; }

Error system_error(std::string_view what, int number) {
  return {Code::kIo, std::string(what) + ": " + std::generic_category().message(number)};
}

void assertion_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "slipway: assertion failed: %s (%s:%d); this is a bug in Slipway\n", expression, file, line);
  std::abort();
}

}  // namespace slipway
