// SPDX-License-Identifier: Apache-2.0
// Expected moments and quantiles are NumPy's: x.mean(), x.std(), numpy.sort(x)[k * len(x) // 20].
#include "monitor/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace slipway::monitor {
namespace {

using model::Cell;
using testing::ElementsAre;
using testing::HasSubstr;

double shuffled(int i) { return double(i * 37 % 1000) / 8; }

TEST(Profile, HasTheMomentsAndQuantilesThatNumpyHas) {
  ColumnProfiler profiler("x", 1 << 16);
  for (int i = 0; i < 1000; ++i) profiler.add(Cell::of(shuffled(i)));
  const Profile::Numbers numbers = profiler.finish().numbers;
  EXPECT_EQ(numbers.count, 1000U);
  EXPECT_DOUBLE_EQ(numbers.mean, 62.4375);
  EXPECT_NEAR(numbers.deviation, 36.08437378215119, 1e-12);
  EXPECT_EQ(numbers.least, 0);
  EXPECT_EQ(numbers.most, 124.875);
  ASSERT_EQ(numbers.edges.size(), 19U);
  EXPECT_EQ(numbers.edges[0], 6.25);
  EXPECT_EQ(numbers.edges[2], 18.75);
  EXPECT_EQ(numbers.edges[18], 118.75);
  EXPECT_THAT(numbers.counts, testing::Each(50));
}

TEST(Profile, OfManyValuesKeepsASampleWhoseQuantilesAreNearTheTrueOnes) {
  ColumnProfiler profiler("x", 4096);
  for (int i = 0; i < 1'000'000; ++i) profiler.add(shuffled(i));
  const Profile::Numbers numbers = profiler.finish().numbers;
  EXPECT_EQ(numbers.count, 1'000'000U);
  EXPECT_NEAR(numbers.mean, 62.4375, 1e-9);
  ASSERT_EQ(numbers.edges.size(), 19U);
  // The standard error of a median of 4,096 of a uniform range of 125 is 1.
  EXPECT_NEAR(numbers.edges[9], 62.5, 5);
}

TEST(Profile, OfValuesThatRepeatHasFewerBins) {
  ColumnProfiler profiler("x", 100);
  for (int i = 0; i < 10; ++i) profiler.add(Cell::of(std::int64_t{i < 7 ? 0 : 1}));
  const Profile::Numbers numbers = profiler.finish().numbers;
  EXPECT_THAT(numbers.edges, ElementsAre(0, 1));
  EXPECT_THAT(numbers.counts, ElementsAre(0, 7, 3));
}

TEST(Profile, CountsWhatIsMissing) {
  ColumnProfiler profiler("x", 100);
  for (const Cell& cell : {Cell(), Cell::null(), Cell::of(std::nan("")), Cell::of(HUGE_VAL), Cell::other()}) {
    profiler.add(cell);
  }
  const Profile::Column column = profiler.finish();
  EXPECT_EQ(column.missing, 5U);
  EXPECT_EQ(column.numbers.count + column.texts.count, 0U);
}

TEST(Profile, ListsTheMostFrequentTextsAndCountsTheOthers) {
  ColumnProfiler profiler("x", 100);
  for (int i = 0; i < 3000; ++i) profiler.add(Cell::of(std::string_view(std::to_string(i))));
  for (int i = 0; i < 5; ++i) profiler.add(Cell::of(std::string_view("often")));
  profiler.add(Cell::of(std::string_view("\xFF")));
  profiler.add(std::string_view(std::string(1000, 'a')));
  const Profile::Texts texts = profiler.finish().texts;
  EXPECT_EQ(texts.count, 3007U);
  ASSERT_EQ(texts.values.size(), Profile::kMostTexts);
  EXPECT_EQ(texts.values[0], std::pair(std::string("often"), std::uint64_t{5}));
  EXPECT_EQ(texts.values[1].first, "0");
  EXPECT_EQ(texts.others, 3007U - 5 - 999);
}

Profile example() {
  ColumnProfiler a("a", 100), b("b \"quoted\"", 100), answer("prediction", 100);
  for (int i = 0; i < 50; ++i) {
    a.add(shuffled(i));
    b.add(i % 3 == 0 ? Cell::null() : Cell::of(std::string_view(i % 2 == 0 ? "x" : "\xC3\xA9")));
    answer.add(std::string_view("True"));
  }
  Profile out{.rows = 50, .refused = 0, .fields = {}, .answers = {}};
  out.fields.push_back(a.finish());
  out.fields.push_back(b.finish());
  out.answers.push_back(answer.finish());
  return out;
}

TEST(Profile, IsReadAsItWasWritten) {
  const std::string json = to_json(example());
  const auto read = parse_profile(json);
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_EQ(read->rows, 50U);
  EXPECT_EQ(read->fields.at(1).name, "b \"quoted\"");
  EXPECT_EQ(read->fields.at(1).missing, 17U);
  EXPECT_EQ(to_json(*read), json);
}

std::string with(std::string json, std::string_view from, std::string_view to) {
  const std::size_t at = json.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return json.replace(at, from.size(), to);
}

TEST(Profile, RefusesEachLie) {
  const std::string json = to_json(example());
  const std::pair<std::string, const char*> lies[] = {
      {"[]", "object"},
      {with(json, "\"format\":1", "\"format\":2"), "profile format 2"},
      {with(json, "\"rows\":50", "\"rows\":-1"), "rows"},
      {with(json, "\"rows\":50", "\"rows\":50,\"more\":1"), "more"},
      {with(json, "\"count\":50", "\"count\":49"), "add up"},
      {with(json, "\"edges\":[", "\"edges\":[1e9,"), "ascend"},
      {with(json, "\"counts\":[", "\"counts\":[0,"), "do not fit together"},
      {with(json, "\"deviation\":", "\"deviation\":-"), "do not fit together"},
      {with(json, "\"others\":0", "\"others\":1"), "do not add up"},
      {with(json, "[\"x\",", "[7,"), "no texts with counts"},
      {with(json, "\"name\":\"a\"", "\"name\":7"), "name"},
  };
  for (const auto& [lie, why] : lies) {
    const auto read = parse_profile(lie);
    ASSERT_FALSE(read) << lie;
    EXPECT_THAT(read.error().to_string(), HasSubstr(why)) << lie;
  }
}

}  // namespace
}  // namespace slipway::monitor
