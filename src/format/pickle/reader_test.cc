// SPDX-License-Identifier: Apache-2.0
// Pickles of others, when they are there: SLIPWAY_ACCEPTANCE or ../shared/acceptance.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "format/pickle/numpy.h"

namespace slipway::pickle {
namespace {

std::string acceptance(const std::string& name) {
  const char* set = std::getenv("SLIPWAY_ACCEPTANCE");
  return std::string(set != nullptr ? set : "../shared/acceptance") + "/" + name;
}

TEST(Acceptance, ReadsTheLeadsPipeline) {
  const std::string path = acceptance("leads/pipeline_v1.bin");
  if (!std::filesystem::exists(path)) GTEST_SKIP();
  const auto file = FileBytes::open(path, 1 << 30);
  ASSERT_TRUE(file);
  const auto document = Document::read(*file);
  ASSERT_TRUE(document) << document.error().to_string();
  EXPECT_EQ(class_of(*document, document->root()).name, "Pipeline");
  const NodeId steps = find(*document, attributes(*document, document->root()), "steps");
  ASSERT_EQ(document->items(steps).size(), 2U);
  const NodeId model = document->items(document->items(steps)[1])[1];
  const auto coef = read_numbers(*document, find(*document, attributes(*document, model), "coef_"));
  ASSERT_TRUE(coef) << coef.error().to_string();
  EXPECT_EQ(coef->shape, (std::vector<std::uint64_t>{1, 8}));
}

}  // namespace
}  // namespace slipway::pickle
