// SPDX-License-Identifier: Apache-2.0
// Well-formed pickles of text vectorizers with a lie in them, or with what is not served. Each is refused with the path
// to the attribute and the reason; the honest form is taken.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engine/reference.h"
#include "importer/import.h"
#include "parity/hand_made.h"

namespace slipway::importer {
namespace {

using namespace hand_made;
using testing::HasSubstr;

struct Lie {
  const char* name;
  std::string file;
  const char* says;
};

Bag counts() {
  return {{"analyzer", text("word")},
          {"input", text("content")},
          {"preprocessor", "N"},
          {"tokenizer", "N"},
          {"strip_accents", "N"},
          {"stop_words", "N"},
          {"lowercase", flag(true)},
          {"binary", flag(false)},
          {"ngram_range", tuple({integer(1), integer(2)})},
          {"token_pattern", text("(?u)\\b\\w\\w+\\b")},
          {"dtype", global("numpy", "int64")},
          {"vocabulary_", dict({{"dog", integer(1)}, {"cat", integer(0)}, {"dog cat", integer(2)}})},
          {"_sklearn_version", text("1.6.1")}};
}
Bag weights() {
  return {{"norm", "N"},
          {"use_idf", flag(true)},
          {"sublinear_tf", flag(false)},
          {"idf_", array({1, 2, 4}, {3})},
          {"_sklearn_version", text("1.6.1")}};
}
Bag hashes() {
  Bag out = with(counts(), "vocabulary_", "");
  out.emplace_back("n_features", integer(3));
  out.emplace_back("alternate_sign", flag(true));
  out.emplace_back("norm", text("l2"));
  return out;
}

std::string before_model(const std::string& name, const Bag& vectorizer) {
  const std::string front = object("sklearn.feature_extraction.text", name, vectorizer);
  const Parts steps = {tuple({text("v"), front}),
                       tuple({text("m"), object("sklearn.linear_model._logistic", "LogisticRegression", logistic())})};
  return object("sklearn.pipeline", "Pipeline", {{"steps", list(steps)}}) + ".";
}
std::string with_counts(const std::string& name, const std::string& value) {
  return before_model("CountVectorizer", with(counts(), name, value));
}
std::string with_hashes(const std::string& name, const std::string& value) {
  return before_model("HashingVectorizer", with(hashes(), name, value));
}
std::string with_weights(const std::string& name, const std::string& value) {
  const std::string inner = object("sklearn.feature_extraction.text", "TfidfTransformer", with(weights(), name, value));
  return before_model("TfidfVectorizer", with(counts(), "_tfidf", inner));
}
std::string pattern(const std::string& value) { return with_counts("token_pattern", text(value)); }

double decision(const std::string& file, std::string_view row) {
  const auto model = import_bytes(file);
  EXPECT_TRUE(model) << model.error().to_string();
  if (!model) return std::nan("");
  const model::Cell cells[] = {model::Cell::of(row)};
  return engine::run_reference(*model, {.fields = cells, .extras = {}}).decision.at(0);
}

TEST(HonestText, IsTaken) {
  // coef_ is 1, 2, 3, and intercept_ 0.5
  EXPECT_EQ(decision(with_counts("binary", flag(false)), "Dog cat, dog!"), 0.5 + 1 + 2 * 2 + 3);
  EXPECT_EQ(decision(with_weights("norm", "N"), "dog cat"), 0.5 + 1 + 2 * 2 + 3 * 4);
  EXPECT_EQ(decision(with_hashes("norm", "N"), ""), 0.5);
}

TEST(HonestText, HasOneFieldThatTakesText) {
  const auto model = import_bytes(with_counts("binary", flag(false)));
  ASSERT_TRUE(model) << model.error().to_string();
  ASSERT_EQ(model->schema().fields().size(), 1U);
  EXPECT_EQ(model->schema().fields()[0].name, "text");
  EXPECT_TRUE(model->schema().fields()[0].takes_text);
  EXPECT_FALSE(model->schema().fields()[0].takes_number);
}

const Lie kLies[] = {
    {"NotFitted", with_counts("vocabulary_", ""), "is not fitted: it has no vocabulary_"},
    {"AVocabularyThatIsAList", with_counts("vocabulary_", list({})), "vocabulary_: is not a dict"},
    {"NoWords", with_counts("vocabulary_", dict({})), "vocabulary_: has no words"},
    {"AColumnOutOfRange", with_counts("vocabulary_", dict({{"a", integer(0)}, {"b", integer(2)}})),
     "pipeline.steps[0] 'v' -> vocabulary_: 'b' has no column: there are 2 words"},
    {"ANegativeColumn", with_counts("vocabulary_", dict({{"a", integer(-1)}})), "'a' has no column"},
    {"AColumnThatIsNoNumber", with_counts("vocabulary_", dict({{"a", text("0")}})), "'a' has no column"},
    {"AColumnTwice", with_counts("vocabulary_", dict({{"a", integer(1)}, {"b", integer(1)}})),
     "vocabulary_: 'a' and 'b' have the column 1"},
    {"AWordTwice", with_counts("vocabulary_", dict({{"a", integer(1)}, {"a", integer(0)}})), "vocabulary_: "},
    {"FewerWordsThanTheModelHasColumns", with_counts("vocabulary_", dict({{"a", integer(0)}})), "takes 3 columns"},
    {"AFunctionForTokens", with_counts("tokenizer", global("__main__", "split_words")),
     "tokenizer: is the function __main__.split_words"},
    {"AFunctionBefore", with_counts("preprocessor", global("__main__", "clean")),
     "preprocessor: is the function __main__.clean"},
    {"AFunctionThatAnalyzes", with_counts("analyzer", global("__main__", "analyze")),
     "analyzer: is the function __main__.analyze"},
    {"AFunctionForAccents", with_counts("strip_accents", global("__main__", "plain")),
     "strip_accents: is the function __main__.plain"},
    {"AnUnknownAnalyzer", with_counts("analyzer", text("line")), "analyzer: is 'line'"},
    {"FilesForInput", with_counts("input", text("filename")), "input: is 'filename'"},
    {"UnknownStopWords", with_counts("stop_words", text("german")), "stop_words: is 'german'"},
    {"StopWordsThatAreNumbers", with_counts("stop_words", list({integer(1)})), "stop_words: has what is not text"},
    {"GramsOfNothing", with_counts("ngram_range", tuple({integer(0), integer(1)})), "ngram_range: is (0, 1)"},
    {"GramsBackwards", with_counts("ngram_range", tuple({integer(2), integer(1)})), "ngram_range: is (2, 1)"},
    {"EndlessGrams", with_counts("ngram_range", tuple({integer(1), integer(1000000)})), "ngram_range: is (1, 1000000)"},
    {"OfFloat32", with_counts("dtype", global("numpy", "float32")), "dtype: is numpy.float32"},
    {"APatternThatBacktracks", pattern("(a+)+$"), "token_pattern: '(a+)+$' is a regular expression other than"},
    {"APatternOfTwoSets", pattern("[a-z]+[0-9]*"), "is a regular expression other than"},
    {"APatternOfNothing", pattern("[a-z]*"), "is a regular expression other than"},
    {"APatternThatCutsRuns", pattern("[a-z]{2,3}"), "is a regular expression other than"},
    {"ALazyPattern", pattern("[a-z]+?"), "is a regular expression other than"},
    {"EdgesAroundSigns", pattern("\\b[a-z-]+\\b"), "is a regular expression other than"},
    {"AnOpenSet", pattern("[a-z"), "is a regular expression other than"},
    {"AHugeCount", pattern("\\w{99999999999}"), "is a regular expression other than"},
    {"NoTfidf", before_model("TfidfVectorizer", counts()), "is not fitted: it has no _tfidf"},
    {"ATfidfOfAnotherClass", before_model("TfidfVectorizer", with(counts(), "_tfidf", integer(1))),
     "_tfidf: is not a TfidfTransformer"},
    {"IdfOfAnotherWidth", with_weights("idf_", array({1, 2}, {2})), "_tfidf: weighs 2 columns, there are 3 words"},
    {"IdfWithNan", with_weights("idf_", array({1, std::nan(""), 2}, {3})), "idf_: has NaN or infinity"},
    {"IdfThatIsATable", with_weights("idf_", array({1, 2, 3}, {3, 1})), "idf_: is not one row of numbers"},
    {"NoIdf", with_weights("idf_", ""), "_idf_diag"},
    {"AnUnknownNorm", with_weights("norm", text("max")), "norm: is 'max'"},
    {"HashesToNothing", with_hashes("n_features", integer(0)), "n_features: is 0"},
    {"HashesToTooMany", with_hashes("n_features", integer(2147483647)), "n_features: is 2147483647"},
};

class LyingText : public testing::TestWithParam<Lie> {};
TEST_P(LyingText, IsRefusedWithPathAndReason) {
  const auto model = import_bytes(GetParam().file);
  ASSERT_FALSE(model);
  EXPECT_THAT(model.error().message(), HasSubstr(GetParam().says));
}
INSTANTIATE_TEST_SUITE_P(, LyingText, testing::ValuesIn(kLies), [](const auto& c) { return c.param.name; });

}  // namespace
}  // namespace slipway::importer
