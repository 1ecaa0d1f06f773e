// SPDX-License-Identifier: Apache-2.0
// Any bytes as what stands in a store: a version, an entry of an alias, a tombstone's name, under any name. Whatever is
// read must be what a server may rely on; what is refused must say where and why.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <source_location>
#include <string>

#include "registry/catalog.h"

namespace {

using namespace slipway;
using namespace slipway::registry;

// A store in memory: only what is read.
class MemoryStore final : public Store {
 public:
  Result<FileBytes> get(std::string_view key, std::size_t limit) const override {
    const auto found = objects.find(key);
    if (found == objects.end()) return fail(Code::kNotFound, locate(key) + " is not there");
    if (found->second.size() > limit) return fail(Code::kTooLarge, locate(key) + " is too large");
    return FileBytes::of(found->second);
  }
  Result<std::vector<Entry>> list(std::string_view folder) const override {
    std::map<std::string, Entry> out;
    const std::string prefix = std::string(folder) + "/";
    for (auto object = objects.lower_bound(prefix); object != objects.end(); ++object) {
      if (!object->first.starts_with(prefix)) break;
      const std::string rest = object->first.substr(prefix.size());
      const std::size_t slash = rest.find('/');
      const std::string name = rest.substr(0, slash);
      out[name] = {.name = name, .kind = slash == rest.npos ? Kind::kObject : Kind::kFolder, .bytes = 0};
    }
    std::vector<Entry> entries;
    for (auto& [name, entry] : out) entries.push_back(std::move(entry));
    return entries;
  }
  Result<bool> put_if_absent(std::string_view key, const Rope& bytes) override {
    return objects.emplace(key, bytes.text()).second;
  }
  Result<void> remove(std::string_view key) override {
    objects.erase(std::string(key));
    return {};
  }
  std::string locate(std::string_view key) const override { return "store/" + std::string(key); }

  std::map<std::string, std::string, std::less<>> objects;
};

void expect(bool right, std::source_location where = std::source_location::current()) {
  if (right) return;
  std::fprintf(stderr, "line %u\n", unsigned(where.line()));
  std::abort();
}

void check(const Result<Version>& version) {
  if (!version) return expect(!version.error().message().empty() && !version.error().hint().empty());
  expect(version->number > 0 && version->bundle.size() == 64);
  expect(version->info.label.empty() || check_label(version->info.label));
}

}  // namespace

// The input: a name for a file of versions/, a line end, its text, a zero byte, and the same for an alias.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  MemoryStore store;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  store.objects["models/churn/versions/1.json"] = "{\"bundle\":\"" + std::string(64, 'a') + "\"}";
  for (const char* folder : {"models/churn/versions/", "models/churn/aliases/production/"}) {
    const std::string_view part = input.substr(0, input.find('\0'));
    input.remove_prefix(std::min(part.size() + 1, input.size()));
    const std::size_t line = part.find('\n');
    const std::string key = folder + std::string(part.substr(0, line));
    if (line != part.npos && is_key(key)) store.objects[key] = part.substr(line + 1);
  }
  Catalog catalog(store);
  const auto models = catalog.models();
  const bool removed = store.objects.contains("models/churn/versions/1.removed.json");  // and then there may be nothing
  expect(models && (models->size() == 1 || (models->empty() && removed)));
  for (const ModelState& state : *models) {
    for (const Error& problem : state.problems) expect(problem.message().contains("store/models/churn/"));
  }
  expect(*catalog.generation() == *catalog.generation());
  for (const char* reference : {"churn", "churn:1", "churn:2", "churn:v1", "churn@production"}) {
    check(catalog.resolve(reference));
  }
  const auto back = catalog.rollback("churn", "production", "", "");
  if (!back) expect(!back.error().message().empty());
  const auto published = catalog.publish("churn", {.id = std::string(64, 'b'), .files = {{"manifest.json", "{}"}}}, {});
  if (published) check(catalog.resolve(published->text()));
  return 0;
}
