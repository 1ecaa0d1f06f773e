// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "registry/bundles.h"
#include "registry/temporary_store.h"

namespace slipway::registry {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

// "churn: 1 2 | production=2 | 0 problems"
std::string text(const ModelState& state) {
  std::string out = state.name + ":";
  for (const Version& version : state.versions) out += " " + std::to_string(version.number);
  out += " |";
  for (const Alias& alias : state.aliases) out += " " + alias.name + "=" + std::to_string(alias.entry.version);
  return out + " | " + std::to_string(state.problems.size()) + " problems";
}

class CatalogTest : public testing::Test {
 protected:
  std::uint32_t publish(std::string_view name, char digit, const std::string& label = {}) {
    const auto version = catalog.publish(name, bundle(digit), labelled(label));
    EXPECT_TRUE(version) << version.error().to_string();
    return version ? version->number : 0;
  }
  void promote(std::string_view reference, std::string_view alias) {
    const auto done = catalog.promote(reference, alias, "ana", "because");
    EXPECT_TRUE(done) << done.error().to_string();
  }
  // "churn:2", or the error.
  std::string resolved(std::string_view reference) {
    const auto version = catalog.resolve(reference);
    return version ? version->text() : version.error().to_string();
  }
  std::string problem(std::size_t model = 0) {
    const auto models = catalog.models();
    if (!models || models->size() <= model || models->at(model).problems.empty()) return "none";
    return models->at(model).problems.front().message();
  }

  TemporaryStore store;
  Catalog& catalog = store.catalog();
};

TEST_F(CatalogTest, AVersionKeepsWhatItWasPublishedWith) {
  const VersionInfo info = {
      .label = "v1.2.3", .metadata = {{"owner", "ana"}, {"a\"b", "line\nbreak"}}, .by = "ana@host"};
  ASSERT_TRUE(catalog.publish("churn", bundle('a'), info));
  const auto version = catalog.resolve("churn:1");
  ASSERT_TRUE(version) << version.error().to_string();
  EXPECT_EQ(version->bundle, std::string(64, 'a'));
  EXPECT_EQ(version->info.label, "v1.2.3");
  EXPECT_EQ(version->info.metadata, info.metadata);
  EXPECT_EQ(version->info.by, "ana@host");
  EXPECT_THAT(version->published, testing::MatchesRegex("20..-..-..T..:..:..\\....Z"));
  const auto files = catalog.bundle_files(version->bundle);
  ASSERT_TRUE(files);
  ASSERT_EQ(files->size(), 3u);
  EXPECT_EQ(files->at(1).first, "source/my model.pkl");
  EXPECT_EQ(catalog.bundle_file(version->bundle, "weights.safetensors", 9999)->bytes(), std::string(5000, 'a'));
  EXPECT_THAT(store.files(), Not(Contains(StartsWith("locks"))));
}

TEST_F(CatalogTest, NumbersRiseAndAreNeverUsedTwice) {
  EXPECT_EQ(publish("churn", 'a'), 1u);
  EXPECT_EQ(publish("churn", 'b'), 2u);
  EXPECT_EQ(publish("leads", 'a'), 1u);
  ASSERT_TRUE(catalog.remove("churn:2", {}));
  EXPECT_EQ(publish("churn", 'b'), 3u);
  EXPECT_THAT(resolved("churn:2"), HasSubstr("churn:2 was removed"));
  EXPECT_EQ(text(*catalog.model("churn")), "churn: 1 3 | | 0 problems");
}

TEST_F(CatalogTest, ALabelBelongsToOneBundleAndImportingItAgainChangesNothing) {
  EXPECT_EQ(publish("churn", 'a', "v1"), 1u);
  EXPECT_EQ(publish("churn", 'a', "v1"), 1u);
  EXPECT_EQ(publish("churn", 'a'), 2u);
  const auto other = catalog.publish("churn", bundle('b'), labelled("v1"));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code(), Code::kInvalid);
  EXPECT_THAT(other.error().message(), HasSubstr("belongs to churn:1"));
  EXPECT_THAT(store.files(), Not(Contains(HasSubstr("bbbb"))));
  EXPECT_EQ(publish("leads", 'b', "v1"), 1u);
}

