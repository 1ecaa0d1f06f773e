// SPDX-License-Identifier: Apache-2.0
// GET /model: what is served, what it takes, what it gives.
#include "base/text.h"
#include "serve/routes.h"

namespace slipway::serve {
namespace {

void member(std::string& out, std::string_view name, std::string_view text) {
  if (out.back() != '{') out += ',';
  append_json_string(out, name);
  out += ':';
  append_json_string(out, text);
}

template <class Texts>
void list(std::string& out, std::string_view name, const Texts& texts) {
  if (out.back() != '{') out += ',';
  append_json_string(out, name);
  out += ":[";
  for (const auto& text : texts) {
    if (out.back() != '[') out += ',';
    append_json_string(out, text);
  }
  out += ']';
}

void append_field(std::string& out, const model::Field& field) {
  out += '{';
  member(out, "name", field.name);
  member(out, "takes", field.expected());
  if (!field.categories.empty()) list(out, "categories", field.categories);
  if (field.typical) {
    out += ",\"typical\":";
    append_json_number(out, *field.typical);
  }
  out += '}';
}

std::string_view contract_name(Contract contract) {
  switch (contract) {
    case Contract::kAuto:
      return "auto";
    case Contract::kStrict:
      return "strict";
    case Contract::kIgnore:
      return "ignore";
  }
  return "auto";
}

}  // namespace

Result<http::Response> model_card(const http::Request&, Context& context) {
  const Service& service = context.service;
  const model::Model& model = service.plan().model();
  std::string& out = context.worker.out;
  out = "{";
  member(out, "name", service.options().model_name);
  member(out, "library", model.provenance().library);
  list(out, "versions", model.provenance().versions);
  list(out, "chain", model.provenance().chain);
  member(out, "proof", "none");
  member(out, "contract", contract_name(service.options().contract));
  std::vector<std::string_view> outputs;
  for (const model::Output& output : model.outputs()) outputs.push_back(model::output_name(output.kind));
  list(out, "outputs", outputs);
  out += ",\"labels\":[";
  for (std::size_t i = 0; i < model.labels().size(); ++i) {
    if (i > 0) out += ',';
    out += service.label_json(i);
  }
  out += "],\"fields\":[";
  for (const model::Field& field : model.schema().fields()) {
    if (out.back() != '[') out += ',';
    append_field(out, field);
  }
  out.append("],\"example\":").append(model.schema().example()).append("}\n");
  http::Response response;
  response.body = out;
  return response;
}

}  // namespace slipway::serve
