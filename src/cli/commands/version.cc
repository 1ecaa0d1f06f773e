// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "cli/options.h"

namespace slipway::cli {

int version(const Command& command, std::span<const char* const> arguments) {
  Options options(command);
  int exit_code = 0;
  if (!options.parse(arguments, exit_code)) return exit_code;
  std::printf("slipway %s\n", std::string(kVersion).c_str());
  return 0;
}

}  // namespace slipway::cli
