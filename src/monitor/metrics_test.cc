// SPDX-License-Identifier: Apache-2.0
#include "monitor/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace slipway::monitor {
namespace {

using testing::HasSubstr;
using testing::Not;

Metrics::Setup setup() {
  return {.routes = {"/predict", "other"}, .statuses = {200, 422, 500}, .predict_routes = {0}, .version = "1.2.3"};
}

Metrics::Model churn() { return {.name = "ch\"urn", .targets = {{.name = "", .classes = {"no", "yes"}}}}; }

std::string page(const Metrics& metrics) {
  std::string out;
  metrics.render(out, {});
  return out;
}

TEST(Metrics, StartAtZeroUnderEveryNameOfTheGuides) {
  Metrics metrics(setup());
  metrics.series(churn());
  const std::string text = page(metrics);
  EXPECT_THAT(text, HasSubstr("\nml_requests_total 0\n"));
  EXPECT_THAT(text, HasSubstr("\nml_request_duration_seconds_count 0\n"));
  EXPECT_THAT(text, HasSubstr("\nmodel_predictions_total{model_name=\"ch\\\"urn\",prediction_class=\"yes\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("\nmodel_prediction_latency_seconds_count{model_name=\"ch\\\"urn\"} 0\n"));
}

TEST(Metrics, ShardsOfManyThreadsAddUp) {
  Metrics metrics(setup());
  const Metrics::Series& series = metrics.series(churn());
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      Metrics::Shard& shard = metrics.shard();
      threads.emplace_back([&shard, &series] {
        for (int i = 0; i < 1000; ++i) {
          shard.request(0, i % 10 == 0 ? 422 : 200, 3'000, 10, 20);
          shard.model(series).prediction(0, std::size_t(i % 2));
        }
      });
      page(metrics);  // a scrape may come at any time
    }
  }
  metrics.shard().model(series).deviation(Deviation::kUnseenCategory, false, 1);
  const std::string text = page(metrics);
  EXPECT_THAT(text, HasSubstr("prediction_class=\"yes\"} 2000\n"));
  EXPECT_THAT(text, HasSubstr("\nml_requests_total 4000\n"));
  EXPECT_THAT(text, HasSubstr("slipway_requests_total{route=\"/predict\",code=\"422\"} 400\n"));
  EXPECT_THAT(text, HasSubstr("slipway_requests_total{route=\"/predict\",code=\"200\"} 3600\n"));
  EXPECT_THAT(text, HasSubstr("ml_request_duration_seconds_bucket{le=\"2.5e-06\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("ml_request_duration_seconds_bucket{le=\"5e-06\"} 4000\n"));
  EXPECT_THAT(text, HasSubstr("ml_request_duration_seconds_bucket{le=\"+Inf\"} 4000\n"));
  EXPECT_THAT(text, HasSubstr("ml_request_duration_seconds_sum 0.012\n"));
  EXPECT_THAT(text, HasSubstr("slipway_received_bytes_total 40000\n"));
  EXPECT_THAT(text, HasSubstr("kind=\"unseen_category\",outcome=\"answered\"} 1\n"));
}

TEST(Metrics, AStatusThatIsNotListedCountsUnderTheLastAndAddsNoSeries) {
  Metrics metrics(setup());
  metrics.shard().request(1, 418, 1, 0, 0);
  EXPECT_THAT(page(metrics), HasSubstr("slipway_requests_total{route=\"other\",code=\"500\"} 1\n"));
  EXPECT_THAT(page(metrics), Not(HasSubstr("418")));
}

TEST(Metrics, ARegressorCountsUnderNoClass) {
  Metrics metrics(setup());
  const Metrics::Series& series = metrics.series({.name = "price", .targets = {{}}});
  metrics.shard().model(series).prediction(0, 0);
  EXPECT_THAT(page(metrics), HasSubstr("{model_name=\"price\",prediction_class=\"\"} 1\n"));
}

TEST(Metrics, SeveralTargetsAreTold) {
  Metrics metrics(setup());
  const Metrics::Series& series = metrics.series(
      {.name = "two", .targets = {{.name = "a", .classes = {"0", "1"}}, {.name = "b", .classes = {"0", "1"}}}});
  metrics.shard().model(series).prediction(1, 1);
  const std::string text = page(metrics);
  EXPECT_THAT(text, HasSubstr("{model_name=\"two\",prediction_class=\"1\",target=\"a\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("{model_name=\"two\",prediction_class=\"1\",target=\"b\"} 1\n"));
}

// A version with another class goes on where the one before it stopped, and no sample stands twice.
TEST(Metrics, VersionsOfAModelAddUpByClass) {
  Metrics metrics(setup());
  Metrics::Shard& shard = metrics.shard();
  shard.model(metrics.series(churn())).prediction(0, 1);
  Metrics::Model next = churn();
  next.targets[0].classes = {"maybe", "yes"};
  shard.model(metrics.series(next)).prediction(0, 1);
  shard.model(metrics.series(next)).prediction(0, 0);
  shard.model(metrics.series(churn())).prediction(0, 1);
  const std::string text = page(metrics);
  EXPECT_THAT(text, HasSubstr("prediction_class=\"yes\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("prediction_class=\"maybe\"} 1\n"));
  EXPECT_EQ(text.find("prediction_class=\"yes\""), text.rfind("prediction_class=\"yes\""));
}

TEST(Metrics, ThereAreNeverMoreModelsThanTheLimit) {
  Metrics metrics(setup());
  for (std::size_t i = 0; i < Metrics::kMostModels + 10; ++i) {
    metrics.series({.name = "m" + std::to_string(i), .targets = {{}}});
  }
  const std::string text = page(metrics);
  EXPECT_THAT(text, HasSubstr("{model_name=\"m999\","));
  EXPECT_THAT(text, Not(HasSubstr("{model_name=\"m1000\",")));
  EXPECT_THAT(text, HasSubstr("{model_name=\"\","));
}

TEST(Metrics, GaugesOfOneNameStandTogether) {
  std::string out;
  const Metrics::Gauge gauges[] = {{"up", "It is.", false, 1, label("model", "a")},
                                   {"up", "It is.", false, 0, label("model", "b")}};
  Metrics(setup()).render(out, gauges);
  EXPECT_THAT(out, HasSubstr("# TYPE up gauge\nup{model=\"a\"} 1\nup{model=\"b\"} 0\n"));
}

TEST(Histogram, PutsABoundIntoItsOwnBucket) {
  Histogram histogram;
  histogram.observe(1'000);
  histogram.observe(1'001);
  histogram.observe(10'000'000'001);
  EXPECT_EQ(histogram.buckets[0].value(), 1u);
  EXPECT_EQ(histogram.buckets[1].value(), 1u);
  EXPECT_EQ(histogram.buckets.back().value(), 1u);
}

}  // namespace
}  // namespace slipway::monitor
