# SPDX-License-Identifier: Apache-2.0
"""The command line: help, near misses, and predict."""
import json

import pytest
from conftest import CHURN

COMMANDS = ("serve", "predict", "inspect", "models", "promote", "rollback", "remove")


def test_help_names_every_command(run):
    for arguments in (["--help"], ["help"]):
        done = run(*arguments)
        assert done.returncode == 0
        for command in COMMANDS:
            assert command in done.stdout


def test_no_command_shows_the_help_and_fails(run):
    done = run()
    assert done.returncode == 2
    assert "serve" in done.stderr + done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_its_help(run, command):
    done = run(command, "--help")
    assert done.returncode == 0 and command in done.stdout and done.stderr == ""


def test_version_is_one_line(run):
    done = run("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("slipway ") and done.stdout.count("\n") == 1


@pytest.mark.parametrize("wrong, meant", [("sevre", "serve"), ("inspct", "inspect"), ("Predict", "predict")])
def test_a_near_miss_of_a_command_is_suggested(run, wrong, meant):
    done = run(wrong)
    assert done.returncode == 2
    assert f'"{wrong}"' in done.stderr and meant in done.stderr


def test_a_near_miss_of_a_flag_is_suggested(run):
    done = run("inspect", CHURN / "churn.pkl", "--jsn")
    assert done.returncode == 2
    assert "--jsn" in done.stderr and "--json" in done.stderr


def test_predict_prints_what_the_server_answers(run, churn, customer):
    done = run("predict", CHURN / "churn.pkl", json.dumps(customer))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    assert done.stdout.strip() == churn.predict(customer).body.decode().strip()


def test_predict_takes_a_list_on_the_command_line(run, churn, customer):
    # The option parser once took the brackets apart.
    batch = json.dumps([customer, customer])
    done = run("predict", CHURN / "churn.pkl", batch)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == churn.predict(batch).json


def test_predict_names_every_problem(run):
    done = run("predict", "--contract", "strict", CHURN / "churn.pkl", '{"tenure":"x","color":1}')
    assert done.returncode == 4
    for word in ("tenure", "color", "contract", "20 problems"):
        assert word in done.stderr


def test_predict_of_a_wrong_record_fails_with_the_same_words(run, churn):
    record = '{"Tenure":24}'
    done = run("predict", CHURN / "churn.pkl", record)
    assert done.returncode == 4
    assert churn.predict(record).json["detail"] in done.stderr + done.stdout


def test_predict_of_what_is_not_json_fails(run):
    assert run("predict", CHURN / "churn.pkl", "{").returncode == 2


def test_output_to_a_full_disk_is_an_error(slipway):
    import subprocess
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([slipway, "--help"], stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode != 0


def test_a_bare_text_is_a_record_and_not_the_name_of_a_file(run):
    folder = CHURN.parent.parent / "testdata" / "sklearn" / "text_tfidf_sgd-1.9.0"
    case = json.loads((folder / "cases.jsonl").open(encoding="utf-8").readline())
    done = run("predict", folder / "model.pkl", json.dumps(case["input"]))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["prediction"] == case["predict"]
