// SPDX-License-Identifier: Apache-2.0
// Pickles written by hand, protocols 0 and 2, for tests: well-formed files that no library would write. Each function
// gives the opcodes of one value; a file is one of them with "." behind.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "importer/import.h"

namespace slipway::importer::hand_made {

inline std::string text(const std::string& value) { return "V" + value + "\n"; }
inline std::string integer(long value) { return "I" + std::to_string(value) + "\n"; }
inline std::string flag(bool value) { return value ? "I01\n" : "I00\n"; }
inline std::string global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}

using Parts = std::vector<std::string>;
inline std::string join(const Parts& parts) {
  std::string out;
  for (const std::string& part : parts) out += part;
  return out;
}
inline std::string list(const Parts& items) { return "(" + join(items) + "l"; }
inline std::string tuple(const Parts& items) { return "(" + join(items) + "t"; }

using Bag = std::vector<std::pair<std::string, std::string>>;
inline std::string dict(const Bag& items) {
  std::string out = "(";
  for (const auto& [key, value] : items) out += text(key) + value;
  return out + "d";
}
inline std::string object(const std::string& module, const std::string& name, const Bag& state) {
  return "(i" + module + "\n" + name + "\n" + dict(state) + "b";
}

inline std::string array(const std::vector<double>& values, const std::vector<long>& shape) {
  std::string data(values.size() * sizeof(double), '\0');
  if (!values.empty()) std::memcpy(data.data(), values.data(), data.size());
  const auto length = static_cast<std::uint32_t>(data.size());
  std::string size(4, '\0');
  std::memcpy(size.data(), &length, 4);
  Parts dims;
  for (const long dim : shape) dims.push_back(integer(dim));
  const std::string bytes = "B" + size + data;
  const std::string dtype = global("numpy", "dtype") + tuple({text("f8"), integer(0), integer(1)}) + "R" +
                            tuple({integer(3), text("<"), "N", "N", "N", integer(-1), integer(-1), integer(0)}) + "b";
  return global("numpy.core.multiarray", "_reconstruct") +
         tuple({global("numpy", "ndarray"), tuple({integer(0)}),
                std::string("C\x01"
                            "b",
                            3)}) +
         "R" + tuple({integer(1), tuple(dims), dtype, flag(false), bytes}) + "b";
}

inline Bag logistic() {
  return {{"coef_", array({1, 2, 3}, {1, 3})},
          {"intercept_", array({0.5}, {1})},
          {"classes_", list({text("no"), text("yes")})},
          {"solver", text("lbfgs")},
          {"_sklearn_version", text("1.6.1")}};
}
inline Bag vectorizer() {
  return {{"feature_names_", list({text("a"), text("b=x"), text("b=y")})},
          {"vocabulary_", dict({{"a", integer(0)}, {"b=x", integer(1)}, {"b=y", integer(2)}})},
          {"separator", text("=")},
          {"sparse", flag(true)},
          {"dtype", global("numpy", "float64")},
          {"_sklearn_version", text("1.6.1")}};
}
inline Bag scaler() {
  return {{"with_mean", flag(false)}, {"with_std", flag(true)}, {"mean_", "N"}, {"scale_", array({1, 2, 4}, {3})}};
}

inline Bag with(Bag bag, const std::string& name, const std::string& value) {
  std::erase_if(bag, [&](const auto& item) { return item.first == name; });
  if (!value.empty()) bag.emplace_back(name, value);
  return bag;
}

inline std::string pipeline(const Bag& dv, const Bag& scale, const Bag& model) {
  Parts steps = {tuple({text("dv"), object("sklearn.feature_extraction._dict_vectorizer", "DictVectorizer", dv)})};
  if (!scale.empty()) {
    steps.push_back(tuple({text("scale"), object("sklearn.preprocessing._data", "StandardScaler", scale)}));
  }
  steps.push_back(tuple({text("lr"), object("sklearn.linear_model._logistic", "LogisticRegression", model)}));
  return object("sklearn.pipeline", "Pipeline", {{"steps", list(steps)}}) + ".";
}

inline Result<model::Model> import_bytes(std::string bytes) {
  const Source source{"m.pkl", FileBytes::of(std::move(bytes))};
  return import_files(std::span(&source, 1));
}

}  // namespace slipway::importer::hand_made
