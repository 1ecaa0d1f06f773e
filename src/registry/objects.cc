// SPDX-License-Identifier: Apache-2.0
// Small objects, each a flat JSON object. A number is read from a name only if writing the number gives that name
// again, so "03.json" and "3.json" cannot both be version 3.
#include "registry/objects.h"

#include <fmt/core.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "registry/reference.h"

namespace slipway::registry {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kDepth = 8;
constexpr std::string_view kVersionEnd = ".json";
constexpr std::string_view kTombstoneEnd = ".removed.json";

// The number in `name` before `end`, or 0.
std::uint32_t number_before(std::string_view name, std::string_view end) {
  if (!name.ends_with(end)) return 0;
  name.remove_suffix(end.size());
  std::uint32_t number = 0;
  const auto [last, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || last != name.data() + name.size() || number > kHighestNumber) return 0;
  return number;
}

Error meaningless(const Store& store, const std::string& folder, const Store::Entry& entry, std::string_view expected) {
  const std::string what = entry.kind == Store::Kind::kForeign  ? " is a link, a device or oddly named"
                           : entry.kind == Store::Kind::kFolder ? " is a directory"
                                                                : "";
  return {Code::kCorrupt,
          store.locate(folder) + "/" + printable(entry.name, 255) + what + (what.empty() ? " is not " : ", not ") +
              std::string(expected),
          "Look at it, and move it out of the store"};
}

// One small object, parsed. Its texts live as long as this.
class Parsed {
 public:
  static Result<Parsed> read(const Store& store, const std::string& key) {
    const FileBytes file = SLIPWAY_TRY(store.get(key, kObjectBytes));
    Parsed out(store.locate(key));
    if (out.parser_->allocate(kObjectBytes, kDepth) != simdjson::SUCCESS) return fail(Code::kBusy, "out of memory");
    const auto error = out.parser_->parse(file.bytes().data(), file.bytes().size()).get(out.root_);
    if (error == simdjson::DEPTH_ERROR) return fail(out.wrong("is nested too deep"));
    if (error != simdjson::SUCCESS) return fail(out.wrong("is not JSON"));
    if (!out.root_.is_object()) return fail(out.wrong("is not a JSON object"));
    return out;
  }

  Error wrong(std::string_view what) const {
    return {Code::kCorrupt, where_ + " " + std::string(what), "Put it back from a backup, or move it out of the store"};
  }

  // A text; "" if it is not there.
  Result<std::string> text(const char* field) const {
    std::string_view out;
    const auto error = root_[field].get(out);
    if (error != simdjson::SUCCESS && error != simdjson::NO_SUCH_FIELD) {
      return fail(wrong("has a \"" + std::string(field) + "\" that is no text"));
    }
    return std::string(out);
  }

  // From 1 on; 0 if it is not there.
  Result<std::uint32_t> number(const char* field) const {
    std::uint64_t out = 0;
    const auto error = root_[field].get(out);
    if (error == simdjson::NO_SUCH_FIELD) return 0U;
    if (error != simdjson::SUCCESS || out == 0 || out > kHighestNumber) {
      return fail(wrong("has a \"" + std::string(field) + "\" that is no number from 1 to 999999999"));
    }
    return std::uint32_t(out);
  }

  Result<std::vector<std::pair<std::string, std::string>>> texts(const char* field) const {
    std::vector<std::pair<std::string, std::string>> out;
    dom::object object;
    const auto error = root_[field].get(object);
    if (error == simdjson::NO_SUCH_FIELD) return out;
    const Error no_texts = wrong("has \"" + std::string(field) + "\" that is no object of texts");
    if (error != simdjson::SUCCESS) return fail(no_texts);
    for (const dom::key_value_pair member : object) {
      std::string_view value;
      if (member.value.get(value) != simdjson::SUCCESS) return fail(no_texts);
      out.emplace_back(member.key, value);
    }
    return out;
  }

 private:
  explicit Parsed(std::string where) : where_(std::move(where)), parser_(std::make_unique<dom::parser>()) {}
  std::string where_;
  std::unique_ptr<dom::parser> parser_;
  dom::element root_;
};

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out += out.empty() ? "{" : ",";
  append_json_string(out, name);
  out += ':';
  append_json_string(out, value);
}

}  // namespace

