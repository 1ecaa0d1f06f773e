# SPDX-License-Identifier: Apache-2.0
"""Real models that nobody here made, when the folder is there ($SLIPWAY_ACCEPTANCE, or ../shared/acceptance beside the
checkout). They are not ours to redistribute. Without it there is nothing to run, and pytest collects nothing."""
import json
import os
import pathlib

import pytest
from conftest import ROOT

FOLDER = pathlib.Path(os.environ.get("SLIPWAY_ACCEPTANCE", ROOT.parent / "shared" / "acceptance"))

# folder: the models in it; a case says which it is of where there are several
SERVED = {
    "digits-svm": ["model.joblib"],
    "house-price": ["model.joblib"],
    "iris-svc": ["model.joblib", "model-0.20.3.pkl"],
    "leads": ["pipeline_v1.bin"],
    "linear": ["model.pkl"],
}

# folder: (file, what the refusal names as missing: any of these)
REFUSED = {
    "refuse": ("user-function.pickle", ("cloudpickle",)),
    "heart": ("model.pkl", ("XGBClassifier",)),
}


def there(table):
    return [name for name in table if (FOLDER / name).is_dir()]


def cases(folder, model):
    lines = (FOLDER / folder / "cases.jsonl").read_text().splitlines()
    found = [case for case in map(json.loads, filter(str.strip, lines)) if case.get("model", model) == model]
    assert found
    return found


def compare(answer, case):
    for name in ("prediction", "probability"):
        if name in case:
            want = pytest.approx(case[name], rel=case["tolerance"]) if "tolerance" in case else case[name]
            assert answer[name] == want


MODELS = [(folder, model) for folder in there(SERVED) for model in SERVED[folder]]

if MODELS:
    @pytest.mark.parametrize("folder,model", MODELS)
    def test_a_served_model_gives_the_published_answers_exactly(serve, run, folder, model):
        file = FOLDER / folder / model
        server = serve(file)
        for case in cases(folder, model):
            answer = server.predict(case["input"]).json
            compare(answer, case)
            printed = run("predict", file, json.dumps(case["input"]))
            assert json.loads(printed.stdout) == answer

    @pytest.mark.parametrize("folder,model", MODELS)
    def test_its_bundle_gives_them_too(run, tmp_path, folder, model):
        imported = run("import", FOLDER / folder / model, "--name", "m", "--store", tmp_path / "store")
        assert imported.returncode == 0, imported.stderr
        for case in cases(folder, model):
            printed = run("predict", "m", json.dumps(case["input"]), "--store", tmp_path / "store")
            assert printed.returncode == 0, printed.stderr
            compare(json.loads(printed.stdout), case)


if there(REFUSED):
    @pytest.mark.parametrize("folder", there(REFUSED))
    def test_what_is_not_served_yet_is_refused_with_what_is_missing(run, folder):
        name, words = REFUSED[folder]
        done = run("serve", FOLDER / folder / name, "--listen", "127.0.0.1:0")
        assert done.returncode == 4, done
        assert name in done.stderr and any(word in done.stderr for word in words), done.stderr
        assert run("inspect", FOLDER / folder / name).returncode == 0
