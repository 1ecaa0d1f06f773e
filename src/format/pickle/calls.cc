// SPDX-License-Identifier: Apache-2.0
// One table: a module and the names in it, separated by blanks.
#include "format/pickle/calls.h"

#include <algorithm>

namespace slipway::pickle {
namespace {

struct Row {
  std::string_view module;
  std::string_view names;
};

constexpr std::string_view kMultiarray = "_reconstruct scalar";
constexpr std::string_view kRandom =
    "__RandomState_ctor __randomstate_ctor __generator_ctor __bit_generator_ctor __pyx_unpickle_SeedSequence";
constexpr std::string_view kWrappers = "NumpyArrayWrapper NDArrayWrapper ZNDArrayWrapper";
constexpr std::string_view kSgdLosses =
    "Hinge SquaredHinge Log ModifiedHuber SquaredLoss Huber EpsilonInsensitive SquaredEpsilonInsensitive";
constexpr std::string_view kLosses =
    "CyHalfSquaredError CyAbsoluteError CyPinballLoss CyHuberLoss CyHalfPoissonLoss CyHalfGammaLoss CyHalfTweedieLoss "
    "CyHalfTweedieLossIdentity CyHalfBinomialLoss CyExponentialLoss CyHalfMultinomialLoss "
    "__pyx_unpickle_CyHalfSquaredError __pyx_unpickle_CyAbsoluteError __pyx_unpickle_CyPinballLoss "
    "__pyx_unpickle_CyHuberLoss __pyx_unpickle_CyHalfPoissonLoss __pyx_unpickle_CyHalfGammaLoss "
    "__pyx_unpickle_CyHalfTweedieLoss __pyx_unpickle_CyHalfTweedieLossIdentity __pyx_unpickle_CyHalfBinomialLoss "
    "__pyx_unpickle_CyExponentialLoss __pyx_unpickle_CyHalfMultinomialLoss";
constexpr std::string_view kManagers = "BlockManager SingleBlockManager";

constexpr Row kRows[] = {
    {"builtins", "bytearray bytes set frozenset list dict tuple slice range complex int float str bool object"},
    {"copyreg", "_reconstructor __newobj__ __newobj_ex__"},
    {"_codecs", "encode"},
    {"collections", "OrderedDict defaultdict UserDict UserList deque Counter"},
    {"datetime", "datetime date timedelta"},
    {"functools", "partial"},
    {"numpy", "dtype"},
    {"numpy.core.multiarray", kMultiarray},
    {"numpy._core.multiarray", kMultiarray},
    {"numpy.core._multiarray_umath", kMultiarray},
    {"numpy._core._multiarray_umath", kMultiarray},
    {"numpy.core.numeric", "_frombuffer"},
    {"numpy._core.numeric", "_frombuffer"},
    {"numpy.core", "_ufunc_reconstruct"},
    {"numpy.ma.core", "_mareconstruct"},
    {"numpy.random", kRandom},
    {"numpy.random._pickle", kRandom},
    {"numpy.random.bit_generator", kRandom},
    {"joblib.numpy_pickle", kWrappers},
    {"sklearn.externals.joblib.numpy_pickle", kWrappers},
    {"sklearn.tree._tree", "Tree PresortBestSplitter RegressionCriterion"},
    {"sklearn.neighbors._kd_tree", "newObj"},
    {"sklearn.neighbors._ball_tree", "newObj"},
    {"sklearn.neighbors.kd_tree", "newObj"},
    {"sklearn.neighbors.ball_tree", "newObj"},
    {"sklearn.neighbors._dist_metrics", "newObj"},
    {"sklearn.neighbors.dist_metrics", "newObj"},
    {"sklearn.metrics._dist_metrics", "newObj"},
    {"sklearn.linear_model._sgd_fast", kSgdLosses},
    {"sklearn.linear_model.sgd_fast", kSgdLosses},
    {"sklearn._loss._loss", kLosses},
    {"_loss", kLosses},
    {"pandas.core.indexes.base", "_new_Index"},
    {"pandas._libs.internals", "_unpickle_block"},
    {"pandas.core.internals.managers", kManagers},
    {"pandas.core.internals", kManagers},
    {"pandas.core.frame", "DataFrame"},
    {"pandas.core.series", "Series"},
    {"pandas", "DataFrame Series StringDtype"},
    {"pyarrow.lib", "_restore_array type_for_alias py_buffer"},
};

bool has_word(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const std::string_view first = words.substr(0, words.find(' '));
    if (first == word) return true;
    words.remove_prefix(std::min(words.size(), first.size() + 1));
  }
  return false;
}

}  // namespace

bool is_known_call(Global name) {
  const Global now = modern(name);
  for (const Row& row : kRows) {
    if (row.module == now.module && has_word(row.names, now.name)) return true;
  }
  return false;
}

}  // namespace slipway::pickle
