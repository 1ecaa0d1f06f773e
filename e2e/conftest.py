# SPDX-License-Identifier: Apache-2.0
"""Drives the program as its users do: a process, a port, and clients that we did not write (Python's http.client, curl,
promtool) or that speak bytes (raw sockets). $SLIPWAY_BINARY chooses another program than build/slipway."""
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
CHURN = ROOT / "examples" / "churn"
PATIENCE_S = 20  # for things that take milliseconds on an idle machine


@pytest.fixture(scope="session")
def slipway():
    path = pathlib.Path(os.environ.get("SLIPWAY_BINARY", ROOT / "build" / "slipway"))
    assert path.exists(), f"{path} is not there; ./dev build makes it"
    return str(path)


@pytest.fixture(scope="session")
def customer():
    return json.loads((CHURN / "customer.json").read_text())


@pytest.fixture(scope="session")
def expected():
    """What the library answers: [{"input", "prediction", "probability"}]; the first is customer.json."""
    return json.loads((CHURN / "expected.json").read_text())


@pytest.fixture
def run(slipway):
    """run("predict", FILE, ...) -> CompletedProcess with text output."""

    def call(*arguments, **options):
        options.setdefault("timeout", PATIENCE_S)
        return subprocess.run([slipway, *map(str, arguments)], capture_output=True, text=True, check=False, **options)

    return call


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


class Server:
    """`slipway serve FILES FLAGS` on free ports of 127.0.0.1, with its output collected."""

    def __init__(self, binary, files, flags=(), environment=None, ports=("--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"),
                 ready=True, **options):
        self.out, self.err = [], []
        self.process = subprocess.Popen(
            [binary, "serve", *map(str, files), *ports, *flags], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})}, **options)
        self.readers = [threading.Thread(target=self._collect, args=pair, daemon=True)
                        for pair in ((self.process.stdout, self.out), (self.process.stderr, self.err))]
        for reader in self.readers:
            reader.start()
        self.port = int(self._until(lambda: re.search(r"^open\b.*?http://127\.0\.0\.1:(\d+)", self.stdout, re.M)).group(1))
        self._until(lambda: not ready or self.get("/readyz").status == 200)

    def _collect(self, stream, lines):
        for line in stream:
            lines.append(line)

    def _until(self, condition):
        limit = time.monotonic() + PATIENCE_S
        while time.monotonic() < limit:
            try:
                if found := condition():
                    return found
            except OSError:
                pass
            if self.process.poll() is not None:
                for reader in self.readers:
                    reader.join()
                raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.stdout}\n{self.stderr}")
            time.sleep(0.005)
        self.kill()
        raise AssertionError(f"not in {PATIENCE_S} s:\n{self.stdout}\n{self.stderr}")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def stdout(self):
        return "".join(self.out)

    @property
    def stderr(self):
        return "".join(self.err)

    def request(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path):
        return self.request("GET", path)

    def predict(self, body, path="/predict", headers=None):
        """`body`: bytes or text as they are, anything else as JSON."""
        data = body if isinstance(body, (bytes, str)) else json.dumps(body)
        return self.request("POST", path, data, headers or {"Content-Type": "application/json"})

    def socket(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)

    def raw(self, sent):
        """Everything that comes back for these bytes until the server closes."""
        with self.socket() as connection:
            connection.sendall(sent)
            received = b""
            try:
                while piece := connection.recv(65536):
                    received += piece
            except ConnectionResetError:
                pass
            return received

    def curl(self, *arguments):
        done = subprocess.run(["curl", "-sS", "--max-time", str(PATIENCE_S), *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def log_lines(self, wanted, matches=lambda line: line.get("msg") == "request"):
        """At least `wanted` lines of the request log that match, as dictionaries."""
        found = []

        def enough():
            found[:] = [line for text in list(self.err) if text.startswith("{") and matches(line := json.loads(text))]
            return len(found) >= wanted

        self._until(enough)
        return found

    def stop(self):
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self):
        code = self.process.wait(PATIENCE_S)
        for reader in self.readers:
            reader.join(PATIENCE_S)
        return code

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for reader in self.readers:
            reader.join(PATIENCE_S)


@pytest.fixture
def serve(slipway):
    """serve(FILE, ..., flags=[...]) -> Server; ended with the test. `store`: no file stands for the example."""
    servers = []

    def start(*files, flags=(), store=False, **options):
        server = Server(slipway, files or ([] if store else [CHURN / "churn.pkl"]), flags, **options)
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.kill()


@pytest.fixture(scope="module")
def churn(slipway):
    """One server of the example for the tests of a module that only ask it things."""
    server = Server(slipway, [CHURN / "churn.pkl"])
    yield server
    code = server.stop()
    assert code == 0, f"the server ended with {code}:\n{server.stderr[-2000:]}"


@pytest.fixture(scope="session")
def promtool():
    return shutil.which("promtool")
