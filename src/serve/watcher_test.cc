// SPDX-License-Identifier: Apache-2.0
// The watcher alone, step by step; and under a server with clients, while versions are promoted back and forth.
#include "serve/watcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <set>
#include <string>
#include <thread>

#include "base/machine.h"
#include "serve/http/server.h"
#include "serve/http/test_client.h"
#include "serve/testing.h"

namespace slipway::serve {
namespace {

using namespace std::chrono_literals;
using namespace testing_support;
using testing::HasSubstr;

class WatcherTest : public testing::Test {
 protected:
  std::string title(std::string_view name) const {
    const auto snapshot = service_.current();
    const auto found = snapshot->find(name);
    return found ? snapshot->slots()[*found].model->title() : found.error().message();
  }
  const Slot& slot_of(std::string_view wanted) {
    kept_ = service_.current();
    return *std::ranges::find(kept_->slots(), wanted, &Slot::wanted);
  }

  TestSource source_;
  std::unique_ptr<Log> log_ = std::move(*Log::open("off"));
  Service service_{{.model_name = {}, .version = "1", .contract = {}, .limits = {}}, *log_};
  Watcher watcher_{source_, service_, {}};
  std::shared_ptr<const Snapshot> kept_;
  Watcher::Clock::time_point now_ = Watcher::Clock::now();
};

TEST_F(WatcherTest, PublishesWhatIsWantedAndOnlyChanges) {
  source_.want("churn", "1");
  EXPECT_TRUE(watcher_.step());
  EXPECT_EQ(title("churn"), "churn:1");
  EXPECT_FALSE(watcher_.step());
  source_.want("churn", "2");
  source_.want("leads", "5");
  EXPECT_TRUE(watcher_.step());
  EXPECT_EQ(title("churn"), "churn:2");
  EXPECT_EQ(title("leads"), "leads:5");
  EXPECT_EQ(source_.loads, 3);
}

TEST_F(WatcherTest, AnAliasThatMovesToAServedVersionLoadsNothing) {
  source_.want("churn", "1");
  watcher_.step();
  source_.want("churn", "1", {"production"});
  EXPECT_TRUE(watcher_.step());
  EXPECT_THAT(slot_of("churn").aliases, testing::ElementsAre("production"));
  EXPECT_EQ(source_.loads, 1);
}

TEST_F(WatcherTest, ABrokenVersionKeepsTheOldOneAndTheOthersAreServed) {
  source_.want("churn", "1", {"production"});
  source_.want("leads", "1");
  watcher_.step(now_);
  source_.broken = {"churn:2"};
  source_.want("churn", "2", {"production"});
  source_.want("leads", "2");
  EXPECT_TRUE(watcher_.step(now_));
  EXPECT_EQ(title("churn"), "churn:1");
  EXPECT_EQ(title("leads"), "leads:2");
  EXPECT_EQ(slot_of("churn").failed, "2");
  EXPECT_THAT(slot_of("churn").why, HasSubstr("damaged"));
  EXPECT_THAT(slot_of("churn").aliases, testing::ElementsAre("production"));  // it still answers for it
  EXPECT_TRUE(service_.current()->complete());

  const int loads = source_.loads;  // it is tried again, but not with every look
  watcher_.step(now_ + 1s);
  EXPECT_EQ(source_.loads, loads);
  watcher_.step(now_ + 6s);
  EXPECT_EQ(source_.loads, loads + 1);
  watcher_.step(now_ + 12s);
  EXPECT_EQ(source_.loads, loads + 1);
  source_.broken.clear();
  watcher_.step(now_ + 30s);
  EXPECT_EQ(title("churn"), "churn:2");
  EXPECT_EQ(slot_of("churn").why, "");
}

TEST_F(WatcherTest, AModelThatWasNeverGoodIsNotServed) {
  source_.broken = {"churn:1"};
  source_.want("churn", "1");
  source_.want("leads", "1");
  EXPECT_TRUE(watcher_.step());
  EXPECT_FALSE(service_.current()->complete());
  EXPECT_EQ(title("leads"), "leads:1");
  source_.want("churn", "2");
  EXPECT_TRUE(watcher_.step());
  EXPECT_TRUE(service_.current()->complete());
}

TEST_F(WatcherTest, WhileTheStoreIsAwayWhatIsServedStays) {
  source_.want("churn", "1");
  watcher_.step();
  source_.away = true;
  source_.want("churn", "2");
  EXPECT_FALSE(watcher_.step());
  EXPECT_EQ(title("churn"), "churn:1");
  source_.away = false;
  EXPECT_TRUE(watcher_.step());
  EXPECT_EQ(title("churn"), "churn:2");
}

TEST_F(WatcherTest, WhatIsNotWantedAnyMoreIsNotServed) {
  source_.want("churn", "1");
  source_.want("leads", "1");
  watcher_.step();
  source_.drop("leads");
  EXPECT_TRUE(watcher_.step());
  EXPECT_THAT(title("leads"), HasSubstr("no model is called"));
}

TEST_F(WatcherTest, AWorkerKeepsItsModelUntilItIsRefreshedAndThenNobodyDoes) {
  source_.want("churn", "1");
  source_.want("leads", "1");
  watcher_.step();
  RouteWorker worker(service_);
  const std::weak_ptr<const ServedModel> old = service_.current()->slots()[0].model;
  Room* const room = &worker.room(1);
  source_.want("churn", "2");
  watcher_.step();
  EXPECT_EQ(worker.snapshot().default_model(), nullptr);
  EXPECT_EQ(worker.snapshot().slots()[0].model->title(), "churn:1");
  watcher_.step();
  EXPECT_FALSE(old.expired()) << "a worker answers from it";
  worker.refresh();
  EXPECT_EQ(worker.snapshot().slots()[0].model->title(), "churn:2");
  EXPECT_EQ(&worker.room(1), room) << "a model that stays keeps what is warm";
  EXPECT_FALSE(old.expired()) << "freed on the thread that answers";
  watcher_.step();
  EXPECT_TRUE(old.expired());
}

// Clients that ask without a pause while the wanted version changes 200 times: every request is answered, by exactly
// one version, whose name and number agree; and both versions have answered.
TEST(Swapping, LosesNothing) {
  TestSource source;
  const auto log = std::move(*Log::open("off"));
  Service service({.model_name = {}, .version = "1", .contract = {}, .limits = {}}, *log);
  Watcher watcher(source, service, {});
  source.want("m", "1");
  watcher.step();
  const ServiceHandler handler(service, {.shows = Listener::kBoth, .loopback_only = true});
  auto server = http::Server::start({{"127.0.0.1", 0, &handler}}, {.loops = 2, .pool_threads = 2});
  ASSERT_TRUE(server);
  service.set_refresh([&server] { (*server)->refresh(); });

  std::string list = "[";
  for (int i = 0; i < 30'000; ++i) list += "[1],";  // long enough for the pool
  list.back() = ']';
  const auto request = [](const std::string& body) {
    return "POST /models/m/predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
  };
  std::atomic<bool> over{false};
  std::atomic<int> asked{0}, one{0}, two{0};
  std::vector<std::jthread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&, text = request(i == 3 ? list : "[1]")] {
      http::testing_support::Client client((*server)->port(0));
      while (!over) {
        ++asked;
        const auto got = client.ask(text);
        if (!got || got->status != 200) continue;
        const std::string& answer = got->body;
        const bool first = answer.find("\"prediction\":1.0") != answer.npos;
        const bool second = answer.find("\"prediction\":2.0") != answer.npos;
        if (first && !second && answer.ends_with("\"model\":\"m:1\"}\n")) ++one;
        if (second && !first && answer.ends_with("\"model\":\"m:2\"}\n")) ++two;
      }
    });
  }
  for (int i = 0; i < 200; ++i) {
    source.want("m", i % 2 == 0 ? "2" : "1");
    EXPECT_TRUE(watcher.step());
    std::this_thread::sleep_for(2ms);
  }
  over = true;
  clients.clear();
  EXPECT_EQ(one + two, asked);
  EXPECT_GT(one, 20);
  EXPECT_GT(two, 20);
  service.set_refresh(nullptr);
}

