# SPDX-License-Identifier: Apache-2.0
"""./dev parity: random models of the installed scikit-learn, scored by it and by build/slipway.

Runs inside an environment with scikit-learn (Python 3.7 and later). A model is made from the seed and its number alone:
--seed N --only K makes that one again. docs/parity.md says what is compared and how.
"""
import argparse
import collections
import json
import os
import pickle
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
warnings.filterwarnings("ignore")
try:
    import joblib
except ImportError:  # before 0.21 the library had its own
    from sklearn.externals import joblib
import numpy
import sklearn

import compare
import models
from estimators import TABLE

numpy.seterr(all="ignore")
RELEASE = tuple(int(part) for part in sklearn.__version__.split(".")[:2])
PREFIX = dict((column, method) for method, column in
              [("predict", "prediction"), ("predict_proba", "probability"), ("decision_function", "decision"),
               ("score_samples", "score"), ("transform", "transform")])
COLUMNS = dict(compare.METHODS)


TRIES = 8  # draws for a model before an estimator counts as not compared: not every draw can be fitted


class TooSlow(Exception):
    pass


def too_slow(*_):
    raise TooSlow("took too long")


def parse():
    parser = argparse.ArgumentParser(prog="./dev parity", description="random models, the library against build/slipway")
    parser.add_argument("--slipway", default="build/slipway")
    parser.add_argument("--estimator", help="only models around this one")
    parser.add_argument("--seed", type=int, default=None, help="default: drawn, and printed")
    parser.add_argument("--only", type=int, help="the number of one model of the seed")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rounds", type=int, help="so many models of each estimator, however long it takes; every "
                        "estimator that the release has must then have been compared")
    parser.add_argument("--keep", default=".cache/parity", help="where mismatches are saved")
    parser.add_argument("--quiet", action="store_true", help="the summary without the counts by estimator")
    return parser.parse_args()


