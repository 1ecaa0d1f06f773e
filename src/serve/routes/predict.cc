// SPDX-License-Identifier: Apache-2.0
// POST /predict, top to bottom: parse, then for each row validate, run and format. An Error leaves through SLIPWAY_TRY
// and becomes problem+json in one place; a batch with one bad row is refused whole unless ?on_error=row.
#include "base/text.h"
#include "serve/problem.h"
#include "serve/routes.h"

namespace slipway::serve {
namespace {

constexpr std::string_view kOnErrorRow = "on_error=row";
constexpr std::string_view kAllProbabilities = "probabilities=true";  // of a binary model too
constexpr std::size_t kMostAnswer = std::size_t{64} << 20;

bool has_parameter(std::string_view query, std::string_view wanted) {
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    if (query.substr(0, end) == wanted) return true;
    query.remove_prefix(end == query.npos ? query.size() : end + 1);
  }
  return false;
}

void append_numbers(std::string& out, std::span<const double> values) {
  if (values.size() == 1) return append_json_number(out, values[0]);
  out += '[';
  for (const double value : values) {
    if (out.back() != '[') out += ',';
    append_json_number(out, value);
  }
  out += ']';
}

// "prediction":0,"probability":0.32 or "probabilities":{...}; `all`: both
void append_answer(std::string& out, const Service& service, const engine::Answer& answer, bool all) {
  const bool classifier = !service.plan().model().labels().empty();
  out += "\"prediction\":";
  if (classifier) {
    out += service.label_json(answer.index[0]);
  } else {
    append_numbers(out, answer.prediction);
  }
  const auto& probability = answer.probability;
  if (probability.size() == 2) {
    out += ",\"probability\":";
    append_json_number(out, probability[1]);
  }
  if (probability.size() > 2 || (all && !probability.empty())) {
    out += ",\"probabilities\":{";
    for (std::size_t i = 0; i < probability.size(); ++i) {
      if (i > 0) out += ',';
      out.append(service.label_key(i)).append(":");
      append_json_number(out, probability[i]);
    }
    out += '}';
  }
}

class Prediction {
 public:
  Prediction(const http::Request& request, Context& context)
      : service_(context.service),
        worker_(context.worker),
        by_row_(has_parameter(request.query, kOnErrorRow)),
        all_probabilities_(has_parameter(request.query, kAllProbabilities)) {}

  Result<http::Response> run(std::string_view body) {
    BodyReader& reader = worker_.reader;
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
                       .message = std::string(worker_.reader.problem())};
    });
    return false;
  }

  // Validates and runs one row; the answer is in worker_.answer.
  bool run_row(std::uint32_t row) {
    BodyReader& reader = worker_.reader;
    const bool fit =
        judge(service_.plan(), service_.options().contract, row, reader.cells(), reader.extras(), worker_.findings);
    if (!fit) return false;
    const auto begun = http::Clock::now();
    service_.plan().run({reader.cells(), reader.extras()}, *worker_.scratch, worker_.answer);
    worker_.model_ns += static_cast<std::uint64_t>((http::Clock::now() - begun).count());
    if (worker_.answer.refusal != nullptr || !is_finite(worker_.answer)) {
      note_refusal(service_.plan(), worker_.answer, row, reader.cells(), worker_.findings);
      return false;
    }
    const auto unseen = service_.plan().unseen_fields(*worker_.scratch);
    return unseen.empty() || judge_categories(service_.plan(), service_.options().contract, row, unseen, reader.cells(),
                                              worker_.findings);
  }

  void append(std::uint32_t row) {
    std::string& out = worker_.out;
    if (worker_.reader.many()) out += row == 0 ? "{" : ",{";
    append_answer(out, service_, worker_.answer, all_probabilities_);
    for (const model::Extra& extra : worker_.reader.extras()) {
      if (is_caller_id(service_.plan(), extra)) append_id(extra.value);
    }
    if (worker_.reader.many()) out += '}';
    worker_.predicted.push_back(worker_.answer.index.empty() ? 0 : worker_.answer.index[0]);
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
    append_findings(out, worker_.findings.errors().subspan(kept_before), true, worker_.reader.columns());
    out += '}';
  }

  Result<http::Response> finish() {
    const bool many = worker_.reader.many();
    std::string& out = worker_.out;
    if (worker_.model_ns > 0) worker_.shard.model_time(worker_.model_ns);
    if (worker_.findings.error_count() > 0 && !(by_row_ && many)) {
      return problem(out, ContractProblem{.findings = worker_.findings,
                                          .plan = service_.plan(),
                                          .model_json = service_.name_json(),
                                          .request_id = worker_.id,
                                          .many = many,
                                          .columns = worker_.reader.columns()});
    }
    for (const std::uint32_t label : worker_.predicted) worker_.shard.prediction(label);
    if (many) out += ']';
    if (!worker_.findings.warnings().empty()) {
      out += ",\"warnings\":";
      append_warnings(out, worker_.findings.warnings(), many);
    }
    out.append(",\"model\":").append(service_.name_json()).append("}\n");
    http::Response response;
    response.body = out;
    return response;
  }

  const Service& service_;
  RouteWorker& worker_;
  const bool by_row_;
  const bool all_probabilities_;
};

}  // namespace

Result<http::Response> predict(const http::Request& request, Context& context) {
  if (!request.content_encoding.empty() && edit_distance(request.content_encoding, "identity", 0) != 0) {
    return fail(Code::kUnsupportedMedia, "Content-Encoding " + printable(request.content_encoding) + " is not read",
                "Send the body uncompressed");
  }
  return Prediction(request, context).run(request.body);
}

}  // namespace slipway::serve
