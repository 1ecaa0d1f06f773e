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
  return {.routes = {"/predict", "other"},
          .statuses = {200, 422, 500},
          .predict_route = 0,
          .model = {.name = "ch\"urn", .library = "scikit-learn 1.6.1", .chain = "A > B", .classes = {"no", "yes"}},
          .version = "1.2.3"};
}

std::string page(const Metrics& metrics) {
  std::string out;
  metrics.render(out, {});
  return out;
}

TEST(Metrics, StartAtZeroUnderEveryNameOfTheGuides) {
  const std::string text = page(Metrics(setup()));
  EXPECT_THAT(text, HasSubstr("\nml_requests_total 0\n"));
  EXPECT_THAT(text, HasSubstr("\nml_request_duration_seconds_count 0\n"));
  EXPECT_THAT(text, HasSubstr("\nmodel_predictions_total{model_name=\"ch\\\"urn\",prediction_class=\"yes\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("\nmodel_prediction_latency_seconds_count{model_name=\"ch\\\"urn\"} 0\n"));
}

TEST(Metrics, ShardsOfManyThreadsAddUp) {
  Metrics metrics(setup());
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      Metrics::Shard& shard = metrics.shard();
      threads.emplace_back([&shard] {
        for (int i = 0; i < 1000; ++i) {
          shard.request(0, i % 10 == 0 ? 422 : 200, 3'000, 10, 20);
          shard.prediction(std::size_t(i % 2));
        }
      });
      page(metrics);  // a scrape may come at any time
    }
  }
  metrics.shard().deviation(Deviation::kUnseenCategory, false, 1);
  const std::string text = page(metrics);
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
  Metrics::Setup regressor = setup();
  regressor.model.classes.clear();
  Metrics metrics(regressor);
  metrics.shard().prediction(0);
  EXPECT_THAT(page(metrics), HasSubstr("prediction_class=\"\"} 1\n"));
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
