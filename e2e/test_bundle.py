# SPDX-License-Identifier: Apache-2.0
"""Import, verify, diff and snippet; bundles read by programs that are not ours. What needs scikit-learn runs with the
Python that $SKLEARN_PYTHON names (default: this one), and is skipped where it has none."""
import collections
import csv
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

import pytest
from bundle_reader import Bundle
from conftest import CHURN

SKLEARN_PYTHON = os.environ.get("SKLEARN_PYTHON", sys.executable)


@pytest.fixture
def work(tmp_path, expected):
    """A folder with churn.pkl and its proof."""
    shutil.copy(CHURN / "churn.pkl", tmp_path)
    with open(tmp_path / "churn.samples.jsonl", "w") as samples, open(tmp_path / "churn.expected.jsonl", "w") as answers:
        for row in expected:
            samples.write(json.dumps(row["input"]) + "\n")
            answers.write(json.dumps({name: row[name] for name in ("prediction", "probability")}) + "\n")
    return tmp_path


def bundle_of(store, done):
    return pathlib.Path(store) / "bundles" / json.loads(done.stdout)["bundle"]


def import_json(run, file, store, *more, **options):
    done = run("import", file, "--store", store, "--json", *more, **options)
    assert done.returncode == 0, done.stderr
    return done


def test_import_says_what_it_did_and_what_is_next(run, work):
    done = run("import", work / "churn.pkl", "--store", work / "store")
    assert done.returncode == 0 and done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0].startswith("churn:1  scikit-learn 1.6.1, DictVectorizer > LogisticRegression, 19 fields.")
    assert lines[1].startswith("proof    library: 21 rows as the library answered them")
    assert lines[-1] == "next     slipway promote churn:1 production"


def test_the_same_input_gives_the_same_bundle_later_elsewhere_and_under_another_name(run, work, tmp_path):
    first = bundle_of(work / "a", import_json(run, work / "churn.pkl", work / "a"))
    time.sleep(1.1)  # so that a time in seconds would differ
    other = tmp_path / "other"
    other.mkdir()
    for file in work.glob("churn.*"):
        copy = other / file.name.replace("churn", "renamed")
        shutil.copyfile(file, copy)
        os.utime(copy, (1, 1))
    environment = {**os.environ, "TZ": "Asia/Tokyo", "USER": "somebody", "LANG": "de_DE.UTF-8"}
    second = bundle_of(work / "b", import_json(run, "renamed.pkl", work / "b", cwd=other, env=environment))
    assert first.name == second.name
    for file in first.rglob("*"):
        if file.is_file():
            assert file.read_bytes() == (second / file.relative_to(first)).read_bytes()


def test_the_page_about_the_format_is_enough_to_answer(run, work, expected):
    bundle = Bundle(bundle_of(work / "store", import_json(run, work / "churn.pkl", work / "store")))
    assert bundle.manifest["proof"] == {"level": "library", "rows": len(expected)}
    for row in expected:
        answer = bundle.answer(row["input"])
        assert answer["prediction"] == row["prediction"]
        assert answer["probability"][1] == pytest.approx(row["probability"], rel=1e-12)
    assert [row["output"]["prediction"] for row in bundle.proof] == [[row["prediction"]] for row in expected]


def test_the_safetensors_package_reads_the_weights(run, work):
    safetensors = pytest.importorskip("safetensors.numpy")
    folder = bundle_of(work / "store", import_json(run, work / "churn.pkl", work / "store"))
    theirs, ours = safetensors.load_file(folder / "weights.safetensors"), Bundle(folder).tensors
    assert set(theirs) == set(ours)
    for name, values in ours.items():
        assert theirs[name].tolist() == list(values)


def test_a_wrong_answer_is_named_and_nothing_is_imported(run, work):
    path = work / "churn.expected.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines[6]["probability"] += 1e-9
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    for done in (run("import", work / "churn.pkl", "--store", work / "store"), run("verify", work / "churn.pkl")):
        assert done.returncode == 5
        assert "row 7" in done.stderr and "probability" in done.stderr
    assert not (work / "store").exists()


@pytest.mark.parametrize("spoil, says", [
    (lambda lines: lines[:-1], "more rows"),
    (lambda lines: [line.replace("probability", "propability") for line in lines], "propability"),
    (lambda lines: [line.replace("}", "") for line in lines], "no JSON object"),
    (lambda lines: [], "no column"),
])
def test_answers_that_do_not_fit_are_refused(run, work, spoil, says):
    path = work / "churn.expected.jsonl"
    path.write_text("\n".join(spoil(path.read_text().splitlines())) + "\n")
    done = run("verify", work / "churn.pkl")
    assert done.returncode != 0 and says in done.stderr