class Slipway(object):
    """The binary, with a store of its own."""

    def __init__(self, binary, folder):
        self.binary, self.folder = os.path.abspath(binary), folder
        self.environment = dict(os.environ, SLIPWAY_STORE=os.path.join(folder, "store"))

    def run(self, *arguments):
        done = subprocess.run([self.binary] + list(arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                              env=self.environment, cwd=self.folder)
        return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")

    def listed(self):
        code, out, error = self.run("estimators", "--json")
        if code != 0:
            sys.exit("slipway estimators: " + error)
        return [row["name"] for row in json.loads(out.decode())]

    def predict(self, model, columns):
        return self.run("predict", model, "--input", "rows.jsonl", "--format", "jsonl", "--columns", "row," + ",".join(columns),
                        "--on-error", "skip", "--contract", "ignore")


def dump(rng, parts, path):
    """One of the ways in which people write a model; its name is what the repro shows."""
    if rng.random() < 0.5:
        protocol = rng.randrange(2, pickle.HIGHEST_PROTOCOL + 1)
        with open(path, "wb") as stream:
            pickle.dump(parts, stream, protocol=protocol)
        return "pickle, protocol %d" % protocol
    squeeze = rng.choice([0, 0, 1, 3, ("zlib", 3), ("gzip", 3), ("bz2", 3), ("lzma", 3), ("xz", 3)])
    joblib.dump(parts, path, compress=squeeze)
    return "joblib, compress=%r" % (squeeze,)


def read_answers(out):
    """{row: {method: values}} of the lines of slipway predict. Pairs, since two labels may have one text."""
    answers = {}
    for line in out.decode().split("\n"):
        if line:
            one = collections.defaultdict(list)
            for name, value in json.loads(line, object_pairs_hook=list):
                one[PREFIX.get(name.split("_")[0], name)].append(value)
            answers[one.pop("row")[0] - 1] = one
    return answers


class Run(object):
    def __init__(self, options, slipway):
        self.options, self.slipway = options, slipway
        self.listed = [name for name in slipway.listed()]
        unknown = [name for name in self.listed if name not in TABLE]
        if unknown:
            sys.exit("slipway lists what tools/parity/estimators.py has no row for: " + ", ".join(unknown))
        self.compared = collections.Counter()
        self.fit_failures, self.refused, self.unserved = collections.Counter(), collections.Counter(), collections.Counter()
        self.count = collections.Counter()
        self.mismatches = []

    def focuses(self):
        maker = models.Maker(random.Random(0), self.listed, RELEASE)
        if self.options.estimator:
            if self.options.estimator not in self.listed:
                sys.exit("slipway does not list " + self.options.estimator)
            return [self.options.estimator]
        # Encoders and tables of texts are fitted on a DataFrame.
        framed = set() if models.has_pandas() else {"OneHotEncoder", "OrdinalEncoder", "ColumnTransformer"}
        return sorted(name for name in self.listed if maker.exists(name) and name not in framed)

    def whole(self):
        options, began, names = self.options, time.time(), self.focuses()
        numbers = range(options.rounds * len(names) if options.rounds else 10 ** 9)
        for k in numbers if options.only is None else [options.only]:
            if options.only is None and not options.rounds and time.time() - began > options.seconds:
                break
            # Each round of len(names) models has every estimator once, in an order of the seed's.
            order = list(names)
            random.Random("%d/%d" % (options.seed, k // len(names))).shuffle(order)
            focus = order[k % len(names)]
            any(self.one(k, focus, attempt) for attempt in range(TRIES))
        self.seconds = time.time() - began
        self.never = [name for name in names if not self.compared[name]]

    def one(self, k, focus, attempt):
        """False if nothing was compared, since the draw cannot be fitted or the model is refused."""
        rng = random.Random("%d:%d:%s" % (self.options.seed, k, focus) + ":%d" % attempt * (attempt > 0))
        numpy.random.seed(rng.randrange(2 ** 31))
        self.count["tried"] += 1
        try:
            signal.setitimer(signal.ITIMER_PROF, 15)  # of its own time: the same on a busy machine
            made = models.generate(rng, focus, self.listed, RELEASE)
        except Exception as error:
            self.fit_failures["%s: %s: %s" % (focus, type(error).__name__, str(error).split("\n")[0][:110])] += 1
            return False
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        path = os.path.join(self.slipway.folder, "model.pkl")
        try:
            how = dump(rng, made.parts, path)
        except Exception as error:
            self.fit_failures["%s: cannot be pickled: %s" % (focus, str(error)[:60])] += 1
            return False
        with open(os.path.join(self.slipway.folder, "rows.jsonl"), "w") as stream:
            for row in made.data.rows:
                stream.write(json.dumps(row) + "\n")
        compared = self.count["compared"]
        problem = self.score(rng, made, path)
        if problem:
            self.report(k, focus, made, how, *problem)
        return bool(problem) or self.count["compared"] > compared

    def score(self, rng, made, path):
        """None, or (what is wrong, wanted, got)."""
        names = compare.classes_in(made.parts, set())
        methods = compare.methods_of(made.model)
        code, out, error = self.slipway.predict(path, [COLUMNS[method] for method in methods])
        if code != 0 and "This model has" in error:
            has = error.split("This model has ")[1].split("\n")[0].replace(" and ", ", ").split(", ")
            for method in [method for method in methods if COLUMNS[method] not in has]:
                self.unserved["%s of %s" % (method, type(made.model).__name__)] += 1
                methods.remove(method)
            code, out, error = self.slipway.predict(path, [COLUMNS[method] for method in methods])
        if code < 0 or code > 100:
            return "slipway ended with %d: %s" % (code, error[-300:]), [], {}
        if code != 0 and not ("skipped" in error and not out):
            if "internal" in error.lower():
                return "slipway: " + error, [], {}
            self.refused[self.reason(error, path)] += 1
            return None
        want, got = compare.ask(made.model, made.data, made.data.rows, methods), read_answers(out)
        problem = self.hold(made, names, want, got, error)
        if problem:
            return problem, want, got
        self.count["compared"] += 1
        self.count["rows"] += len(made.data.rows)
        self.compared.update(names)
        if code == 0 and rng.random() < 0.2:
            return self.bundle(path, methods, out)
        if code == 0 and rng.random() < 0.02 and "predict" in methods and got:
            return self.http(path, made.data.rows, got)
        return None

    @staticmethod
    def reason(error, path):
        """The refusal without the path in the tree, so that the same refusals add up."""
        lines = [line for line in error.replace(path, "FILE").split("\n") if line]
        return (lines or ["no reason"])[0][:230]

    def hold(self, made, names, want, got, error):
        judge = compare.Judge(made.model, made.data, names)
        judge.learn(want)
        for i, (row, answer) in enumerate(zip(made.data.rows, want)):
            why = answer if isinstance(answer, str) else compare.unanswerable(answer)
            if why and any(message in why for message in compare.DEFECTS):
                self.count["defects of the library"] += 1
            elif why and i not in got:
                self.count["rows refused by both"] += 1
            elif why:
                return "row %d: answered %s, the library: %s" % (i + 1, dict(got[i]), why)
            elif i not in got:
                found = [line for line in error.split("\n") if "rows.jsonl:%d:" % (i + 1) in line]
                return "row %d: refused (%s), the library answers %s" % (i + 1, (found or ["?"])[0], answer)
            else:
                problem = judge.differ(row, answer, got[i])
                if problem:
                    return "row %d: %s" % (i + 1, problem)
        self.count["values on the edge"] += judge.edges
        return None

    def bundle(self, path, methods, out):
        """The model of the store answers byte for byte as the file."""
        code, _, error = self.slipway.run("import", path, "--name", "m", "--json")
        if code != 0:
            return "import: " + error, [], {}
        code, again, error = self.slipway.predict("m", [COLUMNS[method] for method in methods])
        shutil.rmtree(self.slipway.environment["SLIPWAY_STORE"], ignore_errors=True)
        self.count["bundles"] += 1
        return None if again == out else ("the bundle answers otherwise than the file: " + error[-200:], out.decode(), again.decode())

    def http(self, path, rows, got):
        """The rows that are answered, in one request."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        base = "http://127.0.0.1:%d" % port
        server = subprocess.Popen([self.slipway.binary, "serve", path, "--listen", base[7:], "--contract", "ignore"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.slipway.environment)
        try:
            for _ in range(600):
                if server.poll() is not None:
                    return "over HTTP: the server ended with %d" % server.returncode, [], {}
                try:
                    urllib.request.urlopen(base + "/readyz", timeout=5).read()
                    break
                except OSError:
                    time.sleep(0.05)
            body = json.dumps([rows[i] for i in sorted(got)]).encode()
            answers = json.loads(urllib.request.urlopen(base + "/predict", body, timeout=30).read().decode())["predictions"]
        except (OSError, ValueError) as error:
            return "over HTTP: %s" % error, [], {}
        finally:
            server.terminate()
            server.wait()
        self.count["over HTTP"] += 1
        for i, answer in zip(sorted(got), answers):
            one = answer["prediction"] if isinstance(answer["prediction"], list) else [answer["prediction"]]
            if one != got[i]["predict"]:
                return "row %d over HTTP: %r, from the command line: %r" % (i + 1, one, got[i]["predict"]), [], {}
        return None

    def report(self, k, focus, made, how, problem, want, got):
        options = self.options
        again = "./dev parity --release %s --seed %d --only %d" % (sklearn.__version__, options.seed, k)
        again += " --estimator " + focus if options.estimator else ""
        print("\nMISMATCH %s (%s, scikit-learn %s): %s\n  %s\n  again: %s" % (focus, made.data.kind, sklearn.__version__, problem,
              " ".join(repr(made.model).split())[:700], again), flush=True)
        self.mismatches.append((focus, problem, again))
        folder = os.path.join(options.keep, "%s-seed%d-%d-%s" % (sklearn.__version__, options.seed, k, focus))
        os.makedirs(folder, exist_ok=True)
        for name in ("model.pkl", "rows.jsonl"):
            shutil.copy(os.path.join(self.slipway.folder, name), folder)
        with open(os.path.join(folder, "what.txt"), "w") as stream:
            stream.write("%s\n%s\n%s\n%r\n" % (problem, again, how, made.model))
        for name, answers in (("expected.json", want), ("got.json", got)):
            with open(os.path.join(folder, name), "w") as stream:
                json.dump(answers, stream, indent=0, default=str)

    def summary(self):
        count = self.count
        print("\nscikit-learn %s, seed %d: %d models compared, %d rows, in %.0f s; %d on the edge; %d rows refused by both; "
              "%d through a bundle, %d over HTTP; %d rows at which the library fails by mistake" % (sklearn.__version__, self.options.seed, count["compared"], count["rows"],
              self.seconds, count["values on the edge"], count["rows refused by both"], count["bundles"], count["over HTTP"],
              count["defects of the library"]))
        if not self.options.quiet:
            print("by estimator: " + ", ".join("%s %d" % pair for pair in sorted(self.compared.items())))
        if not self.options.quiet and self.options.only is None:
            print("never compared: " + (", ".join(self.never) or "none"))
        self.lines("fits that failed", self.fit_failures)
        self.lines("models refused by slipway, by reason", self.refused)
        self.lines("outputs that slipway does not have", self.unserved)
        print("%d of %d models differ" % (len(self.mismatches), count["tried"]))
        for mismatch in self.mismatches:
            print("  %s: %s\n    %s" % mismatch)
        if self.options.rounds and self.never:
            print("in %d draws each never compared: %s" % (TRIES, ", ".join(self.never)))

    def lines(self, title, found):
        print("%s: %d" % (title, sum(found.values())))
        for reason, times in found.most_common(6 if self.options.quiet else 60):
            print("  %4d  %s" % (times, reason))


def main():
    options = parse()
    options.seed = random.SystemRandom().randrange(10 ** 6) if options.seed is None else options.seed
    options.keep = os.path.abspath(options.keep)
    signal.signal(signal.SIGPROF, too_slow)
    folder = tempfile.mkdtemp(prefix="slipway-parity-")
    try:
        run = Run(options, Slipway(options.slipway, folder))
        run.whole()
        run.summary()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    missing = run.never if options.rounds else not run.count["compared"]
    sys.exit(1 if run.mismatches or missing else 0)


if __name__ == "__main__":
    main()
