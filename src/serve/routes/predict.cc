// SPDX-License-Identifier: Apache-2.0
// POST /predict and its like, top to bottom: find the model, parse, then for each row validate, run and format. An
// Error leaves through SLIPWAY_TRY and becomes problem+json in one place; a batch with one bad row is refused whole
// unless ?on_error=row.
#include <algorithm>

#include "base/text.h"
#include "serve/answers.h"
#include "serve/problem.h"
#include "serve/routes.h"

namespace slipway::serve {
namespace {

constexpr std::string_view kOnErrorRow = "on_error=row";
constexpr std::size_t kMostAnswer = std::size_t{64} << 20;

class Prediction {
 public:
  Prediction(const http::Request& request, Context& context, const ServedModel& model, Room& room, const Parts& parts)
      : contract_(context.service.options().contract),
        model_(model),
        plan_(model.plan()),
        worker_(context.worker),
        room_(room),
        parts_(parts),
        by_row_(has_parameter(request.query, kOnErrorRow)) {}

  Result<http::Response> run(std::string_view body) {
    BodyReader& reader = room_.reader;
    SLIPWAY_TRY(reader.open(body));
    worker_.rows = reader.rows();
    std::string& out = worker_.out;
    out += reader.many() ? "{\"predictions\":[" : "{";
    for (std::uint32_t row = 0;; ++row) {
      const BodyReader::Next next = SLIPWAY_TRY(reader.next());
      if (next == BodyReader::Next::kEnd) break;
      const std::size_t kept_before = worker_.findings.errors().size();
      const bool good = next == BodyReader::Next::kBad ? bad_row(row) : run_row(row);
      if (good) {
        append(row);
      } else if (by_row_ && reader.many()) {
        append_failure(row, kept_before);
      } else if (worker_.findings.error_count() >= Findings::kMost) {
        break;  // the request fails, and the list of reasons is full
      }
      if (out.size() > kMostAnswer) {
        return fail(Code::kTooLarge, "the answer would be larger than " + std::to_string(kMostAnswer) + " bytes",
                    "Send fewer rows at a time");
      }
    }
    return finish();
  }

 private:
  bool bad_row(std::uint32_t row) {
    worker_.findings.error(monitor::Deviation::kWrongType, [&] {
      return Deviation{.kind = monitor::Deviation::kWrongType,
                       .row = row,
                       .field = {},
                       .nearest = {},
                       .expected = {},
                       .message = std::string(room_.reader.problem())};
    });
    return false;
  }

  // Validates and runs one row; the answer is in worker_.answer.
  bool run_row(std::uint32_t row) {
    BodyReader& reader = room_.reader;
    if (!judge(plan_, contract_, row, reader.cells(), reader.extras(), worker_.findings)) return false;
    const auto begun = http::Clock::now();
    plan_.run({reader.cells(), reader.extras()}, *room_.scratch, worker_.answer, parts_.wanted);
    worker_.model_ns += static_cast<std::uint64_t>((http::Clock::now() - begun).count());
    if (worker_.answer.refusal != nullptr || !is_finite(worker_.answer)) {
      note_refusal(plan_, worker_.answer, row, reader.cells(), worker_.findings);
      return false;
    }
    const auto unseen = plan_.unseen_fields(*room_.scratch);
    return unseen.empty() || judge_categories(plan_, contract_, row, unseen, reader.cells(), worker_.findings);
  }

  void append(std::uint32_t row) {
    std::string& out = worker_.out;
    const bool many = room_.reader.many();
    if (many) out += row == 0 ? "{" : ",{";
    append_answer(out, model_, worker_.answer, parts_);
    for (const model::Extra& extra : room_.reader.extras()) {
      if (is_caller_id(plan_, extra)) append_id(extra.value);
    }
    if (many) out += '}';
    if (!parts_.has(Part::kPrediction)) return;
    const auto& labels = worker_.answer.index;
    worker_.predicted.insert(worker_.predicted.end(), labels.begin(), labels.end());
    if (labels.empty()) worker_.predicted.push_back(0);
  }

  void append_id(const model::Cell& id) {
    std::string& out = worker_.out;
    out += ",\"id\":";
    if (id.kind == model::Cell::Kind::kText) {
      append_json_string(out, id.text());
    } else {
      append_json_number(out, id.integer);
    }
  }

  // In the row's place; empty once the request's twenty are used up.
  void append_failure(std::uint32_t row, std::size_t kept_before) {
    std::string& out = worker_.out;
    out += row == 0 ? "{\"errors\":" : ",{\"errors\":";
    append_findings(out, worker_.findings.errors().subspan(kept_before), true, room_.reader.columns());
    out += '}';
  }

  Result<http::Response> finish() {
    const bool many = room_.reader.many();
    std::string& out = worker_.out;
    if (worker_.model_ns > 0) room_.shard.model_time(worker_.model_ns);
    if (worker_.findings.error_count() > 0 && !(by_row_ && many)) {
      return problem(out, ContractProblem{.findings = worker_.findings,
                                          .plan = plan_,
                                          .model_json = model_.title_json(),
                                          .request_id = worker_.id,
                                          .many = many,
                                          .columns = room_.reader.columns()});
    }
    const std::size_t targets = std::max<std::size_t>(model_.targets(), 1);
    for (std::size_t i = 0; i < worker_.predicted.size(); ++i)
      room_.shard.prediction(i % targets, worker_.predicted[i]);
    if (many) out += ']';
    if (!worker_.findings.warnings().empty()) {
      out += ",\"warnings\":";
      append_warnings(out, worker_.findings.warnings(), many);
    }
    out.append(",\"model\":").append(model_.title_json()).append("}\n");
    http::Response response;
    response.body = out;
    return response;
  }

  const Contract contract_;
  const ServedModel& model_;
  const engine::Plan& plan_;
  RouteWorker& worker_;
  Room& room_;
  const Parts parts_;
  const bool by_row_;
};

}  // namespace

Result<http::Response> predict(const http::Request& request, Context& context) {
  if (!request.content_encoding.empty() && edit_distance(request.content_encoding, "identity", 0) != 0) {
    return fail(Code::kUnsupportedMedia, "Content-Encoding " + printable(request.content_encoding) + " is not read",
                "Send the body uncompressed");
  }
  RouteWorker& worker = context.worker;
  const std::size_t slot = SLIPWAY_TRY(find_slot(worker.snapshot(), context.parts));
  const ServedModel& model = *worker.snapshot().slots()[slot].model;
  Room& room = worker.room(slot);
  worker.model = &model;
  worker.model_shard = &room.shard;
  const Parts parts = SLIPWAY_TRY(choose_parts(model, request.query));
  return Prediction(request, context, model, room, parts).run(request.body);
}

}  // namespace slipway::serve