def test_a_required_proof_is_required(run, work):
    (work / "churn.samples.jsonl").unlink()
    done = run("import", work / "churn.pkl", "--store", work / "store")
    assert done.returncode == 2 and "without" in done.stderr  # one file alone is a mistake, not a choice
    (work / "churn.expected.jsonl").unlink()
    done = run("import", work / "churn.pkl", "--store", work / "store", "--require-proof", "library")
    assert done.returncode != 0 and "the proof is self, library is required" in done.stderr
    assert json.loads(import_json(run, work / "churn.pkl", work / "store").stdout)["proof"]["level"] == "self"


def test_models_shows_the_proof_of_a_real_bundle(run, work):
    import_json(run, work / "churn.pkl", work / "store")
    assert " library " in run("models", "--store", work / "store").stdout
    shown = json.loads(run("models", "--store", work / "store", "--json").stdout)
    assert '"proof": "library"' in json.dumps(shown)


def test_promote_refuses_a_version_that_is_not_proven(run, work):
    store = work / "store"
    (work / "churn.samples.jsonl").rename(work / "other.samples.jsonl")
    (work / "churn.expected.jsonl").rename(work / "other.expected.jsonl")
    import_json(run, work / "churn.pkl", store)
    import_json(run, work / "churn.pkl", store, "--samples", work / "other.samples.jsonl", "--expected", work / "other.expected.jsonl")
    done = run("promote", "churn:1", "production", "--require-proof", "library", "--store", store)
    assert done.returncode != 0 and "churn:1: its proof is self, library is required" in done.stderr
    assert not (store / "models" / "churn" / "aliases").exists()
    assert run("promote", "churn:2", "production", "--require-proof", "library", "--store", store).returncode == 0
    assert run("promote", "churn:1", "production", "--store", store).returncode == 0
    done = run("promote", "churn:2", "production", "--require-proof", "much", "--store", store)
    assert done.returncode == 2 and "none of none, self, library" in done.stderr


def test_the_training_data_beside_the_file_become_a_profile(run, work, expected):
    rows = [row["input"] for row in expected if isinstance(row["input"].get("tenure"), (int, float))]
    rows += [{**rows[0], "tenure": None}]
    names = list(rows[0])
    with open(work / "churn.train.csv", "w", newline="") as file:
        out = csv.DictWriter(file, [*names, "churn"], restval="")
        out.writeheader()
        out.writerows({**{name: row.get(name) for name in names}, "churn": 1} for row in rows)
    done = import_json(run, work / "churn.pkl", work / "store")
    bundle = bundle_of(work / "store", done)
    assert json.loads(done.stdout)["profile_rows"] == len(rows)
    profile = json.loads((bundle / "profile.json").read_text())
    assert profile["rows"] == len(rows) and [field["name"] for field in profile["fields"]] == sorted(names)
    fields = {field["name"]: field for field in profile["fields"]}
    tenures = [row["tenure"] for row in rows[:-1]]
    assert fields["tenure"]["missing"] == 1 and fields["tenure"]["numbers"]["count"] == len(tenures)
    assert fields["tenure"]["numbers"]["least"] == min(tenures) and fields["tenure"]["numbers"]["most"] == max(tenures)
    assert abs(fields["tenure"]["numbers"]["deviation"] - statistics.pstdev(tenures)) < 1e-9
    contracts = collections.Counter(row["contract"] for row in rows)
    assert dict(fields["contract"]["texts"]["values"]) == contracts
    answers = {answer["name"]: answer for answer in profile["answers"]}
    assert answers["prediction"]["texts"]["count"] + profile["refused"] == len(rows)
    assert run("verify", "churn:1", "--store", work / "store").returncode == 0
    (work / "churn.train.csv").write_text("Tenure,contract\n1,2\n")
    done = run("import", work / "churn.pkl", "--name", "x", "--store", work / "store")
    assert done.returncode != 0 and 'did you mean "tenure"?' in done.stderr
    assert "--keep" not in done.stderr  # that is an option of another command
    (work / "churn.train.csv").write_text("tenure,contract\n1,2,3\n")
    done = run("import", work / "churn.pkl", "--store", work / "store")
    assert done.returncode != 0 and "churn.train.csv" in done.stderr


