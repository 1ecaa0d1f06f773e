// SPDX-License-Identifier: Apache-2.0
// Files that no library would write: graphs without an end, and real files with bytes changed. Each is refused with a
// path and a reason, or gives a model that both engines run alike; none crashes. Lies about attributes: lies_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "engine/plan.h"
#include "engine/random_record.h"
#include "engine/reference.h"
#include "importer/import.h"
#include "parity/hand_made.h"

namespace slipway::importer {
namespace {

using namespace hand_made;
using testing::HasSubstr;

TEST(Hostile, TheHonestFormsOfTheseFilesAreTaken) {
  const auto model = import_bytes(pipeline(vectorizer(), scaler(), logistic()));
  ASSERT_TRUE(model) << model.error().to_string();
  const model::Cell cells[] = {model::Cell::of(2.0), model::Cell::of(std::string_view("y"))};
  // 1*2/1 + 3*1/4 + 0.5
  EXPECT_EQ(engine::run_reference(*model, {.fields = cells, .extras = {}}).decision.at(0), 3.25);
  EXPECT_TRUE(import_bytes(pipeline(vectorizer(), {}, logistic())));
}

// ---- graphs
// ----------------------------------------------------------------------------------------------------------

constexpr char kNewPipeline[] = "(isklearn.pipeline\nPipeline\n";

TEST(Hostile, APipelineThatContainsItselfIsRefused) {
  const auto model = import_bytes(std::string(kNewPipeline) + "p0\n(dVsteps\n((Vme\ng0\ntlsb.");
  ASSERT_FALSE(model);
  EXPECT_THAT(model.error().message(), HasSubstr("is nested more than 50 deep"));
}

// Each holds `copies` of the one before; the memo keeps the file flat.
std::string tower(int height, int copies) {
  std::string out = std::string(kNewPipeline) + "(dVsteps\n(lsbp0\n0";
  for (int i = 0; i < height; ++i) {
    out += std::string(kNewPipeline) + "}Vsteps\n]";
    for (int k = 0; k < copies; ++k)
      out += "Va\ng" + std::to_string(i) +
             "\n\x86"
             "a";
    out += "sbp" + std::to_string(i + 1) + "\n0";
  }
  return out + "g" + std::to_string(height) + "\n.";
}

TEST(Hostile, AHundredThousandNestedPipelinesAreRefused) {
  const auto model = import_bytes(tower(100'000, 1));
  ASSERT_FALSE(model);
  EXPECT_THAT(model.error().message(), HasSubstr("is nested more than 50 deep"));
}

TEST(Hostile, ASharedPipelineIsNotWalkedExponentially) {
  const auto model = import_bytes(tower(40, 4));  // 4^40 steps
  ASSERT_FALSE(model);
  EXPECT_THAT(model.error().message(), HasSubstr("is one of more than 10000 estimators"));
}

TEST(Hostile, AColumnNameOfSeparatorsTakesNoLongerThanAnother) {
  const std::string name(60'000, '=');
  Bag dv = with(with(vectorizer(), "feature_names_", list({text("a"), text("b"), text(name)})), "vocabulary_",
                dict({{"a", integer(0)}, {"b", integer(1)}, {name, integer(2)}}));
  auto model = import_bytes(pipeline(with(dv, "separator", text("==")), {}, logistic()));
  ASSERT_TRUE(model) << model.error().to_string();
  EXPECT_TRUE(engine::Plan::compile(std::move(*model)));
}

// ---- real files, changed
// ---------------------------------------------------------------------------------------------

std::string fixture_bytes(const std::string& name) {
  const auto file = FileBytes::open("testdata/sklearn/" + name + "/model.pkl", 1 << 20);
  EXPECT_TRUE(file) << "testdata/sklearn/" << name;
  return file ? std::string(file->bytes()) : "";
}

void refuse_or_run_alike(std::string bytes, std::mt19937& random) {
  auto model = import_bytes(std::move(bytes));
  if (!model) {
    EXPECT_TRUE(model.error().message().starts_with("m.pkl: ")) << model.error().message();
    return;
  }
  auto plan = engine::Plan::compile(std::move(*model));
  ASSERT_TRUE(plan) << plan.error().message();
  const auto scratch = plan->scratch();
  engine::Answer answer;
  for (int i = 0; i < 3; ++i) {
    const engine::RandomRecord record(plan->model(), random);
    plan->run(record.record(), *scratch, answer);
    ASSERT_TRUE(engine::same_answer(answer, engine::run_reference(plan->model(), record.record())));
  }
}

TEST(Hostile, AFileCutAnywhereIsRefused) {
  for (const char* name : {"pipeline_dict_logistic-1.6.1", "scaler_logistic-0.20.4", "protocol_0-1.6.1"}) {
    const std::string whole = fixture_bytes(name);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const auto model = import_bytes(whole.substr(0, size));
      ASSERT_FALSE(model) << name << " cut at " << size;
      ASSERT_TRUE(model.error().message().starts_with("m.pkl: ")) << model.error().message();
    }
  }
}

TEST(Hostile, AFileWithBytesChangedIsRefusedOrRunsAlike) {
  std::mt19937 random(11);
  for (const char* name :
       {"pipeline_dict_dense_scaled-1.6.1", "scaler_logistic-0.20.4", "protocol_0-1.6.1", "normalizer_max_dict-1.9.0",
        "sgd_huber_three-1.4.2", "minmax_clip_range-1.9.0", "ridge_classifier_two-1.9.0", "normalizer_twice-0.20.4"}) {
    const std::string whole = fixture_bytes(name);
    ASSERT_FALSE(whole.empty());
    for (int i = 0; i < 4000; ++i) {
      std::string bytes = whole;
      const int changes = 1 + int(random() % 3);
      for (int k = 0; k < changes; ++k) bytes[random() % bytes.size()] = static_cast<char>(random());
      refuse_or_run_alike(std::move(bytes), random);
    }
  }
}

TEST(Hostile, AttributesTakenAwayFromARealFileAreMissed) {
  struct Taken {
    const char* fixture;
    std::vector<std::string> names;
  };
  for (const Taken& taken : {
           Taken{"pipeline_dict_dense_scaled-1.6.1",
                 {"coef_", "intercept_", "classes_", "vocabulary_", "feature_names_", "separator", "sparse", "dtype",
                  "steps", "with_mean", "with_std", "scale_", "solver"}},
           Taken{"lasso_table-1.9.0", {"coef_", "intercept_"}},
           Taken{"ridge_classifier_three-1.4.2", {"coef_", "intercept_", "_label_binarizer", "y_type_", "classes_"}},
           Taken{"sgd_huber_three-1.4.2", {"loss", "coef_", "intercept_", "classes_"}},
           Taken{"minmax_clip_range-1.9.0", {"scale_", "min_", "feature_range"}},
           Taken{"maxabs_dict-1.9.0", {"scale_"}},
           Taken{"robust_table-1.9.0", {"with_centering", "with_scaling", "center_", "scale_"}},
           Taken{"normalizer_l1_table-1.9.0", {"norm"}},
           Taken{"binarizer_table-1.9.0", {"threshold"}},
       }) {
    for (const std::string& name : taken.names) {
      std::string bytes = fixture_bytes(taken.fixture);
      const std::size_t at = bytes.find("\x8c" + std::string(1, char(name.size())) + name);
      ASSERT_NE(at, std::string::npos) << taken.fixture << ": " << name;
      bytes[at + 2] = 'X';
      const auto model = import_bytes(bytes);
      if (name == "dtype") continue;  // the first one may be an array's
      ASSERT_FALSE(model) << taken.fixture << ": " << name;
      EXPECT_THAT(model.error().message(), HasSubstr(name)) << model.error().message();
    }
  }
}

}  // namespace
}  // namespace slipway::importer
