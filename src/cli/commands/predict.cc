// SPDX-License-Identifier: Apache-2.0
// `slipway predict FILE... '{...}'`: the answer that POST /predict gives, by the same code, without a server.
#include <simdjson.h>

#include <cstdio>
#include <iterator>
#include <string>

#include "base/file.h"
#include "cli/options.h"
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
  return argument == "-" || argument.starts_with('{') || argument.starts_with('[') || argument.starts_with('@');
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

Result<int> run(std::vector<std::string> arguments, const std::string& contract, const importer::Options& pieces) {
  if (arguments.size() < 2 || !is_input(arguments.back())) {
    return fail(Code::kUsage, "predict takes a model's file and a record",
                "slipway predict churn.pkl '{\"tenure\":24}'  (or @customer.json, or - for standard input)");
  }
  std::string body = SLIPWAY_TRY(read_input(arguments.back()));
  arguments.pop_back();
  const std::size_t size = body.size();
  body.resize(size + 64);  // the parser may read behind the end
  const serve::Contract mode = SLIPWAY_TRY(serve::parse_contract(contract));
  engine::Plan plan = SLIPWAY_TRY(load(arguments, pieces));
  const std::unique_ptr<Log> log = SLIPWAY_TRY(Log::open("off"));
  const serve::Service service(
      std::move(plan),
      {.model_name = file_stem(arguments.back()), .version = std::string(kVersion), .contract = mode, .limits = {}},
      *log);
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

}  // namespace

int predict(const Command& command, std::span<const char* const> arguments) {
  Options options(command);
  std::vector<std::string> words;
  importer::Options pieces;
  std::string contract = "auto";
  options.positional("FILE RECORD", words, "the model's file or files, then the record: JSON, @file, or -");
  options.option("contract", contract, "what becomes of records that deviate: auto, strict or ignore");
  options.list("feature_names", pieces.feature_names, "names for the columns of a model that has none");
  options.list("steps", pieces.steps, "which pieces of the files to use, in order: keys, indices, names of files");
  int exit_code = 0;
  if (!options.parse(arguments, exit_code)) return exit_code;
  const Result<int> done = run(std::move(words), contract, pieces);
  return done ? *done : report(done.error());
}

}  // namespace slipway::cli
