// SPDX-License-Identifier: Apache-2.0
#include "serve/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slipway::serve {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Applied {
  Settings settings;
  std::vector<std::string> warnings;
  Result<void> result;
};

Applied apply(std::vector<const char*> environment) {
  Applied out;
  out.result = apply_environment(out.settings, environment, out.warnings);
  return out;
}

TEST(Settings, EnvironmentOverridesDefaults) {
  const Applied out =
      apply({"SLIPWAY_LISTEN=127.0.0.1:1", "SLIPWAY_ROWS=7", "SLIPWAY_ALLOW_ANONYMOUS=true", "HOME=/x"});
  ASSERT_TRUE(out.result);
  EXPECT_EQ(out.settings.listen, "127.0.0.1:1");
  EXPECT_EQ(out.settings.rows, 7u);
  EXPECT_TRUE(out.settings.allow_anonymous);
  EXPECT_THAT(out.warnings, IsEmpty());
}

TEST(Settings, TheGuidesPortMovesTheDataListener) {
  EXPECT_EQ(apply({"PORT=8000"}).settings.listen, "127.0.0.1:8000");
  EXPECT_EQ(apply({"PORT=8000", "SLIPWAY_LISTEN=127.0.0.1:1"}).settings.listen, "127.0.0.1:1");
  EXPECT_THAT(apply({"PORT=http"}).result.error().message(), HasSubstr("PORT=http"));
}

TEST(Settings, UnknownVariablesWarnAndWrongValuesStop) {
  EXPECT_THAT(apply({"SLIPWAY_SERVICE_HOST=10.0.0.1"}).warnings, ElementsAre("SLIPWAY_SERVICE_HOST"));
  const Applied wrong = apply({"SLIPWAY_ROWS=many"});
  ASSERT_FALSE(wrong.result);
  EXPECT_THAT(wrong.result.error().message(), HasSubstr("SLIPWAY_ROWS=many"));
}

TEST(Settings, NoneIsNamedAsKubernetesNamesItsOwn) {
  Settings::fields([](std::string_view name, auto, std::string_view help) {
    EXPECT_NE(name, "port");
    EXPECT_NE(name, "host");
    EXPECT_FALSE(name.starts_with("service_")) << name;
    EXPECT_FALSE(help.empty()) << name;
  });
}

struct EndpointCase {
  const char* text;
  const char* address;  // nullptr: refused
  std::uint16_t port;
  bool loopback;
};

TEST(Endpoint, TellsLoopbackFromTheRest) {
  constexpr EndpointCase kCases[] = {
      {"127.0.0.1:9696", "127.0.0.1", 9696, true},
      {"localhost:0", "127.0.0.1", 0, true},
      {"[::1]:9696", "::1", 9696, true},
      {"127.1.2.3:1", "127.1.2.3", 1, true},
      {"0.0.0.0:80", "0.0.0.0", 80, false},
      {":80", "0.0.0.0", 80, false},
      {"[::]:80", "::", 80, false},
      {"10.0.0.1:80", "10.0.0.1", 80, false},
      {"[::ffff:127.0.0.1]:1", "::ffff:127.0.0.1", 1, false},
      {"9696", nullptr, 0, false},
      {"localhost:", nullptr, 0, false},
      {"127.0.0.1:65536", nullptr, 0, false},
      {"example.com:80", nullptr, 0, false},
      {"127.0.0.1:-1", nullptr, 0, false},
      {"", nullptr, 0, false},
  };
  for (const EndpointCase& c : kCases) {
    const auto endpoint = parse_endpoint(c.text);
    ASSERT_EQ(endpoint.has_value(), c.address != nullptr) << c.text;
    if (!endpoint) continue;
    EXPECT_EQ(endpoint->address, c.address) << c.text;
    EXPECT_EQ(endpoint->port, c.port) << c.text;
    EXPECT_EQ(endpoint->loopback, c.loopback) << c.text;
  }
}

}  // namespace
}  // namespace slipway::serve
