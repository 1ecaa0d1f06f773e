# SPDX-License-Identifier: Apache-2.0
"""Real models that nobody here made, when the folder is there ($SLIPWAY_ACCEPTANCE, or ../shared/acceptance beside the
checkout). They are not ours to redistribute. Without it there is nothing to run, and pytest collects nothing."""
import json
import os
import pathlib

import pytest
from conftest import ROOT

FOLDER = pathlib.Path(os.environ.get("SLIPWAY_ACCEPTANCE", ROOT.parent / "shared" / "acceptance"))

# folder: (files in the order that serve takes them)
SERVED = {"leads": ["pipeline_v1.bin"], "linear": ["model.pkl"]}

# folder: (file, what the refusal names as missing: any of these)
REFUSED = {
    "refuse": ("user-function.pickle", ("cloudpickle",)),
    "house-price": ("model.joblib", ("ColumnTransformer",)),
    "iris-svc": ("model.joblib", ("SVC",)),
    "digits-svm": ("model.joblib", ("SVC",)),
    "heart": ("model.pkl", ("ColumnTransformer",)),
}


def there(table):
    return [name for name in table if (FOLDER / name).is_dir()]


def cases(folder):
    return [json.loads(line) for line in (FOLDER / folder / "cases.jsonl").read_text().splitlines() if line.strip()]


if there(SERVED):
    @pytest.mark.parametrize("folder", there(SERVED))
    def test_a_served_model_gives_the_published_answers_exactly(serve, run, folder):
        files = [FOLDER / folder / name for name in SERVED[folder]]
        server = serve(*files)
        for case in cases(folder):
            answer = server.predict(case["input"]).json
            for name in ("prediction", "probability"):
                if name in case:
                    want = pytest.approx(case[name], rel=case["tolerance"]) if "tolerance" in case else case[name]
                    assert answer[name] == want
            printed = run("predict", *files, json.dumps(case["input"]))
            assert json.loads(printed.stdout) == answer


if there(REFUSED):
    @pytest.mark.parametrize("folder", there(REFUSED))
    def test_what_is_not_served_yet_is_refused_with_what_is_missing(run, folder):
        name, words = REFUSED[folder]
        done = run("serve", FOLDER / folder / name, "--listen", "127.0.0.1:0")
        assert done.returncode == 4, done
        assert name in done.stderr and any(word in done.stderr for word in words), done.stderr
        assert run("inspect", FOLDER / folder / name).returncode == 0
