// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <cerrno>
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

namespace {

// What helps, where that is the same whatever was done.
constexpr struct {
  int number;
  std::string_view hint;
} kHints[] = {
    {ENOSPC, "Free some space there, then run this again"},
    {EDQUOT, "Free some of this user's quota there, then run this again"},
    {EROFS, "Run this where the file system is mounted for writing"},
    {EFBIG, "Raise the limit for the size of a file (ulimit -f), then run this again"},
    {EMFILE, "Raise the limit of open files (ulimit -n)"},
};

}  // namespace

Error system_error(std::string_view what, int number) {
  Error error(Code::kIo, std::string(what) + ": " + std::generic_category().message(number));
  for (const auto& row : kHints) {
    if (row.number == number) return std::move(error).or_hint(row.hint);
  }
  return error;
}

void assertion_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "slipway: assertion failed: %s (%s:%d); this is a bug in Slipway\n", expression, file, line);
  std::abort();
}

}  // namespace slipway
