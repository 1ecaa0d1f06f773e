// SPDX-License-Identifier: Apache-2.0
// GET /model and its like: what is served, what it takes, what it gives. GET /models: all of them, in short.
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

// "name":"churn","version":"3","label":"v1.2","aliases":["production"]: what of it there is
void append_identity(std::string& out, const Slot& slot) {
  const ServedModel::Options& options = slot.model->options();
  member(out, "name", slot.name);
  if (!options.version.empty()) member(out, "version", options.version);
  if (!options.label.empty()) member(out, "label", options.label);
  if (!slot.aliases.empty()) list(out, "aliases", slot.aliases);
  if (!options.bundle.empty()) member(out, "bundle", options.bundle);
}

void append_labels(std::string& out, const ServedModel& served, std::size_t target) {
  out += '[';
  for (std::size_t i = 0; i < served.labels(target); ++i) {
    if (i > 0) out += ',';
    out += served.label_json(target, i);
  }
  out += ']';
}

// "labels":[0,1] of one target; of several "targets":[{"name":"a","labels":[0,1]},...]
void append_targets(std::string& out, const ServedModel& served) {
  if (served.targets() <= 1) {
    out += ",\"labels\":";
    if (served.targets() == 0) out += "[]";
    if (served.targets() == 1) append_labels(out, served, 0);
    return;
  }
  out += ",\"targets\":[";
  for (std::size_t target = 0; target < served.targets(); ++target) {
    out += target == 0 ? "{" : ",{";
    const std::string& name = served.model().targets()[target].name;
    if (!name.empty()) member(out, "name", name);
    out += out.back() == '{' ? "\"labels\":" : ",\"labels\":";
    append_labels(out, served, target);
    out += '}';
  }
  out += ']';
}

// A name as a part of a path.
void append_path_part(std::string& out, std::string_view part) {
  for (const char c : part) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.append({'%', "0123456789ABCDEF"[byte >> 4], "0123456789ABCDEF"[byte & 15]});
    }
  }
}

}  // namespace

// {"models":[{"name":"churn","version":"3",...,"proof":"library","chain":[...],"card":"/models/churn/versions/3"}]}
Result<http::Response> models(const http::Request&, Context& context) {
  std::string& out = context.worker.out;
  const ServedModel* of_predict = context.worker.snapshot().default_model();
  out = "{\"models\":[";
  for (const Slot& slot : context.worker.snapshot().slots()) {
    if (slot.model == nullptr) continue;
    out += out.back() == '[' ? "{" : ",{";
    append_identity(out, slot);
    member(out, "wanted", slot.wanted);
    member(out, "proof", model::proof_name(slot.model->options().proof));
    list(out, "chain", slot.model->model().provenance().chain);
    if (slot.model.get() == of_predict) out += ",\"default\":true";
    std::string card = "/models/";
    append_path_part(card, slot.name);
    if (!slot.model->options().version.empty()) {
      card += "/versions/";
      append_path_part(card, slot.model->options().version);
    }
    member(out, "card", card);
    out += '}';
  }
  out += "]}\n";
  http::Response response;
  response.body = out;
  return response;
}

Result<http::Response> model_card(const http::Request&, Context& context) {
  const std::size_t index = SLIPWAY_TRY(find_slot(context.worker.snapshot(), context.parts));
  const Slot& slot = context.worker.snapshot().slots()[index];
  const ServedModel& served = *slot.model;
  const model::Model& model = served.model();
  std::string& out = context.worker.out;
  out = "{";
  append_identity(out, slot);
  member(out, "library", model.provenance().library);
  list(out, "versions", model.provenance().versions);
  list(out, "chain", model.provenance().chain);
  member(out, "proof", model::proof_name(served.options().proof));
  member(out, "contract", contract_name(context.service.options().contract));
  list(out, "outputs", served.output_names());
  append_targets(out, served);
  out += ",\"fields\":[";
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
