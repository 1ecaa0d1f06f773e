# SPDX-License-Identifier: Apache-2.0
"""Random models around one estimator of the table: what stands before it, what stands behind it, what holds it."""
import numpy

import data as shapes
from estimators import TABLE, TWO, UFUNCS


class Made(object):
    """A fitted model, what is dumped (the model, or a dict of pieces), and the data that it was fitted on."""

    def __init__(self, model, parts, data):
        self.model, self.parts, self.data = model, parts, data


class Maker(object):
    def __init__(self, rng, listed, release):
        self.rng, self.listed, self.release = rng, listed, release
        self.needs = {}  # what the data must be like, gathered from the parts
        self.first = None

    def one_of(self, *names):
        return self.rng.choice([name for name in names if name in self.listed and self.exists(name)])

    def exists(self, name):
        try:
            TABLE[name].load()
            return True
        except (ImportError, AttributeError):
            return False

    def estimator(self, name, depth=0, **fixed):
        row, rng = TABLE[name], self.rng
        for need in ("positive", "tame", "binary", "flags", "wide"):
            if row.needs.get(need):
                self.needs[need] = True
        if row.make is None:
            return row.build(rng, **fixed)
        kind = row.kind if row.kind != "any" else fixed.pop("kind", "classifier")
        return getattr(self, row.make)(row, "regressor" if kind == "regressor" else "classifier", depth + 1, **fixed)

    # ---- those that hold others: each is named in the table ----

    def small(self, kind, depth):
        """A member: a light estimator, now and then a pipeline."""
        if kind == "regressor":
            name = self.one_of("LinearRegression", "Ridge", "DecisionTreeRegressor", "KNeighborsRegressor", "Lasso", "SVR", "ExtraTreeRegressor")
        else:
            name = self.one_of("LogisticRegression", "LogisticRegression", "DecisionTreeClassifier", "GaussianNB", "RidgeClassifier",
                               "KNeighborsClassifier", "LinearSVC", "RandomForestClassifier", "SGDClassifier", "SVC")
        out = self.estimator(name, depth)
        if self.rng.random() < 0.3:
            from sklearn.pipeline import make_pipeline
            return make_pipeline(self.estimator(self.one_of("StandardScaler", "MinMaxScaler", "RobustScaler", "MaxAbsScaler")), out)
        return out

    def inner(self, row, kind, depth, **fixed):
        return row.load()(self.small(kind, depth), **self.drawn(row, **fixed))

    def maybe_inner(self, row, kind, depth, **fixed):
        return self.inner(row, kind, depth, **fixed) if self.rng.random() < 0.5 else row.load()(**self.drawn(row, **fixed))

    def drawn(self, row, **fixed):
        """The hyper-parameters of a row for a constructor whose first argument is an estimator."""
        import inspect
        known = inspect.signature(row.load().__init__).parameters
        options = dict((name, self.rng.choice(values)) for name, values in sorted(row.draw.items()) if self.rng.random() < 0.6)
        options.update(fixed)
        if "random_state" in known:
            options["random_state"] = self.rng.randrange(1000)
        return dict((name, value) for name, value in options.items() if name in known)

    def members(self, row, kind, depth, **fixed):
        options = self.drawn(row, **fixed)
        members = [(name, self.small(kind, depth)) for name in ("a", "b", "c")]
        if self.rng.random() < 0.2:
            members[1] = ("b", "drop" if self.release >= (0, 22) else None)
        return row.load()(members, **options)

    def of_model(self, row, kind, depth, **fixed):
        name = self.one_of("LogisticRegression", "DecisionTreeClassifier", "LinearSVC")
        return row.load()(self.estimator(name, depth), **self.drawn(row, **fixed))

    def function(self, row, kind, depth, **fixed):
        name = self.rng.choice(UFUNCS + [None])
        return row.load()(None if name is None else getattr(numpy, name), **self.drawn(row, **fixed))

    def target(self, row, kind, depth, **fixed):
        way, inner = self.rng.randrange(3), self.small("regressor", depth)
        if way == 0:
            return row.load()(inner, transformer=self.estimator(self.one_of("StandardScaler", "MinMaxScaler", "RobustScaler", "PowerTransformer", "QuantileTransformer")))
        return row.load()(inner, func=numpy.cbrt if way == 1 else numpy.arcsinh, inverse_func=numpy.sinh, check_inverse=False)

    def search(self, row, kind, depth, **fixed):
        from sklearn.model_selection import KFold
        if kind == "regressor":
            inner, grid = self.estimator("Ridge"), {"alpha": [0.1, 1.0, 10.0]}
        else:
            inner, grid = self.estimator("DecisionTreeClassifier"), {"max_depth": [1, 3, 5]}
        options = {"random_state": 0} if row.name.startswith("Halving") else {}
        if row.name == "RandomizedSearchCV":
            options = {"n_iter": 2, "random_state": 0}
        return row.load()(inner, grid, cv=KFold(2), **options)

    def frozen(self, row, kind, depth, **fixed):
        """Fitted on the spot, on what fitted() hands over: see there."""
        return self.small(kind, depth)

    # ---- what stands before ----

    def step(self):
        names = [row.name for row in TABLE.values() if row.kind == "transformer" and row.name in self.listed and self.exists(row.name)]
        return self.rng.choice(names)

    def fronts(self, kind):
        """The steps that turn data of a kind into a table of numbers, and more on top."""
        rng, steps = self.rng, []
        if kind == "records":
            steps.append("DictVectorizer")
        elif kind == "texts":
            steps.append(self.one_of("CountVectorizer", "TfidfVectorizer", "HashingVectorizer"))
        if self.needs.get("positive"):
            more = ["MinMaxScaler"] if rng.random() < 0.3 and kind == "table" else []
        elif kind in ("records", "texts"):
            more = [self.one_of("MaxAbsScaler", "TruncatedSVD", "Normalizer", "SelectKBest")] if rng.random() < 0.3 else []
        else:
            more = [self.step() for _ in range(rng.choice([0, 0, 1, 1, 2]))]
            if self.needs.get("tame"):
                more = more[:1] + ["StandardScaler"]
        return steps + more

    def columns(self, data):
        """A ColumnTransformer over a frame: numbers one way, texts another."""
        rng = self.rng
        row = TABLE["ColumnTransformer"]
        parts = []
        if data.numeric:
            steps = [self.estimator("SimpleImputer")] if self.needs["nan"] or rng.random() < 0.3 else []
            steps += [self.estimator(self.one_of("StandardScaler", "MinMaxScaler", "RobustScaler", "KBinsDiscretizer", "PolynomialFeatures"))]
            if self.needs.get("positive"):
                steps = steps[:-1] + [self.estimator("MinMaxScaler")]
            parts.append(("num", self.chain(steps), self.selection(data, data.numeric)))
        if data.text:
            parts.append(("cat", self.encode(), self.selection(data, data.text)))
        if rng.random() < 0.2:
            parts.append(("pass", rng.choice(["passthrough", "drop"]), data.numeric[:1]))
        rng.shuffle(parts)
        options = {"remainder": rng.choice(["drop", "passthrough"])}
        if rng.random() < 0.3:
            options["sparse_threshold"] = rng.choice([0, 1.0])
        if rng.random() < 0.3:
            options["transformer_weights"] = {"num": 0.3}
        if rng.random() < 0.15 and len(parts) > 1:
            parts.pop()
            options["remainder"] = "drop"
        return row.load()(parts, **options)

    def encode(self):
        rng = self.rng
        encoder = self.encoder(self.one_of("OneHotEncoder", "OneHotEncoder", "OrdinalEncoder"))
        if rng.random() < 0.4:
            imputer = TABLE["SimpleImputer"].load()(strategy=rng.choice(["most_frequent", "constant"]), missing_values=None, fill_value="missing")
            return self.chain([imputer, encoder])
        return encoder

    def encoder(self, name):
        """Its unknown_value belongs to one choice of handle_unknown."""
        if name == "OrdinalEncoder" and self.release >= (0, 24):
            how = self.rng.choice(["error", "use_encoded_value"])
            other = self.rng.choice([-1, float("nan"), 99]) if how == "use_encoded_value" else None
            return self.estimator(name, handle_unknown=how, unknown_value=other)
        return self.estimator(name)

    def selection(self, data, names):
        if self.release < (1, 0):
            return list(names)  # chosen by place, the file would not hold the names that the rows have
        if self.rng.random() < 0.2:
            return [data.names.index(name) for name in names]
        if self.rng.random() < 0.1:
            mask = [name in names for name in data.names]
            return mask if self.rng.random() < 0.5 else numpy.array(mask)
        return list(names)

    def chain(self, steps):
        from sklearn.pipeline import Pipeline, make_pipeline
        if len(steps) == 1 and self.rng.random() < 0.7:
            return steps[0]
        if self.rng.random() < 0.1 and self.release >= (0, 22):
            named = [("step %d" % i, step) for i, step in enumerate(steps)]
            named.insert(self.rng.randrange(len(named)), ("nothing", "passthrough"))
            return Pipeline(named)
        return make_pipeline(*steps)

    def union(self):
        rng = self.rng
        names = [self.step() for _ in range(rng.randrange(1, 4))]
        parts = [("part%d" % i, self.estimator(name)) for i, name in enumerate(names)]
        weights = {"part0": 2.5} if rng.random() < 0.3 else None
        return TABLE["FeatureUnion"].load()(parts, transformer_weights=weights)


