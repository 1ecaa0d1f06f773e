// SPDX-License-Identifier: Apache-2.0
// What somebody else may have put into the store: each costs its own model at most, and is named.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "registry/temporary_store.h"

namespace slipway::registry {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kGood = "{\"bundle\":\"" + std::string(64, 'a') + "\"}";

class Hostile : public testing::Test {
 protected:
  // "churn" is the one that something happens to, "leads" must not notice.
  void SetUp() override {
    ASSERT_TRUE(store.catalog().publish("churn", bundle('a'), labelled("v1")));
    ASSERT_TRUE(store.catalog().publish("leads", bundle('b'), {}));
    ASSERT_TRUE(store.catalog().promote("leads:1", "production", "ana", ""));
  }
  ModelState state(std::string_view name) {
    const auto models = store.catalog().models();
    if (!models) return {};
    for (const ModelState& model : *models) {
      if (model.name == name) return model;
    }
    return {};
  }
  void expect_leads_well() {
    const ModelState leads = state("leads");
    EXPECT_EQ(leads.versions.size(), 1u);
    EXPECT_EQ(leads.aliases.size(), 1u);
    EXPECT_THAT(leads.problems, IsEmpty());
    EXPECT_TRUE(store.catalog().resolve("leads"));
    EXPECT_TRUE(store.catalog().publish("leads", bundle('b'), {}));
    EXPECT_TRUE(store.catalog().generation());
  }

