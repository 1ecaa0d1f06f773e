// SPDX-License-Identifier: Apache-2.0
// How kernels write sparse rows.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/vectorizer.h"

namespace slipway::engine {

// Replaces a row's hits, without asking for each whether there is room. finish() comes last: a destructor would keep
// the compiler from holding the count in a register.
class HitWriter {
 public:
  HitWriter(std::vector<Hit>& hits, std::size_t most) : hits_(hits) {
    hits.resize(most);
    at_ = hits.data();
  }
  void finish() { hits_.resize(order_); }

  // REQUIRES of each: room for what is pushed. Member by member: a hit that is put together first and then copied waits
  // for its own bytes.
  void push(std::uint32_t column, double value) {
    at_->column = column;
    at_->order = order_++;
    at_->value = value;
    ++at_;
  }
  // At their columns from `begin` on.
  void push_all(std::span<const Hit> hits, std::uint32_t begin) {
    for (const Hit& hit : hits) push(begin + hit.column, hit.value);
  }
  // Hits on one column become what a dense row would hold there: their sum from +0.0 on, or the last.
  void push_folded(std::span<const Hit> hits, std::uint32_t begin, bool last_wins) {
    constexpr std::uint32_t kNone = ~0U;
    std::uint32_t last = kNone;
    for (const Hit& hit : hits) {
      if (hit.column == last) {
        at_[-1].value = last_wins ? hit.value : at_[-1].value + hit.value;
        continue;
      }
      last = hit.column;
      push(begin + last, last_wins ? hit.value : 0.0 + hit.value);
    }
  }
  // What is not zero.
  void push_row(std::span<const double> row, std::uint32_t begin) {
    for (const double value : row) {
      if (value != 0) push(begin, value);
      ++begin;
    }
  }

 private:
  std::vector<Hit>& hits_;
  Hit* at_;
  std::uint32_t order_ = 0;
};

}  // namespace slipway::engine
