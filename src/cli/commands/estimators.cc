// SPDX-License-Identifier: Apache-2.0
#include "importer/sklearn/estimators.h"

#include <cstdio>
#include <string>

#include "base/text.h"
#include "cli/options.h"

namespace slipway::cli {

int estimators(const Command& command, std::span<const char* const> arguments) {
  Options options(command);
  bool json = false;
  options.flag("json", json, "print one JSON list");
  int exit_code = 0;
  if (!options.parse(arguments, exit_code)) return exit_code;
  std::string out;
  for (const importer::sklearn::Estimator& row : importer::sklearn::estimators()) {
    if (json) {
      out += out.empty() ? "[" : ",\n ";
      out += "{\"name\":";
      append_json_string(out, row.name);
      out += ",\"subpackage\":";
      append_json_string(out, row.subpackage);
      out += ",\"formula\":";
      append_json_string(out, row.formula);
      out += '}';
    } else {
      out.append(row.name).append(std::string(row.name.size() < 22 ? 22 - row.name.size() : 1, ' '));
      out.append(row.subpackage).append(std::string(row.subpackage.size() < 28 ? 28 - row.subpackage.size() : 1, ' '));
      out.append(row.formula).append("\n");
    }
  }
  if (json) out += "]\n";
  std::fwrite(out.data(), 1, out.size(), stdout);
  return 0;
}

}  // namespace slipway::cli
