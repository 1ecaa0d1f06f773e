// SPDX-License-Identifier: Apache-2.0
// `slipway models [NAME]`: what a store holds. A broken model is named on standard error, the others are listed.
#include <fmt/core.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>

#include "base/text.h"
#include "cli/store.h"
#include "registry/catalog.h"

namespace slipway::cli {
namespace {

using registry::ModelState;
using registry::Version;

// What is shown of a bundle.
struct Bundle {
  std::string proof;  // "" if the manifest does not say
  std::uint64_t bytes = 0;
};

struct Listing {
  std::vector<ModelState> models;
  std::map<std::string, Bundle> bundles;
  std::map<std::string, std::vector<registry::Entry>> journals;  // by alias, of the one model that was asked for
};

// The level is for people: whatever text stands there.
std::string proof_of(const FileBytes& manifest) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  std::string_view proof;
  const bool found = parser.parse(manifest.bytes().data(), manifest.bytes().size()).get(root) == simdjson::SUCCESS &&
                     root["proof"]["level"].get(proof) == simdjson::SUCCESS;
  return found ? std::string(proof) : "";
}

Result<Bundle> read_bundle(const registry::Catalog& catalog, const std::string& id) {
  constexpr std::size_t kManifestBytes = std::size_t{64} << 10;
  const auto files = SLIPWAY_TRY(catalog.bundle_files(id));
  Bundle out;
  for (const auto& [name, bytes] : files) out.bytes += bytes;
  const FileBytes manifest = SLIPWAY_TRY(catalog.bundle_file(id, "manifest.json", kManifestBytes));
  out.proof = proof_of(manifest);
  return out;
}

Result<Listing> read(registry::Catalog& catalog, const std::vector<std::string>& names) {
  Listing out;
  if (names.empty()) {
    out.models = SLIPWAY_TRY(catalog.models());
  } else {
    ModelState model = SLIPWAY_TRY(catalog.model(names.front()));
    for (const registry::Alias& alias : model.aliases) {
      if (auto journal = catalog.history(model.name, alias.name)) {
        out.journals[alias.name] = *std::move(journal);
      } else {
        model.problems.push_back(journal.error());
      }
    }
    out.models.push_back(std::move(model));
  }
  for (ModelState& model : out.models) {
    for (const Version& version : model.versions) {
      if (out.bundles.contains(version.bundle)) continue;
      auto bundle = read_bundle(catalog, version.bundle);
      if (!bundle) model.problems.push_back(bundle.error().within(version.text()));
      if (bundle) out.bundles.emplace(version.bundle, *std::move(bundle));
    }
  }
  return out;
}

std::string size_text(std::uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  constexpr std::string_view kUnits = "kMGT";
  double value = double(bytes) / 1000;
  std::size_t unit = 0;
  while (value >= 999.95 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  return fmt::format("{:.1f} {}B", value, kUnits[unit]);
}

std::string aliases_of(const ModelState& model, std::uint32_t version) {
  std::string out;
  for (const registry::Alias& alias : model.aliases) {
    if (alias.entry.version == version) out += (out.empty() ? "" : ",") + alias.name;
  }
  return out;
}

constexpr std::size_t kColumns = 7;
using Row = std::array<std::string, kColumns>;

void print_table(const std::vector<Row>& rows) {
  std::array<std::size_t, kColumns> widths = {};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < kColumns; ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < kColumns; ++i) line += fmt::format("{:<{}}  ", row[i], widths[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    fmt::print("{}\n", line);
  }
}

void print_text(const Listing& listing) {
  std::vector<Row> rows = {{"MODEL", "LABEL", "ALIASES", "PROOF", "SIZE", "PUBLISHED", "BY"}};
  for (const ModelState& model : listing.models) {
    for (const Version& version : model.versions) {
      const auto bundle = listing.bundles.find(version.bundle);
      const bool there = bundle != listing.bundles.end();
      const std::string proof = there ? printable(bundle->second.proof) : "";
      rows.push_back({version.text(), version.info.label.empty() ? "-" : version.info.label,
                      aliases_of(model, version.number), there && proof.empty() ? "-" : proof,
                      there ? size_text(bundle->second.bytes) : "missing", printable(version.published),
                      printable(version.info.by)});
      if (rows.back()[2].empty()) rows.back()[2] = "-";
    }
  }
  if (rows.size() == 1) {
    fmt::print("no versions; slipway import FILE --name NAME makes the first\n");
  } else {
    print_table(rows);
  }
  for (const auto& [alias, journal] : listing.journals) {
    fmt::print("\n{}@{}\n", listing.models.front().name, alias);
    for (const registry::Entry& entry : journal) {
      fmt::print("  {:06}  {}:{}  {}  {}{}{}\n", entry.number, listing.models.front().name, entry.version,
                 printable(entry.at), printable(entry.by), entry.why.empty() ? "" : ": ", printable(entry.why, 1000));
    }
  }
}

// An object's members, one after the other.
class Members {
 public:
  explicit Members(std::string& out) : out_(out) { out_ += '{'; }
  ~Members() { out_ += '}'; }
  Members(const Members&) = delete;
  Members& operator=(const Members&) = delete;
  std::string& name(std::string_view name) {
    if (!first_) out_ += ',';
    first_ = false;
    append_json_string(out_, name);
    return out_ += ':';
  }
  void add(std::string_view key, std::string_view value) { append_json_string(name(key), value); }
  void add(std::string_view key, std::uint64_t value) { name(key) += std::to_string(value); }

 private:
  std::string& out_;
  bool first_ = true;
};

template <class T, class Append>
void append_list(std::string& out, const std::vector<T>& items, Append append) {
  out += '[';
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += ",\n  ";
    append(items[i]);
  }
  out += ']';
}

void append_entry(std::string& out, const registry::Entry& entry) {
  Members members(out);
  members.add("entry", entry.number);
  members.add("version", entry.version);
  if (entry.restores != 0) members.add("restores", entry.restores);
  members.add("at", entry.at);
  members.add("by", entry.by);
  members.add("why", entry.why);
}

void append_version(std::string& out, const Version& version, const Listing& listing) {
  Members members(out);
  members.add("version", version.number);
  members.add("bundle", version.bundle);
  if (!version.info.label.empty()) members.add("label", version.info.label);
  {
    Members metadata(members.name("metadata"));
    for (const auto& [key, value] : version.info.metadata) metadata.add(key, value);
  }
  members.add("published", version.published);
  members.add("by", version.info.by);
  const auto bundle = listing.bundles.find(version.bundle);
  if (bundle == listing.bundles.end()) return;
  if (!bundle->second.proof.empty()) members.add("proof", bundle->second.proof);
  members.add("bytes", bundle->second.bytes);
}

std::string json_text(const Listing& listing) {
  std::string out;
  append_list(out, listing.models, [&](const ModelState& model) {
    Members members(out);
    members.add("name", model.name);
    append_list(members.name("versions"), model.versions,
                [&](const Version& version) { append_version(out, version, listing); });
    {
      Members aliases(members.name("aliases"));
      for (const registry::Alias& alias : model.aliases) append_entry(aliases.name(alias.name), alias.entry);
    }
    if (!listing.journals.empty()) {
      Members journals(members.name("journals"));
      for (const auto& [alias, journal] : listing.journals) {
        append_list(journals.name(alias), journal, [&](const registry::Entry& entry) { append_entry(out, entry); });
      }
    }
    append_list(members.name("problems"), model.problems,
                [&](const Error& error) { append_json_string(out, error.message()); });
  });
  return out + "\n";
}

Result<int> run(const std::string& where, const std::vector<std::string>& names, bool json) {
  if (names.size() > 1) return fail(Code::kUsage, "models takes one name, or none", "slipway models churn");
  const auto store = SLIPWAY_TRY(registry::open_store(where));
  registry::Catalog catalog(*store);
  const Listing listing = SLIPWAY_TRY(read(catalog, names));
  if (json) {
    const std::string text = json_text(listing);
    std::fwrite(text.data(), 1, text.size(), stdout);
  } else {
    print_text(listing);
  }
  int exit_code = 0;
  for (const ModelState& model : listing.models) {
    for (const Error& problem : model.problems) exit_code = report(problem);
  }
  return exit_code;
}

}  // namespace

int models(const Command& command, std::span<const char* const> arguments) {
  Options options(command);
  std::vector<std::string> names;
  std::string store;
  bool json = false;
  options.positional("[NAME]", names, "one model only, with the journals of its aliases");
  store_option(options, store);
  options.flag("json", json, "print one JSON list");
  int exit_code = 0;
  if (!options.parse(arguments, exit_code)) return exit_code;
  const Result<int> done = run(store, names, json);
  return done ? *done : report(done.error());
}

}  // namespace slipway::cli
