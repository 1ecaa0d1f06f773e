// SPDX-License-Identifier: Apache-2.0
#include <netdb.h>
#include <nss.h>

#include <csignal>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"

namespace {

using slipway::cli::Command;
using slipway::cli::commands;

int help() {
  std::fputs("Slipway serves a trained model's file over HTTP, without ever executing it.\n\n", stdout);
  for (const Command& command : commands()) {
    std::printf("  slipway %-11s %s\n", std::string(command.name).c_str(), std::string(command.summary).c_str());
  }
  std::fputs("\n`slipway COMMAND --help` says what a command takes. Try: slipway serve churn.pkl\n", stdout);
  return 0;
}

int unknown(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Command& command : commands()) names.push_back(command.name);
  const std::string_view near = slipway::nearest(name, names);
  return slipway::cli::report({slipway::Code::kUsage, "there is no command \"" + slipway::printable(name) + "\"",
                               near.empty() ? "The commands are " + slipway::join_and(names)
                                            : "Did you mean slipway " + std::string(near) + "?"});
}

}  // namespace

int main(int argc, char** argv) {
  // A static glibc loads no plug-ins: names are looked up in /etc/hosts and by DNS, whatever nsswitch.conf says.
  __nss_configure_lookup("hosts", "files dns");
  std::signal(SIGPIPE, SIG_IGN);
  const std::span<char*> all(argv, std::size_t(argc));
  const std::string_view name = argc > 1 ? all[1] : "help";
  if (name == "help" || name == "--help" || name == "-h") return help();
  const std::string_view wanted = name == "--version" ? "version" : name;
  for (const Command& command : commands()) {
    if (command.name == wanted) return command.run(command, all.subspan(2));
  }
  return unknown(name);
}
