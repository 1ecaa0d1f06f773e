// SPDX-License-Identifier: Apache-2.0
// Models out of a store: references to versions, and versions to plans that are checked and proven.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "model/bundle.h"
#include "registry/catalog.h"
#include "serve/model_source.h"

namespace slipway::serve {

class StoreSource final : public ModelSource {
 public:
  // Holds the rows of a bundle's proof against the plan, on this processor. kCorrupt names the first that differs.
  using Prove =
      std::function<Result<void>(const engine::Plan& plan, const model::Manifest& manifest, const FileBytes& proof)>;
  struct Options {
    std::vector<std::string> references;  // "churn@production", "leads", "other:3"; empty: every model of the store
    model::ProofLevel require_proof = model::ProofLevel::kNone;
    Prove prove;
  };
  // kUsage for what is no reference, and for one that stands twice. Borrows the catalog.
  static Result<std::unique_ptr<StoreSource>> create(registry::Catalog& catalog, Options options);

  Result<std::uint64_t> generation() override { return catalog_.generation(); }
  Result<std::vector<WantedModel>> wanted() override;
  Result<void> check(const WantedModel& wanted) override;
  Result<std::shared_ptr<const ServedModel>> load(const WantedModel& wanted) override;

 private:
  StoreSource(registry::Catalog& catalog, Options options) : catalog_(catalog), options_(std::move(options)) {}
  WantedModel resolve(const std::string& reference);

  registry::Catalog& catalog_;
  const Options options_;
};

}  // namespace slipway::serve
