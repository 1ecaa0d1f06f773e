# SPDX-License-Identifier: Apache-2.0
"""From exec to the first answer, what is resident after it, and how large the program is. Targets: 5 ms, 12 MB, 8 MB."""
import os
import pathlib
import re
import signal
import socket
import statistics
import time

import common

RUNS = 20


def once(server_core, client_core):
    """(ms to the first answer, MB resident after it)"""
    port = common.free_port()
    arguments = [common.SLIPWAY, "serve", str(common.MODEL), "--listen", f"{common.HOST}:{port}", "--ops-listen", "off"]
    silent = os.open(os.devnull, os.O_RDWR)
    os.sched_setaffinity(0, {server_core})  # the child inherits it; on one core with a client in a tight loop, a server
    began = time.perf_counter()             # waits for the scheduler's next tick instead of starting
    pid = os.posix_spawn(common.SLIPWAY, arguments, os.environ,
                         file_actions=[(os.POSIX_SPAWN_DUP2, silent, 1), (os.POSIX_SPAWN_DUP2, silent, 2)])
    os.sched_setaffinity(0, {client_core})
    try:
        while True:
            try:
                socket.create_connection((common.HOST, port)).close()
                break
            except ConnectionRefusedError:
                if time.perf_counter() - began > 10 or os.waitpid(pid, os.WNOHANG)[0]:
                    raise
        common.answer_of(port)
        took_ms = (time.perf_counter() - began) * 1e3
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
    finally:
        os.close(silent)
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)
    return took_ms, int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) / 1e3


def main():
    cores = common.cores()
    times, memory = zip(*(once(*cores) for _ in range(RUNS)))
    print(f"exec to first answer: {statistics.median(times):.2f} ms ({min(times):.2f} to {max(times):.2f}, {RUNS} runs); target: at most 5")
    print(f"resident after it:    {statistics.median(memory):.1f} MB; target: at most 12")
    print(f"program, stripped:    {os.path.getsize(common.SLIPWAY) / 1e6:.2f} MB; target: at most 8")


if __name__ == "__main__":
    main()
