// SPDX-License-Identifier: Apache-2.0
// Reading. The state is what the names say: the highest entry of an alias, the versions without a tombstone. A name
// that is there stands for a whole object that will not change, so models() opens each only once.
#include "registry/catalog.h"

#include <algorithm>
#include <span>

#include "base/text.h"
#include "registry/bundles.h"
#include "registry/objects.h"

namespace slipway::registry {
namespace {

std::string quoted(std::string_view text) { return "\"" + printable(text) + "\""; }

// "did you mean", or what there is.
std::string choices(std::string_view wanted, std::span<const std::string> names, std::string_view before,
                    std::string_view none) {
  const std::vector<std::string_view> views(names.begin(), names.end());
  constexpr std::size_t kMost = 8;
  if (views.empty()) return std::string(none);
  const std::string_view near = nearest(wanted, views);
  if (!near.empty()) return "Did you mean " + std::string(before) + std::string(near) + "?";
  const std::size_t shown = std::min(views.size(), kMost);
  return "There is " + join_and(std::span(views).subspan(views.size() - shown)) +
         (shown < views.size() ? ", and older ones" : "");
}

template <class T, class Name>
std::vector<std::string> names_of(const std::vector<T>& items, Name name) {
  std::vector<std::string> out;
  for (const T& item : items) {
    if (std::string text = name(item); !text.empty()) out.push_back(std::move(text));
  }
  return out;
}

Result<std::vector<std::string>> model_names(const Store& store) {
  const std::vector<Store::Entry> entries = SLIPWAY_TRY(store.list("models"));
  std::vector<std::string> out;
  for (const Store::Entry& entry : entries) {
    if (entry.kind == Store::Kind::kFolder && check_name(entry.name)) out.push_back(entry.name);
  }
  return out;
}

// FNV-1a: 64 bits of everything that is fed.
class Digest {
 public:
  void feed(std::string_view text) {
    for (const char c : text) {
      value_ = (value_ ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    }
    value_ = (value_ ^ 0xFF) * 0x100000001b3;  // ends the text: no byte of UTF-8 is FF
  }
  void feed(std::uint64_t number) { feed(std::to_string(number)); }
  // Names, kinds, sizes and times; or what is wrong.
  void feed(const Result<std::vector<Store::Entry>>& listing) {
    if (!listing) return feed(listing.error().message());
    for (const Store::Entry& entry : *listing) {
      feed(entry.name);
      feed(std::uint64_t(entry.kind));
      feed(entry.bytes);
      feed(std::uint64_t(entry.modified_ms));
    }
    feed(std::string_view("."));
  }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325;
};

// Reads through the memory: what has been read with this time and size is not read again.
template <class Memory, class Read>
auto remembered(std::mutex& mutex, Memory& memory, const std::string& key, const Store::Entry& entry, Read read)
    -> decltype(read()) {
  {
    const std::lock_guard lock(mutex);
    const auto found = memory.find(key);
    if (found != memory.end() && found->second.modified_ms == entry.modified_ms && found->second.bytes == entry.bytes) {
      return found->second.value;
    }
  }
  auto value = read();
  if (value) {
    const std::lock_guard lock(mutex);
    memory.insert_or_assign(key, typename Memory::mapped_type{entry.modified_ms, entry.bytes, *value});
  }
  return value;
}

}  // namespace

// kNotFound if nothing is known under the name.
Result<void> Catalog::check_model(std::string_view name) const {
  const std::vector<std::string> names = SLIPWAY_TRY(model_names(store_));
  if (std::ranges::find(names, name) != names.end()) return {};
  return fail(Code::kNotFound, "there is no model " + quoted(name) + " in " + store_.locate(""),
              choices(name, names, "", "It is empty: slipway import FILE --name " + std::string(name)));
}

Result<ModelState> Catalog::read_model(std::string_view name) {
  ModelState out;
  out.name = name;
  if (auto versions = list_versions(store_, name); !versions) {
    out.problems.push_back(versions.error());
  } else {
    out.problems = std::move(versions->problems);
    for (const auto& [number, item] : versions->items) {
      if (!item.live()) continue;
      auto version = remembered(mutex_, versions_, version_key(name, number), *item.version,
                                [&, n = number] { return read_version(store_, name, n); });
      if (version) {
        out.versions.push_back(*std::move(version));
      } else {
        out.problems.push_back(version.error());
      }
    }
  }
  read_aliases(out);
  return out;
}

void Catalog::read_aliases(ModelState& out) {
  const auto aliases = store_.list(alias_folder(out.name));
  if (!aliases) return out.problems.push_back(aliases.error());
  for (const Store::Entry& folder : *aliases) {
    if (folder.kind != Store::Kind::kFolder || !check_alias(folder.name)) {
      out.problems.emplace_back(
          Code::kCorrupt,
          store_.locate(alias_folder(out.name)) + "/" + printable(folder.name, 255) + " is not an alias's folder",
          "Look at it, and move it out of the store");
      continue;
    }
    auto entries = list_entries(store_, out.name, folder.name);
    if (!entries) {
      out.problems.push_back(entries.error());
      continue;
    }
    std::ranges::move(entries->problems, std::back_inserter(out.problems));
    if (entries->items.empty()) continue;
    const auto& [number, item] = *entries->items.rbegin();
    auto entry = remembered(mutex_, entries_, entry_key(out.name, folder.name, number), item,
                            [&, n = number] { return read_entry(store_, out.name, folder.name, n); });
    if (entry) {
      out.aliases.push_back({folder.name, *std::move(entry)});
    } else {
      out.problems.push_back(entry.error());
    }
  }
}

Result<std::vector<ModelState>> Catalog::models() {
  const std::vector<Store::Entry> entries = SLIPWAY_TRY(store_.list("models"));
  std::vector<ModelState> out;
  for (const Store::Entry& entry : entries) {
    if (entry.kind != Store::Kind::kFolder || !check_name(entry.name)) {
      ModelState state;
      state.name = entry.name;
      state.problems.emplace_back(
          Code::kCorrupt, store_.locate("models") + "/" + printable(entry.name, 255) + " is not a model's folder",
          "Look at it, and move it out of the store");
      out.push_back(std::move(state));
      continue;
    }
    ModelState state = SLIPWAY_TRY(read_model(entry.name));
    const bool empty = state.versions.empty() && state.aliases.empty() && state.problems.empty();
    if (!empty) out.push_back(std::move(state));  // else an import is under way, was cut short, or all is removed
  }
  return out;
}

Result<ModelState> Catalog::model(std::string_view name) {
  SLIPWAY_TRY(check_name(name));
  SLIPWAY_TRY(check_model(name));
  return read_model(name);
}

Result<std::uint64_t> Catalog::generation() {
  const std::vector<Store::Entry> models = SLIPWAY_TRY(store_.list("models"));
  Digest digest;
  digest.feed(models);
  for (const Store::Entry& model : models) {
    if (model.kind != Store::Kind::kFolder || !check_name(model.name)) continue;
    digest.feed(store_.list(version_folder(model.name)));
    const auto aliases = store_.list(alias_folder(model.name));
    digest.feed(aliases);
    if (!aliases) continue;
    for (const Store::Entry& alias : *aliases) {
      if (alias.kind == Store::Kind::kFolder) digest.feed(store_.list(alias_folder(model.name) + "/" + alias.name));
    }
  }
  return digest.value();
}

Result<Version> Catalog::resolve(std::string_view reference) {
  const Reference parsed = SLIPWAY_TRY(parse_reference(reference));
  return resolve(parsed);
}

Result<Version> Catalog::resolve(const Reference& reference) {
  SLIPWAY_TRY(check_model(reference.name));
  if (reference.version != 0) return resolve_number(reference.name, reference.version);
  if (!reference.label.empty()) return resolve_label(reference.name, reference.label);
  if (!reference.alias.empty()) return resolve_alias(reference.name, reference.alias);
  const EntryNames production = SLIPWAY_TRY(list_entries(store_, reference.name, kDefaultAlias));
  if (!production.items.empty()) return resolve_alias(reference.name, kDefaultAlias);
  const VersionNames versions = SLIPWAY_TRY(list_versions(store_, reference.name));
  if (versions.newest() != 0) return read_version(store_, reference.name, versions.newest());
  return fail(Code::kNotFound, "the model " + quoted(reference.name) + " has no version",
              "slipway import FILE --name " + reference.name);
}

Result<Version> Catalog::resolve_number(std::string_view name, std::uint32_t number) {
  const VersionNames versions = SLIPWAY_TRY(list_versions(store_, name));
  const auto found = versions.items.find(number);
  if (found != versions.items.end() && found->second.live()) return read_version(store_, name, number);
  std::vector<std::string> live;
  for (const auto& [other, item] : versions.items) {
    if (item.live()) live.push_back(std::string(name) + ":" + std::to_string(other));
  }
  const bool removed = found != versions.items.end() && found->second.removed;
  return fail(Code::kNotFound,
              removed ? std::string(name) + ":" + std::to_string(number) + " was removed"
                      : "there is no " + std::string(name) + ":" + std::to_string(number),
              choices("", live, "", "No version is left: slipway import FILE --name " + std::string(name)));
}

Result<Version> Catalog::resolve_label(std::string_view name, std::string_view label) {
  const ModelState state = SLIPWAY_TRY(read_model(name));
  const auto found = std::ranges::find(state.versions, label, [](const Version& v) { return v.info.label; });
  if (found != state.versions.end()) return *found;
  const auto labels = names_of(state.versions, [](const Version& v) { return v.info.label; });
  Error error(Code::kNotFound, "no version of " + quoted(name) + " has the label " + quoted(label),
              choices(label, labels, std::string(name) + ":", "None has a label; slipway models lists the versions"));
  if (state.problems.empty()) return fail(std::move(error));
  return fail(Code::kCorrupt, error.message() + "; and this cannot be read: " + state.problems.front().message(),
              state.problems.front().hint());
}

Result<Version> Catalog::resolve_alias(std::string_view name, std::string_view alias) {
  const EntryNames entries = SLIPWAY_TRY(list_entries(store_, name, alias));
  if (entries.items.empty()) {
    const ModelState state = SLIPWAY_TRY(read_model(name));
    const auto aliases = names_of(state.aliases, [](const Alias& a) { return a.name; });
    return fail(Code::kNotFound, "the model " + quoted(name) + " has no alias " + quoted(alias),
                choices(alias, aliases, std::string(name) + "@",
                        "slipway promote " + std::string(name) + ":1 " + std::string(alias) + " makes it"));
  }
  const Entry entry = SLIPWAY_TRY(read_entry(store_, name, alias, entries.highest()));
  auto version = resolve_number(name, entry.version);
  if (version) return version;
  return fail(std::move(version).error().within(std::string(name) + "@" + std::string(alias)));
}

Result<std::vector<Entry>> Catalog::history(std::string_view name, std::string_view alias) {
  SLIPWAY_TRY(check_name(name));
  SLIPWAY_TRY(check_alias(alias));
  SLIPWAY_TRY(check_model(name));
  const EntryNames entries = SLIPWAY_TRY(list_entries(store_, name, alias));
  if (entries.items.empty()) SLIPWAY_TRY(resolve_alias(name, alias));  // says what there is
  std::vector<Entry> out;
  for (const auto& [number, item] : entries.items) {
    Entry entry = SLIPWAY_TRY(read_entry(store_, name, alias, number));
    out.push_back(std::move(entry));
  }
  return out;
}

Result<std::vector<std::pair<std::string, std::uint64_t>>> Catalog::bundle_files(std::string_view id) const {
  if (!is_bundle_id(id)) return fail(Code::kInvalid, quoted(id) + " is no bundle's id");
  auto files = SLIPWAY_TRY(Bundles(store_, now_).files(id));
  const bool whole = std::ranges::any_of(files, [](const auto& file) { return file.first == kManifest; });
  if (whole) return files;
  return fail(Code::kNotFound, store_.locate(bundle_folder(id)) + " holds no whole bundle",
              "Import the model again, or put the folder back from a backup");
}

Result<FileBytes> Catalog::bundle_file(std::string_view id, std::string_view name, std::size_t limit) const {
  if (!is_bundle_id(id)) return fail(Code::kInvalid, quoted(id) + " is no bundle's id");
  return store_.get(bundle_folder(id) + "/" + std::string(name), limit);
}

}  // namespace slipway::registry
