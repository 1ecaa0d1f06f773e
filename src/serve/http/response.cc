// SPDX-License-Identifier: Apache-2.0
// The idea: a response is a few known strings put together. One size check up front, then plain copies.
#include <array>
#include <charconv>
#include <cstring>
#include <ctime>

#include "serve/http/codec.h"

namespace slipway::serve::http {
namespace {

struct Status {
  int code;
  std::string_view reason;
};
constexpr Status kStatuses[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

std::string_view reason_of(int status) {
  for (const Status& row : kStatuses)
    if (row.code == status) return row.reason;
  return "Status";
}

void append_number(std::string& out, std::uint64_t number) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}

void append_field(std::string& out, std::string_view name_and_colon, std::string_view value) {
  out.append(name_and_colon).append(value).append("\r\n");
}

}  // namespace

void append_response(std::string& out, const Response& response, Method method, bool http_10, bool keep_alive,
                     std::string_view date) {
  if (response.status == 200) {
    out.append("HTTP/1.1 200 OK\r\n");
  } else {
    out.append("HTTP/1.1 ");
    append_number(out, std::uint64_t(response.status));
    append_field(out, " ", reason_of(response.status));
  }
  const bool bodiless = response.status == 204 || response.status == 304;
  if (!bodiless) {
    if (!response.body.empty()) append_field(out, "Content-Type: ", response.content_type);
    out.append("Content-Length: ");
    append_number(out, response.body.size());
    out.append("\r\n");
  }
  if (!date.empty()) append_field(out, "Date: ", date);
  if (!keep_alive)
    out.append("Connection: close\r\n");
  else if (http_10)
    out.append("Connection: keep-alive\r\n");
  if (!response.request_id.empty()) append_field(out, "X-Request-Id: ", response.request_id);
  if (!response.allow.empty()) append_field(out, "Allow: ", response.allow);
  if (response.retry_after_s != 0) {
    out.append("Retry-After: ");
    append_number(out, response.retry_after_s);
    out.append("\r\n");
  }
  out.append("\r\n");
  if (!bodiless && method != Method::kHead) out.append(response.body);
}

std::string_view DateText::at(std::chrono::system_clock::time_point now) {
  const std::int64_t second = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  if (second != second_) {
    second_ = second;
    // strftime would follow the locale.
    static constexpr char kDays[] = "SunMonTueWedThuFriSat";
    static constexpr char kMonths[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const std::time_t time = std::time_t(second);
    std::tm utc{};
    ::gmtime_r(&time, &utc);
    const auto two = [](char* at, int number) {
      at[0] = char('0' + number / 10 % 10);
      at[1] = char('0' + number % 10);
    };
    std::memcpy(text_, "ddd, 00 mmm 0000 00:00:00 GMT", 29);
    std::memcpy(text_, kDays + 3 * utc.tm_wday, 3);
    two(text_ + 5, utc.tm_mday);
    std::memcpy(text_ + 8, kMonths + 3 * utc.tm_mon, 3);
    two(text_ + 12, (utc.tm_year + 1900) / 100);
    two(text_ + 14, utc.tm_year % 100);
    two(text_ + 17, utc.tm_hour);
    two(text_ + 20, utc.tm_min);
    two(text_ + 23, utc.tm_sec);
  }
  return {text_, 29};
}

}  // namespace slipway::serve::http
