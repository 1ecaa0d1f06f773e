# SPDX-License-Identifier: Apache-2.0
"""Many models out of a store, through the real program: import, promote, swap while clients ask, and what is broken."""
import json
import pathlib
import threading
import time

import pytest
from conftest import CHURN, PATIENCE_S


@pytest.fixture
def store(tmp_path, run):
    """A store with churn:1 (production) and churn:2, which answers under another name."""
    folder = tmp_path / "store"
    for number, response in ((1, "first=probability"), (2, "second=probability")):
        done = run("import", CHURN / "churn.pkl", "--name", "churn", "--store", folder, "--response", response)
        assert done.returncode == 0, done.stderr
    promote(run, folder, "churn:1")
    return folder


def promote(run, folder, reference):
    done = run("promote", reference, "production", "--store", folder)
    assert done.returncode == 0, done.stderr


def until(condition):
    limit = time.monotonic() + PATIENCE_S
    while time.monotonic() < limit:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError("not in time")


@pytest.fixture
def follow(serve):
    def start(folder, *flags, wanted="churn@production", **options):
        return serve(flags=["--store", str(folder), "--models", wanted, *flags], store=True, **options)

    return start


def served(server):
    return {model["wanted"]: model["version"] for model in server.get("/models").json["models"]}


def test_a_moved_alias_is_followed(store, run, follow, customer):
    server = follow(store)
    assert server.predict(customer).json.keys() >= {"first"} and server.predict(customer).json["model"] == "churn:1"
    promote(run, store, "churn:2")
    until(lambda: served(server) == {"churn@production": "2"})
    assert "second" in server.predict(customer).json
    done = run("rollback", "churn", "production", "--store", store)
    assert done.returncode == 0, done.stderr
    until(lambda: served(server) == {"churn@production": "1"})


def test_names_versions_and_aliases_are_paths(store, follow, customer):
    server = follow(store, wanted="churn@production,churn:2")
    for path, version in (("/predict", 1), ("/models/churn/predict", 1), ("/models/churn/versions/production/predict", 1),
                          ("/models/churn/versions/2/predict", 2)):
        assert server.predict(customer, path).json["model"] == f"churn:{version}", path
    reply = server.predict(customer, "/models/chrun/predict")
    assert reply.status == 404 and 'did you mean "churn"?' in reply.json["detail"]
    assert server.get("/models/churn/versions/2").json["version"] == "2"


def test_swapping_under_load_loses_nothing(store, run, follow, customer):
    server = follow(store)
    body, over, answers, problems = json.dumps(customer), threading.Event(), {1: 0, 2: 0}, []

    def ask():
        while not over.is_set():
            reply = server.predict(body)
            answer = reply.json if reply.status == 200 else {}
            version = {"churn:1": 1, "churn:2": 2}.get(answer.get("model"))
            if version is None or (("first" in answer), ("second" in answer)) != (version == 1, version == 2):
                problems.append(reply)
            else:
                answers[version] += 1

    clients = [threading.Thread(target=ask) for _ in range(4)]
    for client in clients:
        client.start()
    for turn in range(6):
        version = 2 - turn % 2
        promote(run, store, f"churn:{version}")
        until(lambda: served(server) == {"churn@production": str(version)})
    over.set()
    for client in clients:
        client.join()
    assert not problems
    assert answers[1] > 0 and answers[2] > 0


def test_a_damaged_version_keeps_the_old_one_and_is_named(store, run, follow, customer):
    server = follow(store)
    for weights in pathlib.Path(store, "bundles").glob("*/weights.safetensors"):
        data = bytearray(weights.read_bytes())
        data[-1] ^= 1
        weights.chmod(0o644)
        weights.write_bytes(data)
    promote(run, store, "churn:2")
    until(lambda: "why" in server.get("/readyz").json["models"][0])
    ready = server.get("/readyz")
    assert ready.status == 200  # churn:1 still answers
    (model,) = ready.json["models"]
    assert model["version"] == "1" and model["failed"] == "2" and "weights.safetensors" in model["why"]
    assert server.predict(customer).json["model"] == "churn:1"
    server.log_lines(1, lambda line: line.get("level") == "error" and "version 2 is not served" in line.get("msg", ""))


def test_a_model_that_is_not_there_makes_the_server_not_ready_and_costs_the_others_nothing(store, follow, customer):
    server = follow(store, wanted="churn@production,leads", ready=False)
    ready = until(lambda: server.get("/readyz"))
    assert ready.status == 503
    assert [model["served"] for model in ready.json["models"]] == [True, False]
    assert server.predict(customer, "/models/churn/predict").status == 200
    assert server.predict(customer, "/models/leads/predict").status == 503
    assert server.predict(customer).status == 404


def test_a_proof_can_be_required(store, follow):
    server = follow(store, "--require-proof", "library", ready=False)
    ready = server.get("/readyz")
    assert ready.status == 503
    assert "library" in ready.json["models"][0]["why"]


def test_models_of_a_file_are_refused_on_the_command_line(run):
    done = run("serve", CHURN / "churn.pkl", "--models", "churn")
    assert done.returncode == 2 and "--models" in done.stderr
    done = run("serve", "--store", "/nowhere", "--models", "churn,churn")
    assert done.returncode == 2 and "twice" in done.stderr