TEST_F(CatalogTest, ABareNameIsProductionOrElseTheNewest) {
  publish("churn", 'a');
  publish("churn", 'b');
  EXPECT_EQ(resolved("churn"), "churn:2");
  promote("churn:1", "staging");
  EXPECT_EQ(resolved("churn"), "churn:2");
  promote("churn:1", "production");
  EXPECT_EQ(resolved("churn"), "churn:1");
  EXPECT_EQ(resolved("churn@production"), "churn:1");
}

TEST_F(CatalogTest, WhatIsNotThereIsNamedWithItsNearest) {
  EXPECT_THAT(resolved("churn"), HasSubstr("there is no store at"));
  publish("churn", 'a', "v1.2.3");
  promote("churn:v1.2.3", "production");
  EXPECT_THAT(resolved("chrun"), HasSubstr("Did you mean churn?"));
  EXPECT_THAT(resolved("churn:v1.2.4"), HasSubstr("Did you mean churn:v1.2.3?"));
  EXPECT_THAT(resolved("churn@prodction"), HasSubstr("Did you mean churn@production?"));
  EXPECT_THAT(resolved("churn:9"), HasSubstr("There is churn:1"));
  EXPECT_THAT(resolved("other"), HasSubstr("There is churn"));
  EXPECT_EQ(catalog.resolve("other").error().code(), Code::kNotFound);
}

TEST_F(CatalogTest, PromotingTwiceWritesOneEntry) {
  publish("churn", 'a');
  publish("churn", 'b');
  promote("churn:1", "production");
  const auto again = catalog.promote("churn:1", "production", "ana", "");
  EXPECT_FALSE(again->moved);
  const auto moved = catalog.promote("churn:2", "production", "bob", "better");
  EXPECT_TRUE(moved->moved);
  EXPECT_EQ(moved->from, 1u);
  EXPECT_EQ(moved->entry, 2u);
  const auto journal = catalog.history("churn", "production");
  ASSERT_EQ(journal->size(), 2u);
  EXPECT_EQ(journal->back().by, "bob");
  EXPECT_EQ(journal->back().why, "better");
  EXPECT_THAT(store.files(), Contains("models/churn/aliases/production/000002.json"));
}

TEST_F(CatalogTest, RollbackGoesBackStepByStepAndNeverForward) {
  for (const char digit : {'a', 'b', 'c'}) {
    const std::uint32_t number = publish("churn", digit);
    promote("churn:" + std::to_string(number), "production");
  }
  const auto back = [&] {
    const auto done = catalog.rollback("churn", "production", "ana", "");
    return done ? std::to_string(done->from) + ">" + std::to_string(done->to) : done.error().message();
  };
  EXPECT_EQ(back(), "3>2");
  EXPECT_EQ(back(), "2>1");
  EXPECT_THAT(back(), HasSubstr("pointed at no other version"));
  promote("churn:3", "production");
  EXPECT_EQ(back(), "3>1");
  EXPECT_EQ(resolved("churn@production"), "churn:1");
  EXPECT_EQ(catalog.history("churn", "production")->size(), 7u);
}

TEST_F(CatalogTest, RollbackPassesOverWhatWasRemoved) {
  for (const char* reference : {"churn:1", "churn:2", "churn:3"}) {
    publish("churn", reference[6]);
    promote(reference, "production");
  }
  ASSERT_TRUE(catalog.remove("churn:2", {}));
  EXPECT_EQ(catalog.rollback("churn", "production", "ana", "")->to, 1u);
}

TEST_F(CatalogTest, RollbackOfWhatIsNotThereSaysSo) {
  publish("churn", 'a');
  EXPECT_EQ(catalog.rollback("churn", "production", "", "").error().code(), Code::kNotFound);
  EXPECT_EQ(catalog.rollback("other", "production", "", "").error().code(), Code::kNotFound);
  EXPECT_EQ(catalog.rollback("churn", "a/b", "", "").error().code(), Code::kUsage);
}

