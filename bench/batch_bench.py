# SPDX-License-Identifier: Apache-2.0
"""A file of records through `slipway predict --input` and through the Python script that the guides write, with the same
pickle, on the same core in turn. By hand only: it fetches pandas and scikit-learn with pip. Target: at least 20 times the
rows a second."""
import csv
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

import common

PYTHON = common.ROOT / "build" / "batch" / "bin" / "python"
PACKAGES = ["scikit-learn==1.6.1", "pandas==2.2.3", "numpy>=2"]
HERE = pathlib.Path(__file__).resolve().parent
ROWS = 200_000
# What is in the file and the pipeline that scores it.
SHAPES = {"records": "DictVectorizer > LogisticRegression, 19 fields",
          "table": "ColumnTransformer(OneHotEncoder, StandardScaler) > LogisticRegression, 19 fields",
          "short": "StandardScaler > LogisticRegression, 28 numbers of 5 decimals",
          "numbers": "StandardScaler > LogisticRegression, 28 numbers as DataFrame.to_csv writes them (15 to 17 digits)",
          "savetxt": "StandardScaler > LogisticRegression, 28 numbers as numpy.savetxt writes them (19 digits and an exponent)",
          "forest": "RandomForestClassifier of 100 trees, the file of \"numbers\""}
PAIRS = 3


def slipway(core, model, table, output):
    """(seconds, of the processor), with the start of the program and the import of the pickle; None if the model is not served."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(["taskset", "-c", str(core), common.SLIPWAY, "predict", model, "--input", table, "--output", output],
                          capture_output=True, text=True, check=False)
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        print(done.stderr.strip().splitlines()[0])
        return None
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def python(core, shape, model, table, output):
    done = subprocess.run(["taskset", "-c", str(core), PYTHON, HERE / "batch_peer.py", shape, model, table, output],
                          capture_output=True, text=True, check=True, env=common.ONE_THREAD)
    return map(float, done.stdout.split())


def compare(ours, theirs):
    """The largest difference between the probabilities; every row is looked at."""
    with open(ours, newline="") as a, open(theirs, newline="") as b:
        rows = list(zip(csv.DictReader(a), csv.DictReader(b), strict=True))
    if any(x["prediction"] != y["prediction"] for x, y in rows):
        sys.exit("the predictions differ: no benchmark")
    return max(abs(float(x["probability"]) - float(y["probability"])) for x, y in rows)


def bench(shape, core, folder):
    rows, pipeline = ROWS, SHAPES[shape]
    model, table = folder / f"{shape}.pkl", folder / f"{shape}.csv"
    subprocess.run([PYTHON, HERE / "batch_data.py", shape, str(rows), model, table], check=True)
    print(f"{shape}: {pipeline}; {rows:,} rows, {table.stat().st_size / 1e6:.0f} MB")
    ours, theirs = folder / "slipway.csv", folder / "python.csv"
    if slipway(core, model, table, ours) is None:
        return
    runs = {"slipway": [], "python": []}
    for pair in range(PAIRS):
        for name in list(runs) if pair % 2 else reversed(list(runs)):
            seconds, cpu = slipway(core, model, table, ours) if name == "slipway" else python(core, shape, model, table, theirs)
            runs[name].append({"rows_per_s": rows / seconds, "rows_per_cpu_s": rows / cpu})
    for key, what in {"rows_per_s": "rows/s", "rows_per_cpu_s": "rows/s of CPU"}.items():
        for name, values in runs.items():
            print(f"  {name:8} {common.spread([value[key] for value in values])} {what}")
        print(f"  slipway / python: {common.spread(common.ratios(runs['slipway'], runs['python'], key))}; target: at least 20")
    print(f"  largest difference of a probability: {compare(ours, theirs):.1g}")


def main():
    if not PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", PYTHON.parent.parent], check=True)
        subprocess.run([PYTHON, "-m", "pip", "install", "-q", *PACKAGES], check=True)
    core, _ = common.cores()
    with tempfile.TemporaryDirectory() as folder:
        for shape in sys.argv[1:] or SHAPES:
            bench(shape, core, pathlib.Path(folder))


if __name__ == "__main__":
    main()
