# SPDX-License-Identifier: Apache-2.0
"""Random data: tables, frames with text in them, records and texts, and targets to fit. Rows to score are plain JSON
values; as_input() makes of them what the library is asked with.
"""
import numpy

WORDS = ["red", "green", "blue", "Grün", "東京", "one two", "1", "2.5", "nan", "", "a=b", "ÅNGSTRÖM", "naïve", "☃", "NA", "x\"y"]
TEXTS = ["the quick brown fox", "jumps over 13 lazy dogs", "Ein Süßer Brei", "naïve café", "don't stop", "東京 タワー",
         "a b c", "re-entry e-mail", "THE END", "under_score 3.14", "fox fox fox", "\u0130stanbul", "tabs\tand\nlines", "ﬁne ½"]


class Data(object):
    """X is what is fitted; rows are what is asked, as JSON values; as_input(rows) is what the library is given."""

    def __init__(self, kind, X, rows, as_input):
        self.kind, self.X, self.rows, self.as_input = kind, X, rows, as_input
        self.numeric, self.text, self.names = [], [], None
        self.null = None  # what null is in a column of texts of which training missed none


def column(rng, count, positive=False, tame=False):
    """A column of numbers, of one of the kinds that tables in practice have."""
    kinds = ["normal", "normal", "integer", "flag", "skewed", "few", "mostly zero"] + ([] if tame else ["constant", "large"])
    kind, scale = rng.choice(kinds), 10.0 ** rng.uniform(-3, 6)
    draw = {
        "normal": lambda: scale * (rng.gauss(0, 1) + shift),
        "integer": lambda: float(rng.randrange(-20, 100)),
        "flag": lambda: float(rng.random() < 0.4),
        "skewed": lambda: scale * rng.lognormvariate(0, 1),
        "few": lambda: rng.choice([0.5, 1.5, -2.0, 7.25]),
        "mostly zero": lambda: scale * rng.gauss(0, 1) if rng.random() < 0.2 else 0.0,
        "constant": lambda: constant,
        "large": lambda: 1e6 + rng.gauss(0, 1),
    }[kind]
    shift, constant = rng.choice([0, 0, 3, -5]), rng.choice([0.0, 1.0, -3.5, 1e6])
    values = [draw() for _ in range(count)]
    return [abs(value) for value in values] if positive else values


def odd_value(rng, values, missing):
    """A number for a row to score: seen, between two that were seen (where trees cut), or far away."""
    seen = sorted(set(value for value in values if value == value))
    way = rng.random()
    if way < 0.35 or len(seen) < 2:
        return rng.choice(seen or [0.0])
    if way < 0.5:
        at = rng.randrange(len(seen) - 1)
        return seen[at] / 2.0 + seen[at + 1] / 2.0
    if way < 0.56:
        return rng.choice([0.0, -0.0, 1, -7, 0.1, True, False])
    if way < 0.6 and missing:
        return None
    if way < 0.62:
        return rng.choice([1e-300, 12345678.9, -1e9, 3.5e38, 2 ** 53 + 1])
    return rng.choice(seen) * rng.uniform(0.5, 1.5)


def sprinkle(rng, columns, share):
    for values in columns:
        if rng.random() < 0.5:
            for i in range(len(values)):
                if rng.random() < share:
                    values[i] = float("nan")


def table(rng, needs):
    count, width = rng.randrange(30, 120), rng.randrange(needs.get("width", 1), needs.get("most", 7) + 1)
    columns = [column(rng, count, needs.get("positive"), needs.get("tame")) for _ in range(width)]
    if needs.get("nan") and rng.random() < 0.6:
        sprinkle(rng, columns, 0.15)
    dtype = rng.choice([float] * 7 + [float if needs.get("wide") else numpy.float32])
    X = numpy.array(columns, dtype=float).T
    lots = [list(values) for values in columns]
    missing = rng.random() < 0.5
    rows = [[odd_value(rng, lots[j], missing) for j in range(width)] for _ in range(needs.get("rows", 24))]
    if needs.get("positive"):
        rows = [[abs(value) if type(value) is float else value for value in row] for row in rows]
    rows += [[None if value != value else value for value in row] for row in X[:6].tolist()]
    data = Data("table", X.astype(dtype), rows, lambda some: numpy.array(some, dtype=float))
    data.numeric = list(range(width))
    if rng.random() < 0.15 and dtype is float and needs["pandas"]:
        return named(data)
    return data


def named(data):
    """The same with column names."""
    import pandas
    names = ["Größe", "b c", "x2", "temp", "e", "f.1", "g", "h"][:data.X.shape[1]]
    X = pandas.DataFrame(data.X, columns=names)
    rows = [dict(zip(names, row)) for row in data.rows]
    out = Data("named", X, rows, lambda some: pandas.DataFrame([[row[name] for name in names] for row in some], columns=names).astype(float))
    out.numeric, out.names = data.numeric, names
    return out


