// SPDX-License-Identifier: Apache-2.0
#include "cli/options.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/text.h"
#include "importer/import.h"

namespace slipway::cli {

struct Options::Impl {
  CLI::App app;
  std::vector<std::string> names;  // of the flags, with their dashes, for suggestions
};

Options::Options(const Command& command) : impl_(std::make_unique<Impl>()) {
  impl_->app.description(std::string(command.summary));
  impl_->app.name("slipway " + std::string(command.name));
  impl_->app.set_help_flag("-h,--help", "print this");
}
Options::~Options() = default;

namespace {
std::string dashed(std::string_view name) {
  std::string out = "--" + std::string(name);
  for (char& c : out) c = c == '_' ? '-' : c;
  return out;
}
}  // namespace

void Options::flag(std::string_view name, bool& value, std::string_view help) {
  impl_->app.add_flag(impl_->names.emplace_back(dashed(name)), value, std::string(help));
}
void Options::option(std::string_view name, std::string& value, std::string_view help) {
  impl_->app.add_option(impl_->names.emplace_back(dashed(name)), value, std::string(help))->capture_default_str();
}
void Options::option(std::string_view name, std::uint32_t& value, std::string_view help) {
  impl_->app.add_option(impl_->names.emplace_back(dashed(name)), value, std::string(help))->capture_default_str();
}
void Options::list(std::string_view name, std::vector<std::string>& value, std::string_view help) {
  impl_->app.add_option(impl_->names.emplace_back(dashed(name)), value, std::string(help))->delimiter(',');
}
void Options::positional(std::string_view name, std::vector<std::string>& value, std::string_view help) {
  impl_->app.add_option(std::string(name), value, std::string(help));
}

bool Options::parse(std::span<const char* const> arguments, int& exit_code) {
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    impl_->app.parse(reversed);
    return true;
  } catch (const CLI::CallForHelp&) {
    std::fputs(impl_->app.help().c_str(), stdout);
    exit_code = 0;
  } catch (const CLI::ExtrasError& error) {
    const std::vector<std::string> extras = impl_->app.remaining();
    const std::string first = extras.empty() ? std::string() : extras.front();
    const std::vector<std::string_view> names(impl_->names.begin(), impl_->names.end());
    const std::string_view near = nearest(first.substr(0, first.find('=')), names);
    exit_code =
        report({Code::kUsage, "unknown option " + printable(first),
                near.empty() ? "See " + impl_->app.get_name() + " --help" : "Did you mean " + std::string(near) + "?"});
  } catch (const CLI::ParseError& error) {
    exit_code = report({Code::kUsage, error.what(), "See " + impl_->app.get_name() + " --help"});
  }
  return false;
}

int report(const Error& error) {
  std::fprintf(stderr, "slipway: %s\n", error.message().c_str());
  if (!error.hint().empty()) std::fprintf(stderr, "  %s\n", error.hint().c_str());
  return info(error.code()).exit;
}

Result<engine::Plan> load(std::span<const std::string> files, const std::vector<std::string>& feature_names) {
  constexpr std::size_t kFileLimit = std::size_t{2} << 30;
  std::vector<importer::Source> sources;
  for (const std::string& file : files) {
    FileBytes bytes = SLIPWAY_TRY(FileBytes::open(file, kFileLimit));
    sources.push_back({file, std::move(bytes)});
  }
  model::Model model = SLIPWAY_TRY(importer::import_files(sources, {.feature_names = feature_names}));
  return engine::Plan::compile(std::move(model));
}

}  // namespace slipway::cli
