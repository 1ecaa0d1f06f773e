// SPDX-License-Identifier: Apache-2.0
// What we say of an object that is not served: its name, where it is, that nothing was called, and the nearest route.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/result.h"
#include "format/pickle/document.h"

namespace slipway::importer {

// Why the node at `path` is not an estimator that we serve. REQUIRES: it is none.
Error refuse_node(const pickle::Document& document, pickle::NodeId node, std::string_view path);

// "module.name" as a message shows it.
std::string dotted(pickle::Global name);

// kRefused if some object in the document would be made by code that is not the library's, wherever it hangs: a file
// that asks for that is not served, although nothing of it was called.
Result<void> refuse_foreign_code(const pickle::Document& document);

}  // namespace slipway::importer
