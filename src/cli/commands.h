// SPDX-License-Identifier: Apache-2.0
// The one table of commands: parsing and `slipway help` come from it. One file a command in commands/.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace slipway::cli {

struct Command {
  std::string_view name;
  std::string_view summary;
  // Declares the options on `app`, parses `arguments`, runs, and returns the exit code. Results go to standard output,
  // errors to standard error.
  int (*run)(const Command& command, std::span<const char* const> arguments);
};

std::span<const Command> commands();

int serve(const Command& command, std::span<const char* const> arguments);
int predict(const Command& command, std::span<const char* const> arguments);
int inspect(const Command& command, std::span<const char* const> arguments);
int estimators(const Command& command, std::span<const char* const> arguments);
int import_model(const Command& command, std::span<const char* const> arguments);
int verify(const Command& command, std::span<const char* const> arguments);
int diff(const Command& command, std::span<const char* const> arguments);
int snippet(const Command& command, std::span<const char* const> arguments);
int models(const Command& command, std::span<const char* const> arguments);
int promote(const Command& command, std::span<const char* const> arguments);
int rollback(const Command& command, std::span<const char* const> arguments);
int remove(const Command& command, std::span<const char* const> arguments);
int version(const Command& command, std::span<const char* const> arguments);

}  // namespace slipway::cli
