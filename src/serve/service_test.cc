// SPDX-License-Identifier: Apache-2.0
// The whole of respond(), on a model small enough to be worked out by hand.
#include "serve/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "serve/routes.h"
#include "serve/small_model.h"
#include "serve/testing.h"

namespace slipway::serve {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class ServiceTest : public testing::Test {
 protected:
  void start(Contract contract, Exposure exposure = {.shows = Listener::kBoth, .loopback_only = true},
             const std::string& log = "off") {
    worker_.reset();
    service_.reset();
    log_ = std::move(*Log::open(log));
    service_ = std::make_unique<Service>(
        small_plan(), ServiceOptions{.model_name = "churn", .version = "1.2.3", .contract = contract, .limits = {}},
        *log_);
    handler_ = std::make_unique<ServiceHandler>(*service_, exposure);
    worker_ = handler_->make_worker();
  }
  void SetUp() override { start(Contract::kAuto); }

  http::Request request(http::Method method, std::string_view target, std::string_view body = {}) {
    http::Request out;
    out.method = method;
    out.path = target.substr(0, target.find('?'));
    if (out.path.size() < target.size()) out.query = target.substr(out.path.size() + 1);
    out.host = "localhost";
    out.client = "127.0.0.1";
    body_.assign(body).append(64, '\0');
    out.body = std::string_view(body_).substr(0, body.size());
    out.received = http::Clock::now();
    return out;
  }

  struct Seen {
    int status;
    std::string body, type, allow;
  };
  Seen send(const http::Request& request) {
    const http::Response response = handler_->respond(request, *worker_);
    return {response.status, std::string(response.body), std::string(response.content_type),
            std::string(response.allow)};
  }
  Seen predict(std::string_view body, std::string_view target = "/predict") {
    return send(request(http::Method::kPost, target, body));
  }
  Seen get(std::string_view target) { return send(request(http::Method::kGet, target)); }

  http::Place place(const http::Request& request) { return handler_->place(request, *worker_); }
  // a:1 (production) and a:2 (canary), b:7, and c, which cannot be served.
  void serve_two() {
    using namespace testing_support;
    std::vector<Slot> slots = {slot("a", "a@production", version_of("a", "1"), {"production"}),
                               slot("a", "a:2", version_of("a", "2"), {"canary"}), slot("b", "b", version_of("b", "7")),
                               slot("c", "c", nullptr)};
    slots.back().failed = "1";
    slots.back().why = "it is damaged";
    service_->publish(std::make_shared<const Snapshot>(std::move(slots)));
    handler_->refresh(*worker_);
  }

  std::unique_ptr<Log> log_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<ServiceHandler> handler_;
  std::unique_ptr<http::Worker> worker_;
  std::string body_;
};

// score = 2 * (contract = month) - 1 * (contract = year) + 0.5 * tenure - 1; at 0 the probability is 0.5 exactly.
TEST_F(ServiceTest, OneRecordGivesOneObject) {
  const Seen seen = predict(R"({"contract":"year","tenure":4})");
  EXPECT_EQ(seen.status, 200);
  EXPECT_EQ(seen.type, "application/json");
  EXPECT_EQ(seen.body, "{\"prediction\":0,\"probability\":0.5,\"model\":\"churn\"}\n");
}

TEST_F(ServiceTest, ManyGivePredictions) {
  const Seen list = predict(R"([{"contract":"year","tenure":4},{"contract":"month","tenure":-2}])");
  EXPECT_EQ(list.body,
            "{\"predictions\":[{\"prediction\":0,\"probability\":0.5},{\"prediction\":0,\"probability\":0.5}],"
            "\"model\":\"churn\"}\n");
  const Seen columns = predict(R"({"contract":["year","month"],"tenure":[4,-2]})");
  EXPECT_EQ(columns.body, list.body);
}

TEST_F(ServiceTest, ACallersIdIsEchoedInEveryModeAndIsNoDeviation) {
  for (const Contract contract : {Contract::kAuto, Contract::kStrict, Contract::kIgnore}) {
    start(contract);
    EXPECT_EQ(predict(R"({"id":"a\"1","contract":"year","tenure":4})").body,
              "{\"prediction\":0,\"probability\":0.5,\"id\":\"a\\\"1\",\"model\":\"churn\"}\n");
    EXPECT_EQ(predict(R"({"id":["x","y"],"contract":["year","year"],"tenure":[4,4]})").body,
              "{\"predictions\":[{\"prediction\":0,\"probability\":0.5,\"id\":\"x\"},"
              "{\"prediction\":0,\"probability\":0.5,\"id\":\"y\"}],\"model\":\"churn\"}\n");
  }
  start(Contract::kStrict);
  EXPECT_EQ(predict(R"({"id":1.5,"contract":"year","tenure":4})").status, 422);
}

