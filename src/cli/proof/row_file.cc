// SPDX-License-Identifier: Apache-2.0
#include "cli/proof/row_file.h"

#include <fmt/core.h>
#include <sys/stat.h>

#include <utility>

namespace slipway::cli {
namespace {

bool is_file(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

serve::RowFormat format_of(std::string_view path) {
  if (path.ends_with(".jsonl") || path.ends_with(".ndjson")) return serve::RowFormat::kJsonLines;
  return path.ends_with(".json") ? serve::RowFormat::kJson : serve::RowFormat::kCsv;
}

}  // namespace

std::optional<std::string> find_rows(const std::string& model_file, std::string_view what) {
  const std::size_t slash = model_file.rfind('/');
  const std::size_t dot = model_file.rfind('.');
  const bool extension = dot != std::string::npos && (slash == std::string::npos || dot > slash + 1);
  const std::string stem = extension ? model_file.substr(0, dot) : model_file;
  for (const std::string_view ending : {"csv", "jsonl"}) {
    std::string path = fmt::format("{}.{}.{}", stem, what, ending);
    if (is_file(path)) return path;
  }
  return std::nullopt;
}

Result<RowFile> open_rows(const std::string& path, const engine::Plan& plan, serve::Contract contract) {
  RowFile out;
  out.source = SLIPWAY_TRY(FileSource::open(path));
  serve::RowOptions options;
  options.name = path;
  options.format = format_of(path);
  options.contract = contract;
  out.rows = SLIPWAY_TRY(serve::RowReader::open(*out.source, plan, std::move(options)));
  return out;
}

}  // namespace slipway::cli
