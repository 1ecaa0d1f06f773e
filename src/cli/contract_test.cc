// SPDX-License-Identifier: Apache-2.0
// The feature contract against the library's stored answers, through the same handler that serves: `ignore` answers
// what the library answered, and what passes in `strict` is answered alike in every mode.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>

#include "base/file.h"
#include "base/text.h"
#include "importer/import.h"
#include "serve/service.h"

namespace slipway {
namespace {

namespace fs = std::filesystem;
namespace dom = simdjson::dom;
using serve::Contract;

constexpr double kRelative = 1e-12;  // exp and sums of another order: design.md, Faithfulness

engine::Plan load(const fs::path& folder) {
  dom::parser parser;
  const auto about = parser.load((folder / "about.json").string());
  EXPECT_EQ(about.error(), simdjson::SUCCESS) << folder;
  std::vector<importer::Source> sources;
  for (const dom::element name : about["files"].get_array()) {
    const std::string path = (folder / std::string(std::string_view(name))).string();
    sources.push_back({path, *FileBytes::open(path, 1 << 24)});
  }
  auto model = importer::import_files(sources);
  EXPECT_TRUE(model) << folder << ": " << model.error().message();
  auto plan = engine::Plan::compile(std::move(*model));
  EXPECT_TRUE(plan) << folder;
  return std::move(*plan);
}

class Mode {
 public:
  Mode(const fs::path& folder, Contract contract)
      : log_(std::move(*Log::open("off"))),
        service_(load(folder), {.model_name = "m", .version = "1", .contract = contract, .limits = {}}, *log_),
        handler_(service_, {.shows = serve::Listener::kData, .loopback_only = false}),
        worker_(handler_.make_worker()) {}

  struct Seen {
    int status;
    std::string body;
  };
  Seen predict(std::string body) {
    const std::size_t size = body.size();
    body.append(64, '\0');
    serve::http::Request request;
    request.method = serve::http::Method::kPost;
    request.path = "/predict";
    request.body = std::string_view(body).substr(0, size);
    request.received = serve::http::Clock::now();
    const serve::http::Response response = handler_.respond(request, *worker_);
    return {response.status, std::string(response.body)};
  }
  const model::Model& model() const { return service_.current()->default_model()->model(); }

 private:
  std::unique_ptr<Log> log_;
  serve::Service service_;
  serve::ServiceHandler handler_;
  std::unique_ptr<serve::http::Worker> worker_;
};

std::vector<fs::path> fixtures() {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator("testdata/sklearn")) {
    if (entry.is_directory()) out.push_back(entry.path());
  }
  std::ranges::sort(out);
  return out;
}

std::vector<std::string> lines_of(const fs::path& path) {
  std::vector<std::string> out;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.empty()) out.push_back(line);
  }
  return out;
}

// What a fixture allows beyond that, by answer: sums in float, whose order only BLAS knows (fixtures_test.cc).
double allowed(const fs::path& folder, std::string_view answer) {
  dom::parser parser;
  double out = 0;
  const dom::element about = parser.load((folder / "about.json").string());
  return about["absolute"][answer].get(out) == simdjson::SUCCESS ? out : 0;
}

bool near(double got, double want, double absolute) {
  return got == want || std::fabs(got - want) <= kRelative * std::fabs(want) + absolute;
}

std::vector<double> numbers(dom::element element) {
  std::vector<double> out;
  if (!element.is_array()) return {double(element)};
  for (const dom::element value : element.get_array()) out.push_back(double(value));
  return out;
}

void expect_near(const std::vector<double>& got, const std::vector<double>& want, double absolute,
                 const std::string& where) {
  ASSERT_EQ(got.size(), want.size()) << where;
  for (std::size_t i = 0; i < got.size(); ++i) {
    EXPECT_TRUE(near(got[i], want[i], absolute)) << where << ": [" << i << "] " << got[i] << " instead of " << want[i];
  }
}

// The columns of all targets, in order (of a model with one label there is nothing to say). Of targets with two labels
// each only the second's is sent.
std::vector<double> probabilities(dom::element answer, const std::vector<double>& wanted) {
  std::vector<double> out;
  const auto append = [&](dom::element one) {
    for (const dom::key_value_pair pair : one.get_object()) out.push_back(double(pair.value));
  };
  dom::element value;
  if (answer["probability"].get(value) == simdjson::SUCCESS) {
    for (const double second : numbers(value)) {
      out.push_back(wanted.at(out.size()));
      out.push_back(second);
    }
  } else if (answer["probabilities"].get(value) == simdjson::SUCCESS) {
    if (value.is_object()) return append(value), out;
    for (const dom::element one : value.get_array()) append(one);
  }
  return out;
}

// An answer of ours against a case of the library's.
void compare(dom::element answer, dom::element wanted, const fs::path& folder, const std::string& where) {
  dom::element value;
  const bool labels = wanted["predict"].get(value) == simdjson::SUCCESS;
  if (labels) {
    EXPECT_EQ(simdjson::minify(answer["prediction"].value()), simdjson::minify(value)) << where;
  }
  const bool predicts = wanted["numbers"].get(value) == simdjson::SUCCESS;
  if (predicts) expect_near(numbers(answer["prediction"]), numbers(value), allowed(folder, "numbers"), where);
  if (wanted["predict_proba"].get(value) == simdjson::SUCCESS) {
    const std::vector<double> want = numbers(value);
    if (want.size() > 1) expect_near(probabilities(answer, want), want, allowed(folder, "predict_proba"), where);
  }
  if (!labels && !predicts && wanted["transform"].get(value) == simdjson::SUCCESS) {
    const dom::element got = answer["transform"];
    ASSERT_EQ(got.get_array().size(), value.get_array().size()) << where;
    for (std::size_t i = 0; i < got.get_array().size(); ++i) {
      const dom::element want = value.get_array().at(i), have = got.get_array().at(i);
      ASSERT_EQ(have.is_number(), want.is_number()) << where;  // NaN is null
      if (!want.is_number()) continue;
      EXPECT_TRUE(near(double(have), double(want), allowed(folder, "transform"))) << where << ": [" << i << "]";
    }
  }
}

