# SPDX-License-Identifier: Apache-2.0
"""models, promote, rollback and remove, on stores written by hand as docs/store.md says."""
import concurrent.futures
import hashlib
import json
import os
import shutil
import subprocess

import pytest


class Store:
    """A store's directory, written from the outside."""

    def __init__(self, path):
        self.path = path

    def put(self, key, text):
        file = self.path / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def bundle(self, proof="library", salt=""):
        manifest = json.dumps({"proof": {"level": proof}, "salt": salt})
        bundle = hashlib.sha256(manifest.encode()).hexdigest()
        self.put(f"bundles/{bundle}/weights.safetensors", "w" * 1500)
        self.put(f"bundles/{bundle}/source/churn.pkl", "p" * 500)
        self.put(f"bundles/{bundle}/manifest.json", manifest)
        return bundle

    def version(self, model, number, bundle, **fields):
        self.put(f"models/{model}/versions/{number}.json", json.dumps(
            {"bundle": bundle, "metadata": {}, "published": "2026-11-22T01:22:42.123Z", "by": "ana@host", **fields}))

    def journal(self, model, alias):
        folder = self.path / "models" / model / "aliases" / alias
        return [json.loads(file.read_text()) for file in sorted(folder.iterdir())] if folder.exists() else []

    def files(self):
        return {str(file.relative_to(self.path)) for file in self.path.rglob("*") if file.is_file()}


@pytest.fixture
def store(tmp_path):
    """churn:1 (v1) and churn:2, leads:1 with the bundle of churn:1."""
    made = Store(tmp_path / "store")
    first, second = made.bundle(), made.bundle("none", "2")
    made.version("churn", 1, first, label="v1", metadata={"owner": "ana"})
    made.version("churn", 2, second)
    made.version("leads", 1, first)
    return made


@pytest.fixture
def at(run, store):
    """at("models", ...) -> the command on this store."""
    return lambda command, *arguments: run(command, *arguments, "--store", store.path)


def ok(done):
    assert done.returncode == 0 and done.stderr == "", (done.returncode, done.stderr)
    return done.stdout


def test_models_lists_versions_labels_aliases_proof_size_time_and_who(at):
    ok(at("promote", "churn:1", "production"))
    ok(at("promote", "churn:v1", "staging"))
    lines = [line.split() for line in ok(at("models")).splitlines()]
    assert lines[0] == ["MODEL", "LABEL", "ALIASES", "PROOF", "SIZE", "PUBLISHED", "BY"]
    assert lines[1] == ["churn:1", "v1", "production,staging", "library", "2.0", "kB", "2026-11-22T01:22:42.123Z", "ana@host"]
    assert lines[2] == ["churn:2", "-", "-", "none", "2.0", "kB", "2026-11-22T01:22:42.123Z", "ana@host"]
    assert lines[3][0] == "leads:1" and len(lines) == 4


def test_models_as_json_holds_everything(at, store):
    ok(at("promote", "churn:2", "production", "--why", 'a "better" one', "--by", "bob"))
    churn, leads = json.loads(ok(at("models", "--json")))
    assert [churn["name"], leads["name"]] == ["churn", "leads"]
    first, second = churn["versions"]
    assert first["label"] == "v1" and first["metadata"] == {"owner": "ana"} and first["proof"] == "library"
    assert first["bytes"] == sum(file.stat().st_size for file in (store.path / "bundles" / first["bundle"]).rglob("*")
                                 if file.is_file())
    assert "label" not in second and churn["problems"] == []
    entry = churn["aliases"]["production"]
    assert (entry["entry"], entry["version"], entry["by"], entry["why"]) == (1, 2, "bob", 'a "better" one')
    assert leads["aliases"] == {}


def test_models_of_one_name_shows_its_journals(at):
    for reference in ("churn:1", "churn:2"):
        ok(at("promote", reference, "production", "--by", "bob", "--why", "because"))
    ok(at("rollback", "churn", "production", "--by", "eve"))
    text = ok(at("models", "churn"))
    assert "leads" not in text
    journal = text[text.index("churn@production"):].splitlines()
    assert [line.split()[:2] for line in journal[1:]] == [["000001", "churn:1"], ["000002", "churn:2"], ["000003", "churn:1"]]
    assert journal[1].endswith("bob: because") and journal[3].endswith("eve: rollback")
    [model] = json.loads(ok(at("models", "churn", "--json")))
    assert [entry["version"] for entry in model["journals"]["production"]] == [1, 2, 1]


