# SPDX-License-Identifier: Apache-2.0
"""A forest of 200 MB is swapped for another version of it, again and again, under load: what do its clients notice? The
server has one core (its loop and its loading share it), the load another. Once at a rate that the core bears easily, where
what a client waits for is the server; once with all that the core bears, where it is mostly the line that it stands in.
Targets: no request lost; at the steady rate, p99 while swapping at most twice the p99 before; resident memory afterwards as
after the first version."""
import json
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import common

TOOL = common.ROOT / "build" / "bench" / "swap_store"
BODY = json.dumps([0.001 * (i * 37 % 1000) for i in range(28)]).encode()
SECONDS = 10
CONNECTIONS = 8
RUNS = 3
STEADY = 0.4
EVERY_S = 1.5


def resident_mb(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) / 1e3


def settled_mb(pid, port, version):
    """Once that version answers and the one before it is freed: loading takes its time on a busy machine."""
    limit = time.monotonic() + 60
    while json.loads(common.ask(port, BODY))["model"] != f"large:{version}" and time.monotonic() < limit:
        time.sleep(0.1)
    time.sleep(3)
    return min(resident_mb(pid) for _ in range(5) if not time.sleep(0.2))


class Swapper(threading.Thread):
    """Promotes version 2, then 1, then 2; counts the versions that have answered."""

    def __init__(self, store, port):
        super().__init__(daemon=True)
        self.store, self.port, self.stop, self.promotions, self.seen = store, port, threading.Event(), 0, set()

    def run(self):
        while not self.stop.wait(EVERY_S):
            self.promotions += 1
            subprocess.run([TOOL, "promote", self.store, str(1 + self.promotions % 2)], check=True)
            self.seen.add(common.ask(self.port, BODY))


def steady(port, core, rate):
    """One run of h2load at so many requests a second; latencies of every answer."""
    with tempfile.TemporaryDirectory() as folder:
        body, log = pathlib.Path(folder, "body"), pathlib.Path(folder, "log")
        body.write_bytes(BODY)
        subprocess.run(["taskset", "-c", str(core), "h2load", "--h1", f"-c{CONNECTIONS}", f"--rps={rate // CONNECTIONS}", f"-D{SECONDS}",
                        "-d", str(body), "-H", "content-type: application/json", "--log-file", str(log),
                        f"http://{common.HOST}:{port}/predict"], capture_output=True, check=True)
        answers = [line.split() for line in log.open()]  # start, status, microseconds
    lost = sum(status != "200" for _, status, _ in answers)
    if lost:
        sys.exit(f"{lost} of {len(answers)} requests failed: no benchmark")
    waited = sorted(int(microseconds) for _, _, microseconds in answers)
    return {"requests_per_s": len(waited) / SECONDS, "p50_us": waited[len(waited) // 2], "p99_us": waited[len(waited) * 99 // 100],
            "p999_us": waited[len(waited) * 999 // 1000]}


def compare(title, run, store, port):
    """Three runs before and three while versions are swapped."""
    before = [run() for _ in range(RUNS)]
    swapper = Swapper(store, port)
    swapper.start()
    during = [run() for _ in range(RUNS)]
    swapper.stop.set()
    swapper.join()
    print(f"\n{title}")
    common.table(["before", "while swapping"], {"before": before, "while swapping": during})
    ratio = statistics.median(run["p99_us"] for run in during) / statistics.median(run["p99_us"] for run in before)
    print(f"p99 while swapping / before: {ratio:.2f}; swaps: {swapper.promotions}, versions that answered: {len(swapper.seen)}; "
          "requests lost: 0 (one ends the benchmark)")
    return 1 + swapper.promotions % 2


def main():
    server_core, load_core = common.cores()
    folder = tempfile.mkdtemp(prefix="slipway-swap-")
    store, port = f"{folder}/store", common.free_port()
    try:
        subprocess.run([TOOL, "make", store], check=True)
        command = [common.SLIPWAY, "serve", "--store", store, "--listen", f"{common.HOST}:{port}", "--ops-listen", "off",
                   "--loops", "1", "--log", f"{folder}/requests.log"]
        with common.running(command, port, server_core) as server:
            def full():
                return common.load(port, load_core, SECONDS, CONNECTIONS, server.pid, BODY)

            rate = int(full()["requests_per_s"] * STEADY)
            memory_before = settled_mb(server.pid, port, 1)
            compare(f"{rate:,} requests/s, {STEADY:.0%} of what the core bears (target: at most 2)", lambda: steady(port, load_core, rate),
                    store, port)
            last = compare("all that the core bears", full, store, port)
            memory_after = settled_mb(server.pid, port, last)
    finally:
        shutil.rmtree(folder)
    print(f"\nresident before: {memory_before:.0f} MB, after: {memory_after:.0f} MB; target: at most 1.1 times")


if __name__ == "__main__":
    main()
