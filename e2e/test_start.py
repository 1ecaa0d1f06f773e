# SPDX-License-Identifier: Apache-2.0
"""What a person sees who starts the server, and who starts it wrongly."""
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import time

import pytest
from conftest import CHURN


def test_the_transcript_says_model_proof_address_and_a_call(churn):
    model, proof, opened, called = [line.rstrip() for line in churn.out[:4]]
    assert model.startswith("churn ")
    assert "scikit-learn 1.6.1, DictVectorizer > LogisticRegression, 19 fields" in model
    assert "Nothing in the file was executed" in model
    assert proof.startswith("proof ") and "none" in proof
    assert opened.startswith("open ") and churn.url in opened and "this machine only" in opened
    assert called.startswith("try ") and "curl" in called


def test_the_printed_curl_line_works(churn):
    (line,) = [line for line in churn.out if line.startswith("try ")]
    command = line.removeprefix("try").strip()
    done = subprocess.run(["bash", "-c", command.replace("curl ", "curl -sS -f ", 1)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stderr}"
    assert 0 < json.loads(done.stdout)["probability"] < 1


def test_a_second_server_on_the_port_says_who_is_in_the_way(churn, run):
    done = run("serve", CHURN / "churn.pkl", "--listen", f"127.0.0.1:{churn.port}", "--ops-listen", "127.0.0.1:0")
    assert done.returncode == 8
    assert f"127.0.0.1:{churn.port}" in done.stderr and "in use" in done.stderr
    assert churn.get("/health").status == 200


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", ":0"])
def test_an_open_address_is_refused_with_the_three_ways_out(run, address):
    done = run("serve", CHURN / "churn.pkl", "--listen", address)
    assert done.returncode == 2
    for way in ("--allow-anonymous", "127.0.0.1", "key"):
        assert way in done.stderr


def test_an_open_address_is_served_when_asked_for(slipway, serve):
    # Another address of this machine than 127.0.0.1 would do; 0.0.0.0 contains it.
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([slipway, "serve", CHURN / "churn.pkl", "--listen", f"0.0.0.0:{port}", "--ops-listen", "127.0.0.1:0",
                                "--allow-anonymous"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        lines = [process.stdout.readline() for _ in range(4)]
        assert any(line.startswith("open") and str(port) in line for line in lines), lines
        done = subprocess.run(["curl", "-sS", "--retry-connrefused", "--retry", "5", "-H", "Host: models.example.com",
                               f"http://127.0.0.1:{port}/health"], capture_output=True, text=True, check=True)
        assert json.loads(done.stdout)["status"] == "healthy"
    finally:
        process.terminate()
        assert process.wait(20) == 0


@pytest.mark.parametrize("host", ["models.example.com", "10.1.2.3:9696", "localhost.example.com"])
def test_a_foreign_host_is_not_answered_on_loopback(churn, host):
    reply = churn.request("POST", "/predict", "{}", {"Host": host})
    assert reply.status == 421
    assert reply.json["status"] == 421 and host.split(":")[0] in reply.json["detail"]


@pytest.mark.parametrize("host", ["localhost", "localhost:9696", "127.0.0.1", "127.0.0.1:80", "[::1]:9696"])
def test_the_names_of_this_machine_are_answered(churn, host):
    assert churn.request("GET", "/health", headers={"Host": host}).status == 200


def test_a_page_elsewhere_cannot_call_a_loopback_server(churn, customer):
    reply = churn.predict(customer, headers={"Origin": "https://example.com", "Content-Type": "text/plain"})
    assert reply.status == 421
    assert churn.predict(customer, headers={"Origin": "http://localhost:3000"}).status == 200


def test_sigterm_ends_an_idle_server_at_once_and_well(serve):
    server = serve()
    assert server.stop() == 0


def test_environment_sets_what_flags_do_not(serve):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = serve(ports=(), environment={"SLIPWAY_LISTEN": f"127.0.0.1:{port}", "SLIPWAY_OPS_LISTEN": "127.0.0.1:0"})
    assert server.port == port


@pytest.mark.parametrize("flags, words", [
    (["--listen", "nonsense"], "address:port"),
    (["--listen", "127.0.0.1:99999"], "address:port"),
    (["--lisen", "127.0.0.1:0"], "--listen"),
    (["--contract", "relaxed"], "strict"),
])
def test_a_wrong_flag_stops_the_start_and_says_what_is_right(run, flags, words):
    done = run("serve", CHURN / "churn.pkl", *flags)
    assert done.returncode == 2
    assert words in done.stderr


def test_a_missing_file_is_named(run, tmp_path):
    done = run("serve", tmp_path / "nowhere.pkl")
    assert done.returncode == 3
    assert "nowhere.pkl" in done.stderr


def test_a_signal_while_the_model_loads_ends_the_start(slipway, tmp_path):
    pipe = tmp_path / "model.pkl"
    os.mkfifo(pipe)  # the load waits for a writer that never comes
    process = subprocess.Popen([slipway, "serve", pipe], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.3)
    process.terminate()
    assert process.wait(10) == -signal.SIGTERM


def test_a_log_reader_that_has_stopped_does_not_hold_the_end(slipway, customer):
    read, write = os.pipe()  # nobody reads
    process = subprocess.Popen([slipway, "serve", CHURN / "churn.pkl", "--listen", "127.0.0.1:0", "--ops-listen", "off"],
                               stdout=subprocess.PIPE, stderr=write, text=True)
    try:
        port = int(re.search(r"http://127.0.0.1:(\d+)", "".join(process.stdout.readline() for _ in range(4))).group(1))
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        for _ in range(1000):
            connection.request("POST", "/predict", json.dumps(customer))
            assert connection.getresponse().read()
        connection.close()
        process.terminate()
        assert process.wait(20) == 0
    finally:
        process.kill()
        os.close(read)
        os.close(write)
