// SPDX-License-Identifier: Apache-2.0
// Densities, and from log likelihoods to probabilities. All f64, dense rows.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/array.h"
#include "base/result.h"
#include "model/ops/classify.h"
#include "model/slot.h"

namespace slipway::model {

// y[k] = prior[k] + (norm[k] - 0.5 * sum over columns, ascending from 0.0, of (x - mean[k])^2 / variance[k]).
// mean, variance: [labels, columns]. Source: sklearn.naive_bayes.GaussianNB._joint_log_likelihood.
struct GaussianLikelihood {
  static constexpr std::string_view kName = "gaussian_likelihood";
  Array<double> prior, norm, mean, variance;

  template <class F>
  static void fields(F&& f) {
    f("prior", &GaussianLikelihood::prior);
    f("norm", &GaussianLikelihood::norm);
    f("mean", &GaussianLikelihood::mean);
    f("variance", &GaussianLikelihood::variance);
  }
  Result<Slot> shape(std::span<const Slot> in) const;
};

// y = exp(x - (log(sum(exp(x - max(x)))) + max(x))), summed in order; a max that is infinite counts as 0. Not Softmax:
// the logarithm rounds. Source: scipy.special.logsumexp, sklearn.naive_bayes.
struct ExpNormalize : Fieldless {
  static constexpr std::string_view kName = "exp_normalize";
  static constexpr std::uint32_t kMinCols = 1, kMaxCols = ~0U;
  static Slot gives(std::uint32_t columns) { return {SlotType::kDense, columns}; }
};

}  // namespace slipway::model
