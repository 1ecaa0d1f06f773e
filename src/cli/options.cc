// SPDX-License-Identifier: Apache-2.0
#include "cli/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <deque>

#include "base/text.h"
#include "importer/import.h"

namespace slipway::cli {

const std::string_view kVersion = SLIPWAY_VERSION;

struct Options::Impl {
  CLI::App app;
  std::vector<std::string> names;  // of the flags, with their dashes, for suggestions
  struct List {
    std::string text;  // as given: a,b,c
    std::vector<std::string>* value;
  };
  std::deque<List> lists;
  std::vector<std::string>* words = nullptr;
  std::string about;
};

namespace {

std::string dashed(std::string_view name) {
  std::string out = "--" + std::string(name);
  for (char& c : out) c = c == '_' ? '-' : c;
  return out;
}

}  // namespace

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    out.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return out;
}

Options::Options(const Command& command) : impl_(std::make_unique<Impl>()) {
  impl_->about = command.summary;
  impl_->app.name("slipway " + std::string(command.name));
  impl_->app.set_help_flag("-h,--help", "print this");
  impl_->app.allow_extras();  // arguments are taken from what is left: CLI11 would take brackets in them apart
}
Options::~Options() = default;

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
  Impl::List& list = impl_->lists.emplace_back(Impl::List{.text = {}, .value = &value});
  impl_->app.add_option(impl_->names.emplace_back(dashed(name)), list.text, std::string(help));
}
void Options::positional(std::string_view name, std::vector<std::string>& value, std::string_view help) {
  impl_->words = &value;
  impl_->about += "\n\n  " + std::string(name) + "   " + std::string(help);
}

// What is left after the options: arguments, or an option that nobody declared.
std::optional<Error> Options::take_words() {
  bool options_over = false;
  for (const std::string& word : impl_->app.remaining()) {
    if (!options_over && word == "--") {
      options_over = true;
    } else if (!options_over && word.size() > 1 && word.starts_with('-')) {
      const std::vector<std::string_view> names(impl_->names.begin(), impl_->names.end());
      const std::string_view near = nearest(std::string_view(word).substr(0, word.find('=')), names);
      return Error(
          Code::kUsage, "unknown option " + printable(word),
          near.empty() ? "See " + impl_->app.get_name() + " --help" : "Did you mean " + std::string(near) + "?");
    } else if (impl_->words == nullptr) {
      return Error(Code::kUsage, impl_->app.get_name() + " takes no argument, but got " + printable(word));
    } else {
      impl_->words->push_back(word);
    }
  }
  for (const Impl::List& list : impl_->lists) *list.value = split_list(list.text);
  return std::nullopt;
}

bool Options::parse(std::span<const char* const> arguments, int& exit_code) {
  impl_->app.description(impl_->about);
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    impl_->app.parse(reversed);
  } catch (const CLI::CallForHelp&) {
    std::fputs(impl_->app.help().c_str(), stdout);
    exit_code = 0;
    return false;
  } catch (const CLI::ParseError& error) {
    exit_code = report({Code::kUsage, error.what(), "See " + impl_->app.get_name() + " --help"});
    return false;
  }
  const std::optional<Error> wrong = take_words();
  if (wrong) exit_code = report(*wrong);
  return !wrong;
}

void pieces_options(Options& options, importer::Options& pieces) {
  options.list("feature_names", pieces.feature_names, "names for the columns of a model that has none: a,b,c");
  options.list("steps", pieces.steps, "which pieces of the files to use, in order: keys, indices, names of files");
}

int report(const Error& error) {
  constexpr std::size_t kLongest = 4096;  // a message may quote a name of the file's: nothing in it commands a terminal
  std::fprintf(stderr, "slipway: %s\n", printable(error.message(), kLongest).c_str());
  if (!error.hint().empty()) std::fprintf(stderr, "  %s\n", printable(error.hint(), kLongest).c_str());
  return info(error.code()).exit;
}

Result<engine::Plan> load(std::span<const std::string> files, const importer::Options& options) {
  constexpr std::size_t kFileLimit = std::size_t{2} << 30;
  std::vector<importer::Source> sources;
  for (const std::string& file : files) {
    FileBytes bytes = SLIPWAY_TRY(FileBytes::open(file, kFileLimit));
    sources.push_back({file, std::move(bytes)});
  }
  model::Model model = SLIPWAY_TRY(importer::import_files(sources, options));
  for (const std::string& note : model.provenance().notes) std::fprintf(stderr, "slipway: %s\n", note.c_str());
  return engine::Plan::compile(std::move(model));
}

}  // namespace slipway::cli
