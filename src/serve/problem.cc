// SPDX-License-Identifier: Apache-2.0
#include "serve/problem.h"

#include <algorithm>

#include "base/text.h"

namespace slipway::serve {
namespace {

constexpr std::size_t kLongestExample = 16 * 1024;  // of a model with a thousand fields and more

void member(std::string& out, std::string_view name, std::string_view text) {
  out.append(",\"").append(name).append("\":");
  append_json_string(out, text);
}

void begin(std::string& out, Code code, std::string_view detail) {
  const CodeInfo& row = info(code);
  out.assign(R"({"type":"/problems/)").append(row.name).append(R"(","title":)");
  append_json_string(out, row.title);
  out += ",\"status\":";
  append_json_number(out, std::int64_t{row.http});
  member(out, "detail", detail);
  member(out, "error", detail);  // the guides' key
}

// A JSON pointer's part: ~ and / are escaped (RFC 6901).
void append_pointer(std::string& out, std::string_view part) {
  out += '/';
  for (const char c : part) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
}

std::string pointer(const Deviation& finding, bool many, bool columns) {
  std::string out;
  if (many && !columns) append_pointer(out, std::to_string(finding.row));
  if (!finding.field.empty()) append_pointer(out, finding.field);
  if (columns) append_pointer(out, std::to_string(finding.row));
  return out;
}

// The first sentence, and how many more there are. A missing field that an unknown one was meant for is not news.
std::string detail_of(const Findings& findings, bool many) {
  const auto errors = findings.errors();
  const Deviation& first = errors.front();
  std::size_t others = findings.error_count() - 1;
  for (const Deviation& finding : errors.subspan(1)) {
    const bool counterpart =
        finding.kind == monitor::Deviation::kMissingField && std::ranges::any_of(errors, [&](const Deviation& error) {
          return error.row == finding.row && error.nearest == finding.field;
        });
    others -= counterpart ? 1 : 0;
  }
  std::string out = many ? "row " + std::to_string(first.row) + ": " + first.message : first.message;
  if (others > 0) out += " (and " + std::to_string(others) + " more)";
  return out;
}

}  // namespace

void append_findings(std::string& out, std::span<const Deviation> findings, bool many, bool columns) {
  out += '[';
  for (const Deviation& finding : findings) {
    if (out.back() != '[') out += ',';
    out += "{\"path\":";
    append_json_string(out, pointer(finding, many, columns));
    member(out, "code", monitor::kDeviations[std::size_t(finding.kind)]);
    if (!finding.nearest.empty()) member(out, "nearest", finding.nearest);
    if (!finding.expected.empty()) member(out, "expected", finding.expected);
    member(out, "message", finding.message);
    out += '}';
  }
  out += ']';
}

void append_warnings(std::string& out, std::span<const Deviation> warnings, bool many) {
  out += '[';
  for (const Deviation& warning : warnings) {
    if (out.back() != '[') out += ',';
    out += "{\"code\":";
    append_json_string(out, monitor::kDeviations[std::size_t(warning.kind)]);
    member(out, "field", warning.field);
    if (!warning.nearest.empty()) member(out, "nearest", warning.nearest);
    if (many) {
      out += ",\"row\":";
      append_json_number(out, std::int64_t{warning.row});
    }
    out += '}';
  }
  out += ']';
}

http::Response problem(std::string& out, const Error& error, std::string_view request_id) {
  begin(out, error.code(), error.message());
  if (!error.hint().empty()) member(out, "hint", error.hint());
  if (!request_id.empty()) member(out, "request_id", request_id);
  out += "}\n";
  http::Response response;
  response.status = info(error.code()).http;
  response.content_type = kProblemType;
  response.body = out;
  if (error.code() == Code::kBusy) response.retry_after_s = 1;
  return response;
}

http::Response problem(std::string& out, const ContractProblem& contract) {
  begin(out, Code::kContract, detail_of(contract.findings, contract.many));
  out += ",\"errors\":";
  append_findings(out, contract.findings.errors(), contract.many, contract.columns);
  const std::string example = contract.plan.model().schema().example();
  if (example.size() <= kLongestExample) {
    out.append(",\"example\":").append(example);
  } else {
    member(out, "hint", "GET /model has an example that would pass");
  }
  out.append(",\"model\":").append(contract.model_json);
  member(out, "request_id", contract.request_id);
  out += "}\n";
  http::Response response;
  response.status = info(Code::kContract).http;
  response.content_type = kProblemType;
  response.body = out;
  return response;
}

}  // namespace slipway::serve
