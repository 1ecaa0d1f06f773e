// SPDX-License-Identifier: Apache-2.0
// Somebody else does something at the worst moment: between a look at the store and the object that was to follow.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "registry/temporary_store.h"

namespace slipway::registry {
namespace {

using testing::HasSubstr;

// Calls `meddle` once, just before an object whose key ends so is put.
class MeddledStore final : public Store {
 public:
  MeddledStore(Store& under, std::string end, std::function<void()> meddle)
      : under_(under), end_(std::move(end)), meddle_(std::move(meddle)) {}
  Result<FileBytes> get(std::string_view key, std::size_t limit) const override { return under_.get(key, limit); }
  Result<std::vector<Entry>> list(std::string_view folder) const override { return under_.list(folder); }
  Result<bool> put_if_absent(std::string_view key, const Rope& bytes) override {
    if (key.ends_with(end_) && meddle_) std::exchange(meddle_, nullptr)();
    return under_.put_if_absent(key, bytes);
  }
  Result<void> remove(std::string_view key) override { return under_.remove(key); }
  std::string locate(std::string_view key) const override { return under_.locate(key); }
  bool has_meddled() const { return !meddle_; }

 private:
  Store& under_;
  std::string end_;
  std::function<void()> meddle_;
};

class Meddled : public testing::Test {
 protected:
  void SetUp() override {
    for (const char digit : {'a', 'b', 'c'}) ASSERT_TRUE(other.publish("churn", bundle(digit), {}));
  }
  TemporaryStore store;
  Catalog& other = store.catalog();
};

TEST_F(Meddled, ANumberThatIsTakenMeanwhileStaysWithWhoTookIt) {
  MeddledStore meddled(*store, "/4.json", [&] { EXPECT_EQ(other.publish("churn", bundle('e'), {})->number, 4u); });
  Catalog mine(meddled);
  EXPECT_EQ(mine.publish("churn", bundle('d'), {})->number, 5u);
  EXPECT_EQ(other.resolve("churn:4")->bundle.front(), 'e');
  EXPECT_EQ(other.resolve("churn:5")->bundle.front(), 'd');
}

TEST_F(Meddled, ANumberThatIsTakenAndRemovedMeanwhileIsNotUsedAgain) {
  MeddledStore meddled(*store, "/4.json", [&] {
    EXPECT_TRUE(other.publish("churn", bundle('e'), {}));
    EXPECT_TRUE(other.remove("churn:4", {}));
  });
  Catalog mine(meddled);
  EXPECT_EQ(mine.publish("churn", bundle('d'), {})->number, 5u);
  EXPECT_TRUE(other.resolve("churn:5"));
}

TEST_F(Meddled, AnAliasThatIsPointedAtAVersionWhileItIsRemovedGoesBack) {
  ASSERT_TRUE(other.promote("churn:1", "production", "", ""));
  Result<Promotion> promoted = fail(Code::kInternal, "not called");
  std::jthread promoter;
  // The remover has looked for aliases already; its tombstone comes after the alias's entry.
  MeddledStore meddled(*store, "/2.removed.json", [&] {
    promoter = std::jthread([&] { promoted = other.promote("churn:2", "production", "", ""); });
    while (!store.files().contains("models/churn/aliases/production/000002.json")) std::this_thread::yield();
  });
  Catalog mine(meddled);
  EXPECT_TRUE(mine.remove("churn:2", {}));
  promoter.join();
  ASSERT_FALSE(promoted);
  EXPECT_THAT(promoted.error().message(), HasSubstr("churn:2 was removed"));
  EXPECT_EQ(other.resolve("churn@production")->number, 1u);
  EXPECT_EQ(other.history("churn", "production")->back().restores, 1u);
}

TEST_F(Meddled, APromotionOfWhatIsRemovedMeanwhileSaysSo) {
  ASSERT_TRUE(other.promote("churn:1", "production", "", ""));
  MeddledStore meddled(*store, "/000002.json", [&] { EXPECT_TRUE(other.remove("churn:2", {})); });
  Catalog mine(meddled);
  const auto refused = mine.promote("churn:2", "production", "", "");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("churn:2 was removed"));
  EXPECT_EQ(other.resolve("churn@production")->number, 1u);
}

TEST_F(Meddled, PromotionsAtTheSameMomentAreBothInTheJournal) {
  ASSERT_TRUE(other.promote("churn:1", "production", "", ""));
  MeddledStore meddled(*store, "/000002.json", [&] { EXPECT_TRUE(other.promote("churn:2", "production", "", "")); });
  Catalog mine(meddled);
  const auto done = mine.promote("churn:3", "production", "", "");
  EXPECT_EQ(done->from, 2u);
  EXPECT_EQ(done->entry, 3u);
}

TEST_F(Meddled, TwoRollbacksAtTheSameMomentGoBackOnce) {
  for (const char* reference : {"churn:1", "churn:2", "churn:3"}) {
    ASSERT_TRUE(other.promote(reference, "production", "", ""));
  }
  MeddledStore meddled(*store, "/000004.json",
                       [&] { EXPECT_EQ(other.rollback("churn", "production", "", "")->to, 2u); });
  Catalog mine(meddled);
  const auto refused = mine.rollback("churn", "production", "", "");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kBusy);
  EXPECT_EQ(other.resolve("churn@production")->number, 2u);
}

TEST_F(Meddled, ABundleThatIsImportedAgainWhileItIsRemovedStaysWhole) {
  // The importer comes first: the remover must see its lock.
  MeddledStore meddled(*store, "/manifest.json", [&] {
    const auto removed = other.remove("churn:2", {});
    ASSERT_TRUE(removed);
    EXPECT_FALSE(removed->bundle_gone);
    EXPECT_THAT(removed->kept_because, HasSubstr("being imported"));
  });
  Catalog mine(meddled);
  ASSERT_TRUE(mine.publish("leads", bundle('b'), {}));
  EXPECT_TRUE(meddled.has_meddled());
  EXPECT_EQ(other.bundle_files(std::string(64, 'b'))->size(), 3u);
}

}  // namespace
}  // namespace slipway::registry
