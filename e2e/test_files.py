# SPDX-License-Identifier: Apache-2.0
"""Files that people hand over: each has its own refusal, none is executed, none crashes."""
import gzip
import io
import json
import pickle
import zipfile

import pytest
from conftest import CHURN, PATIENCE_S

CHURN_BYTES = (CHURN / "churn.pkl").read_bytes()


def zipped(*names):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, b"\x80\x02}q\x00.")
    return buffer.getvalue()


# name: (bytes, words that the refusal must hold, exit codes)
FILES = {
    "empty": (b"", "empty", {4, 5}),
    "lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n",
            "git lfs pull", {4}),
    "html": (b"<!DOCTYPE html>\n<html><head><title>404</title></head></html>\n", "html", {4}),
    "pytorch": (zipped("archive/data.pkl", "archive/version"), "pytorch", {4}),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + b"\0" * 500, "hdf5", {4}),
    "onnx": (b"\x08\x07\x12\x07pytorch\x1a\x051.9.0:\x80\x01", "onnx", {4}),
    "gzip twice": (gzip.compress(gzip.compress(CHURN_BYTES)), "compressed twice", {4}),
    "text": (b"this is no model at all\n", "", {4, 5}),
    "truncated": (CHURN_BYTES[:-1], "", {5}),
    "cut in half": (CHURN_BYTES[: len(CHURN_BYTES) // 2], "", {5}),
    "a list": (pickle.dumps([1, 2, 3]), "", {4}),
    "a table": (pickle.dumps({"a": [1.0, 2.0]}), "", {4}),
}


@pytest.mark.parametrize("command", ["serve", "predict"])
@pytest.mark.parametrize("name", FILES)
def test_what_is_no_model_is_refused_by_name(run, tmp_path, command, name):
    content, words, codes = FILES[name]
    path = tmp_path / "model.pkl"
    path.write_bytes(content)
    done = run(command, path, *(["{}"] if command == "predict" else ["--listen", "127.0.0.1:0"]))
    assert done.returncode in codes, done
    assert "model.pkl" in done.stderr and words in done.stderr.lower()
    assert done.stdout == ""


class Attack:
    def __init__(self, marker):
        self.marker = str(marker)

    def __reduce__(self):
        import os
        return os.system, (f"touch {self.marker}",)


@pytest.mark.parametrize("protocol", range(6))
def test_code_in_a_file_is_named_and_never_run(run, tmp_path, protocol):
    marker, path = tmp_path / "executed", tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(Attack(marker), protocol))
    for arguments in (["serve", path, "--listen", "127.0.0.1:0"], ["predict", path, "{}"]):
        done = run(*arguments)
        assert done.returncode == 4
        assert "posix.system" in done.stderr
    inspected = run("inspect", path)
    assert "posix.system" in inspected.stdout + inspected.stderr
    assert not marker.exists()


def test_inspect_shows_the_tree_and_versions_of_a_good_file(run):
    done = run("inspect", CHURN / "churn.pkl")
    assert done.returncode == 0
    for words in ("Pipeline", "DictVectorizer", "LogisticRegression", "1.6.1"):
        assert words in done.stdout


def test_inspect_json_is_json_and_says_the_same(run):
    done = run("inspect", CHURN / "churn.pkl", "--json")
    assert done.returncode == 0
    text = json.dumps(json.loads(done.stdout))
    for words in ("sklearn.pipeline.Pipeline", "sklearn.feature_extraction._dict_vectorizer.DictVectorizer",
                  "sklearn.linear_model._logistic.LogisticRegression", "1.6.1"):
        assert words in text


def test_inspect_shows_what_hides_behind_the_first_pickle(run, tmp_path):
    marker, path = tmp_path / "executed", tmp_path / "model.pkl.gz"
    path.write_bytes(gzip.compress((CHURN / "churn.pkl").read_bytes() + pickle.dumps(Attack(marker))))
    done = run("inspect", path)
    assert done.returncode == 0 and not marker.exists()
    assert "unpacked from gzip" in done.stdout and "posix.system" in done.stdout and "DANGEROUS" in done.stdout
    shown = json.loads(run("inspect", path, "--json").stdout)
    assert shown["packing"] == "gzip" and [other["dangerous_names"] for other in shown["following"]] == [1]
    path.write_bytes((CHURN / "churn.pkl").read_bytes() + b"\xff\xff")
    done = run("inspect", path)
    assert done.returncode == 0 and "2 bytes follow after the end of the pickle" in done.stdout
    path.write_bytes((CHURN / "churn.pkl").read_bytes() + pickle.dumps([1, 2])[:-1])
    done = run("inspect", path)
    assert done.returncode != 0 and "another pickle" in done.stdout


HOSTILE = {
    "nested lists": b"\x80\x04" + b"]" * 200_000 + b"a" * 199_999 + b".",
    "nested tuples": b"\x80\x04" + b"(" * 100_000 + b"t" * 100_000 + b".",
    "a gigabyte claimed": b"\x80\x04\x8e\x00\x00\x00\x40\x00\x00\x00\x00abc.",
    "a bytearray of eight exabytes": b"\x80\x05\x96" + b"\xff" * 7 + b"\x7f" + b".",
    "memo index of four billion": b"\x80\x04Nr\xff\xff\xff\xff.",
    "doubling by memo": b"\x80\x04]\x94" + b"".join(b"]\x94h%ch%ce" % (n, n) for n in range(100)).replace(b"e", b"aa") + b".",
    "get of what was never put": b"\x80\x04h\x07.",
    "mark never opened": b"\x80\x04t.",
    "stop at once": b".",
    "persistent id": b"\x80\x04Pid\n.",
    "extension code": b"\x80\x04\x82\x01.",
    "odd opcode": b"\x80\x04\xff.",
    "protocol 77": b"\x80\x4dN.",
    "a frame longer than the file": b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7fN.",
    "reduce of a string": b"\x80\x04\x8c\x01a)R.",
    "long of 2 GB": b"\x80\x04\x8b\xff\xff\xff\x7f.",
    "negative long": b"\x80\x04\x8b\xff\xff\xff\xff.",
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_inspect_survives_hostile_files(run, tmp_path, name, flags):
    path = tmp_path / "hostile.pkl"
    path.write_bytes(HOSTILE[name])
    done = run("inspect", path, *flags, timeout=PATIENCE_S)
    assert 0 <= done.returncode < 70, done
    assert done.stdout or done.stderr
    if flags and done.stdout:
        json.loads(done.stdout)


def test_every_truncation_is_refused_without_a_crash(run, tmp_path):
    path = tmp_path / "churn.pkl"
    for length in range(0, len(CHURN_BYTES), 97):
        path.write_bytes(CHURN_BYTES[:length])
        done = run("predict", path, "{}")
        assert done.returncode in (4, 5), f"{length} bytes: {done}"
        assert done.stderr
