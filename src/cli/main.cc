// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <netdb.h>
#include <nss.h>

#include <cerrno>
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

void help(std::FILE* to) {
  std::fputs("Slipway serves a trained model's file over HTTP, without ever executing it.\n\n", to);
  for (const Command& command : commands()) {
    std::fprintf(to, "  slipway %-11s %s\n", std::string(command.name).c_str(), std::string(command.summary).c_str());
  }
  std::fputs("\n`slipway COMMAND --help` says what a command takes. Try: slipway serve churn.pkl\n", to);
}

int unknown(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Command& command : commands()) names.push_back(command.name);
  const std::string_view near = slipway::nearest(name, names);
  return slipway::cli::report({slipway::Code::kUsage, "there is no command \"" + slipway::printable(name) + "\"",
                               near.empty() ? "The commands are " + slipway::join_and(names)
                                            : "Did you mean slipway " + std::string(near) + "?"});
}

// Started with descriptors 0 to 2 closed, the first sockets would take their place and get what is printed.
void keep_standard_descriptors() {
  for (int fd = 0; fd <= 2; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0 && errno == EBADF && ::open("/dev/null", O_RDWR) < 0) return;
  }
}

int run(std::string_view name, std::span<const char* const> arguments) {
  if (name == "help" || name == "--help" || name == "-h") {
    help(stdout);
    return 0;
  }
  if (name == "--version") name = "version";
  for (const Command& command : commands()) {
    if (command.name == name) return command.run(command, arguments);
  }
  return unknown(name);
}

}  // namespace

int main(int argc, char** argv) {
  // A static glibc loads no plug-ins: names are looked up in /etc/hosts and by DNS, whatever nsswitch.conf says.
  __nss_configure_lookup("hosts", "files dns");
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a log above its size limit is a full disk
  keep_standard_descriptors();
  const std::span<char*> all(argv, std::size_t(argc));
  if (argc < 2) {
    help(stderr);
    return slipway::info(slipway::Code::kUsage).exit;
  }
  const int exit_code = run(all[1], all.subspan(2));
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return exit_code;
  return slipway::cli::report(slipway::system_error("standard output", errno));
}
