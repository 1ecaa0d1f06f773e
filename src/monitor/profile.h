// SPDX-License-Identifier: Apache-2.0
// What the training data looked like, field by field, and what the model answered to it: the reference that drift is
// measured against. Kept in a bundle as profile.json (docs/bundle_format.md). Memory is bounded whatever the rows are;
// the same rows in the same order give the same profile. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/cell.h"

namespace slipway::monitor {

struct Profile {
  static constexpr std::size_t kBins = 20;         // at most; fewer where values repeat
  static constexpr std::size_t kMostTexts = 1000;  // texts of a column that are listed

  struct Numbers {
    std::uint64_t count = 0;  // finite ones
    double least = 0, most = 0, mean = 0;
    double deviation = 0;               // sqrt(sum of (x - mean)^2 / count)
    std::vector<double> edges;          // ascending, distinct; bin i: edges[i - 1] <= x < edges[i]
    std::vector<std::uint64_t> counts;  // a bin each, edges.size() + 1 of them, of a sample of the rows
  };
  struct Texts {
    std::uint64_t count = 0;
    std::vector<std::pair<std::string, std::uint64_t>> values;  // most frequent first, then by their bytes
    std::uint64_t others = 0;                                   // of the count, those that are not listed
  };
  struct Column {
    std::string name;
    std::uint64_t missing = 0;  // absent, null, NaN, infinite, or no single value
    Numbers numbers;
    Texts texts;
  };

  std::uint64_t rows = 0;
  std::uint64_t refused = 0;    // of the rows, those that the model does not take
  std::vector<Column> fields;   // of the schema, in its order
  std::vector<Column> answers;  // "prediction" (labels as texts, else numbers), "probability" (of the second of two
                                // labels, else the highest); "_1", "_2" behind the name of a further target or number
};

std::string to_json(const Profile& profile);

// kCorrupt names the member; kUnsupported where it was written by a newer Slipway.
Result<Profile> parse_profile(std::string_view json);

// One column that is looked at row by row.
class ColumnProfiler {
 public:
  // Bins are made from a sample of at most `sample` values, drawn without favour.
  ColumnProfiler(std::string name, std::size_t sample) : name_(std::move(name)), sample_limit_(sample) {}
  void add(const model::Cell& cell);
  void add(double number);
  void add(std::string_view text);
  Profile::Column finish();

 private:
  static constexpr std::size_t kMostDistinct = 10'000;
  static constexpr std::size_t kLongestText =
      256;  // bytes; a longer one is counted among the others, and what is no UTF-8

  std::string name_;
  std::size_t sample_limit_;
  std::uint64_t missing_ = 0, numbers_ = 0, texts_ = 0, others_ = 0, state_ = 0;
  double least_ = 0, most_ = 0, mean_ = 0, squares_ = 0;
  std::vector<double> sample_;
  std::map<std::string, std::uint64_t, std::less<>> seen_;
};

}  // namespace slipway::monitor
