// SPDX-License-Identifier: Apache-2.0
// Any bytes as a bundle: three files one after the other, two lengths (4 bytes, little-endian) in front, and a manifest
// that says what they are. A refusal must say why and name the file; what is taken must run like the reference, and
// written again must give the model back.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>

#include "base/sha256.h"
#include "engine/plan.h"
#include "engine/random_record.h"
#include "engine/reference.h"
#include "model/bundle.h"
#include "monitor/profile.h"

namespace {

using namespace slipway;

void require(bool holds, const std::string& what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what.c_str());
  std::abort();
}

struct Files {
  std::string manifest, model, weights;
};

// Lengths and digests in the manifest are put right, so that what lies behind them is reached.
std::string seal(std::string manifest, const std::string& name, const std::string& bytes) {
  const std::string entry = "\"name\":\"" + name + "\",\"bytes\":";
  const std::size_t at = manifest.find(entry);
  if (at == std::string::npos) return manifest;
  const std::size_t begin = at + entry.size();
  const std::size_t end = std::min(manifest.find('}', begin), manifest.size());
  return manifest.replace(begin, end - begin,
                          std::to_string(bytes.size()) + ",\"sha256\":\"" + sha256_hex(bytes) + "\"");
}

model::OpenFile open_of(const Files& files) {
  return [&files](std::string_view name, std::size_t limit) -> Result<FileBytes> {
    const std::string* bytes = name == model::kManifestFile  ? &files.manifest
                               : name == model::kModelFile   ? &files.model
                               : name == model::kWeightsFile ? &files.weights
                                                             : nullptr;
    if (bytes == nullptr || bytes->size() > limit) return fail(Code::kNotFound, std::string(name) + ": no such file");
    return FileBytes::of(*bytes);
  };
}

Files split(const std::uint8_t* data, std::size_t size) {
  std::uint32_t lengths[2] = {};
  std::memcpy(lengths, data, sizeof lengths);
  std::string rest(reinterpret_cast<const char*>(data) + sizeof lengths, size - sizeof lengths);
  Files out;
  out.manifest = rest.substr(0, lengths[0]);
  rest.erase(0, lengths[0]);
  out.model = rest.substr(0, lengths[1]);
  out.weights = rest.erase(0, lengths[1]);
  out.manifest = seal(seal(out.manifest, "model.json", out.model), "weights.safetensors", out.weights);
  return out;
}

void run(model::Model model, std::uint32_t seed) {
  auto plan = engine::Plan::compile(std::move(model));
  if (!plan) {  // of a vocabulary this is found when its table is made
    require(plan.error().message().ends_with("stands twice"), "does not compile: " + plan.error().message());
    return;
  }
  const auto scratch = plan->scratch();
  engine::Answer answer;
  std::mt19937 random(seed);
  for (int i = 0; i < 4; ++i) {
    const engine::RandomRecord record(plan->model(), random);
    plan->run(record.record(), *scratch, answer);
    require(engine::same_answer(answer, engine::run_reference(plan->model(), record.record())), "two answers");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 8 || size > 65536) return 0;
  const Files files = split(data, size);
  if (const auto profile = monitor::parse_profile(files.model)) {
    const std::string written = monitor::to_json(*profile);
    const auto again = monitor::parse_profile(written);
    require(again.has_value() && monitor::to_json(*again) == written, "a profile that was written reads otherwise");
  }
  auto loaded = model::load(open_of(files), "");
  if (!loaded) {
    require(loaded.error().message().find(": ") != std::string::npos && loaded.error().message().size() > 15,
            "an error without a reason: " + loaded.error().message());
    return 0;
  }
  model::Extras extras;
  extras.serving = loaded->manifest.serving;
  const auto again = model::encode(loaded->model, extras);
  require(again.has_value(), "what was loaded cannot be written");
  const auto back = model::load(
      [&](std::string_view name, std::size_t) -> Result<FileBytes> {
        for (const auto& file : again->files) {
          if (file.name == name) return FileBytes::of(file.bytes.text());
        }
        return fail(Code::kNotFound, std::string(name));
      },
      again->id);
  require(back.has_value(), "what was written cannot be loaded");
  const auto third = model::encode(back->model, extras);
  require(third.has_value() && third->id == again->id, "written twice, two bundles");
  run(std::move(loaded->model), static_cast<std::uint32_t>(std::hash<std::string>()(files.model)));
  return 0;
}