def test_verify_names_what_was_changed_in_the_store(run, work):
    store = work / "store"
    folder = bundle_of(store, import_json(run, work / "churn.pkl", store))
    done = run("verify", "churn", "--store", store, "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["rows"] == 21
    for name in ("source/1", "weights.safetensors", "manifest.json"):
        path = folder / name
        path.chmod(0o644)
        good = path.read_bytes()
        path.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
        done = run("verify", "churn", "--store", store)
        assert done.returncode == 5 and name in done.stderr
        path.write_bytes(good)
    assert run("verify", folder).returncode == 0


def test_notes_and_locks_beside_the_file_are_kept(run, work):
    (work / "churn_metadata.json").write_text('{"owner": "ana", "accuracy": 0.81, "tags": ["a"]}')
    (work / "requirements.txt").write_text("scikit-learn==1.5.2\nflask==3.1.0\n")
    done = import_json(run, work / "churn.pkl", work / "store", "--metadata", "owner=bob")
    assert json.loads(done.stdout)["notes"] == ["requirements.txt pins scikit-learn 1.5.2, the model was written by 1.6.1"]
    version = json.loads((work / "store/models/churn/versions/1.json").read_text())
    assert version["metadata"] == {"owner": "bob", "accuracy": "0.81", "tags": '["a"]'}
    manifest = Bundle(bundle_of(work / "store", done)).manifest
    assert manifest["provenance"]["locked"] == [["scikit-learn", "1.5.2"]]


def test_the_serving_contract_is_checked_and_stored(run, work):
    done = run("import", work / "churn.pkl", "--store", work / "store", "--response", "p=luck")
    assert done.returncode == 2 and "luck" in done.stderr
    done = import_json(run, work / "churn.pkl", work / "store", "--response", "churn_probability=probability,churn=positive",
                       "--threshold", "0.3", "--positive-class", "1", "--input-key", "customer")
    assert Bundle(bundle_of(work / "store", done)).manifest["serving"] == {
        "response": [["churn_probability", "probability"], ["churn", "positive"]],
        "input_key": "customer", "positive_class": "1", "threshold": 0.3}


def test_diff_of_a_model_with_itself(run, work):
    import_json(run, work / "churn.pkl", work / "store")
    done = run("diff", "churn:1", work / "churn.pkl", "--store", work / "store", "--input", work / "churn.samples.jsonl")
    assert done.returncode == 0 and done.stdout.count("the same") == 3


def test_diff_shows_another_contract_and_another_proof(run, work):
    import_json(run, work / "churn.pkl", work / "store")
    (work / "churn.samples.jsonl").unlink()
    (work / "churn.expected.jsonl").unlink()
    import_json(run, work / "churn.pkl", work / "store", "--threshold", "0.3")
    done = run("diff", "churn:1", "churn:2", "--store", work / "store", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["schema"] == [
        {"where": "serving", "what": '"none" -> "threshold 0.3"'}, {"where": "proof", "what": '"library" -> "self"'}]


TRAIN = """
import pickle, sys
import numpy as np, pandas as pd
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
rng = np.random.default_rng(int(sys.argv[3]))
X = rng.normal(size=(300, 4)) * [1, 10, 0.1, 1000]
y = (X[:, 0] + X[:, 1] / 10 + rng.normal(size=300) > 0)
frame = pd.DataFrame(X, columns=["age", "total charges", "c", "d"])
kind = sys.argv[1]
if kind == "frame":
    X, model = frame, make_pipeline(StandardScaler(), LogisticRegression()).fit(frame, np.where(y, "yes", "no"))
elif kind == "narrow":
    X = frame.astype("float32")
    model = LinearRegression().fit(frame, X["age"] * 3)
elif kind == "array":
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, np.digitize(X[:, 0], [-0.5, 0.5]))
elif kind == "many":
    model = Ridge().fit(X, np.c_[X[:, 0] * 2, X[:, 1] - 1])
else:
    X = [{"age": float(a), "plan": ["free", "paid"][int(b)]} for a, b in zip(X[:, 0], y)]
    model = make_pipeline(DictVectorizer(), LogisticRegression()).fit(X, y)
X_test = X[200:]
pickle.dump(model, open("model.pkl", "wb"))
exec(open(sys.argv[2]).read())
"""


@pytest.mark.parametrize("kind", ["frame", "narrow", "array", "many", "records"])
def test_the_notebook_cell_writes_a_proof_that_holds(run, tmp_path, kind):
    if subprocess.run([SKLEARN_PYTHON, "-c", "import sklearn, pandas"], capture_output=True, check=False).returncode:
        pytest.skip("no scikit-learn and pandas; $SKLEARN_PYTHON names a Python that has them")
    cell = run("snippet", "model.pkl")
    assert cell.returncode == 0
    (tmp_path / "cell.py").write_text(cell.stdout)
    (tmp_path / "train.py").write_text(TRAIN)
    for seed in ("1", "2"):
        subprocess.run([SKLEARN_PYTHON, "train.py", kind, "cell.py", seed], cwd=tmp_path, check=True, timeout=300)
        done = run("import", "model.pkl", "--name", "m", "--store", "store", "--require-proof", "library", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    done = run("diff", "m:1", "m:2", "--store", "store", "--json", cwd=tmp_path)
    assert done.returncode == 1 and any("linear" in it["where"] for it in json.loads(done.stdout)["parameters"])
    samples = next(tmp_path.glob("model.samples.*"))
    done = run("diff", "m:1", "m:2", "--store", "store", "--json", "--input", samples, cwd=tmp_path)
    assert done.returncode == 1 and json.loads(done.stdout)["answers"], done.stderr
