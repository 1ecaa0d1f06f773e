// SPDX-License-Identifier: Apache-2.0
// `slipway predict FILE... '{...}'`: the answer that POST /predict gives, by the same code, without a server. With
// --input a whole file of records (cli/batch).
#include <simdjson.h>
#include <sys/stat.h>

#include <cstdio>
#include <iterator>
#include <string>

#include "base/file.h"
#include "cli/any_model.h"
#include "cli/batch/batch.h"
#include "cli/options.h"
#include "cli/store.h"
#include "serve/service.h"

namespace slipway::cli {
namespace {

// The record: an argument that starts like JSON, "-" for standard input, "@file" for a file.
Result<std::string> read_input(const std::string& argument) {
  constexpr std::size_t kLimit = std::size_t{8} << 20;
  if (argument != "-" && !argument.starts_with('@')) return argument;
  const std::string path = argument == "-" ? "/dev/stdin" : argument.substr(1);
  const FileBytes file = SLIPWAY_TRY(FileBytes::open(path, kLimit));
  return std::string(file.bytes());
}

bool is_input(const std::string& argument) {
  return argument == "-" ||
         (!argument.empty() && std::string_view("{[@\"").find(argument[0]) != std::string_view::npos);
}

// The problem that the server would have answered, as an error for people.
Error error_of(const serve::http::Response& response) {
  Code code = Code::kInternal;
  for (std::size_t i = 0; i < std::size(kCodes); ++i) {
    if (kCodes[i].http == response.status && code == Code::kInternal) code = Code(i);
  }
  simdjson::dom::parser parser;
  simdjson::dom::element problem;
  if (parser.parse(simdjson::padded_string(response.body)).get(problem) != simdjson::SUCCESS)
    return {code, "no answer"};
  std::string_view text;
  std::string message = problem["detail"].get(text) == simdjson::SUCCESS ? std::string(text) : "no answer";
  std::string hint = problem["hint"].get(text) == simdjson::SUCCESS ? std::string(text) : "";
  simdjson::dom::array errors;
  if (problem["errors"].get(errors) == simdjson::SUCCESS && errors.size() > 1) {
    message = std::to_string(errors.size()) + " problems";
    for (const simdjson::dom::element error : errors) {
      if (error["message"].get(text) == simdjson::SUCCESS) message.append("; ").append(text);
    }
  }
  simdjson::dom::element example;
  if (problem["example"].get(example) == simdjson::SUCCESS) hint = "For example " + simdjson::minify(example);
  return {code, std::move(message), std::move(hint)};
}

struct Arguments {
  std::vector<std::string> words;
  importer::Options pieces;
  std::string store;
  std::string contract = "auto";
  std::string on_error = "fail";
  bool no_header = false;
  BatchOptions batch;
};

// The files that were named, or the version of the store: one word that is no file is a name.
Result<std::shared_ptr<const serve::ServedModel>> open_model(const Arguments& arguments) {
  serve::ServedModel::Options about;
  struct stat status{};
  const bool file =
      arguments.words.size() > 1 || (::stat(arguments.words[0].c_str(), &status) == 0 && !S_ISDIR(status.st_mode));
  if (file) {
    engine::Plan plan = SLIPWAY_TRY(load(arguments.words, arguments.pieces));
    about.name = file_stem(arguments.words.back());
    return serve::ServedModel::create(std::move(plan), about);
  }
  AnyModel found = SLIPWAY_TRY(load_any(arguments.words[0], arguments.store, model::Verify::kQuick));
  const std::size_t colon = found.title.rfind(':');
  about.name = found.title.substr(0, colon);
  if (colon != found.title.npos) about.version = found.title.substr(colon + 1);
  about.bundle = found.bundle;
  if (found.manifest) about.serving = found.manifest->serving;
  engine::Plan plan = SLIPWAY_TRY(engine::Plan::compile(std::move(found.model)));
  return serve::ServedModel::create(std::move(plan), about);
}

Result<int> run(Arguments arguments) {
  std::vector<std::string>& words = arguments.words;
  if (words.size() < 2 || !is_input(words.back())) {
    return fail(
        Code::kUsage, "predict takes a model's file, or its name in the store, and a record",
        "slipway predict churn.pkl '{\"tenure\":24}'  (or @customer.json, - for standard input, --input f.csv)");
  }
  std::string body = SLIPWAY_TRY(read_input(words.back()));
  words.pop_back();
  const std::size_t size = body.size();
  body.resize(size + 64);  // the parser may read behind the end
  const serve::Contract mode = SLIPWAY_TRY(serve::parse_contract(arguments.contract));
  std::shared_ptr<const serve::ServedModel> model = SLIPWAY_TRY(open_model(arguments));
  const std::unique_ptr<Log> log = SLIPWAY_TRY(Log::open("off"));
  serve::Service service({.version = std::string(kVersion), .contract = mode, .limits = {}}, *log);
  service.publish(serve::Snapshot::of(std::move(model)));
  const serve::ServiceHandler handler(service, {.shows = serve::Listener::kData, .loopback_only = false});
  const auto worker = handler.make_worker();
  serve::http::Request request;
  request.method = serve::http::Method::kPost;
  request.path = "/predict";
  request.body = std::string_view(body).substr(0, size);
  request.received = serve::http::Clock::now();
  const serve::http::Response response = handler.respond(request, *worker);
  if (response.status != 200) return fail(error_of(response));
  std::fwrite(response.body.data(), 1, response.body.size(), stdout);
  return 0;
}

Result<int> run_file(Arguments arguments) {
  BatchOptions& batch = arguments.batch;
  if (arguments.words.empty()) {
    return fail(Code::kUsage, "predict takes a model's file, or its name in the store",
                "slipway predict churn.pkl --input customers.csv");
  }
  if (arguments.on_error != "fail" && arguments.on_error != "skip") {
    return fail(Code::kUsage, "--on-error " + arguments.on_error + " is neither skip nor fail");
  }
  batch.skip_bad = arguments.on_error == "skip";
  batch.rows.header = !arguments.no_header;
  batch.rows.contract = SLIPWAY_TRY(serve::parse_contract(arguments.contract));
  const std::shared_ptr<const serve::ServedModel> model = SLIPWAY_TRY(open_model(arguments));
  return run_batch(model->plan(), std::move(batch));
}

void declare_batch(Options& options, Arguments& arguments) {
  BatchOptions& batch = arguments.batch;
  options.option("input", batch.input, "a file of records instead of one: .csv, .tsv, .jsonl, .json, or -");
  options.option("output", batch.output, "where the answers go, as CSV, JSON lines or JSON by its name");
  options.list("columns", batch.columns,
               "of row, prediction, probability, probabilities, decision, score, transform; what the model has");
  options.list("keep", batch.rows.keep, "columns of the input to repeat before the answers");
  options.option("on_error", arguments.on_error, "what a bad row does: fail, or skip, which counts it");
  options.option("format", batch.format, "of the output, if its name does not say: csv, jsonl, json");
  options.option("input_format", batch.input_format, "of the input, if its name does not say: csv, jsonl, json");
  options.option("delimiter", batch.delimiter, "of CSV: , ; tab | or auto");
  options.flag("no_header", arguments.no_header, "the CSV has no header; its columns are the model's, in order");
  options.flag("json", batch.json, "the summary of --input as JSON");
}

}  // namespace

int predict(const Command& command, std::span<const char* const> given) {
  Options options(command);
  Arguments arguments;
  options.positional("MODEL RECORD", arguments.words,
                     "the model's file or files, or its name in the store; then the record: JSON, @file, or -");
  store_option(options, arguments.store);
  options.option("contract", arguments.contract, "what becomes of records that deviate: auto, strict or ignore");
  pieces_options(options, arguments.pieces);
  declare_batch(options, arguments);
  int exit_code = 0;
  if (!options.parse(given, exit_code)) return exit_code;
  const bool one = arguments.batch.input.empty();
  const Result<int> done = one ? run(std::move(arguments)) : run_file(std::move(arguments));
  return done ? *done : report(done.error());
}

}  // namespace slipway::cli
