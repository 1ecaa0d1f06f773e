// SPDX-License-Identifier: Apache-2.0
// One against one: a decision for each pair of labels, (0, 1), (0, 2), ... (1, 2), ..., and what is made of them. All
// f64, dense rows.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/array.h"
#include "base/result.h"
#include "model/slot.h"

namespace slipway::model {

// From a kernel value a support vector to a decision a pair. The support vectors stand by label: support[0] of the
// first, and so on. For the pair (i, j) the sum from 0.0 of coef[j - 1] * x over the vectors of i, then of coef[i] * x
// over those of j, plus intercept[pair]. coef: [labels - 1, columns]. Source: libsvm, svm_predict_values.
struct PairwiseSum {
  static constexpr std::string_view kName = "pairwise_sum";
  Array<std::uint32_t> support;
  Array<double> coef, intercept;

  template <class F>
  static void fields(F&& f) {
    f("support", &PairwiseSum::support);
    f("coef", &PairwiseSum::coef);
    f("intercept", &PairwiseSum::intercept);
  }
  Result<Slot> shape(std::span<const Slot> in) const;
};

// A pair's decision above 0 is a vote for its first label, else for its second; the first label with most votes.
// Source: libsvm, svm_predict_values.
struct PairwiseVote {
  static constexpr std::string_view kName = "pairwise_vote";
  std::uint32_t labels = 2;

  template <class F>
  static void fields(F&& f) {
    f("labels", &PairwiseVote::labels);
  }
  Result<Slot> shape(std::span<const Slot> in) const;
};

// A score a label: its votes (a decision below the threshold is a vote for the pair's second label, else for the
// first), and the sum c of the decisions in its favour. kBounded: votes + c / (3 (|c| + 1)). kScaled: votes + c *
// scale, with scale = (0.5 - eps) / max |c| of the row; only the votes if all c are equal. Source:
// sklearn.utils.multiclass._ovr_decision_function since 0.21, and before.
struct PairwiseScores {
  static constexpr std::string_view kName = "pairwise_scores";
  enum class Confidence : std::uint8_t { kBounded, kScaled };
  std::uint32_t labels = 2;
  Confidence confidence = Confidence::kBounded;
  double threshold = 0;

  template <class F>
  static void fields(F&& f) {
    f("labels", &PairwiseScores::labels);
    f("confidence", &PairwiseScores::confidence);
    f("threshold", &PairwiseScores::threshold);
  }
  Result<Slot> shape(std::span<const Slot> in) const;
};

// A probability a label: of each pair's decision d the sigmoid 1 / (1 + exp(d a + b)), kept within [1e-7, 1 - 1e-7],
// coupled by the second method of Wu, Lin and Weng (2004). Source: libsvm, svm_predict_probability.
struct PairwiseProbability {
  static constexpr std::string_view kName = "pairwise_probability";
  std::uint32_t labels = 2;
  Array<double> a, b;

  template <class F>
  static void fields(F&& f) {
    f("labels", &PairwiseProbability::labels);
    f("a", &PairwiseProbability::a);
    f("b", &PairwiseProbability::b);
  }
  Result<Slot> shape(std::span<const Slot> in) const;
};

}  // namespace slipway::model
