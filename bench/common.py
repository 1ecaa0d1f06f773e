# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks share: one core for a server, another for the load, and honest counting."""
import contextlib
import json
import os
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODEL = ROOT / "examples" / "churn" / "churn.pkl"
CUSTOMER = (ROOT / "examples" / "churn" / "customer.json").read_bytes().strip()
SLIPWAY = os.environ.get("SLIPWAY_BINARY", str(ROOT / "build" / "slipway"))
HOST = "127.0.0.1"
LIBRARY = "1.9.0"  # the release of scikit-learn that large and row compare with
ENVIRONMENTS = pathlib.Path(os.environ.get("SLIPWAY_ENVIRONMENTS", ROOT / ".cache" / "fixtures"))  # those of the fixtures
ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

LOAD = """
wrk.method = "POST"
wrk.body = io.open("%s", "rb"):read("*a")
wrk.headers["Content-Type"] = "application/json"
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("\\nRESULT %%d %%d %%d %%d %%d\\n", summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
"""


def cores():
    """(for the server, for the load)"""
    granted = sorted(os.sched_getaffinity(0))
    if len(granted) < 2:
        sys.exit("this needs two cores: one for the server, one for the load")
    return granted[0], granted[1]


def library_python():
    """The interpreter of that release's environment, made if it is not there."""
    sys.path.append(str(ROOT / "tools" / "fixtures"))
    import make
    found = make.environment(ENVIRONMENTS, *next(release for release in make.RELEASES if release[0] == LIBRARY))
    return found or sys.exit(f"scikit-learn {LIBRARY} needs a Python that is not here")


def shape(folder, name):
    """Trains a model of bench/shapes.py, once."""
    if not (folder / name / "model.pkl").exists():
        print(f"training {name}", flush=True)
        subprocess.run([library_python(), ROOT / "bench" / "shapes.py", folder, name], check=True, env=ONE_THREAD)


def free_port():
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def ask(port, body=CUSTOMER, timeout=10):
    """One POST /predict on a connection of its own; the body of the answer."""
    with socket.create_connection((HOST, port), timeout=timeout) as connection:
        connection.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
                           b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        received = b""
        while piece := connection.recv(65536):
            received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n")[0]:
        raise RuntimeError(f"not a 200: {received[:300]!r}")
    return body


@contextlib.contextmanager
def running(command, port, core, **options):
    """The server's process, pinned to the core and ready; ended afterwards."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(["taskset", "-c", str(core), *map(str, command)], stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=subprocess.STDOUT, **options)
        try:
            limit = time.monotonic() + 60
            while True:
                try:
                    ask(port)
                    break
                except OSError:
                    if process.poll() is not None or time.monotonic() > limit:
                        output.seek(0)
                        sys.exit(f"{command[0]} does not serve:\n{output.read().decode(errors='replace')[-2000:]}")
                    time.sleep(0.02)
            yield process
        finally:
            process.terminate()
            process.wait(60)


def slipway(port, folder, core):
    """With everything on that is on by default: contract, metrics, a log line a request."""
    command = [SLIPWAY, "serve", MODEL, "--listen", f"{HOST}:{port}", "--ops-listen", "off", "--loops", "1",
               "--log", pathlib.Path(folder) / "requests.log"]
    return running(command, port, core)


def family(pid):
    """The process and its children, as a server with workers needs."""
    found = [pid]
    for parent in found:
        for task in pathlib.Path(f"/proc/{parent}/task").glob("*/children"):
            found += [int(child) for child in task.read_text().split()]
    return found


def cpu_seconds(pid):
    """User and system time of all threads of the process and its children."""
    ticks = 0
    for one in family(pid):
        fields = pathlib.Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def load(port, core, seconds, connections, pid, sent=CUSTOMER):
    """One run of wrk after a second of warming up."""
    with tempfile.TemporaryDirectory() as folder:
        body, script = pathlib.Path(folder, "body"), pathlib.Path(folder, "load.lua")
        body.write_bytes(sent)
        script.write_text(LOAD % body)

        def wrk(duration):
            out = subprocess.run(["taskset", "-c", str(core), "wrk", "-t1", f"-c{connections}", f"-d{duration}s", "-s", str(script),
                                  f"http://{HOST}:{port}/predict"], capture_output=True, text=True, check=True).stdout
            return [int(number) for number in re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+)", out).groups()]

        wrk(1)
        before = cpu_seconds(pid)
        requests, duration_us, p50, p99, errors = wrk(seconds)
        spent = cpu_seconds(pid) - before
    if errors:
        sys.exit(f"{errors} of {requests} requests failed: no benchmark")
    return {"requests_per_s": requests / (duration_us / 1e6), "cpu_us": spent / requests * 1e6, "p50_us": p50, "p99_us": p99}


def spread(values):
    return f"{statistics.median(values):.3g} ({min(values):.3g} to {max(values):.3g})"


def table(names, runs):
    """Medians, a line a server."""
    columns = {"requests_per_s": ("requests/s", ",.0f"), "cpu_us": ("CPU us/request", ".2f"), "p50_us": ("p50 us", ",.0f"),
               "p99_us": ("p99 us", ",.0f"), "p999_us": ("p99.9 us", ",.0f")}
    known = [key for key in columns if key in runs[names[0]][0]]
    print(" " * 22 + "".join(f"{columns[key][0]:>16}" for key in known))
    for name in names:
        median = {key: statistics.median(run[key] for run in runs[name]) for key in known}
        print(f"{name:22}" + "".join(f"{median[key]:>16{columns[key][1]}}" for key in known))


def ratios(numerator, denominator, key):
    return [a[key] / b[key] for a, b in zip(numerator, denominator)]


def answer_of(port):
    body = ask(port)
    if "probability" not in json.loads(body):
        raise RuntimeError(f"not an answer: {body!r}")
    return body
