# SPDX-License-Identifier: Apache-2.0
"""Unpickles a model of scikit-learn and answers one row, and prints what that took: CPU seconds, wall seconds, MB that the
process grew by at its peak, and microseconds of predict of that row, the best of a few. The library is imported before."""
import json
import pathlib
import pickle
import re
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
before_kb = int(re.search(r"VmRSS:\s+(\d+) kB", pathlib.Path("/proc/self/status").read_text()).group(1))
cpu, wall = time.process_time(), time.perf_counter()
with open(folder / "model.pkl", "rb") as file:
    model = pickle.load(file)
cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb) / 1e3
best = float("inf")
for _ in range(20):
    begin = time.perf_counter()
    model.predict(rows)
    best = min(best, time.perf_counter() - begin)
print(cpu, wall, grown_mb, best * 1e6)
