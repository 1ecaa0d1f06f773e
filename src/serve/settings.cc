// SPDX-License-Identifier: Apache-2.0
#include "serve/settings.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace slipway::serve {
namespace {

std::string upper(std::string_view name) {
  std::string out(name);
  for (char& c : out) c = c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c;
  return out;
}

bool assign(std::string& field, std::string_view text) {
  field = text;
  return true;
}

bool assign(bool& field, std::string_view text) {
  const bool yes = text == "1" || text == "true" || text == "yes" || text == "on";
  const bool no = text == "0" || text == "false" || text == "no" || text == "off" || text.empty();
  field = yes;
  return yes || no;
}

bool assign(std::uint32_t& field, std::string_view text) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), field);
  return error == std::errc() && end == text.data() + text.size();
}

// The value of `name` in the environment, or nullptr.
const char* lookup(std::span<const char* const> environment, std::string_view name) {
  for (const char* entry : environment) {
    const std::string_view text(entry);
    if (text.size() > name.size() && text.starts_with(name) && text[name.size()] == '=') return entry + name.size() + 1;
  }
  return nullptr;
}

}  // namespace

Result<void> apply_environment(Settings& settings, std::span<const char* const> environment,
                               std::vector<std::string>& warnings) {
  if (const char* port = lookup(environment, "PORT")) {
    std::uint32_t number = 0;
    if (!assign(number, port) || number > 65535) {
      return fail(Code::kUsage, "PORT=" + printable(port) + " is not a port", "Unset it or set it to 0 to 65535");
    }
    settings.listen = "127.0.0.1:" + std::to_string(number);
  }
  std::vector<std::string> known = {"SLIPWAY_BY"};  // of the commands that change a store
  std::string wrong;
  Settings::fields([&](std::string_view name, auto member, std::string_view) {
    known.push_back("SLIPWAY_" + upper(name));
    const char* value = lookup(environment, known.back());
    if (value != nullptr && !assign(settings.*member, value) && wrong.empty()) {
      wrong = known.back() + "=" + printable(value) + " is not a value that it takes";
    }
  });
  if (!wrong.empty()) return fail(Code::kUsage, wrong, "`slipway serve --help` says what each setting takes");
  for (const char* entry : environment) {
    const std::string_view text(entry);
    const std::string_view name = text.substr(0, text.find('='));
    if (name.starts_with("SLIPWAY_") && std::ranges::find(known, name) == known.end()) warnings.emplace_back(name);
  }
  return {};
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  const auto wrong = [&] {
    return fail(Code::kUsage, "\"" + printable(text) + "\" is not address:port",
                "For example 127.0.0.1:9696 or [::1]:9696");
  };
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos) return wrong();
  Endpoint out;
  std::uint32_t port = 0;
  if (!assign(port, text.substr(colon + 1)) || port > 65535) return wrong();
  out.port = static_cast<std::uint16_t>(port);
  std::string_view address = text.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  out.address = address == "localhost" ? "127.0.0.1" : address.empty() ? "0.0.0.0" : std::string(address);
  in_addr v4{};
  in6_addr v6{};
  if (::inet_pton(AF_INET, out.address.c_str(), &v4) == 1) {
    out.loopback = (ntohl(v4.s_addr) >> 24) == 127;
  } else if (::inet_pton(AF_INET6, out.address.c_str(), &v6) == 1) {
    out.loopback = IN6_IS_ADDR_LOOPBACK(&v6);
  } else {
    return wrong();
  }
  return out;
}

}  // namespace slipway::serve
