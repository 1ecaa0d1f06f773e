# SPDX-License-Identifier: Apache-2.0
"""Slipway against the way that the guides teach: Flask under gunicorn, the same pickle, one core, the same load. By hand
only: it fetches Flask, gunicorn and scikit-learn 1.6.1 with pip. Target: at least 60 times the requests."""
import os
import pathlib
import subprocess
import sys
import tempfile

import common

PYTHON = common.ROOT / "build" / "flask" / "bin" / "python"
PACKAGES = ["flask==3.1.0", "gunicorn==23.0.0", "scikit-learn==1.6.1", "numpy>=2"]
# Two ways to run it on one core; the better one counts. A sync worker (gunicorn's default) closes every connection.
WORKERS = {"gunicorn, sync": ["--workers", "1"],
           "gunicorn, 2 x sync": ["--workers", "2"],
           "gunicorn, gthread": ["--workers", "1", "--worker-class", "gthread", "--threads", "4"]}
PAIRS, SECONDS, CONNECTIONS = 3, 5, 16


def gunicorn(port, workers, core):
    command = [PYTHON, "-m", "gunicorn", "--bind", f"{common.HOST}:{port}", "--chdir", common.ROOT / "bench", "--log-level", "error",
               *workers, "flask_app:app"]
    one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return common.running(command, port, core, env={**os.environ, **one_thread, "MODEL_PATH": str(common.MODEL)})


def main():
    server_core, load_core = common.cores()
    if not PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", PYTHON.parent.parent], check=True)
        subprocess.run([PYTHON, "-m", "pip", "install", "-q", *PACKAGES], check=True)
    names = ["slipway", *WORKERS]
    runs = {name: [] for name in names}
    for pair in range(PAIRS):
        for name in names if pair % 2 else reversed(names):
            with tempfile.TemporaryDirectory() as folder:
                port = common.free_port()
                started = common.slipway(port, folder, server_core) if name == "slipway" else gunicorn(port, WORKERS[name], server_core)
                with started as process:
                    runs[name].append(common.load(port, load_core, SECONDS, CONNECTIONS, process.pid))
    common.table(names, runs)
    best = max(WORKERS, key=lambda name: sum(run["requests_per_s"] for run in runs[name]))
    speed = common.ratios(runs["slipway"], runs[best], "requests_per_s")
    print(f"requests/s, slipway / {best} (the better of the three): {common.spread(speed)}; target: at least 60")


if __name__ == "__main__":
    main()