def test_promote_writes_the_documented_entry_and_says_where_it_stood(at, store):
    assert ok(at("promote", "churn:1", "production")) == "churn@production is churn:1\n"
    assert ok(at("promote", "churn:1", "production")) == "churn@production is churn:1 already\n"
    assert ok(at("promote", "churn:2", "production", "--by", "bob", "--why", "better")) == \
        "churn@production is churn:2, was churn:1\n"
    entries = store.journal("churn", "production")
    assert [entry["version"] for entry in entries] == [1, 2]
    assert entries[1]["by"] == "bob" and entries[1]["why"] == "better" and entries[1]["at"].endswith("Z")
    assert (store.path / "models/churn/aliases/production/000002.json").exists()
    assert json.loads(ok(at("promote", "churn@production", "staging", "--json"))) == {
        "model": "churn", "alias": "staging", "from": None, "to": 2, "entry": 1, "moved": True}


def test_rollback_goes_back_and_refuses_where_nothing_is(at, store):
    ok(at("promote", "churn:1", "production"))
    ok(at("promote", "churn:2", "production"))
    assert ok(at("rollback", "churn", "production")) == "churn@production is churn:1, was churn:2\n"
    done = at("rollback", "churn", "production")
    assert done.returncode == 2 and "pointed at no other version" in done.stderr and "slipway promote" in done.stderr
    assert [entry["version"] for entry in store.journal("churn", "production")] == [1, 2, 1]


def test_remove_leaves_a_tombstone_and_deletes_what_nobody_else_uses(at, store):
    assert "its files stay: leads:1 uses it" in ok(at("remove", "churn:1", "--by", "bob", "--why", "old"))
    tombstone = json.loads((store.path / "models/churn/versions/1.removed.json").read_text())
    assert tombstone["by"] == "bob" and tombstone["why"] == "old"
    bundle = json.loads((store.path / "models/leads/versions/1.json").read_text())["bundle"]
    assert ok(at("remove", "leads:1")) == "leads:1 is removed; its files are deleted\n"
    assert not (store.path / "bundles" / bundle).exists()
    assert json.loads(ok(at("remove", "leads:1", "--json")))["already"] is True
    assert "churn:1 was removed" in at("promote", "churn:1", "production").stderr
    assert not any(file.startswith(("locks", ".tmp")) for file in store.files())


def test_remove_is_refused_while_an_alias_points_there_unless_forced(at, store):
    ok(at("promote", "churn:2", "production"))
    before = store.files()
    done = at("remove", "churn:2")
    assert done.returncode == 2 and "churn@production points at churn:2" in done.stderr and "--force" in done.stderr
    assert store.files() == before
    ok(at("remove", "churn:2", "--force"))


@pytest.mark.parametrize("arguments, code, words", [
    (["models", "chrun"], 3, ["chrun", "Did you mean churn?"]),
    (["models", "a", "b"], 2, ["one name"]),
    (["promote", "churn:1"], 2, ["slipway promote churn:2 production"]),
    (["promote", "churn:9", "production"], 3, ["no churn:9", "churn:1 and churn:2"]),
    (["promote", "churn:v2", "production"], 3, ["v2", "There is v1"]),
    (["promote", "churn:1", "a/b"], 2, ["an alias"]),
    (["rollback", "churn", "production"], 3, ["no alias"]),
    (["remove", "churn"], 2, ["slipway remove churn:3"]),
    (["remove", "../x:1"], 2, ["cannot be a model's name"]),
    (["remove", "churn:1", "--forse"], 2, ["--force"]),
])
def test_errors_say_what_to_do(at, store, arguments, code, words):
    before = store.files()
    done = at(*arguments)
    assert done.returncode == code and done.stdout == ""
    for word in words:
        assert word in done.stderr
    assert store.files() == before