def has_pandas():
    try:
        import pandas  # noqa: F401
        return True
    except ImportError:
        return False


def generate(rng, focus, listed, release):
    """A fitted random model with the estimator `focus` in it. Raises what fit raises."""
    make, row = Maker(rng, listed, release), TABLE[focus]
    kind = row.kind
    if kind == "any":
        kind = rng.choice(["classifier", "regressor"])
    final, steps, source = None, [], "table"
    make.needs.update(row.needs)
    if kind in ("classifier", "regressor", "counts_regressor", "outlier", "cluster", "beside"):
        final = make.estimator(focus, kind=kind) if row.kind == "any" else None if kind == "beside" else make.estimator(focus)
        choices = ["table"] * 6 + ["frame"] * 2 + (["records"] * 2 if "DictVectorizer" in listed else [])
        choices = choices if has_pandas() else [one for one in choices if one != "frame"]
        source = rng.choice(choices + (["texts"] if "CountVectorizer" in listed else []))
        kind = "classifier" if kind == "beside" else kind
        final = final if final is not None else make.small("classifier", 1)
        steps = [make.estimator(name) for name in make.fronts(source)] if source != "frame" else []
    elif kind in ("transformer", "selector", "counts"):
        before = [make.step()] if rng.random() < 0.4 and not row.needs.get("positive") else []
        if before and rng.random() < 0.4 and focus != "SimpleImputer":
            before = ["SimpleImputer"]
        steps = [make.estimator(name) for name in before] + [make.estimator(focus)]
        make.needs["positive"] = kind == "counts" or getattr(steps[-1], "method", "") == "box-cox"
    elif kind == "encoder":
        source = "frame"
    elif kind == "dicts":
        source, steps = "records", [make.estimator(focus)]
    elif kind == "words":
        source, steps = "texts", [make.estimator(focus)]
    elif kind == "curve":
        final = make.estimator(focus)
    elif focus == "ColumnTransformer":
        source = "frame"
    elif focus == "FeatureUnion":
        steps = [make.union()]
    else:
        steps = [make.estimator(make.step())]
    if final is None and rng.random() < 0.5:
        kind = rng.choice(["classifier", "regressor"]) if kind != "selector" else "classifier"
        final = make.small(kind, 1)
    names = [type(step).__name__ for step in steps] + ([type(final).__name__] if final is not None else [])
    able = [name in TABLE and TABLE[name].needs.get("nan", False) for name in names]
    make.needs["nan"] = (bool(names) and all(able)) or "SimpleImputer" in names[:1]
    if source == "frame":
        make.needs["nan"] = rng.random() < 0.4
    if names[-1:] == [focus] and focus in ("PCA", "IncrementalPCA") and not {"PCA", "IncrementalPCA"} & set(names[:-1]):
        make.needs["wide"] = False  # nothing behind it: what float32 may cost is known (compare.py)
    make.needs["pandas"] = has_pandas() and release >= (1, 0)  # before, a model does not hold its columns' names
    make.needs["text_nan"] = rng.random() < 0.5
    data = getattr(shapes, source)(rng, make.needs)
    if source == "frame":
        lone = focus in ("OneHotEncoder", "OrdinalEncoder") and release >= (1, 0) and rng.random() < 0.4
        if lone:
            data.X = data.X[data.text]
            whole, order = data.as_input, data.text
            data.as_input = lambda some: whole(some)[order]
            data.rows = [dict((name, row[name]) for name in order) for row in data.rows]
        steps = [make.encoder(focus) if lone else make.columns(data)] + steps
        if release < (1, 0) and "missing_values=None" not in repr(steps):
            data.null = float("nan")
    return fitted(make, focus, kind, final, steps, data)


