# SPDX-License-Identifier: Apache-2.0
"""Each check against examples: bad ones that it must object to (with these words), good ones that it must not."""
import json
import pathlib
import tempfile

from . import compiled, layers, sizes, text
from .tree import Tree

LICENCE = "// SPDX-License-Identifier: Apache-2.0\n"
LAYERS = "base:\nmodel: base\nserve: base model\ncli: base model serve\n"
LONG_FUNCTION = "namespace a {\nint f(int x) {\n" + "  ++x;\n" * 60 + "  return x;\n}\n}  // namespace a\n"
LONG_METHOD = "class A {\n public:\n  A() : x_{1}, y_{2} {\n" + "    ++x_;\n" * 60 + "  }\n  int x_, y_;\n};\n"
LONG_TABLE = "constexpr int kTable[] = {\n" + "    1,\n" * 80 + "};\nint f() { return kTable[0]; }\n"
LONG_TEST = "TEST(Subject, Sentence) {\n" + "  f();\n" * 60 + "}\n"


def one(code, path="src/base/x.cc"):
    return {path: code}


# (check, files, words of the objection; None: no objection)
EXAMPLES = [
    (layers.check, {"src/LAYERS": LAYERS, "src/base/x.cc": '#include "model/op.h"\n'}, "base may not include model"),
    (layers.check, {"src/LAYERS": LAYERS, "src/model/x.h": '#include "serve/a.h"\n'}, "model may not include serve"),
    (layers.check, {"src/LAYERS": LAYERS, "src/odd/x.h": ""}, "no line for odd"),
    (layers.check, {"src/LAYERS": LAYERS, "src/base/x.cc": '#include "y.h"\n'}, "not written from src/"),
    (layers.check, {"src/LAYERS": LAYERS, "src/model/x_test.cc": '#include "serve/a.h"\n'}, "model may not include serve"),
    (layers.check, {"src/LAYERS": LAYERS, "src/base/x_test.cc": '#include "model/op.h"\n'}, None),
    (layers.check, {"src/LAYERS": "base:\nserve: base\nmodel: base serve\n"}, "nobody but cli includes"),
    (layers.check, {"src/LAYERS": "model: bass\n"}, "has no line of its own"),
    (layers.check, {"src/LAYERS": LAYERS, "src/serve/x.cc": '#include "model/op.h"\n#include "serve/y.h"\n'}, None),
    (sizes.check, one("\n" * 151, "src/base/x.h"), "151 lines, at most 150"),
    (sizes.check, one("\n" * 501), "501 lines, at most 500"),
    (sizes.check, one(LONG_FUNCTION), "f has 63 lines, at most 60"),
    (sizes.check, one(LONG_METHOD), "A has 62 lines, at most 60"),
    (sizes.check, one(LONG_TEST), "Subject.Sentence has 62 lines"),
    (sizes.check, {**one(LONG_FUNCTION), sizes.EXCEPTIONS: "src/base/x.cc:f 63 a table of cases\n"}, None),
    (sizes.check, {**one("int x;\n"), sizes.EXCEPTIONS: "src/base/x.cc 900 once\n"}, "needs no exception any more"),
    (sizes.check, {**one("int x;\n"), sizes.EXCEPTIONS: "src/base/x.cc 900\n"}, "limit reason"),
    (sizes.check, one(LONG_TABLE), None),
    (sizes.check, one(LONG_FUNCTION.replace("++x;", "// }")), "f has 63 lines"),
    (text.check_try, one("auto f() { return S{a(), SLIPWAY_TRY(b())}; }\n"), "larger expression"),
    (text.check_try, one("auto f() { return SLIPWAY_TRY(b()); }\n"), "larger expression"),
    (text.check_try, one("auto f() { g(SLIPWAY_TRY(b())); }\n"), "larger expression"),
    (text.check_try, one("auto f() { auto x = 1 + SLIPWAY_TRY(b()); }\n"), "larger expression"),
    (text.check_try, one("auto f() { auto x = SLIPWAY_TRY(b()) + 1; }\n"), "larger expression"),
    (text.check_try, one("auto f() { S x = {.a = SLIPWAY_TRY(b())}; }\n"), "larger expression"),
    (text.check_try, one("auto f() { if (SLIPWAY_TRY(b())) g(); }\n"), "larger expression"),
    (text.check_try, one("auto f() { for (auto x = SLIPWAY_TRY(b()); x; ++x) g(); }\n"), "larger expression"),
    (text.check_try, one("auto f() { auto x = c ? y : SLIPWAY_TRY(b()); }\n"), "larger expression"),
    (text.check_try, one("auto f() { a = b = SLIPWAY_TRY(c()); }\n"), "larger expression"),
    (text.check_try, one("auto f() {\n  auto x = SLIPWAY_TRY(b({1, 2}));\n  SLIPWAY_TRY(c());\n  if (x) y.z[1] = SLIPWAY_TRY(d());\n"
                         "  const auto [p, q] = SLIPWAY_TRY(e()); // return SLIPWAY_TRY(f()) is wrong\n}\n"), None),
    (text.check_try, one("auto f() { switch (x) { case Op::kA: SLIPWAY_TRY(a()); default: y = SLIPWAY_TRY(b()); } }\n"), None),
    (text.check_try, one("#define SLIPWAY_TRY(...) \\\n  other(__VA_ARGS__)\n#define X() f(SLIPWAY_TRY(g()))\n"), None),
    (text.check_coroutines, one("Task f() { co_await g(); }\n"), "co_await"),
    (text.check_coroutines, one("Task f() { co_return 1; }\n"), "co_return"),
    (text.check_coroutines, one("Task f() { co_yield 1; }\n"), "co_yield"),
    (text.check_coroutines, one("#include <coroutine>\n"), "coroutine"),
    (text.check_coroutines, one('// no co_await here\nauto x = "co_await";\n'), None),
    (text.check_spdx, one("int x;\n"), "first line"),
    (text.check_spdx, {"tools/x": "#!/usr/bin/env bash\nls\n"}, "first line"),
    (text.check_spdx, {"tools/x": "#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\n", **one(LICENCE)}, None),
    (text.check_machine, {"docs/x.md": "see /ro" + "ot/secret.txt\n"}, "one machine only"),
    (text.check_machine, {"docs/x.md": "open /wo" + "rk/x\n"}, "one machine only"),
    (text.check_machine, {"docs/x.md": "from https://reg" + "istry.example.com/x\n"}, "one machine only"),
    (text.check_machine, {"docs/x.md": "a network/work/home that is fine, and https://example.com/root/x\n"}, None),
    (compiled.check_format, one(LICENCE + "int  x = 1;\n"), "clang-format-19 -i would change this"),
    (compiled.check_format, one(LICENCE + "int x = 1;\n"), None),
    (compiled.check_headers, one(LICENCE + "#pragma once\nstd::string x();\n", "src/base/x.h"), "does not compile alone"),
    (compiled.check_headers, one(LICENCE + "#pragma once\n#include <string>\nstd::string x();\n", "src/base/x.h"), None),
    (compiled.check_tidy, one(LICENCE + "int CamelCase() { return 1; }\n"), "readability-identifier-naming"),
    (compiled.check_tidy, one(LICENCE + "int snake_case() { return 1; }\n"), None),
]


def check(tree):
    problems = []
    for number, (function, files, words) in enumerate(EXAMPLES, 1):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            database = [{"directory": folder, "file": f"{folder}/{path}", "command": f"clang++-19 -std=c++23 -c {folder}/{path}"}
                        for path in files if path.endswith(".cc")]
            settings = {name: tree.text(name) for name in (".clang-format", ".clang-tidy")}
            for path, content in {**settings, **files, "build/compile_commands.json": json.dumps(database)}.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(content)
            found = function(Tree(root, [*settings, *files]))
        if words is None and found:
            problems.append(f"example {number}: {function.__name__} objects to a good one: {found[0]}")
        elif words is not None and not any(words in problem for problem in found):
            problems.append(f"example {number}: {function.__name__} does not say \"{words}\" but {found}")
    return problems
