// SPDX-License-Identifier: Apache-2.0
// A model as files: immutable, named by what is in them, the same bytes for the same input on any day. A bundle is
// foreign input too: loading checks every digest, name, length and number, and Model::create() checks what they mean.
// The format: docs/bundle_format.md. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/rope.h"
#include "model/model.h"

namespace slipway::model {

inline constexpr std::string_view kManifestFile = "manifest.json";
inline constexpr std::string_view kModelFile = "model.json";
inline constexpr std::string_view kWeightsFile = "weights.safetensors";
inline constexpr std::string_view kProofFile = "proof.jsonl";
inline constexpr std::string_view kProfileFile = "profile.json";
inline constexpr std::size_t kManifestLimit = std::size_t{64} << 10;  // a manifest is smaller

// How far it is proven that the answers are the training library's.
enum class ProofLevel : std::uint8_t {
  kNone,
  kSelf,     // rows made from the schema, answered by the reference engine: guards against this program, proves nothing
  kLibrary,  // answers that the training library gave
};
std::string_view proof_name(ProofLevel level);  // "none", "self", "library"

// How answers are named and decided; the serving contract that an import may set. All of it is optional.
struct Serving {
  struct Response {
    std::string name;  // of the field in the answer: "churn_probability"
    std::string what;  // one of kAnswers
  };
  static constexpr std::string_view kAnswers[] = {"prediction", "probability", "probabilities", "positive",
                                                  "decision",   "score",       "transform"};
  std::vector<Response> response;   // in this order; empty: the names of the contract
  std::string input_key;            // the record stands under this key of the body: {"customer": {...}}; or ""
  std::string positive_class;       // label_text() of the label whose probability is "probability"; "": the second
  std::optional<double> threshold;  // "positive" is probability >= threshold

  bool empty() const { return response.empty() && input_key.empty() && positive_class.empty() && !threshold; }
};
// kUsage for an answer that the model does not give, a name twice, a class that is no label, a threshold beyond 0 to 1.
Result<void> check_serving(const Serving& serving, const Model& model);

// What a bundle says of itself beside the model.
struct Manifest {
  struct Source {
    std::uint64_t bytes = 0;
    std::string sha256;
  };
  struct File {
    std::string name;
    std::uint64_t bytes = 0;
    std::string sha256;
  };
  std::string importer_version;  // of Slipway: "0.1.0"
  Provenance provenance;         // a chain longer than kChainShown ends in "..."
  std::vector<Source> sources;   // the files that were imported
  // What the lock file beside the model pinned: ("scikit-learn", "1.6.1"), ("python", "3.12"). Empty: there was none.
  std::vector<std::pair<std::string, std::string>> locked;
  ProofLevel proof_level = ProofLevel::kNone;
  std::uint32_t proof_rows = 0;
  Serving serving;
  std::vector<File> files;  // sorted by name; all but the manifest

  static constexpr std::size_t kChainShown = 200;
};

// What goes into a bundle with the model.
struct Extras {
  std::string importer_version;
  std::vector<FileBytes> sources;
  bool keep_sources = true;  // copies go to source/1, source/2, ...; else their digests alone are kept
  std::vector<std::pair<std::string, std::string>> locked;
  ProofLevel proof_level = ProofLevel::kNone;
  std::string proof;    // proof.jsonl: a line a row; empty if there is no proof
  std::string profile;  // profile.json; empty if there is none
  Serving serving;
};

struct Bundle {
  struct File {
    std::string name;
    Rope bytes;  // shares the arrays of the model and the sources: nothing has to outlive the bundle
  };
  std::string id;           // sha256 of the manifest, 64 lower-case hex digits
  std::vector<File> files;  // the manifest is the last
};

// kTooLarge if the manifest would not fit its limit; kUnsupported for a text that is not UTF-8 outside of tables;
// kUsage as check_serving().
Result<Bundle> encode(const Model& model, const Extras& extras);

// A file of a bundle by name, at most `limit` bytes: of a store, a directory, memory. Errors: kNotFound and what else.
using OpenFile = std::function<Result<FileBytes>(std::string_view name, std::size_t limit)>;
OpenFile open_in(std::string directory);

enum class Verify : std::uint8_t {
  // The digest of every file up to kHashedAtLoad bytes, and the size of the others: a large forest is mapped, not read.
  kQuick,
  kAll,  // the digest of every file, the sources too
};
inline constexpr std::size_t kHashedAtLoad = std::size_t{16} << 20;

struct LoadedBundle {
  std::string id;
  Manifest manifest;
  Model model;        // borrows large arrays from the mapped file, which it keeps
  FileBytes proof;    // proof.jsonl; empty without
  FileBytes profile;  // profile.json, as monitor::parse_profile() takes it; empty without
};

// The manifest alone, for lists. `id`: what its sha256 must be; "": whatever it is. kCorrupt, or kUnsupported for a
// format_version that this program does not know, saying what to do.
Result<Manifest> read_manifest(std::string_view bytes, std::string_view id);

// Errors name the file: kCorrupt, kUnsupported (written by a newer Slipway), kTooLarge, and those of `open`.
Result<LoadedBundle> load(const OpenFile& open, std::string_view id, Verify verify = Verify::kQuick);

// What kQuick left out of the files that a model runs on: reads those that it did not hash; the source is not among
// them. For a thread in the background. kCorrupt.
Result<void> verify_rest(const OpenFile& open, const Manifest& manifest);

}  // namespace slipway::model
