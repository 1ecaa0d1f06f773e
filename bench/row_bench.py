# SPDX-License-Identifier: Apache-2.0
"""One row: every fixture of scikit-learn 1.9.0, and large models, through Slipway's plan (the JSON is parsed too) and
through the same release's predict (else transform) of a row that lies ready. Both in one thread, taking turns on one core;
the best of a few runs each, CPU time. Target: no model is slower than there. By hand only: it makes an environment with pip."""
import json
import os
import pathlib
import statistics
import subprocess
import sys

import common

TOOL = common.ROOT / "build" / "bench" / "row_ns"
MODELS = common.ROOT / "build" / "bench" / "models"
LARGE = ["forest", "knn_100k", "knn_100k_x_3", "knn_100k_x_3_minkowski", "knn_1m_x_6", "svc_20k", "words_20_classes", "newsgroups", "mlp", "polynomial",
         "polynomial_ridge", "hist_10k_trees", "quantiles"]
HERE = pathlib.Path(__file__).resolve().parent
WORST = 10


def fixtures():
    """(folder, files, record): the first case that the library answers."""
    for folder in sorted((common.ROOT / "testdata" / "sklearn").glob(f"*-{common.LIBRARY}")):
        cases = [json.loads(line) for line in (folder / "cases.jsonl").read_text().splitlines()]
        answered = [case["input"] for case in cases if "raises" not in case]
        if answered:
            yield folder, ",".join(json.loads((folder / "about.json").read_text())["files"]), answered[0]


def large(names):
    for name in names:
        common.shape(MODELS, name)
        yield MODELS / name, "model.pkl", json.loads((MODELS / name / "row.json").read_text())


def measure(models):
    """[(name, ns of Slipway, ns of the library)], those that both answer; says the others."""
    core, _ = common.cores()
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": common.ONE_THREAD}
    ours = subprocess.Popen(["taskset", "-c", str(core), TOOL], **pipes)
    theirs = subprocess.Popen(["taskset", "-c", str(core), common.library_python(), HERE / "row_peer.py"], **pipes)

    def ask(process, line):
        process.stdin.write(line)
        process.stdin.flush()
        return process.stdout.readline().strip()

    found = []
    for folder, files, record in models:
        line = f"{folder}\t{files}\t{json.dumps(record, ensure_ascii=False)}\n"
        answers = [ask(process, line) for process in (ours, theirs)]
        if all(answer.isdigit() for answer in answers):
            found.append((folder.name, *map(int, answers)))
        else:
            print(f"not compared: {folder.name}: " + " | ".join(answer for answer in answers if not answer.isdigit()))
    for process in (ours, theirs):
        process.stdin.close()
        process.wait(60)
    return found


def table(rows):
    print(f"{'':52}{'slipway ns':>14}{'library ns':>14}{'ratio':>9}")
    for name, ours, theirs in rows:
        print(f"{name:52}{ours:>14,}{theirs:>14,}{theirs / ours:>9.3g}{'  missed' if theirs < ours else ''}")


def main():
    os.chdir(common.ROOT)
    names = sys.argv[1:] or ["fixtures", *LARGE]
    if "fixtures" in names:
        found = sorted(measure(fixtures()), key=lambda row: row[2] / row[1])
        print(f"fixtures of scikit-learn {common.LIBRARY}: {len(found)} compared; library / slipway: median "
              f"{statistics.median(row[2] / row[1] for row in found):.3g}; target: none below 1; the {WORST} lowest:")
        table(found[:WORST])
    names = [name for name in names if name != "fixtures"]
    if names:
        print("large models:")
        table(measure(large(names)))


if __name__ == "__main__":
    main()
