// SPDX-License-Identifier: Apache-2.0
// A row's way: read, judge, run, print. The clock is looked at every thousand rows, the output written by the quarter
// megabyte.
#include "cli/batch/batch.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <optional>
#include <utility>

#include "base/file.h"
#include "base/text.h"
#include "cli/batch/answer_writer.h"
#include "cli/batch/progress.h"
#include "cli/batch/tally.h"
#include "format/pickle/unpacked_source.h"

namespace slipway::cli {
namespace {

using serve::RowFormat;
using serve::RowReader;

constexpr std::size_t kWriteAt = std::size_t{256} << 10;
constexpr std::uint64_t kLookAtClock = 1024;  // rows
constexpr int kPipeClosed = 128 + 13;         // as a shell says it of a process that SIGPIPE ended

// The input again from its beginning, after its first bytes have been looked at.
class Peeked : public Source {
 public:
  explicit Peeked(Source& source) : source_(source) {}
  Result<std::string_view> look() {
    while (size_ < sizeof first_) {
      const std::size_t got = SLIPWAY_TRY(source_.read(std::span(first_).subspan(size_)));
      if (got == 0) break;
      size_ += got;
    }
    return std::string_view(first_, size_);
  }
  Result<std::size_t> read(std::span<char> room) override {
    if (given_ == size_) return source_.read(room);
    const std::size_t size = std::min(room.size(), size_ - given_);
    std::memcpy(room.data(), first_ + given_, size);
    given_ += size;
    return size;
  }

 private:
  Source& source_;
  char first_[16] = {};
  std::size_t size_ = 0, given_ = 0;
};

// What is no text that we read, by its first bytes.
struct Magic {
  std::string_view bytes, name, hint;
};
constexpr Magic kMagics[] = {
    {"PK\x03\x04", "a zip archive or an Excel sheet", "Save it as CSV"},
    {"PAR1", "Parquet", "Write it as CSV, for example with pandas: pd.read_parquet(f).to_csv(g, index=False)"},
    {"ARROW1", "Arrow", "Write it as CSV, for example with pandas: pd.read_feather(f).to_csv(g, index=False)"},
};

Result<void> check_magic(std::string_view first, const std::string& name) {
  for (const Magic& magic : kMagics) {
    if (!first.starts_with(magic.bytes)) continue;
    return fail(Code::kUnsupportedMedia, name + " is " + std::string(magic.name) + ", not text",
                std::string(magic.hint));
  }
  return {};
}

// What is compressed in a way that no text looks like.
bool is_packed(pickle::FileKind kind) {
  using enum pickle::FileKind;
  return kind == kGzip || kind == kBzip2 || kind == kXz || kind == kZstd || kind == kLz4;
}

// "f.csv" of "f.csv.gz".
std::string_view without_packing(std::string_view path) {
  for (const std::string_view end : {".gz", ".bz2", ".xz", ".zst", ".lz4"}) {
    if (path.ends_with(end)) return path.substr(0, path.size() - end.size());
  }
  return path;
}

// A format by its name, else by the end of the file's name.
Result<RowFormat> format_of(std::string_view name, std::string_view path, std::string_view option,
                            RowFormat otherwise) {
  const std::size_t dot = path.rfind('.');
  const bool asked = !name.empty();
  if (!asked && dot != path.npos) name = path.substr(dot + 1);
  if (name == "csv" || name == "tsv" || (!asked && name == "txt")) return RowFormat::kCsv;
  if (name == "jsonl" || name == "ndjson") return RowFormat::kJsonLines;
  if (name == "json") return RowFormat::kJson;
  if (!asked) return otherwise;
  return fail(Code::kUsage, std::string(option) + " " + printable(name) + " is none of csv, jsonl, json");
}

Result<char> delimiter_of(std::string_view name, std::string_view path) {
  if (name.empty()) return path.ends_with(".tsv") ? '\t' : ',';
  if (name == "auto") return '\0';
  if (name == "tab" || name == "\\t") return '\t';
  if (name.size() == 1 && (name == "," || name == ";" || name == "\t" || name == "|")) return name[0];
  return fail(Code::kUsage, "--delimiter " + printable(name) + " is none of , ; tab | auto");
}

class Batch {
 public:
  Batch(const engine::Plan& plan, const BatchOptions& options, AnswerWriter writer)
      : plan_(plan), options_(options), writer_(std::move(writer)), tally_(plan), scratch_(plan.scratch()) {}

  Result<int> run(Source& input, std::optional<std::uint64_t> size) {
    Peeked source(input);
    const std::string_view first = SLIPWAY_TRY(source.look());
    SLIPWAY_TRY(check_magic(first, options_.rows.name));
    std::optional<pickle::UnpackedSource> unpacked;
    if (const pickle::FileKind kind = pickle::sniff(first); is_packed(kind)) {
      unpacked.emplace(source, kind, options_.rows.name, pickle::Limits{});
      size = std::nullopt;  // what is counted is what comes out
    }
    reader_ = SLIPWAY_TRY(RowReader::open(unpacked ? static_cast<Source&>(*unpacked) : source, plan_, options_.rows));
    auto output = SLIPWAY_TRY(OutputFile::create(options_.output));
    Progress progress(size, !options_.json);
    const auto scored = score(output, progress);
    progress.end();
    if (!scored && output.closed_by_reader()) return kPipeClosed;
    if (!scored) return fail(scored.error());
    SLIPWAY_TRY(output.commit());
    summarise(progress.seconds());
    return 0;
  }