TEST_F(ServiceTest, AllProbabilitiesAreGivenOnRequest) {
  EXPECT_EQ(predict(R"({"contract":"year","tenure":4})", "/predict?probabilities=true").body,
            "{\"prediction\":0,\"probability\":0.5,\"probabilities\":{\"0\":0.5,\"1\":0.5},\"model\":\"churn\"}\n");
}

TEST_F(ServiceTest, ASlipOfThePenIsRefusedAndExplained) {
  const Seen seen = predict(R"({"contract":"year","Tenure":4})");
  EXPECT_EQ(seen.status, 422);
  EXPECT_EQ(seen.type, "application/problem+json");
  EXPECT_THAT(seen.body, StartsWith(R"({"type":"/problems/contract","title":"Input does not match the model",)"
                                    R"("status":422,"detail":"unknown field \"Tenure\"; did you mean \"tenure\"?",)"
                                    R"("error":"unknown field \"Tenure\"; did you mean \"tenure\"?","errors":[)"
                                    R"({"path":"/Tenure","code":"unknown_field","nearest":"tenure",)"));
  EXPECT_THAT(seen.body, HasSubstr(R"({"path":"/tenure","code":"missing_field","expected":"number",)"));
  const std::size_t example = seen.body.find("\"example\":") + 10;
  const std::string record = seen.body.substr(example, seen.body.find(",\"model\":") - example);
  start(Contract::kStrict);
  EXPECT_EQ(predict(record).status, 200) << record;
}

TEST_F(ServiceTest, AutoAnswersWhatIsMissingOrUnseenWithAWarning) {
  const Seen missing = predict(R"({"tenure":2})");
  EXPECT_EQ(missing.body,
            "{\"prediction\":0,\"probability\":0.5,\"warnings\":[{\"code\":\"missing_field\",\"field\":\"contract\"}],"
            "\"model\":\"churn\"}\n");
  const Seen unseen = predict(R"({"tenure":2,"contract":"yaer"})");
  EXPECT_THAT(unseen.body, HasSubstr(R"("warnings":[{"code":"unseen_category","field":"contract","nearest":"year"}])"));
  EXPECT_EQ(predict(R"({"tenure":2,"contract":"year","colour":"red"})").status, 200);
  EXPECT_THAT(predict(R"({"tenure":null,"contract":"year"})").body, HasSubstr("missing_field"));
}

