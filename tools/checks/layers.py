# SPDX-License-Identifier: Apache-2.0
"""Who may include whom, as src/LAYERS says: a line a module, `module: what it may include`. A test may also include the
modules that its own must not know, to hold one against the other (what was imported, run by both engines); nobody's test
includes serve, deploy or cli from outside."""

TOP = {"serve", "deploy", "cli"}


def read(text):
    allowed = {}
    for line in text.splitlines():
        line = line.split("#")[0].strip()
        if line:
            module, _, others = line.partition(":")
            allowed[module.strip()] = set(others.split())
    return allowed


def check(tree):
    allowed = read(tree.text("src/LAYERS"))
    problems = []
    for module, others in allowed.items():
        for other in sorted(others - set(allowed)):
            problems.append(f"src/LAYERS: {module} may include {other}, which has no line of its own")
        for other in sorted(others & TOP):
            if module != "cli":
                problems.append(f"src/LAYERS: {module} may include {other}, which nobody but cli includes")
    for path in tree.cpp():
        parts = path.split("/")
        if parts[0] != "src" or len(parts) < 3:
            continue
        module = parts[1]
        is_test = path.endswith("_test.cc")
        if module not in allowed:
            problems.append(f"{path}: src/LAYERS has no line for {module}")
            continue
        for number, target in tree.includes(path):
            other = target.split("/")[0]
            if "/" not in target or other not in allowed:
                problems.append(f'{path}:{number}: "{target}" is not written from src/ (such as "base/text.h")')
            elif other != module and other not in allowed[module] and (not is_test or other in TOP):
                may = ", ".join(sorted(allowed[module])) or "nothing"
                problems.append(f'{path}:{number}: {module} may not include {other} ("{target}"); it may include {may}')
    return problems