def fitted(make, focus, kind, final, steps, data):
    rng, row = make.rng, TABLE[focus]
    y = wanted(rng, row, kind, data, make.needs)
    model = make.chain(steps + ([final] if final is not None else []))
    if focus == "Pipeline":
        from sklearn.pipeline import make_pipeline
        model = make_pipeline(*(steps + ([final] if final is not None else [])))
    if final is not None and kind in ("classifier", "regressor") and y.ndim == 1 and rng.random() < 0.12:
        model = held(make, kind, model)
    X = data.X
    if focus == "IsotonicRegression":
        X = numpy.asarray(data.X)[:, 0]
        data.as_input = lambda some: numpy.array(some, dtype=float)[:, 0]
    if focus == "LabelEncoder":
        encoder = row.load()().fit(y)
        model.fit(X, encoder.transform(y))
        return Made(Decoded(model, encoder), {"model": model, "label_encoder": encoder}, data)
    model.fit(X, y) if y is not None else model.fit(X)
    if focus == "FrozenEstimator":
        model = row.load()(model)
    return Made(model, model, data)


def wanted(rng, row, kind, data, needs):
    outputs = row.needs.get("outputs")
    several = outputs == 2 or (outputs and rng.random() < 0.2)
    targets = row.needs.get("targets")
    if row.needs.get("flags"):
        return numpy.array([shapes.labels(rng, data, names=[0, 1]) for _ in range(3)]).T
    if kind == "classifier" and (targets == 2 or (targets and rng.random() < 0.15)):
        return numpy.array([shapes.labels(rng, data, names=names) for names in ([0, 1], [0, 1, 2])]).T
    if kind in ("classifier", "selector"):
        return shapes.labels(rng, data, needs.get("binary"))
    if kind == "regressor" or kind == "curve":
        return shapes.numbers(rng, data, rng.choice([2, 3]) if several and row.kind != "transformer" else 1)
    if kind == "counts_regressor":
        return numpy.floor(abs(shapes.numbers(rng, data))) + 1.0
    return shapes.labels(rng, data) if kind in ("transformer", "whole") and rng.random() < 0.5 else None


def held(make, kind, model):
    """The whole of it in a search, a vote, a bag or a calibration."""
    rng = make.rng
    if kind == "regressor":
        name = make.one_of("GridSearchCV", "VotingRegressor", "StackingRegressor")
    else:
        name = make.one_of("GridSearchCV", "CalibratedClassifierCV", "VotingClassifier", "StackingClassifier", "OneVsRestClassifier")
    row = TABLE[name]
    if name == "GridSearchCV":
        from sklearn.model_selection import KFold
        return row.load()(model, {}, cv=KFold(2))
    if "Voting" in name or "Stacking" in name:
        return row.load()([("whole", model), ("other", model)], **make.drawn(row, weights=None))
    return row.load()(model, **make.drawn(row))


class Decoded(object):
    """What a model behind a LabelEncoder answers."""

    def __init__(self, model, encoder):
        self.wrapped, self.encoder = model, encoder

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.__dict__["wrapped"], name)

    def predict(self, X):
        return self.encoder.inverse_transform(self.wrapped.predict(X))
