# SPDX-License-Identifier: Apache-2.0
"""The program needs nothing: no loader, no library, no file. It starts in an empty root."""
import os
import shutil
import subprocess

import pytest
from conftest import CHURN


def in_empty_root(root, *command):
    """A user namespace where there is no root; the exit code and output of `command` in a root that holds `root`."""
    enter = ["/usr/sbin/chroot"] if os.geteuid() == 0 else ["unshare", "-r", "/usr/sbin/chroot"]
    return subprocess.run([*enter, str(root), *command], capture_output=True, text=True, check=False, timeout=20, env={})


@pytest.fixture
def root(slipway, tmp_path):
    shutil.copy(slipway, tmp_path / "slipway")
    return tmp_path


def test_it_is_linked_statically_at_a_random_address(slipway):
    kind = subprocess.run(["file", "-L", slipway], capture_output=True, text=True, check=True).stdout
    assert "static-pie linked" in kind and "interpreter" not in kind
    loaded = subprocess.run(["ldd", slipway], capture_output=True, text=True, check=False)
    assert "statically linked" in loaded.stdout + loaded.stderr


def test_it_is_at_most_8_mb_and_stripped(slipway):
    assert os.path.getsize(slipway) <= 8_000_000
    assert ", stripped" in subprocess.run(["file", "-L", slipway], capture_output=True, text=True, check=True).stdout


def test_it_starts_in_an_empty_root(root):
    done = in_empty_root(root, "/slipway", "--version")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("slipway ")


def test_it_predicts_in_an_empty_root(root, expected):
    shutil.copy(CHURN / "churn.pkl", root)
    done = in_empty_root(root, "/slipway", "predict", "/churn.pkl", (CHURN / "customer.json").read_text())
    assert done.returncode == 0, done.stderr
    assert str(expected[0]["probability"])[:14] in done.stdout


def test_it_serves_in_an_empty_root(root):
    shutil.copy(CHURN / "churn.pkl", root)
    enter = ["/usr/sbin/chroot"] if os.geteuid() == 0 else ["unshare", "-r", "/usr/sbin/chroot"]
    process = subprocess.Popen([*enter, str(root), "/slipway", "serve", "/churn.pkl", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        line = next(line for line in process.stdout if line.startswith("open"))
        url = next(word for word in line.split() if word.startswith("http://"))
        done = subprocess.run(["curl", "-sS", f"{url}/predict", "-d", f"@{CHURN / 'customer.json'}"], capture_output=True, text=True, check=True)
        assert '"probability":' in done.stdout
    finally:
        process.terminate()
        process.wait(20)