  TemporaryStore store;
};

TEST_F(Hostile, NamesThatMeanNothingAreNamedAndPassedOver) {
  const char* const keys[] = {"versions/abc.json",
                              "versions/03.json",
                              "versions/0.json",
                              "versions/-1.json",
                              "versions/+3.json",
                              "versions/9999999999.json",
                              "versions/3.jsn",
                              "versions/3.removed",
                              "versions/1.removed.json.json",
                              "versions/ 3.json",
                              "versions/3.JSON",
                              "aliases/production/1.json",
                              "aliases/production/0000001.json",
                              "aliases/production/000000.json",
                              "aliases/production/x",
                              "aliases/a b/000001.json",
                              "aliases/17/000001.json",
                              "aliases/file"};
  for (const char* key : keys) {
    TemporaryStore fresh;
    ASSERT_TRUE(fresh.catalog().publish("churn", bundle('a'), {}));
    fresh.write(std::string("models/churn/") + key, "{}");
    const auto models = fresh.catalog().models();
    ASSERT_EQ(models->front().problems.size(), 1u) << key;
    const Error& problem = models->front().problems.front();
    EXPECT_EQ(problem.code(), Code::kCorrupt);
    EXPECT_THAT(problem.message(), HasSubstr(fresh.path() + "/models/churn/")) << key;
    EXPECT_NE(problem.hint(), "");
    EXPECT_EQ(fresh.catalog().resolve("churn")->number, 1u) << key;
    EXPECT_EQ(fresh.catalog().publish("churn", bundle('a'), {})->number, 2u) << key;
  }
}

TEST_F(Hostile, AVersionThatCannotBeReadIsNotReplacedByAnOlderOne) {
  const std::string deep = "{\"bundle\":" + std::string(100, '[') + std::string(100, ']') + "}";
  const struct {
    std::string text;
    const char* says;
  } cases[] = {
      {"", "is not JSON"},
      {"{", "is not JSON"},
      {"[]", "is not a JSON object"},
      {"\xFF", "is not JSON"},
      {deep, "nested too deep"},
      {"{}", "no \"bundle\" of 64 hex digits"},
      {"{\"bundle\":\"../../etc\"}", "no \"bundle\" of 64 hex digits"},
      {"{\"bundle\":7}", "\"bundle\" that is no text"},
      {kGood.substr(0, kGood.size() - 1) + ",\"label\":\"a/b\"}", "bad \"label\""},
      {kGood.substr(0, kGood.size() - 1) + ",\"label\":1}", "\"label\" that is no text"},
      {kGood.substr(0, kGood.size() - 1) + ",\"metadata\":[]}", "no object of texts"},
      {kGood.substr(0, kGood.size() - 1) + ",\"metadata\":{\"a\":1}}", "no object of texts"},
      {kGood + std::string(70000, ' '), "more than 65536 bytes"},
  };
  for (const auto& row : cases) {
    store.write("models/churn/versions/2.json", row.text);
    const auto newest = store.catalog().resolve("churn");
    ASSERT_FALSE(newest) << row.text;
    EXPECT_THAT(newest.error().message(), AllOf(HasSubstr("models/churn/versions/2.json"), HasSubstr(row.says)));
    EXPECT_TRUE(store.catalog().resolve("churn:1"));
    EXPECT_TRUE(store.catalog().resolve("churn:v1"));
    EXPECT_THAT(store.catalog().resolve("churn:v2").error().message(), HasSubstr("versions/2.json"));
    EXPECT_EQ(state("churn").problems.size(), 1u);
  }
  expect_leads_well();
  // The way out.
  EXPECT_FALSE(store.catalog().remove("churn:2", {}));
  EXPECT_TRUE(store.catalog().remove("churn:2", {.force = true, .by = {}, .why = {}}));
  EXPECT_EQ(store.catalog().resolve("churn")->number, 1u);
  EXPECT_THAT(state("churn").problems, IsEmpty());
}

TEST_F(Hostile, ABundleStaysWhileAVersionCannotBeReadThatMayUseIt) {
  store.write("models/churn/versions/2.json", "{");
  const auto removed = store.catalog().remove("leads:1", {.force = true, .by = {}, .why = {}});
  ASSERT_TRUE(removed) << removed.error().to_string();
  EXPECT_FALSE(removed->bundle_gone);
  EXPECT_THAT(removed->kept_because, HasSubstr("versions/2.json"));
  EXPECT_TRUE(store.catalog().bundle_files(std::string(64, 'b')));
}

TEST_F(Hostile, AnEntryThatCannotBeReadStopsTheAliasAndIsPutRightByThePromotionAfterIt) {
  ASSERT_TRUE(store.catalog().promote("churn:1", "production", "ana", ""));
  for (const char* text :
       {"", "{}", "{\"version\":0}", "{\"version\":-1}", "{\"version\":1.5}", "{\"version\":\"1\"}",
        "{\"version\":99999999999}", "{\"version\":1,\"restores\":2}", "{\"version\":1,\"why\":[]}"}) {
    store.write("models/churn/aliases/production/000002.json", text);
    for (const char* reference : {"churn@production", "churn"}) {
      const auto resolved = store.catalog().resolve(reference);
      ASSERT_FALSE(resolved) << text;
      EXPECT_EQ(resolved.error().code(), Code::kCorrupt);
      EXPECT_THAT(resolved.error().message(), HasSubstr("production/000002.json"));
    }
    EXPECT_FALSE(store.catalog().rollback("churn", "production", "", "")) << text;
    const auto removed = store.catalog().remove("churn:1", {});
    ASSERT_FALSE(removed);
    EXPECT_THAT(removed.error().message(), HasSubstr("production/000002.json"));
  }
  expect_leads_well();
  ASSERT_TRUE(store.catalog().promote("churn:1", "production", "ana", ""));
  EXPECT_EQ(store.catalog().resolve("churn@production")->number, 1u);
}

TEST_F(Hostile, AnAliasOfAVersionThatNeverWasSaysSo) {
  store.write("models/churn/aliases/production/000001.json", "{\"version\":7}");
  EXPECT_THAT(store.catalog().resolve("churn").error().message(), HasSubstr("churn@production: there is no churn:7"));
}

TEST_F(Hostile, AFileWhereAFolderShouldBeCostsThatModelOnly) {
  store.write("models/file", "x");
  store.write("models/a b/versions/1.json", kGood);
  store.write("models/other/versions", "x");
  store.write("models/third/aliases", "x");
  store.write("models/third/versions/1.json", kGood);
  for (const char* name : {"file", "a b", "other", "third"}) {
    ASSERT_EQ(state(name).problems.size(), 1u) << name;
    EXPECT_THAT(state(name).problems.front().message(), HasSubstr(store.path() + "/models/" + name));
  }
  EXPECT_FALSE(store.catalog().publish("other", bundle('a'), {}));
  EXPECT_FALSE(store.catalog().publish("file", bundle('a'), {}));
  expect_leads_well();
}

TEST_F(Hostile, LinksArePassedOverAndNamed) {
  const std::string models = store.path() + "/models/";
  std::filesystem::create_directory_symlink(models + "leads", models + "linked");
  std::filesystem::create_symlink("1.json", models + "churn/versions/2.json");
  std::filesystem::create_directory(models + "churn/aliases");
  std::filesystem::create_directory_symlink("/etc", models + "churn/aliases/production");
  EXPECT_EQ(state("linked").problems.size(), 1u);
  EXPECT_THAT(state("linked").versions, IsEmpty());
  const ModelState churn = state("churn");
  EXPECT_EQ(churn.versions.size(), 1u);
  EXPECT_EQ(churn.problems.size(), 2u);
  EXPECT_FALSE(store.catalog().promote("churn:1", "production", "", ""));
  EXPECT_FALSE(store.catalog().resolve("linked"));
  expect_leads_well();
}

TEST_F(Hostile, TheHighestNumberLeavesNoneToPublish) {
  store.write("models/churn/versions/999999999.json", kGood);
  const auto refused = store.catalog().publish("churn", bundle('a'), {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kTooLarge);
  EXPECT_THAT(refused.error().message(), HasSubstr("models/churn/versions"));
  EXPECT_TRUE(store.catalog().resolve("churn:999999999"));
  store.write("models/churn/aliases/production/999999999.json", "{\"version\":999999999}");
  EXPECT_EQ(store.catalog().promote("churn:1", "production", "", "").error().code(), Code::kTooLarge);
  expect_leads_well();
}

TEST_F(Hostile, ThingsInABundlesFolderDoNoHarm) {
  const std::string root = store.path() + "/bundles/" + std::string(64, 'a');
  std::filesystem::create_symlink("/etc/passwd", root + "/link");
  std::filesystem::create_directories(root + "/1/2/3/4/5/6/7/8/9/10");
  EXPECT_EQ(store.catalog().bundle_files(std::string(64, 'a'))->size(), 3u);
  EXPECT_EQ(store.catalog().bundle_file(std::string(64, 'a'), "link", 10000).error().code(), Code::kCorrupt);
  EXPECT_EQ(store.catalog().bundle_file(std::string(64, 'a'), "../x", 10000).error().code(), Code::kInvalid);
  EXPECT_TRUE(store.catalog().remove("churn:1", {})->bundle_gone);
  EXPECT_TRUE(std::filesystem::exists("/etc/passwd"));
  EXPECT_TRUE(std::filesystem::is_symlink(root + "/link"));
}

}  // namespace
}  // namespace slipway::registry
