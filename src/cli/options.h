// SPDX-License-Identifier: Apache-2.0
// What the commands share: options, the model's files, and how errors are shown.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/commands.h"
#include "engine/plan.h"
#include "importer/import.h"

namespace slipway::cli {

extern const std::string_view kVersion;  // of Slipway: "0.1.0"

// A command's options, declared one by one, then parsed.
class Options {
 public:
  explicit Options(const Command& command);
  ~Options();
  Options(const Options&) = delete;
  Options& operator=(const Options&) = delete;

  void flag(std::string_view name, bool& value, std::string_view help);
  void option(std::string_view name, std::string& value, std::string_view help);
  void option(std::string_view name, std::uint32_t& value, std::string_view help);
  void list(std::string_view name, std::vector<std::string>& value, std::string_view help);  // a,b,c
  // The arguments that are no options, all of them; without this there may be none.
  void positional(std::string_view name, std::vector<std::string>& value, std::string_view help);

  // True: go on. False: `exit_code` is what to return (0 after --help); what there is to say has been said.
  bool parse(std::span<const char* const> arguments, int& exit_code);

 private:
  std::optional<Error> take_words();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// "a,b,c" as a list; empty: none.
std::vector<std::string> split_list(std::string_view text);

// Declares --feature-names and --steps: how a model's files are read.
void pieces_options(Options& options, importer::Options& pieces);

// Prints "slipway: message" and the hint to standard error; the exit code for it.
int report(const Error& error);

// Reads the files and makes them one plan; says on standard error what was left out. Errors name the file.
Result<engine::Plan> load(std::span<const std::string> files, const importer::Options& options);

}  // namespace slipway::cli
