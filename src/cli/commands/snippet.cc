// SPDX-License-Identifier: Apache-2.0
// `slipway snippet [FILE]`: the notebook cell that writes the proof's two files. It is Python text for people to paste;
// e2e/test_bundle.py runs it with scikit-learn.
#include <cstdio>
#include <string>

#include "base/file.h"
#include "base/json_writer.h"
#include "cli/options.h"

namespace slipway::cli {
namespace {

constexpr std::string_view kCell =
    R"python(# Writes STEM.samples and STEM.expected, the proof for Slipway. Put both beside the model's file.
import json

import numpy as np
import pandas as pd


def slipway_proof(model, rows, stem=STEM):
    """rows: as model.predict takes them, best those that it was not trained on: a DataFrame, an array, a list of
    dictionaries or of texts. A (vectorizer, model) pair: pass sklearn.pipeline.make_pipeline(vectorizer, model)."""
    if isinstance(rows, np.ndarray) and rows.ndim == 2:
        names = getattr(model, "feature_names_in_", [f"x{i}" for i in range(rows.shape[1])])
        table = pd.DataFrame(rows, columns=names)
    else:
        table = rows if isinstance(rows, pd.DataFrame) else None
    if table is not None:
        narrow = {name: "float64" for name, kind in table.dtypes.items() if str(kind) in ("float16", "float32")}
        table.astype(narrow).to_csv(f"{stem}.samples.csv", index=False)
    else:
        with open(f"{stem}.samples.jsonl", "w") as file:
            for row in rows:
                file.write(json.dumps(row, default=lambda value: value.item()) + "\n")

    answers = {}

    def add(name, values, labels=None):
        values = np.asarray(values)
        if values.ndim == 1 or values.shape[1] == 1:
            answers[name] = values.reshape(len(values))
            return
        for i in range(values.shape[1]):
            named = labels is not None and len(labels) == values.shape[1]
            answers[f"{name}_{labels[i] if named else i}"] = values[:, i]

    classes = getattr(model, "classes_", None)
    for name, method in [("prediction", "predict"), ("probability", "predict_proba"),
                         ("decision", "decision_function"), ("score", "score_samples")]:
        if not hasattr(model, method):
            continue
        values = getattr(model, method)(rows)
        if isinstance(values, list):  # several targets
            for target, one in enumerate(values):
                for label, column in zip(classes[target], one.T):
                    answers[f"{name}_{target}_{label}"] = column
        else:
            add(name, values, classes if method in ("predict_proba", "decision_function") else None)
    if not answers:
        values = model.transform(rows)
        add("transform", values.toarray() if hasattr(values, "toarray") else values)
    pd.DataFrame(answers).to_csv(f"{stem}.expected.csv", index=False)


slipway_proof(model, X_test[:100])
)python";

}  // namespace

int snippet(const Command& command, std::span<const char* const> arguments) {
  Options options(command);
  std::vector<std::string> files;
  bool json = false;
  options.positional("FILE", files, "the model's file, for its name; optional");
  options.flag("json", json, "print one JSON object with the cell as a text");
  int exit_code = 0;
  if (!options.parse(arguments, exit_code)) return exit_code;
  if (files.size() > 1) return report({Code::kUsage, "snippet takes one file", "slipway snippet churn.pkl"});
  JsonWriter stem;  // a JSON text is a Python text
  stem.value(std::string_view(files.empty() ? "model" : file_stem(files.front())));
  std::string cell(kCell);
  const std::string_view name = stem.text();
  const std::string bare(name.substr(1, name.size() - 2));
  cell.replace(cell.find("stem=STEM") + 5, 4, name);
  for (std::size_t at = cell.find("STEM"); at < cell.find('\n'); at = cell.find("STEM", at + bare.size())) {
    cell.replace(at, 4, bare);
  }
  if (json) {
    JsonWriter out;
    out.begin_object().member("cell", std::string_view(cell)).end_object();
    cell = out.take() + "\n";
  }
  std::fwrite(cell.data(), 1, cell.size(), stdout);
  return 0;
}

}  // namespace slipway::cli
