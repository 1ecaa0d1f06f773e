# SPDX-License-Identifier: Apache-2.0
"""What the library answers to each row, what Slipway answers, and whether that is the same.

Equal to the last bit where all parts only add, multiply, divide, compare and look up; within a relative 1e-12 elsewhere
(1e-11 of a column's scale where the columns are projections). A difference beyond that counts as "on the edge", not as
wrong, if the library's own answer moves as far when the row's numbers move by their last bits: near a cut behind a sum that
BLAS orders, or where terms cancel. That is never asked of exact models.
"""
import random

import numpy

from estimators import TABLE

METHODS = [("predict", "prediction"), ("predict_proba", "probabilities"), ("decision_function", "decision"),
           ("score_samples", "score"), ("transform", "transform")]
PROJECTIONS = {"PCA", "IncrementalPCA", "TruncatedSVD", "KMeans", "MiniBatchKMeans",  # and sums of kernels, which cancel
               "IsolationForest", "SVC", "NuSVC", "SVR", "NuSVR", "OneClassSVM"}
ROUGH_PROBABILITIES = {"HistGradientBoostingClassifier", "GradientBoostingClassifier"}

# Where the library raises by mistake: a message, and when. Such rows are counted apart.
DEFECTS = {
    "invalid literal for int()": "KNeighborsClassifier, brute force, labels that are texts in an object array",
    "Buffer dtype mismatch": "KMeans fitted on float32, asked for float64",
}


def classes_in(value, found, depth=0):
    """Names of all estimators inside a fitted one."""
    if depth > 12:
        return found
    if type(value).__module__.split(".")[0] == "sklearn" and hasattr(value, "get_params"):
        found.add(type(value).__name__)
        for part in vars(value).values():
            classes_in(part, found, depth + 1)
    elif isinstance(value, dict):
        for part in value.values():
            classes_in(part, found, depth + 1)
    elif isinstance(value, (list, tuple)) or (isinstance(value, numpy.ndarray) and value.dtype == object):
        for part in value:
            classes_in(part, found, depth + 1)
    return found


def is_exact(names, method):
    if method == "predict_proba" and names & ROUGH_PROBABILITIES:
        return False
    return all(name in ROUGH_PROBABILITIES or (name in TABLE and TABLE[name].exact) for name in names - {"LabelBinarizer"})


def plain(value):
    return value.item() if hasattr(value, "item") else value


def flattened(got, count):
    """A list of values for each of count rows; of a list of arrays (one a target) those of all."""
    if isinstance(got, list) and len(got) and not isinstance(got[0], (int, float, str)):
        parts = [flattened(part, count) for part in got]
        return [sum((part[i] for part in parts), []) for i in range(count)]
    got = got.toarray() if hasattr(got, "toarray") else numpy.asarray(got)
    return [[plain(value) for value in numpy.atleast_1d(got[i]).ravel()] for i in range(count)]


def methods_of(model):
    return [method for method, _ in METHODS if hasattr(model, method)]


def ask(model, data, rows, methods):
    """{method: values} a row, or the exception's text."""
    try:
        given = data.as_input(rows)
        answers = dict((method, flattened(getattr(model, method)(given), len(rows))) for method in methods)
        return [dict((method, answers[method][i]) for method in methods) for i in range(len(rows))]
    except Exception as error:
        if len(rows) > 1:
            return [ask(model, data, [row], methods)[0] for row in rows]
        return ["%s: %s" % (type(error).__name__, str(error).split("\n")[0][:200])]


def moved(row, rng):
    """The row with each number moved by up to 32 units in its last place: far below what is allowed, and as much as a few
    steps that round in another order may add up to."""

    def number(value):
        return value * (1 + rng.choice([-1, 1]) * rng.uniform(8, 32) * 2.0 ** -52) if type(value) is float else value

    if isinstance(row, dict):
        return dict((name, number(value)) for name, value in row.items())
    return [number(value) for value in row] if isinstance(row, list) else row


