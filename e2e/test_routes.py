# SPDX-License-Identifier: Apache-2.0
"""The routes beside /predict, and what is no route."""
import re
import http.client
import socket
import subprocess

import pytest
from conftest import CHURN


def test_health_has_the_guides_shape(churn):
    reply = churn.get("/health")
    assert reply.status == 200
    assert reply.json["status"] == "healthy" and reply.json["version"]


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_probes_answer(churn, path):
    assert churn.get(path).status == 200


def test_head_has_the_headers_of_get_and_no_body(churn):
    get, head = churn.get("/health"), churn.request("HEAD", "/health")
    assert head.status == 200 and head.body == b""
    assert head.headers["Content-Length"] == str(len(get.body))


@pytest.mark.parametrize("method, path, allow", [
    ("GET", "/predict", "POST"), ("PUT", "/predict", "POST"), ("DELETE", "/predict", "POST"), ("POST", "/health", "GET, HEAD"),
    ("POST", "/metrics", "GET, HEAD"),
])
def test_a_wrong_method_is_405_with_allow(churn, method, path, allow):
    reply = churn.request(method, path, "{}")
    assert reply.status == 405
    assert reply.headers["Allow"] == allow
    assert reply.json["status"] == 405


@pytest.mark.parametrize("path", ["/predic", "/predict/", "//predict", "/Predict", "/%70redict", "/../predict", "/v1/models"])
def test_no_route_is_404(churn, path):
    reply = churn.request("POST", path, "{}")
    assert reply.status == 404
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert "/predict" in reply.json["detail"] + str(reply.json)


def test_the_model_card_lists_every_field(churn, customer):
    card = churn.get("/model").json
    assert card["name"] == "churn"
    assert {field["name"] for field in card["fields"]} == set(customer)
    (contract,) = [field for field in card["fields"] if field["name"] == "contract"]
    assert sorted(contract["categories"]) == ["month-to-month", "one_year", "two_year"]
    assert churn.predict(card["example"]).status == 200


def metrics(text):
    """{name{labels}: value}; asserts that each family is announced once, before its samples."""
    samples, families = {}, {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in families
            families[name] = kind
        elif not line.startswith("#"):
            match = re.fullmatch(r'([a-zA-Z_:][\w:]*)(\{(?:\w+="(?:[^"\\\n]|\\["\\n])*",?)*\})? (\S+)', line)
            assert match, line
            name = re.sub(r"_(bucket|sum|count)$", "", match.group(1))
            assert match.group(1) in families or families.get(name) == "histogram", line
            key = match.group(1) + (match.group(2) or "")
            assert key not in samples, line
            samples[key] = float(match.group(3))
    return samples


def test_metrics_count_what_was_asked(serve, customer):
    server = serve()
    before = metrics(server.get("/metrics").body.decode())
    for _ in range(7):
        server.predict(customer)
    server.predict(b"{")
    after = metrics(server.get("/metrics").body.decode())
    grown = {key: after[key] - before.get(key, 0) for key in after}
    assert grown["ml_requests_total"] == 8
    assert grown["ml_request_duration_seconds_count"] == 8
    assert grown['model_predictions_total{model_name="churn",prediction_class="0"}'] == 7
    assert grown['model_prediction_latency_seconds_count{model_name="churn"}'] == 7
    assert sum(value for key, value in grown.items() if key.startswith("slipway_requests_total{") and "/predict" in key) == 8


def test_metrics_have_the_process_and_the_model(churn):
    reply = churn.get("/metrics")
    assert reply.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    samples = metrics(reply.body.decode())
    assert samples["process_resident_memory_bytes"] > 1e6
    assert samples["process_open_fds"] > 3
    assert any(key.startswith("slipway_model_info{") and 'model="churn"' in key for key in samples)


def test_histograms_are_cumulative(churn, customer):
    churn.predict(customer)
    samples = metrics(churn.get("/metrics").body.decode())
    buckets = [value for key, value in samples.items() if key.startswith("ml_request_duration_seconds_bucket")]
    assert buckets == sorted(buckets)
    assert buckets[-1] == samples["ml_request_duration_seconds_count"] > 0


def test_promtool_has_no_complaint(churn, promtool):
    if promtool is None:
        pytest.skip("promtool is not here (Debian's prometheus package); the tests above parse the text themselves")
    done = subprocess.run([promtool, "check", "metrics"], input=churn.get("/metrics").body, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def test_a_server_of_a_renamed_copy_has_its_name(serve, tmp_path, customer):
    copy = tmp_path / "telco.bin"
    copy.write_bytes((CHURN / "churn.pkl").read_bytes())
    assert serve(copy).predict(customer).json["model"] == "telco"


def test_a_crowd_on_the_data_port_does_not_fail_the_probes(serve):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        operations = probe.getsockname()[1]
    server = serve(flags=["--connections", "5"], ports=("--listen", "127.0.0.1:0", "--ops-listen", f"127.0.0.1:{operations}"))
    crowd = [server.socket() for _ in range(5)]
    try:
        connection = http.client.HTTPConnection("127.0.0.1", operations, timeout=10)
        connection.request("GET", "/livez")
        assert connection.getresponse().status == 200
    finally:
        for peer in crowd:
            peer.close()
