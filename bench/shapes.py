# SPDX-License-Identifier: Apache-2.0
"""Trains the models of large_bench.py and row_bench.py, with scikit-learn: shapes.py FOLDER NAME... writes FOLDER/NAME/model.pkl
and FOLDER/NAME/row.json, a record for it. Data is random: what is learned does not matter, its size does."""
import json
import pathlib
import pickle
import sys
import warnings

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, QuantileTransformer
from sklearn.svm import SVC, LinearSVC

random = np.random.default_rng(1)


def numbers(rows, columns):
    return random.normal(size=(rows, columns)).round(5)


def fitted(model, rows, columns, classes=2):
    """Labels that depend on a column, and on chance as much: trees grow deep, and half of all rows are support vectors."""
    x = numbers(rows, columns)
    label = np.argsort(np.argsort(x[:, 0] + random.normal(size=rows))) * classes // rows
    return model.fit(x, label), numbers(1, columns)[0].tolist()


def words(count):
    """Pronounceable, different from each other, of 4 to 8 letters."""
    syllables = [a + b for a in "bcdfghjklmnprstvwz" for b in "aeiou"]
    found = set()
    while len(found) < count:
        found.update("".join(random.choice(syllables, size)) for size in random.integers(2, 5, count))
    return sorted(found)[:count]


def texts(vocabulary, rows, length):
    """A few words are in most texts, most words in few, as in a language; a capital and a full stop now and then."""
    draws = (len(vocabulary) ** random.uniform(size=(rows, length))).astype(int) - 1
    shuffled = random.permutation(vocabulary)
    return [". ".join(" ".join(shuffled[row[i:i + 12]]).capitalize() for i in range(0, length, 12)) + "." for row in draws]


def text_model(model, size, rows, given=True):
    vocabulary = words(size)
    learn = texts(vocabulary, rows, 200)
    label = np.arange(rows) % 20
    vectorizer = TfidfVectorizer(vocabulary=vocabulary) if given else TfidfVectorizer()
    return make_pipeline(vectorizer, model).fit(learn, label), learn[0]


SHAPES = {
    # of large_bench.py
    "forest": lambda: fitted(RandomForestClassifier(n_estimators=1000, n_jobs=2), 25_000, 28),
    "knn_1m": lambda: fitted(KNeighborsClassifier(), 1_000_000, 28),
    "words": lambda: text_model(LogisticRegression(max_iter=5), 200_000, 2_000),
    # of row_bench.py
    "knn_100k": lambda: fitted(KNeighborsClassifier(), 100_000, 28),
    "knn_100k_x_3": lambda: fitted(KNeighborsClassifier(), 100_000, 3),
    "knn_100k_x_3_minkowski": lambda: fitted(KNeighborsClassifier(p=3), 100_000, 3),
    "knn_1m_x_6": lambda: fitted(KNeighborsClassifier(), 1_000_000, 6),
    "svc_20k": lambda: fitted(SVC(C=1e-4, max_iter=30_000), 21_000, 28),
    "words_20_classes": lambda: text_model(LinearSVC(max_iter=5), 200_000, 2_000),
    "newsgroups": lambda: text_model(LogisticRegression(max_iter=5), 60_000, 5_000, given=False),
    "mlp": lambda: fitted(MLPClassifier((512, 256), max_iter=1), 1_000, 784, 10),
    "polynomial": lambda: fitted(PolynomialFeatures(3), 100, 28),
    "polynomial_ridge": lambda: fitted(make_pipeline(PolynomialFeatures(3), Ridge()), 200, 28),
    "hist_10k_trees": lambda: fitted(HistGradientBoostingClassifier(max_iter=1000, early_stopping=False), 5_000, 28, 10),
    "quantiles": lambda: fitted(QuantileTransformer(), 2_000, 100),
}


def main():
    warnings.filterwarnings("ignore")
    for name in sys.argv[2:]:
        folder = pathlib.Path(sys.argv[1], name)
        model, row = SHAPES[name]()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "row.json").write_text(json.dumps(row))
        with open(folder / "model.pkl", "wb") as file:
            pickle.dump(model, file)


if __name__ == "__main__":
    main()
