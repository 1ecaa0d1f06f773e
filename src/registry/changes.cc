// SPDX-License-Identifier: Apache-2.0
// Changing. Each change is one object that appears: a version, an entry of an alias, a tombstone. What comes before it
// is seen by nobody, what comes after it only tidies up. Two that want the same number find out by put_if_absent.
#include <algorithm>
#include <optional>
#include <set>

#include "base/text.h"
#include "registry/bundles.h"
#include "registry/catalog.h"
#include "registry/objects.h"

namespace slipway::registry {
namespace {

constexpr int kAttempts = 1000;  // as many others take a number at the same moment
constexpr std::size_t kTextBytes = 1000;

Result<void> check_text(std::string_view what, std::string_view text) {
  if (text.size() <= kTextBytes) return {};
  return fail(Code::kUsage, std::string(what) + " has " + std::to_string(text.size()) + " bytes, more than 1000",
              "Say it shorter");
}

Result<void> check_bundle(const BundleFiles& bundle) {
  if (!is_bundle_id(bundle.id)) {
    return fail(Code::kInvalid, "\"" + printable(bundle.id) + "\" is no bundle's id (64 hex digits)");
  }
  std::set<std::string_view> names;
  for (const BundleFiles::File& file : bundle.files) {
    if (!is_key(bundle_folder(bundle.id) + "/" + file.name)) {
      return fail(Code::kInvalid, "\"" + printable(file.name) + "\" cannot be the name of a file in a bundle",
                  "Rename the model's file: no control characters, no dot in front, at most 200 bytes");
    }
    if (!names.insert(file.name).second) {
      return fail(Code::kInvalid, "the bundle has two files named \"" + printable(file.name) + "\"");
    }
  }
  if (!names.contains(kManifest)) return fail(Code::kInvalid, "the bundle has no manifest.json");
  return {};
}

Result<void> check_info(const VersionInfo& info) {
  if (!info.label.empty()) SLIPWAY_TRY(check_label(info.label));
  std::set<std::string_view> keys;
  for (const auto& [key, value] : info.metadata) {
    if (key.empty()) return fail(Code::kUsage, "metadata needs a name", "--metadata owner=ana");
    if (!keys.insert(key).second) {
      return fail(Code::kUsage, "metadata \"" + printable(key) + "\" is given twice", "Give each name one value");
    }
  }
  SLIPWAY_TRY(check_text("by", info.by));
  constexpr std::size_t kRest = 1000;  // the bundle's id, the time, the names of the fields
  Version version;
  version.info = info;
  if (version_json(version).size() + kRest <= kObjectBytes) return {};
  return fail(Code::kUsage, "label and metadata come to more than 64 KiB",
              "Keep large things elsewhere, and say where");
}

Error numbers_used_up(const Store& store, const std::string& folder) {
  return {Code::kTooLarge, store.locate(folder) + " holds the highest number there can be, 999999999",
          "Slipway counts from 1: if somebody has put it there, move it out of the store"};
}

}  // namespace

// The version takes the first free number: the object that makes it appear.
Result<Version> Catalog::put_version(Version version) {
  version.published = Timestamp().at(now_());
  const std::string text = version_json(version);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const VersionNames names = SLIPWAY_TRY(list_versions(store_, version.name));
    if (names.highest() >= kHighestNumber) return fail(numbers_used_up(store_, version_folder(version.name)));
    version.number = names.highest() + 1;
    const bool mine = SLIPWAY_TRY(store_.put_if_absent(version_key(version.name, version.number), text));
    if (mine) return version;
  }
  return fail(Code::kBusy, "others take each number of " + version.name + " first", "Try again");
}

Result<std::optional<Version>> Catalog::find_label(std::string_view name, std::string_view label) {
  if (label.empty()) return std::nullopt;
  ModelState state = SLIPWAY_TRY(read_model(name));
  const auto found = std::ranges::find(state.versions, label, [](const Version& v) { return v.info.label; });
  if (found == state.versions.end()) return std::nullopt;
  return std::move(*found);
}

