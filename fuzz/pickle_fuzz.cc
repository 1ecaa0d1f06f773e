// SPDX-License-Identifier: Apache-2.0
// Any bytes as a pickle or a file of joblib, compressed or not: refusing is fine but must say why; what was read must
// be shown, in valid UTF-8 and JSON; and the numpy readers must take or refuse every node.
#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/text.h"
#include "format/pickle/numpy.h"
#include "format/pickle/outline.h"
#include "format/pickle/records.h"
#include "format/pickle/sparse.h"

namespace {

using namespace slipway;

template <class T>
void check(const Result<T>& result) {
  if (!result && result.error().message().empty()) std::abort();
}

void look_at_columns(const pickle::Document& document, pickle::NodeId node) {
  check(pickle::read_csr(document, node));
  check(pickle::read_diagonal(document, node));
  const auto integers = pickle::i64_values(document, node);
  check(integers);
  if (integers) integers->elements.all();
  const auto records = pickle::Records::open(document, node);
  check(records);
  if (!records) return;
  for (const char* field : {"threshold", "left_child", "missing_go_to_left"}) {
    const auto reals = records->f64(field);
    const auto bytes = records->u8(field);
    check(reals);
    check(bytes);
    if (reals) reals->all();
    if (bytes) bytes->all();
  }
}

void look_at_every_node(const pickle::Document& document) {
  for (pickle::NodeId node = 0; node < document.size(); ++node) {
    if (document.kind(node) == pickle::Kind::kDict) pickle::find(document, node, "shape");
    if (document.kind(node) != pickle::Kind::kObject) continue;
    pickle::attributes(document, node);
    check(pickle::read_dtype(document, node));
    check(pickle::read_array(document, node));
    check(pickle::read_numbers(document, node));
    check(pickle::read_scalars(document, node));
    look_at_columns(document, node);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 16384) return 0;  // longer inputs find nothing new, and a list read for each of its users is quadratic
  const FileBytes file = FileBytes::of(std::string(reinterpret_cast<const char*>(data), size));
  const pickle::Limits limits{.ratio_from = 1 << 18, .decoder_memory = 1 << 24};  // what unpacks to much is slow here
  const auto partial = pickle::Document::read_partial(file, limits);
  if (partial.error && partial.error->message().empty()) std::abort();
  if (!partial.error && partial.document.root() == pickle::kNoNode) std::abort();
  look_at_every_node(partial.document);
  partial.document.callables();
  const pickle::Outline outline = pickle::make_outline(partial.document, partial.error);
  if (!is_utf8(pickle::outline_text(outline))) std::abort();
  check(pickle::Document::read_all(file, 4, limits));
  const std::string json = pickle::outline_json(outline);
  simdjson::dom::parser parser;
  if (!is_utf8(json) || parser.parse(json).error() != simdjson::SUCCESS) std::abort();
  return 0;
}