def frame(rng, needs):
    """Numbers and texts under names; a missing text is None in the rows, as JSON has it."""
    import pandas
    count = rng.randrange(40, 120)
    names = ["Alter", "fare", "n siblings", "größe"][:rng.randrange(1, 5)]
    texts = ["city", "Kl.", "deck", "grade"][:rng.randrange(1, 4)]
    numbers = [column(rng, count, needs.get("positive"), needs.get("tame")) for _ in names]
    if needs.get("nan"):
        sprinkle(rng, numbers, 0.15)
    pools = [rng.sample(WORDS, rng.randrange(2, 7)) for _ in texts]
    gaps = needs.get("text_nan") and rng.random() < 0.5
    words = [[rng.choice(pool) if not gaps or rng.random() < 0.85 else None for _ in range(count)] for pool in pools]
    X = pandas.DataFrame(dict(zip(names, numbers)))
    for name, values in zip(texts, words):
        X[name] = pandas.Series(values, dtype=object)
    order = names + texts
    rng.shuffle(order)
    X = X[order]
    missing, unseen = rng.random() < 0.4, rng.random() < 0.4
    rows = []
    for _ in range(24):
        row = dict((name, odd_value(rng, values, missing)) for name, values in zip(names, numbers))
        for name, pool in zip(texts, pools):
            way = rng.random()
            row[name] = None if missing and way < 0.08 else "never seen" if unseen and way > 0.93 else rng.choice(pool)
        rows.append(row)

    def as_input(some):
        out = pandas.DataFrame()
        for name in [name for name in order if name in some[0]]:
            if name in texts:
                null = None if None in words[texts.index(name)] else data.null
                out[name] = pandas.Series([null if row[name] is None else row[name] for row in some], dtype=object)
            else:
                out[name] = numpy.array([row[name] for row in some], dtype=float)
        return out

    data = Data("frame", X, rows, as_input)
    data.numeric, data.text, data.names = names, texts, order
    return data


def records(rng, needs):
    pool = rng.sample(WORDS, 5)
    other = rng.sample(WORDS, 3)

    def one():
        row = {"city": rng.choice(pool), "kind": rng.choice(other), "age": rng.randrange(1, 90), "paid": rng.choice([True, False]),
               "fare": round(rng.uniform(0, 200), rng.choice([0, 2, 9]))}
        return dict((name, row[name]) for name in fields)

    fields = rng.sample(["city", "kind", "age", "paid", "fare"], rng.randrange(2, 6))
    X = [one() for _ in range(rng.randrange(40, 120))]
    rows = [one() for _ in range(16)]
    for row in (one() for _ in range(12)):
        way = rng.randrange(4)
        name = rng.choice(fields)
        if way == 0:
            del row[name]
        elif way == 1 and "city" in row:
            row["city"] = "never seen"
        elif way == 2:
            row["another"] = rng.choice([3, "x"])
        rows.append(row)
    data = Data("records", X, rows, lambda some: [dict(row) for row in some])
    return data


def texts(rng, needs):
    def one():
        return " ".join(rng.choice(TEXTS) for _ in range(rng.randrange(1, 5)))

    X = [one() for _ in range(rng.randrange(40, 90))]
    rows = [one() for _ in range(16)] + ["", " ", "nothing known", "ﬁne FOX", "\u0130\u0131 İi"]
    return Data("texts", X, rows, lambda some: list(some))


def signal(rng, data):
    """A number a row that has something to do with the data, so that there is something to fit."""
    if data.kind in ("table", "named", "frame"):
        X = data.X[data.numeric].to_numpy(dtype=float) if data.kind == "frame" else numpy.asarray(data.X, dtype=float)
        X = numpy.where(numpy.isnan(X), 0, X)
        spread = X.std(axis=0)
        X = (X - X.mean(axis=0)) / numpy.where(spread > 0, spread, 1)
        weights = numpy.array([rng.gauss(0, 1) for _ in range(X.shape[1])])
        return X.dot(weights) + numpy.array([rng.gauss(0, 0.5) for _ in range(len(X))])
    return numpy.array([len(str(row)) % 17 + rng.gauss(0, 2) for row in data.X])


LABELS = [[0, 1], [0, 1], [-1, 1], [False, True], ["no", "yes"], ["b", "A"], [-3, 7], [0.0, 1.0], [0, 1, 2], [0, 1, 2, 3],
          ["low", "mid", "high"], [-5, 0, 12], ["ä", "ß", "東", "z"], ["0", "1"], [10, 200, 3000]]


def labels(rng, data, binary=False, names=None):
    names = names or rng.choice([some for some in LABELS if not binary or len(some) == 2])
    value = signal(rng, data)
    edges = numpy.quantile(value, numpy.arange(1, len(names)) / float(len(names)))
    at = numpy.searchsorted(edges, value)
    dtype = object if isinstance(names[0], str) and rng.random() < 0.3 else None
    return numpy.array(names, dtype=dtype)[at]


def numbers(rng, data, outputs=1):
    scale = 10.0 ** rng.uniform(-2, 4)
    columns = [scale * signal(rng, data) + rng.choice([0, 10]) * scale for _ in range(outputs)]
    return columns[0] if outputs == 1 else numpy.array(columns).T
