# SPDX-License-Identifier: Apache-2.0
"""The files that git would commit, with C++ read far enough for simple checks."""
import functools
import pathlib
import re
import subprocess

_TOKEN = re.compile(
    r"""R"(?P<tag>[^()\\\s]{0,16})\(.*?\)(?P=tag)" | //[^\n]* | /\*.*?\*/ | "(?:\\.|[^"\\\n])*" | (?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])*' """,
    re.VERBOSE | re.DOTALL,
)


def blanked(code):
    """The code with comments and the insides of literals turned into blanks: same length, same lines."""

    def blank(match):
        token = match.group()
        kept = "".join("\n" if c == "\n" else " " for c in token)
        return kept if token.startswith("/") else '"' + kept[1:-1] + '"'

    return _TOKEN.sub(blank, code)


class Tree:
    def __init__(self, root, paths=None):
        self.root = pathlib.Path(root)
        if paths is None:
            listed = subprocess.run(
                ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                cwd=self.root, check=True, capture_output=True, text=True).stdout
            paths = sorted(p for p in listed.split("\0") if p and (self.root / p).is_file())
        self.paths = paths

    def cpp(self):
        return [p for p in self.paths if p.endswith((".h", ".cc"))]

    @functools.lru_cache(maxsize=None)
    def bytes(self, path):
        return (self.root / path).read_bytes()

    def text(self, path):
        return self.bytes(path).decode("utf-8", "replace")

    @functools.lru_cache(maxsize=None)
    def code(self, path):
        return blanked(self.text(path))

    @functools.lru_cache(maxsize=None)
    def includes(self, path):
        """(line number, target) of each #include "..."."""
        found = []
        for number, line in enumerate(self.text(path).splitlines(), 1):
            match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if match:
                found.append((number, match.group(1)))
        return found

    def closure(self, path):
        """The path and every file of the project that it includes, directly or not."""
        seen, rest = {path}, [path]
        while rest:
            for _, target in self.includes(rest.pop()):
                inside = "src/" + target
                if inside not in seen and (self.root / inside).is_file():
                    seen.add(inside)
                    rest.append(inside)
        return sorted(seen)


def line_of(text, position):
    return text.count("\n", 0, position) + 1