class Watch(object):
    """What the library meets while it answers. `found`: a nearest neighbour tied with the next one; which of the two is
    taken depends on its batch size and algorithm, and on the last bits of sums that BLAS orders. `likelihood`: the largest
    logarithm of a likelihood, in units of its last place. A probability is exp of the difference of two of them, so that
    the order in which BLAS adds one up moves the probability, relatively, by as much."""

    NEIGHBOURS = ("KNeighborsClassifier", "KNeighborsRegressor")
    LIKELIHOODS = ("MultinomialNB", "ComplementNB", "BernoulliNB", "GaussianNB", "CategoricalNB")

    def __init__(self, names):
        self.found, self.likelihood, self.before = False, 0.0, []
        self.names = names

    def __enter__(self):
        for name in self.names & set(self.NEIGHBOURS):
            self.wrap(TABLE[name].load(), ("predict", "predict_proba"), self.watched)
        for name in self.names & set(self.LIKELIHOODS):
            self.wrap(TABLE[name].load(), ("_joint_log_likelihood",), self.measured)
        return self

    def wrap(self, cls, methods, how):
        for method in methods:
            if hasattr(cls, method):
                self.before.append((cls, method, getattr(cls, method)))
                setattr(cls, method, how(getattr(cls, method)))

    def measured(self, ask_library):
        def asked(model, X):
            out = ask_library(model, X)
            # State that is float32 (GaussianNB since 1.8) has its logarithms and sums in float32.
            state = getattr(model, "var_", None)
            single = isinstance(state, numpy.ndarray) and state.dtype == numpy.float32
            parts = numpy.abs(numpy.log(state)).sum() if single else numpy.abs(out[numpy.isfinite(out)]).max(initial=0.0)
            self.likelihood = max(self.likelihood, float(parts) * 2.0 ** (-23 if single else -52))
            return out

        return asked

    def __exit__(self, *_):
        for cls, method, was in self.before:
            setattr(cls, method, was)

    def watched(self, ask_library):
        def asked(model, X):
            count = min(model.n_neighbors + 1, model.n_samples_fit_)
            far, _ = model.kneighbors(X, count)
            size = (numpy.abs(X).max() + numpy.abs(model._fit_X).max()) ** 2
            gaps = numpy.diff(far ** 2, axis=1)[:, -1:] if count > model.n_neighbors else numpy.ones((1, 1))
            self.found |= bool((gaps <= 1e-13 * max(size, 1e-300)).any())
            return ask_library(model, X)

        return asked


def unanswerable(answer):
    """What has no JSON: an infinity, or a NaN that is not of a transform."""
    for method, values in answer.items():
        for value in values:
            if isinstance(value, float) and (value in (numpy.inf, -numpy.inf) or (value != value and method != "transform")):
                return "%s is %r" % (method, value)
    return None


def same_label(got, want):
    if isinstance(want, bool) or isinstance(got, bool) or isinstance(want, str) or isinstance(got, str):
        return type(got) is type(want) and got == want
    return got == want


