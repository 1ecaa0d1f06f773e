# SPDX-License-Identifier: Apache-2.0
"""A model of 200 MB is swapped for another version of it, again and again, under load: what do its clients notice? The
server has one core (its loop and its loading share it), the load another. Targets: no request lost, p99 while swapping
at most twice the p99 before, resident memory afterwards as after the first version."""
import json
import pathlib
import re
import shutil
import statistics
import subprocess
import tempfile
import threading
import time

import common

TOOL = common.ROOT / "build" / "bench" / "swap_store"
BODY = b'{"city":"c1234"}'
SECONDS = 10
CONNECTIONS = 8
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


def main():
    server_core, load_core = common.cores()
    folder = tempfile.mkdtemp(prefix="slipway-swap-")
    store, port = f"{folder}/store", common.free_port()
    try:
        subprocess.run([TOOL, "make", store], check=True)
        command = [common.SLIPWAY, "serve", "--store", store, "--listen", f"{common.HOST}:{port}", "--ops-listen", "off",
                   "--loops", "1", "--log", f"{folder}/requests.log"]
        with common.running(command, port, server_core) as server:
            common.load(port, load_core, SECONDS, CONNECTIONS, server.pid, BODY)
            before = [common.load(port, load_core, SECONDS, CONNECTIONS, server.pid, BODY) for _ in range(3)]
            memory_before = settled_mb(server.pid, port, 1)
            swapper = Swapper(store, port)
            swapper.start()
            during = [common.load(port, load_core, SECONDS, CONNECTIONS, server.pid, BODY) for _ in range(3)]
            swapper.stop.set()
            swapper.join()
            memory_after = settled_mb(server.pid, port, 1 + swapper.promotions % 2)
    finally:
        shutil.rmtree(folder)
    common.table(["before", "while swapping"], {"before": before, "while swapping": during})
    ratio = statistics.median(run["p99_us"] for run in during) / statistics.median(run["p99_us"] for run in before)
    print(f"\np99 while swapping / before: {ratio:.2f}; target: at most 2")
    print(f"swaps: {swapper.promotions}, versions that answered: {len(swapper.seen)}; requests lost: 0 (one ends the benchmark)")
    print(f"resident before: {memory_before:.0f} MB, after: {memory_after:.0f} MB; target: at most 1.1 times")


if __name__ == "__main__":
    main()
