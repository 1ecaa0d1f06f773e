// SPDX-License-Identifier: Apache-2.0
// JSON lines and JSON files go through the reader of request bodies, so that a record in a file means what it means in
// a request.
#include "serve/rows.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/text.h"
#include "format/lines.h"
#include "serve/body.h"
#include "serve/rows_csv.h"

namespace slipway::serve {

using model::Cell;
using model::Schema;

namespace {

constexpr std::size_t kLongestLine = std::size_t{16} << 20;
constexpr std::size_t kLargestFile = std::size_t{2} << 30;

BodyLimits limits() {
  BodyLimits limits;
  limits.rows = std::numeric_limits<std::uint32_t>::max();  // the bytes bound them
  limits.cells = std::numeric_limits<std::uint64_t>::max();
  limits.text_bytes = std::uint32_t{1} << 20;
  return limits;
}

// "the body is not JSON" as said of a file or a line.
std::string said_of(std::string_view what, const Error& error) {
  std::string_view message = error.message();
  constexpr std::string_view kBody = "the body";
  if (message.starts_with(kBody)) return std::string(what) + std::string(message.substr(kBody.size()));
  return std::string(message);
}

class JsonRows : public RowReader {
 public:
  JsonRows(const engine::Plan& plan, RowOptions options)
      : plan_(plan), options_(std::move(options)), body_(plan.model().schema(), limits()) {}

  std::span<Cell> cells() override { return body_.cells(); }
  std::span<const model::Extra> extras() const override { return body_.extras(); }

 protected:
  // What `next` of the body gave, as our own; a row's kept values are taken.
  Next take(BodyReader::Next next, format::TextPlace place) {
    if (next == BodyReader::Next::kEnd) return Next::kEnd;
    if (next == BodyReader::Next::kBad) return bad(std::string(body_.problem()), place);
    keep();
    return Next::kRow;
  }
  Next bad(std::string problem, format::TextPlace place) {
    problem_ = std::move(problem);
    problem_place_ = place;
    return Next::kBad;
  }

  const engine::Plan& plan_;
  const RowOptions options_;
  BodyReader body_;

 private:
  void keep() {
    const auto is_id = [&](const model::Extra& extra) { return is_caller_id(plan_, extra); };
    if (!std::exchange(named_, true)) {
      kept_names_ = options_.keep;
      if (kept_names_.empty() && std::ranges::any_of(body_.extras(), is_id)) kept_names_.emplace_back("id");
      kept_.resize(kept_names_.size());
    }
    for (std::size_t i = 0; i < kept_.size(); ++i) kept_[i] = find(kept_names_[i]);
  }
  Cell find(std::string_view name) {
    const std::uint32_t field = plan_.model().schema().find(name);
    if (field != Schema::kNoField) return body_.cells()[field];
    for (const model::Extra& extra : body_.extras()) {
      if (extra.name == name) return extra.value;
    }
    return {};
  }

  bool named_ = false;
};

class JsonLineRows : public JsonRows {
 public:
  JsonLineRows(Source& source, const engine::Plan& plan, RowOptions options)
      : JsonRows(plan, std::move(options)), lines_(source, kLongestLine) {}

  Result<Next> next() override {
    for (;;) {
      const auto line = SLIPWAY_TRY(lines_.next());
      if (line == format::LineReader::Next::kEnd) return Next::kEnd;
      if (line == format::LineReader::Next::kTooLong) {
        return bad("the line is longer than " + std::to_string(kLongestLine) + " bytes", place(Schema::kNoField));
      }
      if (lines_.text().find_first_not_of(" \t") != std::string_view::npos) break;
    }
    const auto opened = body_.open(lines_.text());
    if (!opened) return bad(said_of("the line", opened.error()), place(Schema::kNoField));
    if (body_.many()) return bad("the line is a list; a line has one record or one row", place(Schema::kNoField));
    const auto row = body_.next();
    if (!row) return bad(row.error().message(), place(Schema::kNoField));
    return take(*row, place(Schema::kNoField));
  }
  format::TextPlace place(std::uint32_t) const override { return {.line = lines_.line(), .column = 1}; }
  std::uint64_t bytes() const override { return lines_.bytes(); }

 private:
  format::LineReader lines_;
};

class JsonFileRows : public JsonRows {
 public:
  using JsonRows::JsonRows;

  Result<void> open(Source& source) {
    constexpr std::size_t kStep = std::size_t{1} << 20;
    constexpr std::size_t kBehind = 64;  // the parser may read behind the end
    for (;;) {
      text_.resize(size_ + std::max(kStep, size_ / 2));
      const std::size_t got = SLIPWAY_TRY(source.read(std::span(text_).subspan(size_)));
      size_ += got;
      if (got == 0) break;
      if (size_ > kLargestFile) {
        return fail(Code::kTooLarge,
                    where(options_.name, {}) + "the file has more than " + std::to_string(kLargestFile) + " bytes",
                    "Write it as JSON lines (.jsonl), which are read one by one");
      }
    }
    text_.resize(size_ + kBehind);
    auto opened = body_.open(std::string_view(text_).substr(0, size_));
    if (!opened) return fail(opened.error().code(), where(options_.name, {}) + said_of("the file", opened.error()));
    return {};
  }

  Result<Next> next() override {
    const BodyReader::Next row = SLIPWAY_TRY(body_.next());
    return take(row, {});
  }
  format::TextPlace place(std::uint32_t) const override { return {}; }
  std::uint64_t bytes() const override { return size_; }

 private:
  std::string text_;
  std::size_t size_ = 0;
};

}  // namespace

std::string where(std::string_view name, format::TextPlace place) {
  std::string out(name);
  if (place.line > 0) out += ':' + std::to_string(place.line) + ':' + std::to_string(place.column);
  return out + ": ";
}

Result<std::unique_ptr<RowReader>> RowReader::open(Source& source, const engine::Plan& plan, RowOptions options) {
  if (options.format == RowFormat::kCsv) {
    auto rows = std::make_unique<CsvRows>(source, plan, std::move(options));
    SLIPWAY_TRY(rows->open());
    return rows;
  }
  if (options.format == RowFormat::kJsonLines) return std::make_unique<JsonLineRows>(source, plan, std::move(options));
  auto rows = std::make_unique<JsonFileRows>(plan, std::move(options));
  SLIPWAY_TRY(rows->open(source));
  return rows;
}

}  // namespace slipway::serve
