#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""./dev parity: makes the environment of a scikit-learn release (the one that the fixtures are made with), and runs
run.py in it.

    tools/parity/parity.py [--release 1.6.1] [--cache .cache/fixtures] [--estimator X] [--seed N] [--seconds S] ...
    tools/parity/parity.py --fixed

--fixed is the pass of ./dev test: the same models on every machine, each estimator of the table in each of the seeds.
"""
import argparse
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "fixtures"))
import make


FIXED_SEEDS = [1, 2]  # a process each, side by side


def same_everywhere():
    """An environment in which NumPy and BLAS take the same code on every processor that has AVX2."""
    steady = dict(os.environ, PYTHONHASHSEED="0")
    if " avx2 " in pathlib.Path("/proc/cpuinfo").read_text():
        steady.update(OPENBLAS_CORETYPE="Haswell", NPY_DISABLE_CPU_FEATURES="X86_V4 AVX512_ICL AVX512_SPR")
    return steady


def fixed(command):
    """The exit code of the pass: that of the first seed that fails."""
    running = [subprocess.Popen(command + ["--seed", str(seed), "--rounds", "1", "--quiet"], env=same_everywhere(),
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for seed in FIXED_SEEDS]
    for one in running:
        try:
            print(one.communicate(timeout=1200)[0], flush=True)
        except subprocess.TimeoutExpired:
            one.kill()
            print("not done after 20 minutes, stopped; so far:\n" + one.communicate()[0], flush=True)
    return max(one.returncode != 0 for one in running)


def main():
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--release", default="1.6.1")
    parser.add_argument("--cache", type=pathlib.Path, default=pathlib.Path(".cache/fixtures"))
    parser.add_argument("--prepare", action="store_true", help="only make the environment")
    parser.add_argument("--fixed", action="store_true", help="the pass of ./dev test")
    options, rest = parser.parse_known_args()
    found = [row for row in make.RELEASES if row[0] == options.release]
    if not found:
        sys.exit("no release %s; there are %s" % (options.release, ", ".join(row[0] for row in make.RELEASES)))
    interpreter = make.environment(options.cache.resolve(), *found[0])
    if interpreter is None:
        sys.exit("scikit-learn %s needs Python %s, which is not here" % (options.release, found[0][1]))
    if options.prepare:
        return
    command = [str(interpreter), "-B", str(HERE / "run.py")] + rest
    sys.exit(fixed(command) if options.fixed else subprocess.run(command).returncode)


if __name__ == "__main__":
    main()
