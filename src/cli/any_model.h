// SPDX-License-Identifier: Apache-2.0
// A model by whatever name a user has for it: a version in the store, a bundle's directory, or a model's file.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/bundle.h"
#include "registry/catalog.h"

namespace slipway::cli {

struct AnyModel {
  std::string title;                        // "churn:3", or the path
  std::string bundle;                       // its id; "": a file
  std::optional<model::Manifest> manifest;  // none: a file
  model::Model model;
  FileBytes proof, profile;  // empty without
};

// `what` that is there on disk is a file or a bundle's directory, else a reference into the store. Errors: those of the
// import, the store and the bundle; each names what it is about.
Result<AnyModel> load_any(const std::string& what, const std::string& store, model::Verify verify);

// The files of a bundle in a store. Borrows the catalogue.
model::OpenFile open_in(const registry::Catalog& catalog, std::string id);

}  // namespace slipway::cli
