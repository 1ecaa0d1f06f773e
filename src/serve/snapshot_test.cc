// SPDX-License-Identifier: Apache-2.0
#include "serve/snapshot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "serve/routes.h"
#include "serve/testing.h"

namespace slipway::serve {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace testing_support;

Snapshot two_models() {
  std::vector<Slot> slots;
  slots.push_back(slot("leads", "leads", version_of("leads", "1")));
  slots.push_back(slot("churn", "churn@production", version_of("churn", "3"), {"production"}));
  slots.push_back(slot("churn", "churn:4", version_of("churn", "4"), {"canary"}));
  Slot missing = slot("prices", "prices", nullptr);
  missing.failed = "2";
  missing.why = "weights.safetensors is damaged";
  slots.push_back(std::move(missing));
  return Snapshot(std::move(slots));
}

std::string title(const Snapshot& snapshot, std::string_view name, std::string_view version = {}) {
  const auto found = snapshot.find(name, version);
  return found ? snapshot.slots()[*found].model->title() : found.error().to_string();
}

TEST(Snapshot, FindsAModelByNameNumberAndAlias) {
  const Snapshot snapshot = two_models();
  EXPECT_THAT(snapshot.names(), ElementsAre("churn", "leads", "prices"));
  EXPECT_EQ(title(snapshot, "churn"), "churn:3");  // what was asked for first
  EXPECT_EQ(title(snapshot, "churn", "4"), "churn:4");
  EXPECT_EQ(title(snapshot, "churn", "canary"), "churn:4");
  EXPECT_EQ(title(snapshot, "churn", "production"), "churn:3");
  EXPECT_EQ(title(snapshot, "l%65ads"), "leads:1");
}

TEST(Snapshot, FindsAVersionByItsLabel) {
  ServedModel::Options options;
  options.name = "churn";
  options.version = "7";
  options.label = "v1.2";
  const auto snapshot = Snapshot::of(served(constant_plan(7), std::move(options)));
  EXPECT_EQ(title(*snapshot, "churn", "v1.2"), "churn:7");
}

TEST(Snapshot, NamesTheNearestOfWhatThereIs) {
  const Snapshot snapshot = two_models();
  EXPECT_EQ(snapshot.find("chrun").error().code(), Code::kNotFound);
  EXPECT_THAT(title(snapshot, "chrun"), HasSubstr("did you mean \"churn\"?"));
  EXPECT_THAT(title(snapshot, "chrun"), HasSubstr("churn, leads, prices"));
  EXPECT_EQ(snapshot.find("churn", "9").error().code(), Code::kNotFound);
  EXPECT_THAT(title(snapshot, "churn", "prodution"), HasSubstr("did you mean \"production\"?"));
  EXPECT_THAT(title(snapshot, "churn", "9"), HasSubstr("Served here: 3, production, 4, canary"));
}

TEST(Snapshot, AModelThatCannotBeServedIsBusyAndSaysWhy) {
  const Snapshot snapshot = two_models();
  EXPECT_EQ(snapshot.find("prices").error().code(), Code::kBusy);
  EXPECT_THAT(title(snapshot, "prices"), HasSubstr("weights.safetensors is damaged"));
  EXPECT_FALSE(snapshot.complete());
  EXPECT_FALSE(Snapshot().complete());
}

TEST(Snapshot, WithoutANameOnlyOneModelIsMeant) {
  EXPECT_EQ(two_models().find_default().error().code(), Code::kNotFound);
  EXPECT_THAT(two_models().find_default().error().hint(), HasSubstr("churn, leads, prices"));
  const auto one = Snapshot::of(version_of("churn", "3"));
  EXPECT_EQ(one->default_model()->title(), "churn:3");
  const Snapshot chosen(two_models().slots(), "leads");
  EXPECT_EQ(chosen.default_model()->title(), "leads:1");
  EXPECT_EQ(Snapshot(two_models().slots(), "prices").find_default().error().code(), Code::kBusy);
  EXPECT_EQ(Snapshot(two_models().slots(), "lead").find_default().error().code(), Code::kNotFound);
  EXPECT_EQ(Snapshot().find_default().error().code(), Code::kBusy);
}

TEST(Routes, TakeTheirPartsFromThePath) {
  const Route route{
      http::Method::kPost, "/models/{name}/versions/{version}/predict", predict, Listener::kData, true, ""};
  PathParts parts;
  EXPECT_TRUE(matches(route, "/models/a/versions/3/predict", parts));
  EXPECT_EQ(parts.name, "a");
  EXPECT_EQ(parts.version, "3");
  for (const std::string_view path :
       {"/models/a/versions/3", "/models//versions/3/predict", "/models/a/b/versions/3/predict",
        "/models/a/versions//predict", "/models/a/versions/3/predict/", "/predict", "",
        "/models/a/versions/3/4/predict"}) {
    EXPECT_FALSE(matches(route, path, parts)) << path;
  }
}

}  // namespace
}  // namespace slipway::serve