// Versions of 32 MB each: without freeing, all of them would be 640 MB.
TEST(Swapping, MemoryReturns) {
  struct Large final : ModelSource {
    Result<std::uint64_t> generation() override { return version; }
    Result<std::vector<WantedModel>> wanted() override {
      return std::vector<WantedModel>{
          {.name = "m", .wanted = "m", .version = std::to_string(version), .aliases = {}, .problem = {}}};
    }
    Result<void> check(const WantedModel&) override { return {}; }
    Result<std::shared_ptr<const ServedModel>> load(const WantedModel& wanted) override {
      ServedModel::Options options;
      options.name = wanted.name;
      options.version = wanted.version;
      return served(constant_plan(1, 2'000'000), std::move(options));
    }
    std::uint64_t version = 1;
  } source;
  const auto log = std::move(*Log::open("off"));
  Service service({.model_name = {}, .version = "1", .contract = {}, .limits = {}}, *log);
  Watcher watcher(source, service, {});
  const ServiceHandler handler(service, {.shows = Listener::kBoth, .loopback_only = true});
  auto server = http::Server::start({{"127.0.0.1", 0, &handler}}, {.loops = 2, .pool_threads = 2});
  ASSERT_TRUE(server);
  service.set_refresh([&server] { (*server)->refresh(); });
  std::uint64_t after_first = 0;
  for (int i = 0; i < 20; ++i) {
    ++source.version;
    watcher.step();
    std::this_thread::sleep_for(5ms);
    if (i == 2) after_first = process_usage().resident_bytes;
  }
  std::this_thread::sleep_for(50ms);
  watcher.step();
  EXPECT_LT(process_usage().resident_bytes, after_first + (100U << 20));
  service.set_refresh(nullptr);
}

}  // namespace
}  // namespace slipway::serve
