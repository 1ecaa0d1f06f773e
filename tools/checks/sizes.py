# SPDX-License-Identifier: Apache-2.0
"""Headers of at most 150 lines, sources of 500, functions of 60. Exceptions, with a reason each, stand in
tools/checks/exceptions.txt; one that is no longer needed is a problem too."""
import re

from .tree import line_of

LIMITS = {".h": 150, ".cc": 500}
FUNCTION = 60
EXCEPTIONS = "tools/checks/exceptions.txt"


def read_exceptions(tree, problems):
    """{path or path:function: limit}"""
    exceptions = {}
    if EXCEPTIONS not in tree.paths:
        return exceptions
    for number, line in enumerate(tree.text(EXCEPTIONS).splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = line.split(None, 2)
        if len(parts) < 3 or not parts[1].isdigit():
            problems.append(f"{EXCEPTIONS}:{number}: not `path[:function] limit reason`")
            continue
        exceptions[parts[0]] = int(parts[1])
    return exceptions


def functions(code):
    """(name, first line, number of lines) of each function defined at the level of a namespace or a class. `code` is
    blanked. Braces are counted; what stands before an opening one says what it opens."""
    found, stack, start = [], [], 0
    for match in re.finditer(r"[{};]|\n[ \t]*#[^\n]*", code):
        at = match.start()
        char = code[at]
        outside = all(kind == "scope" for kind, _, _ in stack)
        if char == "\n":  # a preprocessor line
            if outside:
                start = match.end()
        elif char == ";":
            if outside:
                start = at + 1
        elif char == "{":
            head = code[start:at].strip()
            if not outside:
                kind = "inner"
            elif re.search(r"[\w>]$", code[:at]) and code[at - 1] not in " \n":
                kind = "initialiser"  # `a_{x}`; a body has a blank before it
            elif re.search(r"\b(namespace|extern)\b", head) and "(" not in head:
                kind = "scope"
            elif "(" in head and not re.search(r"(?<!operator)(?<![=!<>])=(?!=)[^()]*$", head):
                kind = "function"
            elif re.search(r"\b(class|struct|union|enum)\b", head):
                kind = "scope"
            else:
                kind = "inner"
            label = re.match(r"\s*(?:(?:public|private|protected)\s*:\s*)?", code[start:at])
            stack.append((kind, start + label.end(), head))
            if outside and kind != "initialiser":
                start = at + 1
        elif stack:
            kind, began, head = stack.pop()
            if kind == "function":
                first = line_of(code, began)
                found.append((name_of(head), first, line_of(code, at) - first + 1))
            if kind != "initialiser" and all(k == "scope" for k, _, _ in stack):
                start = at + 1
    return found


def name_of(head):
    macro = re.match(r"(?:TEST|TEST_F|TEST_P)\s*\(\s*(\w+)\s*,\s*(\w+)", head)
    if macro:
        return f"{macro.group(1)}.{macro.group(2)}"
    match = re.search(r"(operator\s*\S+?|~?\w+)\s*\(", head)
    return match.group(1).replace(" ", "") if match else "?"


def check(tree):
    problems = []
    exceptions = read_exceptions(tree, problems)
    needed = set()

    def too_long(key, lines, limit):
        if lines > limit:
            needed.add(key)
        return lines > max(limit, exceptions.get(key, 0))

    for path in tree.cpp():
        limit = LIMITS[path[path.rindex("."):]]
        lines = len(tree.text(path).splitlines())
        if too_long(path, lines, limit):
            problems.append(f"{path}: {lines} lines, at most {limit}")
        for name, first, count in functions(tree.code(path)):
            if too_long(f"{path}:{name}", count, FUNCTION):
                problems.append(f"{path}:{first}: {name} has {count} lines, at most {FUNCTION}")
    for key in sorted(set(exceptions) - needed):
        problems.append(f"{EXCEPTIONS}: {key} needs no exception any more")
    return problems