def test_the_store_is_the_environments_or_the_homes(run, store, tmp_path):
    environment = {**os.environ, "SLIPWAY_STORE": str(store.path)}
    assert "churn:1" in ok(run("models", env=environment))
    environment = {**os.environ, "HOME": str(tmp_path / "home")}
    environment.pop("SLIPWAY_STORE", None)
    done = run("models", env=environment)
    assert done.returncode == 3 and f"{tmp_path}/home/.local/share/slipway" in done.stderr and "slipway import" in done.stderr
    shutil.copytree(store.path, tmp_path / "home/.local/share/slipway")
    assert "churn:1" in ok(run("models", env=environment))
    environment.pop("HOME")
    done = run("models", env=environment)
    assert done.returncode == 2 and "--store" in done.stderr
    assert run("models", "--store", "s3://bucket/models").returncode == 2


def test_who_is_taken_from_the_environment(run, store):
    environment = {**os.environ, "SLIPWAY_BY": "ci/42"}
    ok(run("promote", "churn:1", "production", "--store", store.path, env=environment))
    environment = {**os.environ, "USER": "eve", "SLIPWAY_BY": ""}
    ok(run("promote", "churn:2", "production", "--store", store.path, env=environment))
    first, second = store.journal("churn", "production")
    assert first["by"] == "ci/42" and second["by"] == f"eve@{os.uname().nodename}"


def test_a_broken_model_is_named_and_the_others_are_listed(at, store):
    store.put("models/churn/versions/abc.json", "{}")
    store.put("models/churn/versions/3.json", "{")
    store.put("models/file", "x")
    (store.path / "models/linked").symlink_to("/etc")
    done = at("models")
    assert done.returncode == 5
    assert "leads:1" in done.stdout and "churn:2" in done.stdout and "churn:3" not in done.stdout
    for name in ("versions/abc.json", "versions/3.json", "models/file", "models/linked"):
        assert f"{store.path}/" in done.stderr and name in done.stderr
    ok(at("promote", "churn:2", "production"))
    ok(at("promote", "leads:1", "production"))


def test_a_version_without_its_bundle_is_not_promoted(at, store):
    bundle = json.loads((store.path / "models/churn/versions/2.json").read_text())["bundle"]
    (store.path / "bundles" / bundle / "manifest.json").unlink()
    assert "missing" in at("models").stdout
    done = at("promote", "churn:2", "production")
    assert done.returncode == 3 and bundle in done.stderr
    assert store.journal("churn", "production") == []


def test_text_in_a_store_cannot_command_the_terminal(at, store):
    store.version("churn", 3, store.bundle("\x1b[31mred"), by="\x1b]0;x\x07", published="\x1b[2J")
    ok(at("promote", "churn:3", "production", "--why", "\x1b[31m"))
    assert "\x1b" not in ok(at("models")) + ok(at("models", "churn")) + ok(at("models", "--json"))


def test_promotions_at_once_are_all_in_the_journal(at, store):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda n: at("promote", f"churn:{n % 2 + 1}", f"alias{n % 3}"), range(24)))
    for done in results:
        assert done.returncode == 0, done.stderr
    for number in range(3):
        entries = store.journal("churn", f"alias{number}")
        assert all(a["version"] != b["version"] for a, b in zip(entries, entries[1:]))


@pytest.fixture
def disk(tmp_path):
    """A small file system of its own; skipped where mounting is not permitted."""
    path = tmp_path / "disk"
    path.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", path], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("mounting is not permitted here")
    yield path
    subprocess.run(["umount", path], check=True)


def test_a_full_disk_is_named_and_costs_nothing(run, disk):
    store = Store(disk / "store")
    store.version("churn", 1, store.bundle())
    store.version("churn", 2, store.bundle("none"))
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, pytest.raises(OSError):
        while True:
            file.write(b"x" * 4096)
    before = store.files()
    done = run("promote", "churn:1", "production", "--store", store.path)
    assert done.returncode == 8
    assert "No space left on device" in done.stderr and str(store.path) in done.stderr and "Free some space" in done.stderr
    assert store.files() == before
    assert "its files are deleted" in ok(run("remove", "churn:2", "--store", store.path))  # which makes room
    ok(run("promote", "churn:1", "production", "--store", store.path))


def test_a_read_only_store_is_read_and_says_why_it_is_not_changed(run, disk):
    store = Store(disk / "store")
    store.version("churn", 1, store.bundle())
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    assert "churn:1" in ok(run("models", "--store", store.path))
    done = run("promote", "churn:1", "production", "--store", store.path)
    assert done.returncode == 8 and "Read-only file system" in done.stderr and str(store.path) in done.stderr
