// SPDX-License-Identifier: Apache-2.0
// Any bytes as a pickle: refusing is fine but must say why; what was read must be shown, in valid UTF-8 and JSON; and
// the numpy readers must take or refuse every node.
#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/text.h"
#include "format/pickle/numpy.h"
#include "format/pickle/outline.h"

namespace {

using namespace slipway;

template <class T>
void check(const Result<T>& result) {
  if (!result && result.error().message().empty()) std::abort();
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
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 16384) return 0;  // longer inputs find nothing new, and a list read for each of its users is quadratic
  const auto partial =
      pickle::Document::read_partial(FileBytes::of(std::string(reinterpret_cast<const char*>(data), size)));
  if (partial.error && partial.error->message().empty()) std::abort();
  if (!partial.error && partial.document.root() == pickle::kNoNode) std::abort();
  look_at_every_node(partial.document);
  partial.document.callables();
  const pickle::Outline outline = pickle::make_outline(partial.document, partial.error);
  if (!is_utf8(pickle::outline_text(outline))) std::abort();
  const std::string json = pickle::outline_json(outline);
  simdjson::dom::parser parser;
  if (!is_utf8(json) || parser.parse(json).error() != simdjson::SUCCESS) std::abort();
  return 0;
}