Result<Version> Catalog::publish(std::string_view name, const BundleFiles& bundle, const VersionInfo& info) {
  SLIPWAY_TRY(check_name(name));
  SLIPWAY_TRY(check_bundle(bundle));
  SLIPWAY_TRY(check_info(info));
  Bundles bundles(store_, now_);
  bundles.collect_left();
  // From here on nobody deletes these files; from wait_for_removers() on nobody is still at it.
  const Bundles::Lock lock = SLIPWAY_TRY(bundles.lock(bundle.id, Work::kImporting));
  const auto publish_locked = [&]() -> Result<Version> {
    SLIPWAY_TRY(bundles.wait_for_removers(bundle.id));
    const std::optional<Version> taken = SLIPWAY_TRY(find_label(name, info.label));
    if (taken && taken->bundle != bundle.id) {
      return fail(Code::kInvalid,
                  "the label " + info.label + " belongs to " + taken->text() + ", which is another model",
                  "Choose another label, or slipway remove " + taken->text());
    }
    SLIPWAY_TRY(bundles.put(bundle, lock));
    if (taken) return *taken;
    SLIPWAY_TRY(bundles.check_in_time(lock));
    Version version;
    version.name = name;
    version.bundle = bundle.id;
    version.info = info;
    return put_version(std::move(version));
  };
  Result<Version> version = publish_locked();
  if (version) {
    bundles.unlock(lock);
    return version;
  }
  // What was written helps nobody now. If this fails too, the lock that stays leads a later call here.
  if (const auto removing = bundles.lock(bundle.id, Work::kRemoving)) {
    bundles.unlock(lock);
    [[maybe_unused]] const auto collected = bundles.collect(bundle.id, *removing);
    bundles.unlock(*removing);
  }
  return version;
}

// After an alias was pointed at it. A remover that had looked for aliases before is still at work: it shows in its
// lock.
Result<void> Catalog::check_not_removed(const Version& version) {
  // One that was killed is waited for in vain: then there is no tombstone, and all is well.
  [[maybe_unused]] const auto waited = Bundles(store_, now_).wait_for_removers(version.bundle);
  SLIPWAY_TRY(resolve_number(version.name, version.number));
  return {};
}

Result<Promotion> Catalog::promote(std::string_view reference, std::string_view alias, std::string_view by,
                                   std::string_view why) {
  SLIPWAY_TRY(check_alias(alias));
  SLIPWAY_TRY(check_text("by", by));
  SLIPWAY_TRY(check_text("why", why));
  const Version version = SLIPWAY_TRY(resolve(reference));
  SLIPWAY_TRY(bundle_files(version.bundle));  // an alias must not lead to what cannot be loaded
  Entry entry;
  entry.version = version.number;
  entry.by = by;
  entry.why = why;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const EntryNames names = SLIPWAY_TRY(list_entries(store_, version.name, alias));
    if (names.highest() >= kHighestNumber) {
      return fail(numbers_used_up(store_, alias_folder(version.name) + "/" + std::string(alias)));
    }
    Promotion out{.from = 0, .to = version.number, .entry = names.highest()};
    if (!names.items.empty()) {
      // One that cannot be read is put right by the next.
      const auto current = read_entry(store_, version.name, alias, names.highest());
      if (current) out.from = current->version;
    }
    if (out.from == out.to) return out;
    entry.number = out.entry = names.highest() + 1;
    entry.at = Timestamp().at(now_());
    out.moved = SLIPWAY_TRY(store_.put_if_absent(entry_key(version.name, alias, entry.number), entry_json(entry)));
    if (!out.moved) continue;  // somebody else moved it: look again
    auto there = check_not_removed(version);
    if (there) return out;
    [[maybe_unused]] const auto undone =
        rollback(version.name, alias, by, version.text() + " was removed at the same moment");
    return fail(std::move(there).error());
  }
  return fail(Code::kBusy, "others move the alias all the time", "Try again");
}

