# SPDX-License-Identifier: Apache-2.0
"""Checks that run clang's tools. What has passed is remembered in .cache/check by the hash of everything it depends
on, so that a second run looks only at what has changed."""
import concurrent.futures
import hashlib
import json
import os
import re
import shlex
import subprocess

JOBS = os.cpu_count() or 1


def run(command, root, stdin=None):
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, input=stdin, check=False)
    return done.returncode, done.stdout + done.stderr


class Passed:
    """The hashes of what has passed one check."""

    def __init__(self, tree, name, *tools_and_settings):
        self.tree = tree
        self.folder = tree.root / ".cache" / "check" / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.salt = hashlib.sha256("\0".join(tools_and_settings).encode()).hexdigest()

    def key(self, path, extra=""):
        digest = hashlib.sha256((self.salt + path + extra).encode())
        for part in self.tree.closure(path):
            digest.update(part.encode() + b"\0" + hashlib.sha256(self.tree.bytes(part)).digest())
        return self.folder / digest.hexdigest()

    def each(self, paths, function, extra=lambda path: ""):
        """function(path) -> problems, for each path that has not passed before; the slowest first."""
        due = [(path, key) for path in paths if not (key := self.key(path, extra(path))).exists()]
        due.sort(key=lambda pair: -len(self.tree.closure(pair[0])))

        def judge(pair):
            found = function(pair[0])
            if not found:
                pair[1].touch()
            return found

        with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
            return [problem for found in pool.map(judge, due) for problem in found]


def version(tool):
    return subprocess.run([tool, "--version"], capture_output=True, text=True, check=True).stdout


def check_format(tree):
    paths = tree.cpp()
    if not paths:
        return []
    _, output = run(["clang-format-19", "--dry-run", "-Werror", *paths], tree.root)
    lines = sorted({line.split(": error:")[0] for line in output.splitlines() if ": error:" in line})
    return [f"{line}: clang-format-19 -i would change this" for line in lines]


def commands(tree):
    """{path: compiler command} of compile_commands.json, without -c, -o and the launcher."""
    found = {}
    for entry in json.loads((tree.root / "build" / "compile_commands.json").read_text()):
        arguments = shlex.split(entry["command"])
        arguments = arguments[1:] if arguments[0].endswith("ccache") else arguments
        kept, skip = [], False
        for argument in arguments:
            if skip or argument in ("-c", "-o"):
                skip = argument == "-o"
            elif not argument.endswith(".cc"):
                kept.append(argument)
        path = os.path.relpath(entry["file"], tree.root)
        found.setdefault(path, kept)
    return found


def check_headers(tree):
    """Compiles each header as if it were a source, with the flags of a source of the same module."""
    known = commands(tree)
    flags = next(iter(known.values()), ["clang++-19"])
    passed = Passed(tree, "headers", version(flags[0]), *flags)

    def alone(path):
        command = [*flags, "-fsyntax-only", "-Wno-pragma-once-outside-header", "-Wno-unused-const-variable", "-x", "c++", path]
        code, output = run(command, tree.root)
        errors = [line for line in output.splitlines() if " error: " in line]
        return [f"{path}: does not compile alone: {(errors or [output])[0]}"] if code else []

    return passed.each([p for p in tree.cpp() if p.endswith(".h") and p.startswith("src/")], alone)


def analyzer(path):
    """The static analyzer would take nine tenths of the time: 26 s for a source that includes Asio, 11 for GoogleTest's
    macros. In tests it is off (ASan runs them); elsewhere it looks less deep into calls, which takes 2 s."""
    if path.endswith("_test.cc"):
        return ["--checks=-clang-analyzer-*"]
    return [f"--extra-arg={part}" for part in ("-Xclang", "-analyzer-config", "-Xclang", "mode=shallow")]


def check_tidy(tree):
    known = commands(tree)
    passed = Passed(tree, "tidy", version("clang-tidy-19"), tree.text(".clang-tidy"))

    def tidy(path):
        code, output = run(["clang-tidy-19", "-p", "build", "--quiet", *analyzer(path), path], tree.root)
        lines = [line for line in output.splitlines() if re.search(r": (warning|error): ", line)]
        lines = [line.replace(str(tree.root) + "/", "") for line in lines]
        return lines if lines or code == 0 else [f"{path}: clang-tidy-19 ended with {code}: {output[-400:]}"]

    paths = [p for p in tree.cpp() if p.endswith(".cc") and p in known]
    return sorted(set(passed.each(paths, tidy, lambda path: " ".join(known[path] + analyzer(path)))))
