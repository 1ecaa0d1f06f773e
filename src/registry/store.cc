// SPDX-License-Identifier: Apache-2.0
// What every store shares: which keys there are, and which store a --store means.
#include "registry/store.h"

#include <algorithm>

#include "base/text.h"

namespace slipway::registry {
namespace {

constexpr std::size_t kComponents = 8;
constexpr std::size_t kComponentBytes = 200;

}  // namespace

bool is_component(std::string_view text) {
  if (text.empty() || text.size() > kComponentBytes || text.front() == '.' || !is_utf8(text)) return false;
  return std::ranges::none_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F || c == '/' || c == '\\';
  });
}

bool is_key(std::string_view key) {
  for (std::size_t count = 1; count <= kComponents; ++count) {
    const std::size_t slash = key.find('/');
    if (!is_component(key.substr(0, slash))) return false;
    if (slash == key.npos) return true;
    key.remove_prefix(slash + 1);
  }
  return false;
}

Result<std::unique_ptr<Store>> open_store(std::string_view where) {
  if (where.empty()) {
    return fail(Code::kUsage, "which store is meant is not known",
                "Name its directory: --store DIR, or SLIPWAY_STORE=DIR in the environment");
  }
  if (where.find("://") != where.npos) {
    return fail(Code::kUsage, "a store is a directory, and " + printable(where) + " is none",
                "Name a directory: --store /var/lib/slipway");
  }
  return std::make_unique<DirectoryStore>(std::string(where));
}

}  // namespace slipway::registry
