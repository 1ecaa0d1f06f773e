// SPDX-License-Identifier: Apache-2.0
// Names are safe in a path, a URL, a metric's label and a shell. What follows ':' is a version if it is a number,
// which is why no label is one.
#include "registry/reference.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "registry/objects.h"

namespace slipway::registry {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_plain(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_number(std::string_view text) { return std::ranges::all_of(text, is_digit); }

struct Rule {
  std::string_view what;
  std::size_t bytes;
  std::string_view also;  // beside letters and digits
  bool number;            // may it be one
};
constexpr Rule kName = {"a model's name", 100, "._-", true};
constexpr Rule kAlias = {"an alias", 64, "._-", false};
constexpr Rule kLabel = {"a label", 64, "._-+", false};

Result<void> check(const Rule& rule, std::string_view text) {
  const std::string quoted = "\"" + printable(text) + "\" cannot be " + std::string(rule.what) + ": ";
  const std::string hint = "Letters, digits and " + std::string(rule.also) + ", a letter or digit first, at most " +
                           std::to_string(rule.bytes) + (rule.number ? "" : "; not a number");
  const auto wrong = [&](const std::string& why) { return fail(Code::kUsage, quoted + why, hint); };
  if (text.empty()) return wrong("it is empty");
  if (text.size() > rule.bytes) return wrong("it is too long");
  const auto bad = std::ranges::find_if(text, [&](char c) { return !is_plain(c) && !rule.also.contains(c); });
  if (bad != text.end()) {
    // The whole character, with the bytes that continue it.
    const auto end =
        std::find_if(bad + 1, text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
    return wrong("\"" + printable({bad, end}) + "\" is not for names");
  }
  if (!is_plain(text.front())) return wrong("it starts with \"" + std::string(1, text.front()) + "\"");
  if (!rule.number && is_number(text)) return wrong("it is a number");
  return {};
}

}  // namespace

Result<void> check_name(std::string_view name) { return check(kName, name); }
Result<void> check_alias(std::string_view alias) { return check(kAlias, alias); }
Result<void> check_label(std::string_view label) { return check(kLabel, label); }

Result<Reference> parse_reference(std::string_view text) {
  constexpr std::string_view kHint = "churn:3 (a version), churn:v1.2.3 (a label), churn@production (an alias), churn";
  Reference out;
  const std::size_t mark = text.find_first_of(":@");
  out.name = text.substr(0, mark);
  if (auto name = check_name(out.name); !name) return fail(std::move(name).error());
  if (mark == text.npos) return out;
  const std::string_view rest = text.substr(mark + 1);
  if (rest.empty()) return fail(Code::kUsage, "\"" + printable(text) + "\" ends too early", std::string(kHint));
  if (text[mark] == '@') {
    if (auto alias = check_alias(rest); !alias) return fail(std::move(alias).error());
    out.alias = rest;
  } else if (is_number(rest)) {
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), out.version);
    if (error != std::errc() || out.version == 0 || out.version > kHighestNumber) {
      return fail(Code::kUsage, "there is no version " + printable(rest), "Versions are numbered from 1");
    }
  } else {
    if (auto label = check_label(rest); !label) return fail(std::move(label).error());
    out.label = rest;
  }
  return out;
}

}  // namespace slipway::registry