 private:
  Result<void> score(OutputFile& output, Progress& progress) {
    findings_.clear();
    for (;;) {
      const RowReader::Next next = SLIPWAY_TRY(reader_->next());
      if (next == RowReader::Next::kEnd) break;
      ++row_;
      const bool good = next == RowReader::Next::kRow ? run_row() : broken_row();
      if (good) {
        print();
      } else if (!options_.skip_bad) {
        return fail(Code::kContract, tally_.listed.empty() ? "a row is bad" : tally_.listed.front(),
                    "--on-error skip leaves bad rows out and counts them");
      }
      if (writer_.out.size() >= kWriteAt) SLIPWAY_TRY(flush(output));
      if (row_ % kLookAtClock == 0) progress.show(row_, reader_->bytes());
    }
    if (!begun_) begin();
    writer_.end();
    return flush(output);
  }

  void begin() {
    begun_ = true;
    writer_.begin(reader_->kept_names());
  }

  void print() {
    if (!begun_) begin();
    writer_.append(row_, reader_->kept(), answer_);
    ++tally_.rows;
  }

  Result<void> flush(OutputFile& output) {
    SLIPWAY_TRY(output.write(writer_.out));
    writer_.out.clear();
    return {};
  }

  // Holds the record against the contract and runs it; true if it has an answer, which is then in answer_.
  bool run_row() {
    const std::uint32_t lacking = findings_.count(monitor::Deviation::kMissingField, false);
    const std::size_t known = findings_.errors().size();
    if (!judge_and_run()) {
      list_errors(known);
      tally_.bad_row();
      return false;
    }
    if (findings_.count(monitor::Deviation::kMissingField, false) != lacking) tally_.missing(reader_->cells());
    return true;
  }

  bool judge_and_run() {
    const auto cells = reader_->cells();
    const serve::Contract contract = options_.rows.contract;
    const auto row = std::uint32_t(row_);
    if (!reader_->sound() && !serve::judge(plan_, contract, row, cells, reader_->extras(), findings_)) return false;
    plan_.run({cells, reader_->extras()}, *scratch_, answer_, writer_.wanted());
    if (answer_.refusal != nullptr || !serve::is_finite(answer_)) {
      serve::note_refusal(plan_, answer_, row, cells, findings_);
      return false;
    }
    const auto unseen = plan_.unseen_fields(*scratch_);
    if (unseen.empty()) return true;
    if (!serve::judge_categories(plan_, contract, row, unseen, cells, findings_)) return false;
    tally_.unseen(unseen, cells);
    return true;
  }

  bool broken_row() {
    tally_.list(here(reader_->problem_place()) + reader_->problem());
    tally_.bad_row();
    return false;
  }

  // The row's errors that are not listed yet, each with the place of its field.
  void list_errors(std::size_t known) {
    for (const serve::Deviation& error : findings_.errors().subspan(known)) {
      tally_.list(here(reader_->place(plan_.model().schema().find(error.field))) + error.message);
    }
  }

  std::string here(format::TextPlace place) const {
    std::string out = serve::where(options_.rows.name, place);
    if (place.line == 0) out += "row " + std::to_string(row_) + ": ";
    return out;
  }

  void summarise(double seconds) const {
    const bool to_stdout = options_.output == "-";
    if (options_.json) {
      std::string line = "{\"output\":";
      append_json_string(line, options_.output);
      line += tally_.json(reader_->ignored()) + ",\"seconds\":";
      append_json_number(line, seconds);
      std::fprintf(to_stdout ? stderr : stdout, "%s}\n", line.c_str());
      return;
    }
    for (const std::string& reason : tally_.listed)
      std::fprintf(stderr, "skipped: %s\n", printable(reason, 1000).c_str());
    if (tally_.skipped > tally_.listed.size() && tally_.listed.size() == Tally::kListed) {
      std::fprintf(stderr, "skipped: and others; the first %zu are listed\n", tally_.listed.size());
    }
    for (const std::string& line : tally_.lines(reader_->ignored())) std::fprintf(stderr, "%s\n", line.c_str());
    std::fprintf(stderr, "%llu rows, %llu skipped, %.2f s (%.0f rows/s)\n", (unsigned long long)tally_.rows,
                 (unsigned long long)tally_.skipped, seconds, double(row_) / std::max(seconds, 1e-9));
  }

  const engine::Plan& plan_;
  const BatchOptions& options_;
  AnswerWriter writer_;
  Tally tally_;
  serve::Findings findings_;
  engine::Plan::ScratchPtr scratch_;
  engine::Answer answer_;
  std::unique_ptr<RowReader> reader_;
  std::uint64_t row_ = 0;  // records read
  bool begun_ = false;     // what stands before the first row has been printed
};

}  // namespace

Result<int> run_batch(const engine::Plan& plan, BatchOptions options) {
  options.rows.name = options.input == "-" ? "standard input" : options.input;
  options.rows.hint = "Rename it, or hand it through with --keep";
  const std::string_view input_name = without_packing(options.input);
  options.rows.format = SLIPWAY_TRY(format_of(options.input_format, input_name, "--input-format", RowFormat::kCsv));
  options.rows.csv.delimiter = SLIPWAY_TRY(delimiter_of(options.delimiter, input_name));
  const RowFormat format = SLIPWAY_TRY(format_of(options.format, options.output, "--format", options.rows.format));
  AnswerColumns columns = SLIPWAY_TRY(answer_columns(plan.model(), options.columns));
  auto input = SLIPWAY_TRY(FileSource::open(options.input));
  Batch batch(plan, options, AnswerWriter(plan.model(), std::move(columns), format));
  return batch.run(*input, input->size());
}

}  // namespace slipway::cli
