# SPDX-License-Identifier: Apache-2.0
"""Who may include whom, as src/LAYERS says: a line a module, `module: what it may include`."""


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
        for other in sorted(others & {"serve", "deploy", "cli"}):
            if module != "cli":
                problems.append(f"src/LAYERS: {module} may include {other}, which nobody but cli includes")
    for path in tree.cpp():
        parts = path.split("/")
        if parts[0] != "src" or len(parts) < 3:
            continue
        module = parts[1]
        if module not in allowed:
            problems.append(f"{path}: src/LAYERS has no line for {module}")
            continue
        for number, target in tree.includes(path):
            other = target.split("/")[0]
            if "/" not in target or other not in allowed:
                problems.append(f'{path}:{number}: "{target}" is not written from src/ (such as "base/text.h")')
            elif other != module and other not in allowed[module]:
                may = ", ".join(sorted(allowed[module])) or "nothing"
                problems.append(f'{path}:{number}: {module} may not include {other} ("{target}"); it may include {may}')
    return problems
