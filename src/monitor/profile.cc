// SPDX-License-Identifier: Apache-2.0
// Mean and deviation by Welford's recurrence; bins between the quantiles of a reservoir (Vitter's algorithm R), whose
// random numbers start the same way every time.
#include "monitor/profile.h"

#include <algorithm>
#include <cmath>

#include "base/json_writer.h"
#include "base/text.h"
#include "model/json_members.h"

namespace slipway::monitor {
namespace {

constexpr std::uint32_t kFormat = 1;
constexpr std::size_t kMostColumns = 1'000'000;

// SplitMix64.
std::uint64_t draw(std::uint64_t& state) {
  std::uint64_t z = (state += 0x9E37'79B9'7F4A'7C15);
  z = (z ^ (z >> 30)) * 0xBF58'476D'1CE4'E5B9;
  z = (z ^ (z >> 27)) * 0x94D0'49BB'1331'11EB;
  return z ^ (z >> 31);
}

void make_bins(std::vector<double> sample, Profile::Numbers& out) {
  std::ranges::sort(sample);
  for (std::size_t i = 1; i < Profile::kBins && !sample.empty(); ++i) {
    const double edge = sample[i * sample.size() / Profile::kBins];
    if (out.edges.empty() || edge > out.edges.back()) out.edges.push_back(edge);
  }
  out.counts.resize(out.edges.size() + 1);
  for (const double value : sample) ++out.counts[std::ranges::upper_bound(out.edges, value) - out.edges.begin()];
}

void write_column(JsonWriter& json, const Profile::Column& column) {
  json.begin_object().member("name", std::string_view(column.name)).member("missing", column.missing);
  if (const Profile::Numbers& numbers = column.numbers; numbers.count > 0) {
    json.key("numbers").begin_object().member("count", numbers.count).member("least", numbers.least);
    json.member("most", numbers.most).member("mean", numbers.mean).member("deviation", numbers.deviation);
    json.key("edges").begin_array();
    for (const double edge : numbers.edges) json.value(edge);
    json.end_array().key("counts").begin_array();
    for (const std::uint64_t count : numbers.counts) json.value(count);
    json.end_array().end_object();
  }
  if (const Profile::Texts& texts = column.texts; texts.count > 0) {
    json.key("texts").begin_object().member("count", texts.count).member("others", texts.others);
    json.key("values").begin_array();
    for (const auto& [text, count] : texts.values) {
      json.begin_array().value(std::string_view(text)).value(count).end_array();
    }
    json.end_array().end_object();
  }
  json.end_object();
}

Result<Profile::Numbers> read_numbers(simdjson::dom::element element) {
  auto members = SLIPWAY_TRY(model::JsonMembers::of(element));
  Profile::Numbers out;
  out.count = SLIPWAY_TRY(members.u64("count"));
  out.least = SLIPWAY_TRY(members.real("least"));
  out.most = SLIPWAY_TRY(members.real("most"));
  out.mean = SLIPWAY_TRY(members.real("mean"));
  out.deviation = SLIPWAY_TRY(members.real("deviation"));
  const auto edges = SLIPWAY_TRY(members.list("edges"));
  const auto counts = SLIPWAY_TRY(members.list("counts"));
  SLIPWAY_TRY(members.finish());
  for (const simdjson::dom::element edge : edges) {
    double value = 0;
    if (edge.get(value) != simdjson::SUCCESS || (!out.edges.empty() && value <= out.edges.back())) {
      return fail(Code::kCorrupt, "\"edges\" are not numbers that ascend");
    }
    out.edges.push_back(value);
  }
  std::uint64_t sum = 0;
  for (const simdjson::dom::element count : counts) {
    std::uint64_t value = 0;
    if (count.get(value) != simdjson::SUCCESS || value > out.count - sum) {
      return fail(Code::kCorrupt, "\"counts\" are no numbers that add up to at most \"count\"");
    }
    sum += value;
    out.counts.push_back(value);
  }
  const bool ordered = out.least <= out.most && out.deviation >= 0 && std::isfinite(out.mean);
  if (!ordered || out.edges.size() >= Profile::kBins || out.counts.size() != out.edges.size() + 1) {
    return fail(Code::kCorrupt, "the numbers do not fit together");
  }
  return out;
}

Result<Profile::Texts> read_texts(simdjson::dom::element element) {
  auto members = SLIPWAY_TRY(model::JsonMembers::of(element));
  Profile::Texts out;
  out.count = SLIPWAY_TRY(members.u64("count"));
  out.others = SLIPWAY_TRY(members.u64("others"));
  const auto values = SLIPWAY_TRY(members.list("values"));
  SLIPWAY_TRY(members.finish());
  std::uint64_t left = out.count;
  for (const simdjson::dom::element value : values) {
    simdjson::dom::array pair;
    std::string_view text;
    std::uint64_t count = 0;
    const bool good = value.get(pair) == simdjson::SUCCESS && pair.size() == 2 &&
                      pair.at(0).get(text) == simdjson::SUCCESS && pair.at(1).get(count) == simdjson::SUCCESS;
    if (!good || count > left) return fail(Code::kCorrupt, "\"values\" are no texts with counts");
    left -= count;
    out.values.emplace_back(text, count);
  }
  if (left != out.others || out.values.size() > Profile::kMostTexts) {
    return fail(Code::kCorrupt, "\"values\" and \"others\" do not add up to \"count\"");
  }
  return out;
}

Result<Profile::Column> read_column(simdjson::dom::element element) {
  auto members = SLIPWAY_TRY(model::JsonMembers::of(element));
  Profile::Column out;
  out.name = SLIPWAY_TRY(members.text("name"));
  out.missing = SLIPWAY_TRY(members.u64("missing"));
  if (members.has("numbers")) {
    const auto numbers = SLIPWAY_TRY(members.any("numbers"));
    out.numbers = SLIPWAY_TRY(read_numbers(numbers));
  }
  if (members.has("texts")) {
    const auto texts = SLIPWAY_TRY(members.any("texts"));
    out.texts = SLIPWAY_TRY(read_texts(texts));
  }
  SLIPWAY_TRY(members.finish());
  return out;
}

Result<std::vector<Profile::Column>> read_columns(simdjson::dom::array array) {
  std::vector<Profile::Column> out;
  if (array.size() > kMostColumns) return fail(Code::kTooLarge, "more than a million columns");
  for (const simdjson::dom::element element : array) {
    auto column = read_column(element);
    if (!column) return fail(std::move(column).error().within("column " + std::to_string(out.size())));
    out.push_back(std::move(*column));
  }
  return out;
}

}  // namespace

void ColumnProfiler::add(const model::Cell& cell) {
  if (cell.is_number()) return add(cell.number());
  if (cell.kind == model::Cell::Kind::kText) return add(cell.text());
  ++missing_;
}

void ColumnProfiler::add(double number) {
  if (!std::isfinite(number)) {
    ++missing_;
    return;
  }
  least_ = numbers_ == 0 ? number : std::min(least_, number);
  most_ = numbers_ == 0 ? number : std::max(most_, number);
  ++numbers_;
  const double off = number - mean_;
  mean_ += off / double(numbers_);
  squares_ += off * (number - mean_);
  if (sample_.size() < sample_limit_) {
    sample_.push_back(number);
  } else if (const std::uint64_t at = draw(state_) % numbers_; at < sample_limit_) {
    sample_[at] = number;
  }
}

void ColumnProfiler::add(std::string_view text) {
  ++texts_;
  if (const auto found = seen_.find(text); found != seen_.end()) {
    ++found->second;
  } else if (seen_.size() < kMostDistinct && text.size() <= kLongestText && is_utf8(text)) {
    seen_.emplace(text, 1);
  } else {
    ++others_;
  }
}

Profile::Column ColumnProfiler::finish() {
  Profile::Column out{.name = std::move(name_), .missing = missing_, .numbers = {}, .texts = {}};
  if (numbers_ > 0) {
    // Numbers near the largest of doubles: their squares are beyond it.
    const double deviation = std::sqrt(squares_ / double(numbers_));
    out.numbers = {.count = numbers_,
                   .least = least_,
                   .most = most_,
                   .mean = std::isfinite(mean_) ? mean_ : 0,
                   .deviation = std::isfinite(deviation) ? deviation : 0,
                   .edges = {},
                   .counts = {}};
    make_bins(std::move(sample_), out.numbers);
  }
  out.texts.count = texts_;
  out.texts.others = others_;
  out.texts.values.assign(seen_.begin(), seen_.end());
  std::ranges::sort(out.texts.values, [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  while (out.texts.values.size() > Profile::kMostTexts) {
    out.texts.others += out.texts.values.back().second;
    out.texts.values.pop_back();
  }
  return out;
}

std::string to_json(const Profile& profile) {
  JsonWriter json;
  json.begin_object().member("format", kFormat).member("rows", profile.rows).member("refused", profile.refused);
  for (const auto& [name, columns] : {std::pair{"fields", &profile.fields}, std::pair{"answers", &profile.answers}}) {
    json.key(name).begin_array();
    for (const Profile::Column& column : *columns) write_column(json, column);
    json.end_array();
  }
  json.end_object();
  return json.take() + "\n";
}

Result<Profile> parse_profile(std::string_view json) {
  simdjson::dom::parser parser;
  const simdjson::dom::element root = SLIPWAY_TRY(model::parse_json(parser, json));
  auto members = SLIPWAY_TRY(model::JsonMembers::of(root));
  const std::uint32_t format = SLIPWAY_TRY(members.u32("format"));
  if (format != kFormat) {
    return fail(Code::kUnsupported, "profile format " + std::to_string(format) + ", this program knows 1",
                std::string(model::kNewerHint));
  }
  Profile out;
  out.rows = SLIPWAY_TRY(members.u64("rows"));
  out.refused = SLIPWAY_TRY(members.u64("refused"));
  const auto fields = SLIPWAY_TRY(members.list("fields"));
  const auto answers = SLIPWAY_TRY(members.list("answers"));
  SLIPWAY_TRY(members.finish());
  out.fields = SLIPWAY_TRY(read_columns(fields));
  out.answers = SLIPWAY_TRY(read_columns(answers));
  return out;
}

}  // namespace slipway::monitor
