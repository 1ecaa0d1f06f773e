# SPDX-License-Identifier: Apache-2.0
"""Rules that a look at the text can check."""
import re

from .tree import line_of

SPDX = "SPDX-License-Identifier: Apache-2.0"


def closing(code, at):
    """The position of the parenthesis that closes the one at `at`."""
    depth = 0
    for position in range(at, len(code)):
        depth += {"(": 1, ")": -1}.get(code[position], 0)
        if depth == 0:
            return position
    return len(code)


def without_control(text):
    """`if (x) y =` without its `if (x)`: what stands behind a condition is a statement again."""
    while True:
        match = re.match(r"\s*(else\b|case\b(?:[^:]|::)*:(?!:)|default\s*:|(?:if|while|for)\b(?:\s*constexpr)?\s*\()", text)
        if not match:
            return text
        end = match.end()
        if match.group().endswith("("):
            end = closing(text, end - 1) + 1
            if end > len(text):
                return text  # inside the condition: no statement
        text = text[end:]


def check_try(tree):
    problems = []
    for path in tree.cpp():
        # Macro definitions may say what they like: what they expand to is judged where they are used.
        code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m.group()), tree.code(path), flags=re.M)
        for match in re.finditer(r"\bSLIPWAY_TRY\s*\(", code):
            end = closing(code, match.end() - 1)
            after = code[end + 1:].lstrip()[:1]
            begin = max(code.rfind(c, 0, match.start()) for c in ";{}") + 1
            # `for (a; b = SLIPWAY_TRY(c);` would begin behind a `;`: the parenthesis left open gives it away.
            before = without_control(code[begin:match.start()]).strip()
            whole = before == "" or (
                before.endswith("=") and not re.search(r"[=!<>?]=$|\breturn\b|\?|[^=!<>]=[^=].*=$", before)
                and not before.startswith(".") and before.count("(") == before.count(")"))
            if after != ";" or not whole or open_parenthesis(code, begin, match.start()):
                problems.append(
                    f"{path}:{line_of(code, match.start())}: SLIPWAY_TRY inside a larger expression; its early return "
                    "can skip destructors. Write `auto x = SLIPWAY_TRY(...);` first")
    return problems


def open_parenthesis(code, begin, at):
    """True if the statement at `at` stands inside the parentheses of a `for`."""
    line_start = code.rfind("\n", 0, begin) + 1
    head = code[line_start:at]
    return bool(re.match(r"\s*for\s*\(", head)) and head.count("(") > head.count(")")


def check_coroutines(tree):
    problems = []
    for path in tree.cpp():
        for match in re.finditer(r"\bco_(?:await|yield|return)\b|<coroutine>|\basio::(?:co_spawn|awaitable)\b", tree.code(path)):
            problems.append(f"{path}:{line_of(tree.code(path), match.start())}: {match.group()}: no coroutines "
                            '(docs/decisions.md, "No coroutines")')
    return problems


def is_source(tree, path):
    return path.endswith((".h", ".cc", ".py", ".cmake", ".sh")) or (
        "." not in path.rsplit("/", 1)[-1] and tree.bytes(path).startswith(b"#!"))


def check_spdx(tree):
    problems = []
    for path in tree.paths:
        if not is_source(tree, path):
            continue
        lines = tree.text(path).splitlines()[:2]
        first = lines[1:2] if lines and lines[0].startswith("#!") else lines[:1]
        if not first or SPDX not in first[0]:
            problems.append(f"{path}:1: the first line (behind #!) must be the comment {SPDX}")
    return problems


# The brackets keep these lines from finding themselves.
MACHINE = re.compile(r"(?<![\w.$}/-])/(?:w[o]rk|f[a]rm|r[o]ot|h[o]me/\w+)/[\w.]|https?://(?:registry|proxy|index|repo1?|deb|static|files)[.]"
                     r"|\bp[y]pi[.]org|snapshot[.]debian[.]org")


def check_machine(tree):
    problems = []
    for path in tree.paths:
        data = tree.bytes(path)
        if path.startswith("testdata/") or b"\0" in data[:4096]:
            continue
        text = data.decode("utf-8", "replace")
        for match in MACHINE.finditer(text):
            problems.append(f"{path}:{line_of(text, match.start())}: \"{match.group()}\" means something on one machine only")
    return problems
