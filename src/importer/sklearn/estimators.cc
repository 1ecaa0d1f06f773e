// SPDX-License-Identifier: Apache-2.0
// The families joined, and the names that library files use besides. All matches are exact: a name with a dot in it, a
// prefix or another spelling is somebody else's.
#include "importer/sklearn/estimators.h"

#include <algorithm>

namespace slipway::importer::sklearn {
namespace {

using Family = std::span<const Estimator> (*)();
constexpr Family kFamilies[] = {bagging,
                                boosted_trees,
                                calibration,
                                cluster,
                                compose,
                                decomposition,
                                encoders,
                                feature_extraction,
                                feature_maps,
                                feature_selection,
                                function_transformer,
                                impute,
                                linear_model,
                                model_selection,
                                multiclass,
                                naive_bayes,
                                neighbors,
                                neural_network,
                                pipeline,
                                preprocessing,
                                svm,
                                target,
                                text,
                                trees,
                                voting};

struct Inert {
  std::string_view module;
  std::string_view names;  // separated by spaces
};

// What files of scikit-learn, NumPy and joblib call besides estimators (measured over some 9,000 of them).
constexpr Inert kInert[] = {
    {"builtins", "bytearray bytes set frozenset list dict tuple slice range complex int float str bool object"},
    {"copyreg", "_reconstructor __newobj__ __newobj_ex__"},
    {"_codecs", "encode"},
    {"collections", "OrderedDict defaultdict UserDict UserList deque Counter"},
    {"datetime", "datetime date timedelta time timezone"},
    {"functools", "partial"},
    {"numpy",
     "dtype ndarray matrix float64 float32 float16 int64 int32 int16 int8 uint64 uint32 uint16 uint8 bool_ bool str_"},
    {"numpy.core.multiarray", "_reconstruct scalar"},
    {"numpy._core.multiarray", "_reconstruct scalar"},
    {"numpy.core._multiarray_umath", "_reconstruct scalar"},
    {"numpy.core.numeric", "_frombuffer"},
    {"numpy._core.numeric", "_frombuffer"},
    {"numpy.core", "_ufunc_reconstruct"},
    {"numpy.ma.core", "_mareconstruct MaskedArray"},
    {"numpy.ma", "MaskedArray"},
    {"numpy.random", "__RandomState_ctor RandomState"},
    {"numpy.random._pickle", "__randomstate_ctor __generator_ctor __bit_generator_ctor"},
    {"numpy.random.bit_generator", "__pyx_unpickle_SeedSequence SeedSequence"},
    {"numpy.random._mt19937", "MT19937"},
    {"numpy.random.mtrand", "RandomState"},
    // sklearn._loss._loss, as the wheels of 1.5 to 1.8 call it; 1.5 writes the second form.
    {"_loss",
     "CyAbsoluteError CyExponentialLoss CyHalfBinomialLoss CyHalfGammaLoss CyHalfMultinomialLoss "
     "CyHalfPoissonLoss CyHalfSquaredError CyHalfTweedieLoss CyHalfTweedieLossIdentity CyHuberLoss "
     "CyPinballLoss"},
    {"_loss",
     "__pyx_unpickle_CyAbsoluteError __pyx_unpickle_CyExponentialLoss "
     "__pyx_unpickle_CyHalfBinomialLoss __pyx_unpickle_CyHalfGammaLoss "
     "__pyx_unpickle_CyHalfMultinomialLoss __pyx_unpickle_CyHalfPoissonLoss "
     "__pyx_unpickle_CyHalfSquaredError __pyx_unpickle_CyHalfTweedieLoss "
     "__pyx_unpickle_CyHalfTweedieLossIdentity __pyx_unpickle_CyHuberLoss "
     "__pyx_unpickle_CyPinballLoss"},
    {"pandas.core.indexes.base", "_new_Index Index"},
    {"pandas.core.series", "Series"},
    {"pandas.core.frame", "DataFrame"},
    {"pandas.core.internals.managers", "SingleBlockManager BlockManager"},
    {"pandas._libs.internals", "_unpickle_block"},
    {"pandas.arrays", "StringArray"},
    {"pandas.core.indexes.range", "RangeIndex"},
    {"pandas._libs.arrays", "__pyx_unpickle_NDArrayBacked"},
    {"pandas.core.arrays.string_", "StringArray"},
    {"pandas", "StringDtype Index RangeIndex Series DataFrame"},
    {"pandas.core.indexes.numeric", "Int64Index UInt64Index Float64Index"},
    {"scipy.sparse.csr", "csr_matrix"},
    {"scipy.sparse._csr", "csr_matrix csr_array"},
    {"scipy.sparse.csc", "csc_matrix"},
    {"scipy.sparse._csc", "csc_matrix csc_array"},
    {"joblib.numpy_pickle", "NumpyArrayWrapper NDArrayWrapper ZNDArrayWrapper"},
    {"sklearn.externals.joblib.numpy_pickle", "NumpyArrayWrapper NDArrayWrapper ZNDArrayWrapper"},
};

// Whose names are libraries' estimators, so that "not served yet" is the right word.
constexpr std::string_view kLibraries[] = {"sklearn.",  "scipy.stats.", "xgboost.",
                                           "lightgbm.", "catboost.",    "imblearn."};

bool has_word(std::string_view words, std::string_view word) {
  if (word.empty() || word.find(' ') != word.npos) return false;
  for (std::size_t at = words.find(word); at != words.npos; at = words.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || words[at - 1] == ' ') && (end == words.size() || words[end] == ' ')) return true;
  }
  return false;
}

}  // namespace

std::vector<Estimator> estimators() {
  std::vector<Estimator> out;
  for (const Family family : kFamilies) {
    const auto rows = family();
    out.insert(out.end(), rows.begin(), rows.end());
  }
  std::ranges::sort(out, {}, &Estimator::name);
  return out;
}

const Estimator* find_estimator(pickle::Global name) {
  for (const Family family : kFamilies) {
    for (const Estimator& row : family()) {
      if (row.name != name.name) continue;
      if (row.subpackage == name.module || std::ranges::find(row.modules, name.module) != row.modules.end())
        return &row;
    }
  }
  return nullptr;
}

Support support_of(pickle::Global name) {
  if (find_estimator(name) != nullptr) return Support::kEstimator;
  for (const Inert& inert : kInert) {
    if (inert.module == name.module && has_word(inert.names, name.name)) return Support::kInert;
  }
  const bool dotted = name.name.find('.') != name.name.npos || name.name.empty();
  for (const std::string_view library : kLibraries) {
    if (!dotted && name.module.starts_with(library)) return Support::kKnownUnsupported;
  }
  return Support::kUnknown;
}

std::string supported_names() {
  std::string out;
  for (const Estimator& row : estimators()) {
    if (!out.empty()) out += ", ";
    out += row.name;
  }
  return out;
}

}  // namespace slipway::importer::sklearn
