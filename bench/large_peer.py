# SPDX-License-Identifier: Apache-2.0
"""Unpickles a model of scikit-learn and answers one row, and prints what that took: CPU seconds and wall seconds of
pickle.load, MB of the process at its peak, and microseconds of predict of that row, the best of a few. The library is imported before the clocks start."""
import json
import pathlib
import pickle
import resource
import sys
import time

import numpy as np
import sklearn.ensemble
import sklearn.feature_extraction.text
import sklearn.linear_model
import sklearn.neighbors
import sklearn.pipeline  # noqa: F401

folder = pathlib.Path(sys.argv[1])
row = json.loads((folder / "row.json").read_text())
rows = [row] if isinstance(row, str) else np.array([row])
cpu, wall = time.process_time(), time.perf_counter()
with open(folder / "model.pkl", "rb") as file:
    model = pickle.load(file)
cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
best = float("inf")
for _ in range(20):
    begin = time.perf_counter()
    model.predict(rows)
    best = min(best, time.perf_counter() - begin)
print(cpu, wall, peak_mb, best * 1e6)
