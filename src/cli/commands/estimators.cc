// SPDX-License-Identifier: Apache-2.0
#include "importer/sklearn/estimators.h"

#include <algorithm>
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
  const auto rows = importer::sklearn::estimators();
  const auto longest = [&](auto member) {
    return std::ranges::max(rows, {}, [&](const auto& row) { return (row.*member).size(); });
  };
  const std::size_t name_width = longest(&importer::sklearn::Estimator::name).name.size() + 2;
  const std::size_t package_width = longest(&importer::sklearn::Estimator::subpackage).subpackage.size() + 2;
  std::string out;
  for (const importer::sklearn::Estimator& row : rows) {
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
      out.append(row.name).append(name_width - row.name.size(), ' ');
      out.append(row.subpackage).append(package_width - row.subpackage.size(), ' ');
      out.append(row.formula).append("\n");
    }
  }
  if (json) out += "]\n";
  std::fwrite(out.data(), 1, out.size(), stdout);
  return 0;
}

}  // namespace slipway::cli
