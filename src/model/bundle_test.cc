// SPDX-License-Identifier: Apache-2.0
#include "model/bundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <optional>

#include "base/sha256.h"
#include "format/safetensors.h"

namespace slipway::model {
namespace {

using testing::HasSubstr;

Model::Parts parts() {
  Model::Parts out;
  out.schema = *Schema::create({{.name = "a", .takes_number = true, .typical = 2.5},
                                {.name = "b", .takes_text = true, .categories = {"x", "y"}},
                                {.name = "c\xC3\xA9", .takes_number = true, .takes_text = true}},
                               true);
  out.steps = {{VectorizeDict{.names = {"a", "b=x", "b=y"}, .separator = "="}, {0}},
               {RequireFinite{.estimator = "LogisticRegression"}, {1}},
               {Linear{.outputs = 1, .coef = {0.1, -2e-7, 3}, .intercept = {0.5}}, {2}},
               {Expit{}, {3}},
               {WithComplement{}, {4}},
               {PositiveIndex{}, {3}}};
  out.outputs = {{OutputKind::kPrediction, 6}, {OutputKind::kProbability, 5}, {OutputKind::kDecision, 3}};
  out.targets = {{.name = "churn", .labels = {std::string("no"), std::string("yes")}}};
  out.provenance = {
      .library = "scikit-learn", .versions = {"1.6.1"}, .chain = {"DictVectorizer", "LogisticRegression"}};
  return out;
}

Model small_model() { return *Model::create(parts()); }

Extras extras() {
  return {.importer_version = "0.1.0",
          .sources = {FileBytes::of("the pickle")},
          .locked = {{"scikit-learn", "1.6.0"}},
          .proof_level = ProofLevel::kLibrary,
          .proof = "{\"input\":{\"a\":1},\"expected\":{\"prediction\":\"no\"}}\n",
          .profile = {},
          .serving = {.response = {{"churn_probability", "probability"}, {"churn", "positive"}},
                      .input_key = "customer",
                      .positive_class = "yes",
                      .threshold = 0.25}};
}

// Files in memory, to be damaged.
using Files = std::map<std::string, std::string, std::less<>>;

Files files_of(const Bundle& bundle) {
  Files out;
  for (const Bundle::File& file : bundle.files) out[file.name] = file.bytes.text();
  return out;
}

OpenFile open_of(const Files& files) {
  return [&files](std::string_view name, std::size_t limit) -> Result<FileBytes> {
    const auto found = files.find(name);
    if (found == files.end()) return fail(Code::kNotFound, std::string(name) + ": no such file");
    if (found->second.size() > limit) return fail(Code::kTooLarge, std::string(name) + ": too large");
    return FileBytes::of(found->second);
  };
}

void replace(std::string& text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
}

// As somebody would who writes a bundle: the manifest says what the files are.
void seal(Files& files, std::string_view name, std::string bytes) {
  const std::string old = files[std::string(name)];
  const auto entry = [](std::string_view of) {
    return "\"bytes\":" + std::to_string(of.size()) + ",\"sha256\":\"" + sha256_hex(of) + "\"";
  };
  replace(files["manifest.json"], entry(old), entry(bytes));
  files[std::string(name)] = std::move(bytes);
}

TEST(Bundle, GivesBackTheModelAndWhatItSaysOfItself) {
  const Model model = small_model();
  const auto bundle = encode(model, extras());
  ASSERT_TRUE(bundle.has_value()) << bundle.error().message();
  const Files files = files_of(*bundle);
  EXPECT_EQ(bundle->files.back().name, "manifest.json");
  EXPECT_EQ(bundle->id, sha256_hex(files.at("manifest.json")));
  const auto loaded = load(open_of(files), bundle->id, Verify::kAll);
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message();
  EXPECT_EQ(loaded->id, bundle->id);
  const Model& back = loaded->model;
  ASSERT_EQ(back.schema().fields().size(), 3U);
  EXPECT_EQ(back.schema().example(), model.schema().example());
  EXPECT_EQ(back.schema().fields()[0].typical, 2.5);
  EXPECT_FALSE(back.schema().fields()[1].typical.has_value());
  EXPECT_TRUE(back.schema().fields()[2].takes_number && back.schema().fields()[2].takes_text);
  EXPECT_TRUE(back.schema().records_only());
  EXPECT_EQ(std::get<Linear>(back.steps()[2].op).coef, std::get<Linear>(model.steps()[2].op).coef);
  EXPECT_EQ(std::get<VectorizeDict>(back.steps()[0].op).names.strings(), (std::vector<std::string>{"a", "b=x", "b=y"}));
  EXPECT_EQ(back.targets()[0].name, "churn");
  EXPECT_EQ(back.targets()[0].labels, model.targets()[0].labels);
  EXPECT_EQ(back.output(OutputKind::kDecision)->slot, 3U);
  EXPECT_EQ(back.chain(), "DictVectorizer > LogisticRegression");
  const Manifest& manifest = loaded->manifest;
  EXPECT_EQ(manifest.proof_level, ProofLevel::kLibrary);
  EXPECT_EQ(manifest.proof_rows, 1U);
  EXPECT_EQ(loaded->proof.bytes(), extras().proof);
  EXPECT_EQ(manifest.locked, extras().locked);
  EXPECT_EQ(manifest.sources[0].sha256, sha256_hex("the pickle"));
  EXPECT_EQ(files.at("source/1"), "the pickle");
  EXPECT_EQ(manifest.serving.response[1].what, "positive");
  EXPECT_EQ(manifest.serving.input_key, "customer");
  EXPECT_EQ(manifest.serving.threshold, 0.25);
}

TEST(Bundle, HoldsTheArraysOfTheModelAndOutlivesIt) {
  std::optional<Model> model = small_model();
  const auto& coef = std::get<Linear>(model->steps()[2].op).coef;
  const auto* const at = reinterpret_cast<const char*>(coef.data());
  const auto bundle = encode(*model, extras());
  ASSERT_TRUE(bundle.has_value());
  const auto weights = std::ranges::find(bundle->files, "weights.safetensors", &Bundle::File::name);
  ASSERT_NE(weights, bundle->files.end());
  const auto lies_at = [](const Rope::Piece& piece) { return piece.bytes.data(); };
  EXPECT_NE(std::ranges::find(weights->bytes.pieces(), at, lies_at), weights->bytes.pieces().end());
  model.reset();
  const Files files = files_of(*bundle);
  const auto loaded = load(open_of(files), bundle->id, Verify::kAll);
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message();
  EXPECT_EQ(std::get<Linear>(loaded->model.steps()[2].op).coef, (Array<double>{0.1, -2e-7, 3}));
}

TEST(Bundle, LabelsOfEveryKindComeBack) {
  Model::Parts changed = parts();
  changed.targets[0].labels = {true, std::int64_t{-5}};
  auto bundle = encode(*Model::create(std::move(changed)), {});
  ASSERT_TRUE(bundle.has_value());
  EXPECT_EQ(load(open_of(files_of(*bundle)), "")->model.labels()[1], Label(std::int64_t{-5}));
  changed = parts();
  changed.targets[0].labels = {0.5, std::string()};
  bundle = encode(*Model::create(std::move(changed)), {});
  ASSERT_TRUE(bundle.has_value());
  EXPECT_EQ(load(open_of(files_of(*bundle)), "")->model.labels()[0], Label(0.5));
}

TEST(Bundle, TheSameInputGivesTheSameBytes) {
  const auto one = encode(small_model(), extras());
  const auto two = encode(small_model(), extras());
  EXPECT_EQ(files_of(*one), files_of(*two));
  Extras other = extras();
  other.serving.threshold = 0.5;
  EXPECT_NE(encode(small_model(), other)->id, one->id);
}

TEST(Bundle, ThousandsOfStepsDoNotGrowTheManifest) {
  Model::Parts many = parts();
  for (std::uint32_t i = 0; i < 5000; ++i)
    many.steps.push_back({Clip{.low = -1, .high = double(i)}, {4 + (i > 0) * (2 + i)}});
  const auto bundle = encode(*Model::create(std::move(many)), extras());
  ASSERT_TRUE(bundle.has_value());
  EXPECT_LT(files_of(*bundle).at("manifest.json").size(), 2000U);
  const auto loaded = load(open_of(files_of(*bundle)), bundle->id);
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message();
  EXPECT_EQ(loaded->model.steps().size(), 5006U);
}

TEST(Bundle, LargeArraysAreBorrowedFromTheFile) {
  Model::Parts wide = parts();
  auto& linear = std::get<Linear>(wide.steps[2].op);
  const auto bundle = encode(*Model::create(parts()), {});
  const Files files = files_of(*bundle);
  const FileBytes weights = FileBytes::of(files.at("weights.safetensors"));
  const OpenFile open = [&](std::string_view name, std::size_t limit) -> Result<FileBytes> {
    if (name == kWeightsFile) return weights;
    return open_of(files)(name, limit);
  };
  const auto loaded = load(open, "");
  ASSERT_TRUE(loaded.has_value());
  const auto& coef = std::get<Linear>(loaded->model.steps()[2].op).coef;
  EXPECT_EQ(coef, linear.coef);
  const auto* at = reinterpret_cast<const char*>(coef.data());
  EXPECT_TRUE(at >= weights.bytes().data() && at < weights.bytes().data() + weights.bytes().size());
}

struct Damage {
  const char* name;
  std::function<void(Files&)> damage;
  const char* says;
};

const Damage kDamaged[] = {
    {"AnotherManifest", [](Files& f) { f["manifest.json"] += " "; }, "manifest.json: is not the manifest of "},
    {"AFileChanged", [](Files& f) { f["weights.safetensors"].back() ^= 1; },
     "weights.safetensors: its digest is not the one in its manifest"},
    {"AFileShorter", [](Files& f) { f["proof.jsonl"].pop_back(); }, "proof.jsonl: has 48 bytes, its manifest says 49"},
    {"AFileGone", [](Files& f) { f.erase("model.json"); }, "model.json: no such file"},
    {"NoManifest", [](Files& f) { f.erase("manifest.json"); }, "manifest.json: no such file"},
};

TEST(Bundle, WhatWasChangedAfterItWasStoredIsRefused) {
  const auto bundle = encode(small_model(), extras());
  for (const Damage& it : kDamaged) {
    Files files = files_of(*bundle);
    it.damage(files);
    const auto loaded = load(open_of(files), bundle->id);
    ASSERT_FALSE(loaded.has_value()) << it.name;
    EXPECT_THAT(loaded.error().message(), HasSubstr(it.says)) << it.name;
  }
}

void in_model(Files& files, std::string_view from, std::string_view to) {
  std::string text = files.at("model.json");
  replace(text, from, to);
  seal(files, "model.json", std::move(text));
}
void in_manifest(Files& files, std::string_view from, std::string_view to) {
  replace(files["manifest.json"], from, to);
}

const Damage kHostile[] = {
    {"NewerFormat", [](Files& f) { in_manifest(f, "\"format_version\":1", "\"format_version\":2"); },
     "manifest.json: has format_version 2, this Slipway reads 1"},
    {"AnotherFormat", [](Files& f) { in_manifest(f, "slipway-bundle", "sloop-bundle"); },
     "manifest.json: is no \"slipway-bundle\""},
    {"AFileOutside", [](Files& f) { in_manifest(f, "\"name\":\"source/1\"", "\"name\":\"source/../../etc/passwd\""); },
     "manifest.json: the file \"source/../../etc/passwd\" is not known here"},
    {"NoWeights", [](Files& f) { in_manifest(f, "\"name\":\"weights.safetensors\"", "\"name\":\"source/2\""); },
     "manifest.json: does not list weights.safetensors"},
    {"AMember", [](Files& f) { in_manifest(f, "\"proof\":{", "\"proof\":{\"by\":1,"); },
     "manifest.json: \"by\" is not known here"},
    {"ALevel", [](Files& f) { in_manifest(f, "\"level\":\"library\"", "\"level\":\"surely\""); },
     "manifest.json: \"level\" is no level of proof"},
    {"ALevelWithoutProof", [](Files& f) { in_manifest(f, "\"level\":\"library\"", "\"level\":\"none\""); },
     "manifest.json: the level of proof is none, and proof.jsonl is listed"},
    {"ADigest", [](Files& f) { in_manifest(f, "\"sha256\":\"", "\"sha256\":\"X"); }, "\"sha256\" is no digest"},
    {"AnAnswer", [](Files& f) { in_manifest(f, "\"positive\"", "\"luck\""); }, "--response churn=luck"},
    {"AnOperator", [](Files& f) { in_model(f, "\"op\":\"expit\"", "\"op\":\"exec\""); },
     "model.json: step 3: the operator \"exec\" is not known here"},
    {"ASlotOfTheFuture", [](Files& f) { in_model(f, "\"inputs\":[3]", "\"inputs\":[9]"); }, "reads slot 9"},
    {"AnOutput", [](Files& f) { in_model(f, "\"output\":\"decision\"", "\"output\":\"omen\""); },
     "model.json: the output \"omen\" is not known here"},
    {"OutputOfNoTarget", [](Files& f) { in_model(f, "\"slot\":3,\"target\":0", "\"slot\":3,\"target\":7"); },
     "is of target 7, there are 1"},
    {"AWidth", [](Files& f) { in_model(f, "\"outputs\":1", "\"outputs\":3"); }, "step 2 (linear)"},
    {"NotJson", [](Files& f) { seal(f, "model.json", "{\"steps\":"); }, "model.json: is not JSON"},
    {"Deep", [](Files& f) { seal(f, "model.json", std::string(1000, '[')); }, "model.json: is not JSON"},
    {"NoTensors", [](Files& f) { seal(f, "weights.safetensors", safetensors::write({}).text()); },
     "the tensor \"steps.0.names.offsets\" is missing"},
};

TEST(Bundle, WhatSomebodyWroteIsCheckedNotBelieved) {
  const auto bundle = encode(small_model(), extras());
  for (const Damage& it : kHostile) {
    Files files = files_of(*bundle);
    it.damage(files);
    const auto loaded = load(open_of(files), "");
    ASSERT_FALSE(loaded.has_value()) << it.name;
    EXPECT_THAT(loaded.error().message(), HasSubstr(it.says)) << it.name;
  }
}

TEST(Bundle, SourcesAreNeverOpenedUnlessEverythingIsVerified) {
  const auto bundle = encode(small_model(), extras());
  Files files = files_of(*bundle);
  files.erase("source/1");
  EXPECT_TRUE(load(open_of(files), bundle->id, Verify::kQuick).has_value());
  const auto all = load(open_of(files), bundle->id, Verify::kAll);
  ASSERT_FALSE(all.has_value());
  EXPECT_EQ(all.error().message(), "source/1: no such file");
}

struct BadServing {
  const char* name;
  Serving serving;
  const char* says;
};

TEST(Serving, WhatTheModelCannotAnswerIsRefused) {
  const BadServing cases[] = {
      {"Answer", {.response = {{"x", "churn"}}}, "--response x=churn: there is no such answer"},
      {"Twice",
       {.response = {{"x", "decision"}, {"x", "prediction"}}},
       "--response x=prediction: the name stands twice"},
      {"Class", {.positive_class = "maybe"}, "--positive-class maybe is no label"},
      {"Beyond", {.threshold = 1.5}, "--threshold is not in 0 to 1"},
      {"NoNumber", {.threshold = std::nan("")}, "--threshold is not in 0 to 1"},
  };
  for (const BadServing& it : cases) {
    const auto checked = check_serving(it.serving, small_model());
    ASSERT_FALSE(checked.has_value()) << it.name;
    EXPECT_EQ(checked.error().message(), it.says) << it.name;
  }
}

}  // namespace
}  // namespace slipway::model
