# SPDX-License-Identifier: Apache-2.0
"""Large models of scikit-learn, from the pickle to the first answer: a forest of 1,000 deep trees, a million rows of
neighbours, 200,000 words. Targets: to read the file (`slipway predict FILE RECORD`, a whole process that answers at the
end) and to import it (the same, and the store: hashed, proven, written beside a copy of the file) takes at most 3 times the
CPU of pickle.load alone, which does nothing of that, and 3 times the memory of the process that calls it; from exec
to the first answer out of the store at most 100 ms, by `predict` and by `serve`, with the files in the page cache; one row
no slower than there. By hand only: it makes an environment with pip, and trains for minutes the first time."""
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import common
import row_bench

HERE = pathlib.Path(__file__).resolve().parent
NAMES = ["forest", "knn_1m", "words"]
RUNS = 3


def used(command, **options):
    """(CPU seconds, wall seconds, peak MB, what it printed) of a process that succeeds."""
    with tempfile.TemporaryFile("w+") as output:
        began = time.perf_counter()
        process = subprocess.Popen([str(part) for part in command], stdout=output, stderr=subprocess.STDOUT, **options)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        output.seek(0)
        printed = output.read()
    if status:
        sys.exit(f"{' '.join(map(str, command))[:200]}\n{printed[-2000:]}")
    return usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1e3, printed


def second(run):
    """What the second of two runs gives. A virtual machine gets its memory from the host page by page, at the first touch and
    again some seconds after it was freed, and a file that is written pays for that too: by chance up to four times what the
    import of a forest takes, which is nothing that either program does. The first run leaves its pages to the second."""
    run()
    return run()


def imported(core, name, store):
    shutil.rmtree(store, ignore_errors=True)
    command = ["taskset", "-c", core, common.SLIPWAY, "import", row_bench.MODELS / name / "model.pkl", "--name", name, "--store", store]
    return used(command)[:3]


def read(core, name):
    folder = row_bench.MODELS / name
    return used(["taskset", "-c", core, common.SLIPWAY, "predict", folder / "model.pkl", f"@{folder / 'row.json'}"])[:3]


def first_predict(core, name, store):
    """(CPU ms, wall ms) of a process that answers one record."""
    command = ["taskset", "-c", core, common.SLIPWAY, "predict", f"{name}:1", f"@{row_bench.MODELS / name / 'row.json'}", "--store", store]
    cpu, wall, _, _ = used(command)
    return cpu * 1e3, wall * 1e3


def first_post(core, name, store):
    """(CPU ms of the server until it has answered, wall ms from its start) of the first POST that a server answers."""
    port, body = common.free_port(), (row_bench.MODELS / name / "row.json").read_bytes()
    command = ["taskset", "-c", core, common.SLIPWAY, "serve", "--store", store, "--models", f"{name}:1", "--listen",
               f"{common.HOST}:{port}", "--ops-listen", "off", "--log", "off"]
    began = time.perf_counter()
    server = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while time.perf_counter() - began < 60:
            try:
                common.ask(port, body)
                return common.cpu_seconds(server.pid) * 1e3, (time.perf_counter() - began) * 1e3
            except (OSError, RuntimeError):  # not listening yet, or not ready yet
                time.sleep(0.0005)
        sys.exit(f"{name} is not served after a minute")
    finally:
        server.terminate()
        server.wait(60)


def say(what, ours, theirs, unit, limit):
    """Medians of runs in pairs, and the ratio of ours to theirs."""
    found = common.ratios([{"": x} for x in ours], [{"": x} for x in theirs], "")
    missed = "" if statistics.median(found) <= limit else ", missed"
    print(f"  {what:22} slipway {statistics.median(ours):8.3g} {unit}, python {statistics.median(theirs):8.3g} {unit}; "
          f"ratio {common.spread(found)}; target: at most {limit}{missed}")


def say_first(what, runs):
    cpu, wall = zip(*runs)
    missed = "" if statistics.median(wall) <= 100 else ", missed"
    print(f"  {what:22} wall {common.spread(wall)} ms, CPU {common.spread(cpu)} ms; target: at most 100 ms{missed}")


def bench(name, core):
    common.shape(row_bench.MODELS, name)
    print(f"{name}: {(row_bench.MODELS / name / 'model.pkl').stat().st_size / 1e6:.0f} MB", flush=True)
    ours, theirs = {"read": [], "import": []}, []
    with tempfile.TemporaryDirectory() as folder:
        store = f"{folder}/store"
        peer = ["taskset", "-c", core, common.library_python(), HERE / "large_peer.py", row_bench.MODELS / name]
        for _ in range(RUNS):
            ours["read"].append(second(lambda: read(core, name)))
            ours["import"].append(second(lambda: imported(core, name, store)))
            printed = second(lambda: used(peer, env=common.ONE_THREAD)[3])
            theirs.append([float(number) for number in printed.split()])
        for part, runs in ours.items():
            for at, (what, unit) in enumerate([("CPU", "s"), ("wall", "s"), ("peak memory", "MB")]):
                say(f"{part}: {what}", [run[at] for run in runs], [run[at] for run in theirs], unit, 3)
        say_first("exec to predict", [first_predict(core, name, store) for _ in range(2 * RUNS)])
        say_first("exec to first POST", [first_post(core, name, store) for _ in range(2 * RUNS)])
    row = row_bench.measure(row_bench.large([name]))
    say("one row, warm", [one[1] / 1e3 for one in row], [run[3] for run in theirs][:len(row)], "us", 1)


def main():
    os.chdir(common.ROOT)
    core = str(common.cores()[0])
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores: above 1, wall time is others' too")
    for name in sys.argv[1:] or NAMES:
        bench(name, core)


if __name__ == "__main__":
    main()
