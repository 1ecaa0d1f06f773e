// SPDX-License-Identifier: Apache-2.0
#include "cli/store.h"

#include <unistd.h>

#include <cstdlib>

#include "base/text.h"

namespace slipway::cli {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

std::string default_store() {
  if (std::string store = variable("SLIPWAY_STORE"); !store.empty()) return store;
  const std::string home = variable("HOME");
  return home.empty() ? "" : home + "/.local/share/slipway";
}

std::string default_by() {
  if (std::string by = variable("SLIPWAY_BY"); !by.empty()) return by;
  // The user database would want plug-ins of the system's, which a static program has not.
  std::string user = variable("USER");
  if (user.empty()) user = variable("LOGNAME");
  if (user.empty()) user = "uid" + std::to_string(::geteuid());
  char host[256] = {};
  if (::gethostname(host, sizeof host - 1) != 0) return user;
  return user + "@" + host;
}

void store_option(Options& options, std::string& store) {
  store = default_store();
  options.option("store", store, "the store's directory; default: $SLIPWAY_STORE, else ~/.local/share/slipway");
}

Result<model::ProofLevel> parse_proof(std::string_view name) {
  for (const auto level : {model::ProofLevel::kNone, model::ProofLevel::kSelf, model::ProofLevel::kLibrary}) {
    if (name == model::proof_name(level)) return level;
  }
  return fail(Code::kUsage, "--require-proof " + printable(name) + " is none of none, self, library");
}

}  // namespace slipway::cli