TEST_F(ServiceTest, StrictRefusesAllFourAndListsThemAtOnce) {
  start(Contract::kStrict);
  const Seen seen = predict(R"([{"tenure":"2","contract":"yaer","colour":"red"},{"tenure":1}])");
  EXPECT_EQ(seen.status, 422);
  EXPECT_THAT(seen.body, HasSubstr(R"x("detail":"row 0: field \"tenure\" takes number, not text (and 3 more)")x"));
  EXPECT_THAT(seen.body, HasSubstr(R"({"path":"/0/contract","code":"unseen_category","nearest":"year",)"));
  EXPECT_THAT(seen.body, HasSubstr(R"({"path":"/0/tenure","code":"wrong_type","expected":"number",)"));
  EXPECT_THAT(seen.body, HasSubstr(R"({"path":"/0/colour","code":"unknown_field",)"));
  EXPECT_THAT(seen.body, HasSubstr(R"({"path":"/1/contract","code":"missing_field","expected":"text",)"));
}

TEST_F(ServiceTest, IgnoreDoesWhatTheLibraryDoes) {
  start(Contract::kIgnore);
  EXPECT_EQ(predict(R"({"tenure":2,"contract":"yaer","colour":"red"})").body,
            "{\"prediction\":0,\"probability\":0.5,\"model\":\"churn\"}\n");
  EXPECT_EQ(predict(R"({"Tenure":2})").status, 200);
  const Seen null = predict(R"({"tenure":null,"contract":"year"})");  // NaN: LogisticRegression raises
  EXPECT_EQ(null.status, 422);
  EXPECT_THAT(null.body, HasSubstr("\"path\":\"/tenure\",\"code\":\"not_accepted\""));
}

TEST_F(ServiceTest, WhatTheLibraryRaisesOnIsRefusedInEveryMode) {
  for (const Contract contract : {Contract::kAuto, Contract::kStrict, Contract::kIgnore}) {
    start(contract);
    EXPECT_EQ(predict(R"({"contract":"year","tenure":{"a":1}})").status, 422);
    EXPECT_EQ(predict(R"({"contract":"year","tenure":1,"x":{"a":1}})").status, 422);
  }
}

TEST_F(ServiceTest, AtMostTwentyErrorsAreListed) {
  std::string body = "[";
  for (int i = 0; i < 50; ++i) body += R"({"tenure":"x","contract":"year"},)";
  body.back() = ']';
  const Seen seen = predict(body);
  EXPECT_EQ(seen.status, 422);
  std::size_t count = 0;
  for (std::size_t at = 0; (at = seen.body.find("\"path\"", at)) != std::string::npos; ++at) ++count;
  EXPECT_EQ(count, 20u);
}

TEST_F(ServiceTest, OnErrorRowAnswersTheGoodRows) {
  const Seen seen =
      predict(R"([{"contract":"year","tenure":4},{"contract":"year","tenure":"x"},7])", "/predict?a=b&on_error=row");
  EXPECT_EQ(seen.status, 200);
  EXPECT_THAT(seen.body,
              StartsWith(R"({"predictions":[{"prediction":0,"probability":0.5},{"errors":[{"path":"/1/tenure",)"));
  EXPECT_THAT(seen.body, HasSubstr("a row is a record or a list of values, not a number"));
}

TEST_F(ServiceTest, WhatIsNotJsonIs400AndKeepsTheGuidesErrorKey) {
  const Seen seen = predict("tenure=24");
  EXPECT_EQ(seen.status, 400);
  EXPECT_EQ(seen.type, "application/problem+json");
  EXPECT_THAT(seen.body, HasSubstr("\"error\":\"the body is not JSON"));
}

TEST_F(ServiceTest, CompressedBodiesAreRefusedByName) {
  http::Request compressed = request(http::Method::kPost, "/predict", "{}");
  compressed.content_encoding = "gzip";
  EXPECT_EQ(send(compressed).status, 415);
}

TEST_F(ServiceTest, HealthHasTheGuidesShapeAndFailsWhileDraining) {
  EXPECT_EQ(get("/health").body, "{\"status\":\"healthy\",\"version\":\"1.2.3\"}\n");
  EXPECT_EQ(get("/readyz").status, 200);
  service_->set_ready(false);
  EXPECT_EQ(get("/health").status, 503);
  EXPECT_EQ(get("/readyz").status, 503);
  EXPECT_EQ(get("/livez").status, 200);
}

TEST_F(ServiceTest, RoutesAreKnownByPathAndMethod) {
  const Seen wrong = get("/predict");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.allow, "POST");
  const Seen none = get("/predictions");
  EXPECT_EQ(none.status, 404);
  EXPECT_THAT(none.body, HasSubstr("POST /predict"));
  EXPECT_EQ(send(request(http::Method::kHead, "/health")).status, 200);
  EXPECT_THAT(get("/").body, HasSubstr(R"({"contract":"month",)"));
}

TEST_F(ServiceTest, AListenerShowsOnlyItsOwnRoutes) {
  start(Contract::kAuto, {.shows = Listener::kData, .loopback_only = false});
  EXPECT_EQ(get("/metrics").status, 404);
  EXPECT_EQ(get("/health").status, 200);
  start(Contract::kAuto, {.shows = Listener::kOps, .loopback_only = false});
  EXPECT_EQ(get("/metrics").status, 200);
  EXPECT_EQ(predict("{}").status, 404);
  EXPECT_THAT(get("/").body, Not(HasSubstr("/predict")));
}

TEST_F(ServiceTest, WithoutKeysOnlyNamesOfThisMachineAreAnswered) {
  for (const std::string_view host : {"localhost", "127.0.0.1", "127.8.8.8", "[::1]", "app.localhost", ""}) {
    http::Request call = request(http::Method::kGet, "/health");
    call.host = host;
    EXPECT_EQ(send(call).status, 200) << host;
  }
  for (const std::string_view host : {"evil.example", "127.0.0.1.evil.example", "localhost.evil", "10.0.0.1"}) {
    http::Request call = request(http::Method::kGet, "/health");
    call.host = host;
    EXPECT_EQ(send(call).status, 421) << host;
  }
  http::Request page = request(http::Method::kGet, "/health");
  page.origin = "http://localhost:3000";
  EXPECT_EQ(send(page).status, 200);
  for (const std::string_view origin : {"https://evil.example", "null", "http://localhost.evil.example:80"}) {
    page.origin = origin;
    EXPECT_EQ(send(page).status, 421) << origin;
  }
}

