// SPDX-License-Identifier: Apache-2.0
// Lock files are read for a handful of names only, line by line where the format is one of lines: what pip, poetry, uv
// and conda write has a fixed form, and what else may stand there is no concern of a model.
#include "cli/proof/sidecars.h"

#include <fmt/core.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <functional>
#include <map>

#include "base/file.h"
#include "base/text.h"

namespace slipway::cli {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view kPackages[] = {"catboost", "joblib",       "lightgbm", "numpy", "pandas",
                                          "python",   "scikit-learn", "scipy",    "skops", "xgboost"};
constexpr std::size_t kFileLimit = std::size_t{16} << 20;

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

// "Scikit_Learn" and "sklearn" are scikit-learn.
std::string package_name(std::string_view name) {
  std::string out(name);
  for (char& c : out) c = c == '_' ? '-' : char(std::tolower(static_cast<unsigned char>(c)));
  return out == "sklearn" ? "scikit-learn" : out;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\"'";
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

using Found = std::map<std::string, std::string>;

void note(Found& found, std::string_view name, std::string_view version) {
  const std::string package = package_name(trimmed(name));
  const std::string_view value = trimmed(version);
  const bool version_like = !value.empty() && value.front() >= '0' && value.front() <= '9' && value.size() < 40;
  if (version_like && std::ranges::find(kPackages, package) != std::end(kPackages)) found.emplace(package, value);
}

void each_line(std::string_view text, const std::function<void(std::string_view)>& visit) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    visit(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// [[package]] / name = "scikit-learn" / version = "1.6.1"
void read_toml_lock(std::string_view text, Found& found) {
  std::string name;
  bool package = false;
  each_line(text, [&](std::string_view line) {
    if (line.starts_with('[')) {
      package = line.starts_with("[[package]]");
      name.clear();
    }
    const std::size_t equals = line.find('=');
    if (!package || equals == line.npos) return;
    const std::string_view key = trimmed(line.substr(0, equals));
    if (key == "name") name = trimmed(line.substr(equals + 1));
    if (key == "version") note(found, name, line.substr(equals + 1));
  });
}

// "default": {"scikit-learn": {"version": "==1.6.1"}}
void read_pipfile_lock(std::string_view text, Found& found) {
  dom::parser parser;
  dom::element root;
  if (parser.parse(simdjson::padded_string(text)).get(root) != simdjson::SUCCESS) return;
  dom::object packages;
  std::string_view version;
  if (root["_meta"]["requires"]["python_version"].get(version) == simdjson::SUCCESS) note(found, "python", version);
  if (root["default"].get(packages) != simdjson::SUCCESS) return;
  for (const dom::key_value_pair package : packages) {
    if (package.value["version"].get(version) != simdjson::SUCCESS || !version.starts_with("==")) continue;
    note(found, package.key, version.substr(2));
  }
}

// scikit-learn==1.6.1 ; python_version >= "3.9" --hash=...
void read_requirements(std::string_view text, Found& found) {
  each_line(text, [&](std::string_view line) {
    const std::size_t equals = line.find("==");
    if (equals == line.npos || line.starts_with('#')) return;
    const std::string_view version = line.substr(equals + 2);
    note(found, line.substr(0, std::min(equals, line.find('['))), version.substr(0, version.find_first_of(" ;#\\,\r")));
  });
}

//   - scikit-learn=1.6.1=py312h...
void read_conda(std::string_view text, Found& found) {
  each_line(text, [&](std::string_view line) {
    const std::size_t dash = line.find("- "), equals = line.find('=');
    if (dash == line.npos || equals == line.npos || equals < dash) return;
    std::string_view version = line.substr(equals);
    version.remove_prefix(std::min(version.find_first_not_of('='), version.size()));
    note(found, line.substr(dash + 2, equals - dash - 2), version.substr(0, version.find('=')));
  });
}

struct LockFile {
  std::string_view name;
  void (*read)(std::string_view text, Found& found);
};
constexpr LockFile kLockFiles[] = {
    {"uv.lock", read_toml_lock},         {"poetry.lock", read_toml_lock},         {"pdm.lock", read_toml_lock},
    {"Pipfile.lock", read_pipfile_lock}, {"requirements.txt", read_requirements}, {"environment.yml", read_conda}};

std::string text_of(dom::element value) {
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) return std::string(text);
  return simdjson::minify(value);
}

}  // namespace

Pairs locked_packages(std::string_view file_name, std::string_view text) {
  Found found;
  const auto* row = std::ranges::find(kLockFiles, file_name, &LockFile::name);
  if (row != std::end(kLockFiles)) row->read(text, found);
  return {found.begin(), found.end()};
}

Locked find_locked(const std::string& model_file) {
  for (const LockFile& row : kLockFiles) {
    const auto file = FileBytes::open(folder_of(model_file) + std::string(row.name), kFileLimit);
    if (!file) continue;
    Pairs packages = locked_packages(row.name, file->bytes());
    if (!packages.empty()) return {.file = std::string(row.name), .packages = std::move(packages)};
  }
  return {};
}

std::string stale(const Locked& locked, std::string_view library, const std::vector<std::string>& versions) {
  const auto pinned = std::ranges::find(locked.packages, library, &std::pair<std::string, std::string>::first);
  if (pinned == locked.packages.end() || versions.empty()) return "";
  if (std::ranges::find(versions, pinned->second) != versions.end()) return "";
  return fmt::format("{} pins {} {}, the model was written by {}", locked.file, library, pinned->second,
                     versions.front());
}

Result<Pairs> find_metadata(const std::string& model_file) {
  const std::size_t dot = model_file.rfind('.');
  const std::string stem = model_file.substr(0, dot > folder_of(model_file).size() ? dot : std::string::npos);
  for (const std::string& path : {stem + "_metadata.json", model_file + "_metadata.json"}) {
    const auto file = FileBytes::open(path, kFileLimit);
    if (!file && file.error().code() == Code::kNotFound) continue;
    if (!file) return fail(file.error());
    dom::parser parser;
    dom::object object;
    if (parser.parse(simdjson::padded_string(file->bytes())).get(object) != simdjson::SUCCESS) {
      return fail(Code::kInvalid, path + ": is no JSON object");
    }
    Pairs out;
    for (const dom::key_value_pair member : object) out.emplace_back(member.key, text_of(member.value));
    return out;
  }
  return Pairs();
}

}  // namespace slipway::cli