TEST_F(CatalogTest, RemoveIsRefusedWhileAnAliasPointsThere) {
  publish("churn", 'a');
  promote("churn:1", "production");
  const auto refused = catalog.remove("churn:1", {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kInvalid);
  EXPECT_THAT(refused.error().message(), HasSubstr("churn@production points at churn:1"));
  EXPECT_EQ(resolved("churn:1"), "churn:1");
  EXPECT_THAT(store.files(), Not(Contains(StartsWith("locks"))));
  const auto forced = catalog.remove("churn:1", {.force = true, .by = "ana", .why = "leaked"});
  ASSERT_TRUE(forced) << forced.error().to_string();
  EXPECT_TRUE(forced->bundle_gone);
  EXPECT_THAT(resolved("churn@production"), HasSubstr("churn@production: churn:1 was removed"));
  EXPECT_THAT(store.files(), ElementsAre("models/churn/aliases/production/000001.json", "models/churn/versions/1.json",
                                         "models/churn/versions/1.removed.json"));
}

TEST_F(CatalogTest, ABundleStaysWhileAnyVersionUsesIt) {
  publish("churn", 'a');
  publish("leads", 'a');
  const auto first = catalog.remove("churn:1", {});
  EXPECT_FALSE(first->bundle_gone);
  EXPECT_EQ(first->kept_because, "leads:1 uses it");
  EXPECT_TRUE(catalog.bundle_files(std::string(64, 'a')));
  const auto second = catalog.remove("leads:1", {});
  EXPECT_TRUE(second->bundle_gone);
  EXPECT_EQ(catalog.bundle_files(std::string(64, 'a')).error().code(), Code::kNotFound);
  const auto again = catalog.remove("leads:1", {});
  EXPECT_TRUE(again->already);
  EXPECT_THAT(*catalog.models(), IsEmpty());
}

TEST_F(CatalogTest, RemoveTakesAVersionOrALabelButNoAlias) {
  publish("churn", 'a', "v1");
  EXPECT_EQ(catalog.remove("churn", {}).error().code(), Code::kUsage);
  EXPECT_EQ(catalog.remove("churn@production", {}).error().code(), Code::kUsage);
  EXPECT_TRUE(catalog.remove("churn:v1", {}));
  EXPECT_EQ(publish("churn", 'b', "v1"), 2u);  // the label is free again
}

TEST_F(CatalogTest, WrongNamesAndBundlesAreRefusedBeforeAnythingIsWritten) {
  EXPECT_EQ(catalog.publish("a/b", bundle('a'), {}).error().code(), Code::kUsage);
  EXPECT_EQ(catalog.publish("churn", bundle('a'), labelled("17")).error().code(), Code::kUsage);
  EXPECT_EQ(catalog.publish("churn", bundle('X'), {}).error().code(), Code::kInvalid);
  const VersionInfo twice = {.label = {}, .metadata = {{"a", "1"}, {"a", "2"}}, .by = {}};
  EXPECT_EQ(catalog.publish("churn", bundle('a'), twice).error().code(), Code::kUsage);
  for (const char* name : {"", "../x", "a/../x", "/x", ".x", "manifest.json"}) {
    BundleFiles wrong = bundle('a');
    wrong.files.push_back({name, "x"});
    EXPECT_EQ(catalog.publish("churn", wrong, {}).error().code(), Code::kInvalid) << name;
  }
  BundleFiles headless = bundle('a');
  headless.files.erase(headless.files.begin());
  EXPECT_EQ(catalog.publish("churn", headless, {}).error().code(), Code::kInvalid);
  const VersionInfo huge = {.label = {}, .metadata = {{"a", std::string(70000, 'x')}}, .by = {}};
  EXPECT_EQ(catalog.publish("churn", bundle('a'), huge).error().code(), Code::kUsage);
  EXPECT_THAT(store.files(), IsEmpty());
}

TEST_F(CatalogTest, AHalfPublishedBundleIsCompleted) {
  store.write("bundles/" + std::string(64, 'a') + "/weights.safetensors", bundle('a').files[1].bytes.text());
  EXPECT_EQ(catalog.bundle_files(std::string(64, 'a')).error().code(), Code::kNotFound);
  EXPECT_EQ(publish("churn", 'a'), 1u);
  EXPECT_EQ(catalog.bundle_files(std::string(64, 'a'))->size(), 3u);
}

TEST_F(CatalogTest, OtherBytesUnderTheSameIdAreNotTrusted) {
  for (const std::string& bytes : {std::string(5000, 'b'), std::string("short"), std::string(5001, 'a')}) {
    store.write("bundles/" + std::string(64, 'a') + "/weights.safetensors", bytes);
    const auto refused = catalog.publish("churn", bundle('a'), {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Code::kCorrupt);
    EXPECT_THAT(refused.error().message(), HasSubstr("weights.safetensors is not what its bundle's id promises"));
  }
  EXPECT_EQ(publish("churn", 'a'), 1u);  // nobody used them, so they are gone
}

TEST_F(CatalogTest, TheGenerationChangesWithTheStateAndOnlyThen) {
  publish("churn", 'a');
  std::uint64_t last = *catalog.generation();
  const auto changed = [&] {
    const std::uint64_t now = *catalog.generation();
    return std::exchange(last, now) != now;
  };
  EXPECT_FALSE(changed());
  publish("leads", 'b');
  EXPECT_TRUE(changed());
  promote("churn:1", "production");
  EXPECT_TRUE(changed());
  promote("churn:1", "production");
  EXPECT_FALSE(changed());
  ASSERT_TRUE(catalog.remove("leads:1", {}));
  EXPECT_TRUE(changed());
  EXPECT_FALSE(changed());
}

TEST_F(CatalogTest, WhatWasReadOnceIsReadAgainWhenItWasReplacedByHand) {
  publish("churn", 'a');
  EXPECT_EQ(catalog.models()->front().versions.front().bundle, std::string(64, 'a'));
  store.write("models/churn/versions/1.json", "{\"bundle\":\"" + std::string(64, 'c') + "\"}");
  EXPECT_EQ(catalog.models()->front().versions.front().bundle, std::string(64, 'c'));
}

TEST_F(CatalogTest, AnImportThatWasCutShortIsCleanedUpByALaterOneAfterADay) {
  publish("churn", 'b');
  store.write("bundles/" + std::string(64, 'a') + "/weights.safetensors", "x");
  store.write("locks/" + std::string(64, 'a') + "/importing-0", "");
  store.write("locks/" + std::string(64, 'b') + "/removing-0", "");
  publish("leads", 'c');
  EXPECT_THAT(store.files(), Contains(HasSubstr("aaaa")));
  store.ahead_ms = kImportingLeaseMs + 60'000;
  publish("leads", 'c');
  EXPECT_THAT(store.files(), Not(Contains(HasSubstr("aaaa"))));
  EXPECT_THAT(store.files(), Not(Contains(StartsWith("locks"))));
  EXPECT_TRUE(catalog.bundle_files(std::string(64, 'b')));
}

TEST_F(CatalogTest, ABundleThatIsBeingImportedIsNotDeleted) {
  publish("churn", 'a');
  store.write("locks/" + std::string(64, 'a') + "/importing-0", "");
  const auto removed = catalog.remove("churn:1", {});
  EXPECT_FALSE(removed->bundle_gone);
  EXPECT_THAT(removed->kept_because, HasSubstr("being imported"));
  EXPECT_TRUE(catalog.bundle_files(std::string(64, 'a')));
  store.ahead_ms = kImportingLeaseMs + 60'000;
  const auto again = catalog.remove("churn:1", {});
  EXPECT_TRUE(again->bundle_gone);
  EXPECT_THAT(store.files(), Not(Contains(StartsWith("locks"))));
}

TEST_F(CatalogTest, ABundleThatIsBeingRemovedIsNotReliedUpon) {
  publish("churn", 'a');
  store.write("locks/" + std::string(64, 'a') + "/removing-0", "");
  const auto busy = catalog.publish("leads", bundle('a'), {});
  ASSERT_FALSE(busy);
  EXPECT_EQ(busy.error().code(), Code::kBusy);
  EXPECT_THAT(busy.error().hint(), HasSubstr(store.path() + "/locks/"));
  store.ahead_ms = kRemovingLeaseMs + 60'000;
  EXPECT_EQ(publish("leads", 'a'), 1u);
  EXPECT_TRUE(catalog.bundle_files(std::string(64, 'a')));
}

}  // namespace
}  // namespace slipway::registry
