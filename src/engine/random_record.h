// SPDX-License-Identifier: Apache-2.0
// Records that try a model, for tests and fuzzing: every kind of cell, values that training saw and values that it did
// not, extras that hit columns under another name. And the comparison of two answers, bit for bit.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <deque>
#include <limits>
#include <string>
#include <vector>

#include "engine/answer.h"
#include "engine/known_places.h"
#include "model/cell.h"
#include "model/model.h"

namespace slipway::engine {

// Owns what a Record borrows. `Random` is a generator of unsigned numbers: std::mt19937, or bytes of a fuzzer.
class RandomRecord {
 public:
  template <class Random>
  RandomRecord(const model::Model& model, Random& random) {
    for (const model::Field& field : model.schema().fields()) {
      fields_.push_back(cell(field, random));
      if (texts_.size() % 2 == 0) recognise(field, fields_.back());
    }
    const model::VectorizeDict* vectorize = nullptr;
    for (const model::Step& step : model.steps()) {
      if (vectorize == nullptr) vectorize = std::get_if<model::VectorizeDict>(&step.op);
    }
    const std::size_t extras = random() % 3;
    for (std::size_t i = 0; i < extras; ++i) {
      std::string name = "extra" + std::to_string(i);
      const model::Field* like = &model.schema().fields()[random() % model.schema().fields().size()];
      if (vectorize != nullptr && random() % 2 == 0) {
        const std::string column(vectorize->names[random() % vectorize->names.size()]);
        const std::size_t cut = random() % 2 == 0 ? column.rfind(vectorize->separator) : std::string::npos;
        name = column.substr(0, cut);
        if (cut != std::string::npos) known_ = column.substr(cut + vectorize->separator.size());
      }
      if (model.schema().find(name) != model::Schema::kNoField || (!extras_.empty() && extras_[0].name == name))
        continue;
      model::Extra extra{.name = texts_.emplace_back(name), .value = cell(*like, random)};
      if (!known_.empty() && random() % 2 == 0) extra.value = text(known_);
      extras_.push_back(extra);
    }
  }

  model::Record record() const { return {.fields = fields_, .extras = extras_}; }

 private:
  // As a reader may have done it.
  static void recognise(const model::Field& field, model::Cell& cell) {
    if (cell.kind != model::Cell::Kind::kText || field.categories.size() > KnownPlaces::kMost) return;
    const auto found = std::ranges::find(field.categories, cell.text());
    if (found != field.categories.end()) cell.known = static_cast<std::uint16_t>(found - field.categories.begin() + 1);
  }

  model::Cell text(std::string value) {
    return model::Cell::of(std::string_view(texts_.emplace_back(std::move(value))));
  }

  template <class Random>
  model::Cell any_text(const model::Field& field, Random& random) {
    if (!field.categories.empty() && random() % 4 != 0) {
      return text(field.categories[random() % field.categories.size()]);
    }
    static constexpr std::string_view kTexts[] = {
        "", "=", "no such value", "\xC3\xA9t\xC3\xA9", "1", "\xF0\x9F\x98\x80"};
    return text(std::string(kTexts[random() % std::size(kTexts)]));
  }

  template <class Random>
  model::Cell cell(const model::Field& field, Random& random) {
    switch (random() % 12) {
      case 0:
        return {};
      case 1:
        return random() % 4 == 0 ? model::Cell::null() : model::Cell::of(0.0);
      case 2:
        return model::Cell::of(random() % 2 == 0);
      case 3:
        return model::Cell::of(std::int64_t{9007199254740993} - std::int64_t(random() % 4));
      case 4:
        return random() % 8 == 0 ? model::Cell::other() : model::Cell::of(std::int64_t(random() % 100));
      case 5:
        return list(field, random);
      case 6:
        return model::Cell::of(kReals[random() % std::size(kReals)]);
      default:
        break;
    }
    if (field.takes_text && (!field.takes_number || random() % 2 == 0)) return any_text(field, random);
    return model::Cell::of(double(random() % 1000) / 16 - 7 + 1e-3 * double(random() % 1000));
  }

  template <class Random>
  model::Cell list(const model::Field& field, Random& random) {
    std::vector<model::Cell>& cells = lists_.emplace_back();
    const std::size_t size = random() % 4;
    for (std::size_t i = 0; i < size; ++i) cells.push_back(any_text(field, random));
    return model::Cell::of(std::span<const model::Cell>(cells));
  }

  static constexpr double kReals[] = {-0.0, 1e-300, 1e300, 1.7e308, -1.7e308, 0.1, 1e16, 5e-324, 1e22, 2.5};

  std::deque<std::string> texts_;
  std::deque<std::vector<model::Cell>> lists_;
  std::vector<model::Cell> fields_;
  std::vector<model::Extra> extras_;
  std::string known_;
};

// True if the two numbers have the same bits; any NaN equals any other.
inline bool same_number(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) || std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

inline bool same_answer(const Answer& a, const Answer& b) {
  const auto same = [](const std::vector<double>& x, const std::vector<double>& y) {
    if (x.size() != y.size()) return false;
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (!same_number(x[i], y[i])) return false;
    }
    return true;
  };
  return a.refusal == b.refusal && a.refusal_field == b.refusal_field && a.index == b.index &&
         same(a.prediction, b.prediction) && same(a.probability, b.probability) && same(a.decision, b.decision) &&
         same(a.score, b.score) && same(a.transform, b.transform);
}

}  // namespace slipway::engine
