#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""./dev parity: makes the environment of a scikit-learn release (the one that the fixtures are made with), and runs
run.py in it.

    tools/parity/parity.py [--release 1.6.1] [--cache .cache/fixtures] [--estimator X] [--seed N] [--seconds S] ...
"""
import argparse
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "fixtures"))
import make


def main():
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--release", default="1.6.1")
    parser.add_argument("--cache", type=pathlib.Path, default=pathlib.Path(".cache/fixtures"))
    parser.add_argument("--prepare", action="store_true", help="only make the environment")
    options, rest = parser.parse_known_args()
    found = [row for row in make.RELEASES if row[0] == options.release]
    if not found:
        sys.exit("no release %s; there are %s" % (options.release, ", ".join(row[0] for row in make.RELEASES)))
    interpreter = make.environment(options.cache.resolve(), *found[0])
    if interpreter is None:
        sys.exit("scikit-learn %s needs Python %s, which is not here" % (options.release, found[0][1]))
    if options.prepare:
        return
    sys.exit(subprocess.run([str(interpreter), "-B", str(HERE / "run.py")] + rest).returncode)


if __name__ == "__main__":
    main()
