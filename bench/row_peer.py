# SPDX-License-Identifier: Apache-2.0
"""One record through one model after another, with scikit-learn: reads the list that row_ns reads, prints nanoseconds of CPU of
predict (else of transform, else of score_samples) for a row that is made already, the best of a few runs; or what is wrong."""
import json
import pickle
import sys
import time
import warnings

import numpy as np
import pandas as pd

METHODS = ["predict", "transform", "score_samples"]


def flat(value):
    """A tuple of pieces may hold tuples; a dict's values are its pieces."""
    if isinstance(value, dict):
        value = list(value.values())
    return [piece for part in value for piece in flat(part)] if isinstance(value, (list, tuple)) else [value]


def given(first, row):
    """As the first estimator was fitted: a frame, texts, records or an array."""
    names = getattr(first, "feature_names_in_", None)
    if names is not None:
        values = row if isinstance(row, dict) else dict(zip(names, row))
        frame = pd.DataFrame([[values.get(name) for name in names]], columns=names)
        return frame.fillna(np.nan).infer_objects()
    if isinstance(row, (str, dict)):
        return [row]
    if any(isinstance(value, str) for value in row):
        return np.array([row], dtype=object)
    return np.array([row], dtype=float)


def measure(folder, files, row):
    pieces = []
    for name in files.split(","):
        with open(f"{folder}/{name}", "rb") as file:
            pieces += flat(pickle.load(file))
    pieces = [piece for piece in pieces if hasattr(piece, "get_params")]
    predictors = [i for i, piece in enumerate(pieces) if hasattr(piece, "predict")]
    *before, last = pieces[:predictors[-1] + 1] if predictors else pieces  # what follows decodes labels
    method = next(name for name in METHODS if hasattr(last, name))
    rows = given((before + [last])[0], json.loads(row))

    def once():
        got = rows
        for piece in before:
            got = piece.transform(got)
        return getattr(last, method)(got)

    once()
    best, begin, runs = float("inf"), time.process_time(), 0
    while runs < 20 or time.process_time() - begin < 0.05:
        start = time.process_time_ns()
        once()
        best, runs = min(best, time.process_time_ns() - start), runs + 1
    return best


def main():
    warnings.filterwarnings("ignore")
    sys.path.append("tools/fixtures")  # for a function of a recipe
    for line in sys.stdin:
        try:
            print(measure(*line.rstrip("\n").split("\t")), flush=True)
        except Exception as error:  # whatever the library raises is this model's line
            print(f"{type(error).__name__}: {str(error).splitlines()[0][:150] if str(error) else ''}", flush=True)


if __name__ == "__main__":
    main()
