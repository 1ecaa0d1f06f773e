// SPDX-License-Identifier: Apache-2.0
// `slipway promote churn:2 production`: appends to the alias's journal. Who serves the store sees it within a second.
#include <fmt/core.h>

#include "cli/store.h"
#include "registry/catalog.h"

namespace slipway::cli {
namespace {

Result<void> check_proof(registry::Catalog& catalog, const AliasMove::Asked& asked) {
  const model::ProofLevel required = SLIPWAY_TRY(parse_proof(asked.require_proof));
  if (required == model::ProofLevel::kNone) return {};
  const registry::Version version = SLIPWAY_TRY(catalog.resolve(asked.word));
  const FileBytes bytes = SLIPWAY_TRY(catalog.bundle_file(version.bundle, model::kManifestFile, model::kManifestLimit));
  const auto manifest = model::read_manifest(bytes.bytes(), version.bundle);
  if (!manifest) return fail(Error(manifest.error()).within(version.text()));
  if (manifest->proof_level >= required) return {};
  return fail(Code::kRefused,
              fmt::format("{}: its proof is {}, {} is required", version.text(),
                          model::proof_name(manifest->proof_level), model::proof_name(required)),
              "Import it again with rows and the library's answers beside it: slipway snippet prints the notebook cell "
              "that writes them");
}

Result<registry::Promotion> promote_proven(registry::Catalog& catalog, const AliasMove::Asked& asked) {
  SLIPWAY_TRY(check_proof(catalog, asked));
  return catalog.promote(asked.word, asked.alias, asked.by, asked.why);
}

constexpr AliasMove kPromote = {
    .words = "VERSION ALIAS",
    .words_help = "what the alias is to mean (churn:2, churn:v1.2.3), and its name",
    .missing = "promote takes a version and an alias",
    .example = "slipway promote churn:2 production",
    .asks_proof = true,
    .model_of = [](const std::string& version) -> Result<std::string> {
      const auto reference = SLIPWAY_TRY(registry::parse_reference(version));
      return std::string(reference.name);
    },
    .move = promote_proven,
};

}  // namespace

int promote(const Command& command, std::span<const char* const> arguments) {
  return move_alias(command, kPromote, arguments);
}

}  // namespace slipway::cli