Result<Promotion> Catalog::rollback(std::string_view name, std::string_view alias, std::string_view by,
                                    std::string_view why) {
  SLIPWAY_TRY(check_text("by", by));
  SLIPWAY_TRY(check_text("why", why));
  const std::vector<Entry> journal = SLIPWAY_TRY(history(name, alias));
  const VersionNames versions = SLIPWAY_TRY(list_versions(store_, name));
  const std::uint32_t from = journal.back().version;
  // Back along the journal; a rollback stands for the entry that it restored. Numbers only fall, so this ends.
  const auto origin = [&](const Entry* entry) {
    while (entry != nullptr && entry->restores != 0) {
      const auto found = std::ranges::find(journal, entry->restores, &Entry::number);
      entry = found == journal.end() ? nullptr : &*found;
    }
    return entry;
  };
  const auto usable = [&](const Entry& entry) {
    const auto found = versions.items.find(entry.version);
    return entry.version != from && found != versions.items.end() && found->second.live();
  };
  const Entry* target = origin(&journal.back());
  while (target != nullptr && !usable(*target)) {
    target = target == journal.data() ? nullptr : origin(target - 1);
  }
  const std::string full = std::string(name) + "@" + std::string(alias);
  if (target == nullptr) {
    return fail(Code::kInvalid, full + " has pointed at no other version that is still there",
                "Choose one: slipway promote " + std::string(name) + ":N " + std::string(alias));
  }
  Entry entry;
  entry.number = journal.back().number + 1;
  if (entry.number > kHighestNumber) return fail(numbers_used_up(store_, alias_folder(name)));
  entry.version = target->version;
  entry.restores = target->number;
  entry.at = Timestamp().at(now_());
  entry.by = by;
  entry.why = why.empty() ? "rollback" : why;
  const bool mine = SLIPWAY_TRY(store_.put_if_absent(entry_key(name, alias, entry.number), entry_json(entry)));
  if (!mine) {
    return fail(Code::kBusy, "somebody else has moved " + full + " at this moment",
                "Look where it stands (slipway models " + std::string(name) + "), then repeat this if it is needed");
  }
  const Version version = SLIPWAY_TRY(resolve_number(name, entry.version));
  SLIPWAY_TRY(check_not_removed(version));
  return Promotion{.from = from, .to = entry.version, .entry = entry.number, .moved = true};
}

// kInvalid if an alias points at the version, or if it cannot be known.
Result<void> Catalog::check_no_alias(std::string_view name, std::uint32_t number) {
  ModelState state;
  state.name = name;
  read_aliases(state);
  for (const Alias& alias : state.aliases) {
    if (alias.entry.version != number) continue;
    const std::string version = std::string(name) + ":" + std::to_string(number);
    return fail(Code::kInvalid, std::string(name) + "@" + alias.name + " points at " + version,
                "Promote another version first, or remove it all the same with --force");
  }
  if (state.problems.empty()) return {};
  return fail(Code::kInvalid, "whether an alias points at it is not known: " + state.problems.front().message(),
              state.problems.front().hint() + ", or say --force");
}

Result<Removal> Catalog::remove(std::string_view reference, const RemoveOptions& options) {
  const Reference parsed = SLIPWAY_TRY(parse_reference(reference));
  SLIPWAY_TRY(check_text("by", options.by));
  SLIPWAY_TRY(check_text("why", options.why));
  if (parsed.version == 0 && parsed.label.empty()) {
    return fail(Code::kUsage, "remove takes a version, not " + printable(reference),
                "slipway remove " + parsed.name + ":3");
  }
  Removal out;
  SLIPWAY_TRY(check_model(parsed.name));
  const VersionNames names = SLIPWAY_TRY(list_versions(store_, parsed.name));
  const auto found = names.items.find(parsed.version);
  out.already = found != names.items.end() && found->second.removed;
  const bool there = found != names.items.end() && found->second.version;
  auto read = there ? read_version(store_, parsed.name, parsed.version) : resolve(parsed);
  if (!read && there && options.force) {  // which bundle it means cannot be known
    Version unreadable;
    unreadable.name = parsed.name;
    unreadable.number = parsed.version;
    SLIPWAY_TRY(put_tombstone(unreadable, options));
    out.kept_because = read.error().message();
    return out;
  }
  const Version version = SLIPWAY_TRY(std::move(read));
  Bundles bundles(store_, now_);
  // Before looking for aliases: who points one here afterwards sees the lock, waits, and finds the tombstone.
  const Bundles::Lock lock = SLIPWAY_TRY(bundles.lock(version.bundle, Work::kRemoving));
  Result<void> done;
  if (!out.already && !options.force) done = check_no_alias(version.name, version.number);
  if (!out.already && done) done = put_tombstone(version, options);
  if (done) {
    auto collected = bundles.collect(version.bundle, lock);
    // The version is removed: what is left of its files is for a later call, and no reason to fail.
    out.bundle_gone = collected && collected->gone;
    out.kept_because = collected ? collected->kept_because : collected.error().message();
    if (!collected) return out;  // the lock stays and leads there
  }
  bundles.unlock(lock);
  if (!done) return fail(std::move(done).error());
  return out;
}

Result<void> Catalog::put_tombstone(const Version& version, const RemoveOptions& options) {
  const std::string key = tombstone_key(version.name, version.number);
  auto put = store_.put_if_absent(key, tombstone_json(Timestamp().at(now_()), options.by, options.why));
  // On a full disk an empty one may find a place, and removing is what frees the disk.
  if (!put && put.error().code() == Code::kIo) put = store_.put_if_absent(key, "");
  if (!put) return fail(std::move(put).error());
  return {};
}

}  // namespace slipway::registry
