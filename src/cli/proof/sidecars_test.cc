// SPDX-License-Identifier: Apache-2.0
// The lock files are pieces of what the tools wrote for "scikit-learn==1.6.1".
#include "cli/proof/sidecars.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slipway::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(Sidecars, ReadsWhatEachToolPins) {
  EXPECT_THAT(locked_packages("Pipfile.lock", R"({"_meta":{"hash":{"sha256":"0"},"requires":{"python_version":"3.12"}},
      "default":{"flask":{"version":"==3.1.0"},"scikit-learn":{"hashes":["sha256:06"],"index":"pypi",
      "markers":"python_version >= '3.9'","version":"==1.6.1"},"numpy":{"version":"==2.2.1"}},"develop":{}})"),
              ElementsAre(Pair("numpy", "2.2.1"), Pair("python", "3.12"), Pair("scikit-learn", "1.6.1")));
  EXPECT_THAT(
      locked_packages("uv.lock",
                      "version = 1\nrequires-python = \">=3.12\"\n\n[[package]]\nname = \"numpy\"\nversion = "
                      "\"2.2.1\"\nsource = { registry = \"x\" }\n\n[[package]]\nname = \"scikit-learn\"\r\nversion "
                      "= \"1.6.1\"\r\n[package.metadata]\nversion = \"9\"\n"),
      ElementsAre(Pair("numpy", "2.2.1"), Pair("scikit-learn", "1.6.1")));
  EXPECT_THAT(locked_packages("requirements.txt",
                              "# scikit-learn==0.1\nscikit_learn==1.6.1 \\\n    --hash=sha256:06\nnumpy==2.2.1 ; "
                              "python_version >= \"3.9\"\nflask==3.1.0\npandas>=2\nxgboost[gpu]==2.1.3\n"),
              ElementsAre(Pair("numpy", "2.2.1"), Pair("scikit-learn", "1.6.1"), Pair("xgboost", "2.1.3")));
  EXPECT_THAT(locked_packages("environment.yml",
                              "dependencies:\n  - python=3.12.8=h9e4cc4f_1_cpython\n  - scikit-learn=1.6.1\n  - pip:\n"
                              "    - joblib==1.4.2\n"),
              ElementsAre(Pair("joblib", "1.4.2"), Pair("python", "3.12.8"), Pair("scikit-learn", "1.6.1")));
}

TEST(Sidecars, GarbageIsNoLock) {
  EXPECT_THAT(locked_packages("Pipfile.lock", "[[[["), IsEmpty());
  EXPECT_THAT(locked_packages("uv.lock", std::string(1000, '=')), IsEmpty());
  EXPECT_THAT(locked_packages("requirements.txt", "scikit-learn==\nnumpy==latest\n=="), IsEmpty());
  EXPECT_THAT(locked_packages("setup.py", "scikit-learn==1.6.1"), IsEmpty());
}

TEST(Sidecars, SaysWhereTheLockAndTheFileDiffer) {
  const Locked locked{.file = "Pipfile.lock", .packages = {{"scikit-learn", "1.5.2"}}};
  EXPECT_EQ(stale(locked, "scikit-learn", {"1.6.1"}),
            "Pipfile.lock pins scikit-learn 1.5.2, the model was written by 1.6.1");
  EXPECT_EQ(stale(locked, "scikit-learn", {"1.5.2"}), "");
  EXPECT_EQ(stale({}, "scikit-learn", {"1.5.2"}), "");
}

}  // namespace
}  // namespace slipway::cli
