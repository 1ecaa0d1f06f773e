// SPDX-License-Identifier: Apache-2.0
#include "cli/proof/expected_file.h"

#include <fmt/core.h>
#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "base/file.h"
#include "base/stream.h"
#include "base/text.h"
#include "format/csv.h"

namespace slipway::cli {
namespace {

namespace dom = simdjson::dom;

class CsvExpected final : public ExpectedFile {
 public:
  static Result<std::unique_ptr<ExpectedFile>> open(const std::string& path) {
    std::unique_ptr<FileSource> source = SLIPWAY_TRY(FileSource::open(path));
    auto out = std::make_unique<CsvExpected>(path, std::move(source));
    const bool there = SLIPWAY_TRY(out->read());
    if (!there) return fail(Code::kInvalid, path + ": is empty");
    out->index_ = out->values_.front().empty();
    if (out->index_) out->values_.erase(out->values_.begin());
    out->names_ = std::exchange(out->values_, {});
    return out;
  }

  CsvExpected(std::string path, std::unique_ptr<FileSource> source)
      : path_(std::move(path)), source_(std::move(source)), reader_(*source_, {}) {}

  Result<bool> next() override {
    const bool there = SLIPWAY_TRY(read());
    if (!there) return false;
    if (index_) values_.erase(values_.begin());
    if (values_.size() == names_.size()) return true;
    return fail(Code::kInvalid, fmt::format("{}:{}: has {} values, the header has {}", path_, reader_.line(),
                                            values_.size(), names_.size()));
  }

 private:
  Result<bool> read() {
    const format::CsvReader::Next next = SLIPWAY_TRY(reader_.next());
    if (next == format::CsvReader::Next::kEnd) return false;
    if (next == format::CsvReader::Next::kBad) {
      return fail(Code::kInvalid, fmt::format("{}:{}: {}", path_, reader_.problem_place().line, reader_.problem()));
    }
    values_.clear();
    for (std::size_t i = 0; i < reader_.size(); ++i) values_.emplace_back(reader_[i]);
    return true;
  }

  std::string path_;
  std::unique_ptr<FileSource> source_;
  format::CsvReader reader_;
  bool index_ = false;
};

class JsonLinesExpected final : public ExpectedFile {
 public:
  static Result<std::unique_ptr<ExpectedFile>> open(const std::string& path) {
    constexpr std::size_t kLimit = std::size_t{1} << 30;
    FileBytes bytes = SLIPWAY_TRY(FileBytes::open(path, kLimit));
    auto out = std::make_unique<JsonLinesExpected>(path, std::move(bytes));
    const std::string_view all = out->rest_;
    SLIPWAY_TRY(out->next());
    for (const auto& [name, value] : out->row_) out->names_.push_back(name);
    out->rest_ = all;
    out->line_ = 0;
    return out;
  }

  JsonLinesExpected(std::string path, FileBytes bytes)
      : path_(std::move(path)), bytes_(std::move(bytes)), rest_(bytes_.bytes()) {}

  Result<bool> next() override {
    std::string_view line;
    while (line.find_first_not_of(" \t\r") == line.npos) {
      if (rest_.empty()) return false;
      const std::size_t end = std::min(rest_.find('\n'), rest_.size());
      line = rest_.substr(0, end);
      rest_.remove_prefix(std::min(end + 1, rest_.size()));
      ++line_;
    }
    SLIPWAY_TRY(read(line));
    values_.clear();
    for (const std::string& name : names_) {
      const auto found = std::ranges::find(row_, name, &std::pair<std::string, std::string>::first);
      if (found == row_.end()) return bad(fmt::format("has no \"{}\"", printable(name)));
      values_.push_back(found->second);
    }
    if (names_.empty() || row_.size() == names_.size()) return true;
    return bad("has other members than the first line");
  }

 private:
  std::unexpected<Error> bad(const std::string& what) const {
    return fail(Code::kInvalid, fmt::format("{}:{}: {}", path_, line_, what));
  }

  Result<void> read(std::string_view line) {
    dom::object object;
    row_.clear();
    if (parser_.parse(line.data(), line.size(), true).get(object) != simdjson::SUCCESS) {
      return bad("is no JSON object");
    }
    for (const dom::key_value_pair member : object) {
      std::string_view text;
      bool flag = false;
      std::string value;
      if (member.value.get(text) == simdjson::SUCCESS) {
        value = text;
      } else if (member.value.get(flag) == simdjson::SUCCESS) {
        value = flag ? "True" : "False";
      } else if (member.value.is_object() || member.value.is_array()) {
        return bad(fmt::format("\"{}\" is no single value", printable(member.key)));
      } else if (!member.value.is_null()) {
        value = simdjson::minify(member.value);
      }
      row_.emplace_back(member.key, std::move(value));
    }
    return {};
  }

  std::string path_;
  FileBytes bytes_;
  std::string_view rest_;
  std::uint64_t line_ = 0;
  dom::parser parser_;
  std::vector<std::pair<std::string, std::string>> row_;
};

}  // namespace

Result<std::unique_ptr<ExpectedFile>> ExpectedFile::open(const std::string& path) {
  const bool lines = path.ends_with(".jsonl") || path.ends_with(".ndjson");
  return lines ? JsonLinesExpected::open(path) : CsvExpected::open(path);
}

}  // namespace slipway::cli