// True for a record that would be read as columns: it must be sent in a list.
bool looks_like_columns(dom::element input) {
  if (!input.is_object()) return false;
  const dom::object record = input.get_object();
  return record.begin() != record.end() &&
         std::all_of(record.begin(), record.end(), [](dom::key_value_pair pair) { return pair.value.is_array(); });
}

// JSON has no NaN and no infinity: what the library answers with them is no answer of ours.
bool is_finite(dom::element wanted) {
  for (const std::string_view name : {"numbers", "predict_proba"}) {
    dom::array values;
    if (wanted[name].get(values) != simdjson::SUCCESS) continue;
    for (const dom::element value : values) {
      if (!value.is_number()) return false;
    }
  }
  return true;
}

TEST(Contract, IgnoreAnswersWhatTheLibraryAnswers) {
  std::size_t compared = 0;
  std::size_t refused = 0;
  for (const fs::path& folder : fixtures()) {
    Mode ignore(folder, Contract::kIgnore);
    for (const std::string& line : lines_of(folder / "cases.jsonl")) {
      dom::parser parser;
      const dom::element wanted = parser.parse(line);
      const bool in_list = looks_like_columns(wanted["input"]);
      const std::string input = simdjson::minify(wanted["input"].value());
      const Mode::Seen seen = ignore.predict(in_list ? "[" + input + "]" : input);
      const std::string where = folder.string() + ": " + line + " -> " + seen.body;
      const bool raises = wanted["raises"].error() == simdjson::SUCCESS || !is_finite(wanted);
      ASSERT_EQ(seen.status, raises ? 422 : 200) << where;
      if (raises) {
        ++refused;
        continue;
      }
      dom::parser answers;
      const dom::element answer = answers.parse(seen.body);
      // of a model with one text field a row ["a text"] is a list of one text
      dom::element first;
      const bool many = answer["predictions"].at(0).get(first) == simdjson::SUCCESS;
      compare(many ? first : answer, wanted, folder, where);
      ++compared;
    }
  }
  EXPECT_GT(compared, 500u);
  EXPECT_GT(refused, 20u);
}

// A record in which every field has a value of a kind and category that training saw.
std::string random_record(const model::Schema& schema, std::mt19937& random) {
  const bool row = !schema.records_only() && random() % 2 == 0;
  std::string out = row ? "[" : "{";
  for (const model::Field& field : schema.fields()) {
    if (out.size() > 1) out += ',';
    if (!row) {
      append_json_string(out, field.name);
      out += ':';
    }
    if (!field.categories.empty() && (!field.takes_number || random() % 2 == 0)) {
      append_json_string(out, field.categories[random() % field.categories.size()]);
    } else if (field.takes_number) {
      append_json_number(out, double(random() % 100000) / 64 - 700);
    } else {
      out += "\"any\"";
    }
  }
  return out + (row ? "]" : "}");
}

// Values that a model refuses in every mode: far away every sigmoid is 0, and 0 / 0 NaN; an exponential overflows; a
// logarithm, an encoder, Box-Cox or an isotonic regression does not take just any number.
bool library_raises(const Mode::Seen& seen) {
  constexpr std::string_view kWhys[] = {"is not a finite number",      "does not take infinite",
                                        "does not take NaN",           "the encoder refuses others",
                                        "takes numbers above 0 only",  "takes no negative numbers",
                                        "outside of what training saw"};
  return seen.status == 422 &&
         std::ranges::any_of(kWhys, [&](auto why) { return seen.body.find(why) != seen.body.npos; });
}

TEST(Contract, WhatPassesInStrictIsAnsweredAlikeInEveryMode) {
  std::mt19937 random(20261122);
  for (const fs::path& folder : fixtures()) {
    Mode strict(folder, Contract::kStrict);
    Mode lenient(folder, Contract::kAuto);
    Mode ignore(folder, Contract::kIgnore);
    for (int i = 0; i < 50; ++i) {
      const std::string record = random_record(strict.model().schema(), random);
      const Mode::Seen seen = strict.predict(record);
      if (library_raises(seen)) {
        EXPECT_EQ(lenient.predict(record).status, seen.status) << folder << ": " << record;
        EXPECT_EQ(ignore.predict(record).status, seen.status) << folder << ": " << record;
        continue;
      }
      ASSERT_EQ(seen.status, 200) << folder << ": " << record << " -> " << seen.body;
      EXPECT_EQ(lenient.predict(record).body, seen.body) << folder << ": " << record;
      EXPECT_EQ(ignore.predict(record).body, seen.body) << folder << ": " << record;
    }
  }
}

TEST(Contract, TheSchemasExamplePassesInStrict) {
  for (const fs::path& folder : fixtures()) {
    Mode strict(folder, Contract::kStrict);
    const std::string example = strict.model().schema().example();
    EXPECT_EQ(strict.predict(example).status, 200) << folder << ": " << example;
  }
}

}  // namespace
}  // namespace slipway