bool is_bundle_id(std::string_view id) {
  return id.size() == 64 &&
         std::ranges::all_of(id, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string bundle_folder(std::string_view id) { return "bundles/" + std::string(id); }
std::string lock_folder(std::string_view id) { return "locks/" + std::string(id); }
std::string version_folder(std::string_view name) { return "models/" + std::string(name) + "/versions"; }
std::string alias_folder(std::string_view name) { return "models/" + std::string(name) + "/aliases"; }
std::string version_key(std::string_view name, std::uint32_t number) {
  return version_folder(name) + "/" + std::to_string(number) + std::string(kVersionEnd);
}
std::string tombstone_key(std::string_view name, std::uint32_t number) {
  return version_folder(name) + "/" + std::to_string(number) + std::string(kTombstoneEnd);
}
std::string entry_key(std::string_view name, std::string_view alias, std::uint32_t number) {
  return fmt::format("{}/{}/{:06}.json", alias_folder(name), alias, number);
}

std::uint32_t VersionNames::newest() const {
  for (auto item = items.rbegin(); item != items.rend(); ++item) {
    if (item->second.live()) return item->first;
  }
  return 0;
}

Result<VersionNames> list_versions(const Store& store, std::string_view name) {
  const std::string folder = version_folder(name);
  const std::vector<Store::Entry> entries = SLIPWAY_TRY(store.list(folder));
  VersionNames out;
  for (const Store::Entry& entry : entries) {
    const std::string key = folder + "/" + entry.name;
    const std::uint32_t removed = number_before(entry.name, kTombstoneEnd);
    const std::uint32_t number = removed != 0 ? removed : number_before(entry.name, kVersionEnd);
    if (entry.kind != Store::Kind::kObject || number == 0 ||
        key != (removed != 0 ? tombstone_key(name, number) : version_key(name, number))) {
      out.problems.push_back(meaningless(store, folder, entry, "a version (such as 3.json)"));
    } else if (removed != 0) {
      out.items[number].removed = true;
    } else {
      out.items[number].version = entry;
    }
  }
  return out;
}

Result<EntryNames> list_entries(const Store& store, std::string_view name, std::string_view alias) {
  const std::string folder = alias_folder(name) + "/" + std::string(alias);
  const std::vector<Store::Entry> entries = SLIPWAY_TRY(store.list(folder));
  EntryNames out;
  for (const Store::Entry& entry : entries) {
    const std::uint32_t number = number_before(entry.name, kVersionEnd);
    if (entry.kind != Store::Kind::kObject || number == 0 ||
        folder + "/" + entry.name != entry_key(name, alias, number)) {
      out.problems.push_back(meaningless(store, folder, entry, "an entry of the alias (such as 000007.json)"));
    } else {
      out.items.emplace(number, entry);
    }
  }
  return out;
}

Result<Version> read_version(const Store& store, std::string_view name, std::uint32_t number) {
  const Parsed object = SLIPWAY_TRY(Parsed::read(store, version_key(name, number)));
  Version out;
  out.name = name;
  out.number = number;
  out.bundle = SLIPWAY_TRY(object.text("bundle"));
  if (!is_bundle_id(out.bundle)) return fail(object.wrong("has no \"bundle\" of 64 hex digits"));
  out.info.label = SLIPWAY_TRY(object.text("label"));
  if (!out.info.label.empty() && !check_label(out.info.label)) return fail(object.wrong("has a bad \"label\""));
  out.info.metadata = SLIPWAY_TRY(object.texts("metadata"));
  out.info.by = SLIPWAY_TRY(object.text("by"));
  out.published = SLIPWAY_TRY(object.text("published"));
  return out;
}

Result<Entry> read_entry(const Store& store, std::string_view name, std::string_view alias, std::uint32_t number) {
  const Parsed object = SLIPWAY_TRY(Parsed::read(store, entry_key(name, alias, number)));
  Entry out;
  out.number = number;
  out.version = SLIPWAY_TRY(object.number("version"));
  if (out.version == 0) return fail(object.wrong("has no \"version\""));
  out.restores = SLIPWAY_TRY(object.number("restores"));
  if (out.restores >= number) return fail(object.wrong("restores an entry that does not come before it"));
  out.at = SLIPWAY_TRY(object.text("at"));
  out.by = SLIPWAY_TRY(object.text("by"));
  out.why = SLIPWAY_TRY(object.text("why"));
  return out;
}

std::string version_json(const Version& version) {
  std::string out;
  append_field(out, "bundle", version.bundle);
  if (!version.info.label.empty()) append_field(out, "label", version.info.label);
  out += ",\"metadata\":{";
  for (std::size_t i = 0; i < version.info.metadata.size(); ++i) {
    if (i > 0) out += ',';
    append_json_string(out, version.info.metadata[i].first);
    out += ':';
    append_json_string(out, version.info.metadata[i].second);
  }
  out += '}';
  append_field(out, "published", version.published);
  append_field(out, "by", version.info.by);
  return out + "}\n";
}

std::string entry_json(const Entry& entry) {
  std::string out = "{\"version\":" + std::to_string(entry.version);
  if (entry.restores != 0) out += ",\"restores\":" + std::to_string(entry.restores);
  append_field(out, "at", entry.at);
  append_field(out, "by", entry.by);
  append_field(out, "why", entry.why);
  return out + "}\n";
}

std::string tombstone_json(std::string_view at, std::string_view by, std::string_view why) {
  std::string out;
  append_field(out, "at", at);
  append_field(out, "by", by);
  append_field(out, "why", why);
  return out + "}\n";
}

}  // namespace slipway::registry