TEST_F(ServiceTest, MetricsCountPredictionsAndDeviations) {
  predict(R"({"contract":"month","tenure":9})");
  predict(R"({"contract":"yaer","tenure":0})");
  predict(R"({"tenure":"x"})");
  const std::string page = get("/metrics").body;
  EXPECT_THAT(page, HasSubstr("\nml_requests_total 3\n"));
  EXPECT_THAT(page, HasSubstr("model_predictions_total{model_name=\"churn\",prediction_class=\"1\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("model_predictions_total{model_name=\"churn\",prediction_class=\"0\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("{model=\"churn\",kind=\"unseen_category\",outcome=\"answered\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("{model=\"churn\",kind=\"wrong_type\",outcome=\"refused\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("slipway_requests_total{route=\"/predict\",code=\"422\"} 1\n"));
}

TEST_F(ServiceTest, TheCardShowsTheSchema) {
  const std::string card = get("/model").body;
  EXPECT_THAT(card, HasSubstr(R"({"name":"contract","takes":"text","categories":["month","year"]})"));
  EXPECT_THAT(card, HasSubstr("\"labels\":[0,1]"));
  EXPECT_THAT(card, HasSubstr("\"proof\":\"none\""));
}

TEST_F(ServiceTest, TheLogIsOneJsonLineARequest) {
  const std::string path = testing::TempDir() + "slipway_service_log_test";
  std::filesystem::remove(path);
  start(Contract::kAuto, {}, path);
  http::Request call = request(http::Method::kPost, "/predict", R"({"contract":"yaer","tenure":4})");
  call.request_id = "abc-1";
  send(call);
  get("/nowhere");
  get("/elsewhere");
  http::Request other = request(http::Method::kPost, "/predict", R"({"contract":"year","tenure":4})");
  other.client = "127.0.0.2";
  send(other);
  worker_.reset();
  service_.reset();
  log_.reset();
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_THAT(text.str(), HasSubstr(R"("level":"info","msg":"request","request_id":"abc-1","client":"127.0.0.1",)"
                                    R"("method":"POST","route":"/predict","status":200,"model":"churn","rows":1,)"
                                    R"("warnings":{"unseen_category":1},"bytes":[)"));
  EXPECT_THAT(text.str(), HasSubstr(R"("level":"warn","msg":"request","request_id":")"));
  EXPECT_THAT(text.str(), HasSubstr(R"("method":"GET","route":"/nowhere","status":404,"bytes":[0,)"));
  EXPECT_THAT(text.str(), HasSubstr(R"("method":"GET","route":"/elsewhere","status":404,"bytes":[0,)"));
  EXPECT_THAT(text.str(), HasSubstr(R"("client":"127.0.0.2","method":"POST","route":"/predict","status":200,)"));
}

// Every name is as long as a missing field's, so each comparison would be a whole one.
TEST_F(ServiceTest, AHostileRecordBuysNoTimeWithItsNames) {
  std::string body = "{";
  for (int i = 0; i < 60000; ++i) body += "\"" + std::to_string(100'000 + i) + "\":1,";
  body += "\"z\":1}";
  EXPECT_EQ(predict(body).status, 200);
  EXPECT_LT(static_cast<RouteWorker&>(*worker_).findings.comparisons, 2u);  // spent, and no more than that was
}

TEST_F(ServiceTest, AnswersRowByRowKeepToTwentyErrors) {
  std::string body = "[";
  for (int i = 0; i < 1000; ++i) body += R"({"tenure":"x","contract":"year"},)";
  body.back() = ']';
  const Seen seen = predict(body, "/predict?on_error=row");
  EXPECT_EQ(seen.status, 200);
  EXPECT_LT(seen.body.size(), 20'000u);
  EXPECT_THAT(seen.body, HasSubstr("{\"errors\":[]},{\"errors\":[]}"));
}

TEST_F(ServiceTest, ALargeAnswersMemoryIsGivenBack) {
  std::string body = "[";
  for (int i = 0; i < 40'000; ++i) body += R"({"tenure":1,"contract":"year"},)";
  body.back() = ']';
  EXPECT_EQ(predict(body).status, 200);
  predict(R"({"tenure":1,"contract":"year"})");
  EXPECT_LT(static_cast<RouteWorker&>(*worker_).out.capacity(), std::size_t{1} << 20);
}

TEST_F(ServiceTest, LongRequestsGoToThePool) {
  EXPECT_EQ(place(request(http::Method::kPost, "/predict", "{}")), http::Place::kLoop);
  EXPECT_EQ(place(request(http::Method::kPost, "/predict", std::string(4 << 20, ' '))), http::Place::kPool);
  std::string many = "[";
  for (int i = 0; i < 30'000; ++i) many += "{},";
  many.back() = ']';
  EXPECT_EQ(place(request(http::Method::kPost, "/predict", many)), http::Place::kPool);
  EXPECT_EQ(place(request(http::Method::kPost, "/nowhere", std::string(4 << 20, ' '))), http::Place::kLoop);
}

TEST_F(ServiceTest, ModelsAreKnownByNameAndVersion) {
  serve_two();
  EXPECT_EQ(predict("[1]", "/models/a/predict").body, "{\"prediction\":1.0,\"model\":\"a:1\"}\n");
  EXPECT_EQ(predict("[1]", "/models/a/versions/2/predict").body, "{\"prediction\":2.0,\"model\":\"a:2\"}\n");
  EXPECT_EQ(predict("[1]", "/models/a/versions/canary/predict").body, "{\"prediction\":2.0,\"model\":\"a:2\"}\n");
  EXPECT_EQ(predict("[1]", "/models/b/predict").body, "{\"prediction\":7.0,\"model\":\"b:7\"}\n");
  const Seen none = predict("[1]", "/models/bb/predict");
  EXPECT_EQ(none.status, 404);
  EXPECT_EQ(none.type, "application/problem+json");
  EXPECT_THAT(none.body, HasSubstr("Models served here: a, b, c"));
  EXPECT_EQ(predict("[1]", "/models/a/versions/3/predict").status, 404);
  EXPECT_THAT(predict("[1]", "/models/a/versions/canray/predict").body, HasSubstr("did you mean \\\"canary\\\"?"));
  EXPECT_EQ(predict("[1]").status, 404);  // which of them?
  EXPECT_THAT(predict("[1]").body, HasSubstr("a, b, c"));
  EXPECT_EQ(predict("[1]", "/models/c/predict").status, 503);
  EXPECT_EQ(get("/models/a/predict").allow, "POST");
}

TEST_F(ServiceTest, TheListOfModelsSaysWhatEachIs) {
  serve_two();
  EXPECT_EQ(get("/models").body,
            R"({"models":[{"name":"a","version":"1","aliases":["production"],"wanted":"a@production","proof":"none",)"
            R"("chain":["LinearRegression"],"card":"/models/a/versions/1"},)"
            R"({"name":"a","version":"2","aliases":["canary"],"wanted":"a:2","proof":"none",)"
            R"("chain":["LinearRegression"],"card":"/models/a/versions/2"},)"
            R"({"name":"b","version":"7","wanted":"b","proof":"none","chain":["LinearRegression"],)"
            R"("card":"/models/b/versions/7"}]})"
            "\n");
  EXPECT_THAT(get("/models/a/versions/2").body, StartsWith(R"({"name":"a","version":"2","aliases":["canary"],)"));
  EXPECT_THAT(get("/models/b").body, HasSubstr(R"("fields":[{"name":"x","takes":"number"}])"));
}

TEST_F(ServiceTest, ReadinessWantsEveryModelAndNamesTheOneThatIsNot) {
  serve_two();
  const Seen seen = get("/readyz");
  EXPECT_EQ(seen.status, 503);
  EXPECT_EQ(seen.body,
            R"({"status":"not ready","models":[{"model":"a@production","served":true,"version":"1","proof":"none"},)"
            R"({"model":"a:2","served":true,"version":"2","proof":"none"},)"
            R"({"model":"b","served":true,"version":"7","proof":"none"},)"
            R"({"model":"c","served":false,"failed":"1","why":"it is damaged"}]})"
            "\n");
}

TEST_F(ServiceTest, EachModelIsCountedUnderItsName) {
  serve_two();
  predict("[1]", "/models/a/predict");
  predict("[1]", "/models/a/versions/2/predict");
  predict("[1]", "/models/b/predict");
  predict(R"([{"x":"text"}])", "/models/b/predict");
  const std::string page = get("/metrics").body;
  EXPECT_THAT(page, HasSubstr("model_predictions_total{model_name=\"a\",prediction_class=\"\"} 2\n"));
  EXPECT_THAT(page, HasSubstr("model_predictions_total{model_name=\"b\",prediction_class=\"\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("{model=\"b\",kind=\"wrong_type\",outcome=\"refused\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("{model=\"a\",kind=\"wrong_type\",outcome=\"refused\"} 0\n"));
  EXPECT_THAT(page, HasSubstr("\nml_requests_total 4\n"));
  EXPECT_THAT(page, HasSubstr("slipway_requests_total{route=\"/models/{name}/predict\",code=\"200\"} 2\n"));
  EXPECT_THAT(page, HasSubstr("slipway_model_info{model=\"a\",version=\"2\",wanted=\"a:2\","));
}

}  // namespace
}  // namespace slipway::serve