class Judge(object):
    def __init__(self, model, data, names):
        self.model, self.data, self.names = model, data, names
        self.edges, self.middle = 0, None
        self.scale = {}

    def learn(self, answers):
        """The scale of each column of what is answered."""
        for answer in answers:
            if isinstance(answer, dict):
                for method, values in answer.items():
                    for i, value in enumerate(values):
                        if isinstance(value, float) and value == value:
                            key = (method, i)
                            self.scale[key] = max(self.scale.get(key, 0.0), abs(value))

    def differ(self, row, want, got):
        """None if got is what the library answered, else what is not."""
        for method, values in want.items():
            answer = got[method]
            if len(answer) != len(values):
                return "%s: %d values, want %d" % (method, len(answer), len(values))
            for i, (one, other) in enumerate(zip(answer, values)):
                problem = self.one(method, i, one, other)
                if problem and not self.on_the_edge(row, method, i, one, other, want):
                    return problem
        return None

    def one(self, method, i, got, want):
        if isinstance(want, float) and want != want:
            return None if got is None else "%s[%d]: got %r, want NaN" % (method, i, got)
        if isinstance(want, (bool, str)) or isinstance(got, (bool, str)) or got is None:
            return None if same_label(got, want) else "%s[%d]: got %r, want %r" % (method, i, got, want)
        if got == want:
            return None
        far = abs(got - want)
        if not is_exact(self.names, method):
            allowed = 1e-12 * abs(want)
            if self.names & PROJECTIONS:
                allowed = max(allowed, 1e-11 * self.scale.get((method, i), 0.0))
            if far <= allowed:
                return None
        return "%s[%d]: got %r, want %r (off by %.3g, relative %.3g)" % (method, i, got, want, far, far / max(abs(want), 1e-300))

    def on_the_edge(self, row, method, i, got, want, whole):
        if is_exact(self.names, method):
            return False
        rng = random.Random(0)
        with Watch(self.names) as watch:
            near = ask(self.model, self.data, [row] + [moved(row, rng) for _ in range(6)], list(whole))
        near = [answer[method][i] for answer in near if isinstance(answer, dict)]
        if len(near) < 7 or watch.found or (method == "predict" and self.torn(whole)):
            self.edges += 1
            return True
        if isinstance(want, float) and isinstance(got, (int, float)):
            spread = max(abs(other - want) for other in near)
            still = self.noise(list(whole)).get((method, i), 0.0)
            close = abs(got - want) <= 8 * max(spread, still, watch.likelihood * abs(want), self.single(method, i))
        else:
            close = got in near
        self.edges += close
        return close

    def noise(self, methods):
        """How far an answer moves in the middle row: for rows whose own numbers cannot move, since they are missing."""
        if self.middle is None:
            rng, moves = random.Random(1), {}
            still = ask(self.model, self.data, self.data.rows, methods)
            other = ask(self.model, self.data, [moved(row, rng) for row in self.data.rows], methods)
            for a, b in zip(still, other):
                if isinstance(a, dict) and isinstance(b, dict):
                    for method in methods:
                        for i, (one, two) in enumerate(zip(a[method], b[method])):
                            if isinstance(one, float):
                                moves.setdefault((method, i), []).append(abs(one - two))
            self.middle = dict((key, sorted(found)[len(found) // 2]) for key, found in moves.items())
        return self.middle

    def single(self, method, i):
        """How far sums of float32 may be off: those of a PCA's mean, which BLAS adds up in an order of its own."""
        steps = [step for _, step in getattr(self.model, "steps", [("", self.model)]) if step != "passthrough"]
        pca = steps[-1]
        if method != "transform" or type(pca).__name__ not in ("PCA", "IncrementalPCA") or pca.mean_.dtype != numpy.float32:
            return 0.0
        terms = numpy.abs(pca.mean_.astype(float) * pca.components_[i])
        scale = max(float(numpy.sqrt(pca.explained_variance_[i])), 2.0 ** -23) if pca.whiten else 1.0
        return terms.sum() * 2.0 ** -24 * len(terms) / 8 / scale

    def torn(self, whole):
        """Two classes share the first place to 1e-12, or two centres are as near."""
        far = sorted(whole.get("transform", [])) if self.names & {"KMeans", "MiniBatchKMeans"} else []
        if len(far) > 1 and far[1] - far[0] <= 1e-12 * far[1]:
            return True
        for method in ("predict_proba", "decision_function"):
            values = sorted((value for value in whole.get(method, []) if isinstance(value, float)), reverse=True)
            if len(values) > 1 and values[0] - values[1] <= 1e-12 * max(abs(values[0]), 1e-300):
                return True
            if len(values) == 1 and abs(values[0]) < 1e-12:
                return True
        return False
