# SPDX-License-Identifier: Apache-2.0
"""Trains a model and writes a table for it: batch_data.py SHAPE ROWS MODEL TABLE. The shapes are those of batch_bench.py."""
import pickle
import sys

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

YES_NO = ["yes", "no"]
SERVICE = ["yes", "no", "no_internet_service"]
TEXTS = {"gender": ["female", "male"], "partner": YES_NO, "dependents": YES_NO, "phoneservice": YES_NO,
         "multiplelines": ["yes", "no", "no_phone_service"], "internetservice": ["dsl", "fiber_optic", "no"], "onlinesecurity": SERVICE,
         "onlinebackup": SERVICE, "deviceprotection": SERVICE, "techsupport": SERVICE, "streamingtv": SERVICE,
         "streamingmovies": SERVICE, "contract": ["month-to-month", "one_year", "two_year"], "paperlessbilling": YES_NO,
         "paymentmethod": ["electronic_check", "mailed_check", "bank_transfer_(automatic)", "credit_card_(automatic)"]}
NUMBERS = ["tenure", "monthlycharges", "totalcharges", "seniorcitizen"]


def customers(rows, random):
    frame = pd.DataFrame({name: random.choice(values, rows) for name, values in TEXTS.items()})
    frame["tenure"] = random.integers(0, 73, rows)
    frame["monthlycharges"] = random.uniform(18, 120, rows).round(2)
    frame["totalcharges"] = (frame["tenure"] * frame["monthlycharges"]).round(2)
    frame["seniorcitizen"] = random.integers(0, 2, rows)
    return frame


def measurements(rows, random):
    """Independent standard normal numbers, in all their digits."""
    return pd.DataFrame(random.normal(size=(rows, 28)), columns=[f"x{i}" for i in range(28)])


def train(shape, table, random):
    """Labels that the model can learn in part, of the first 5000 rows."""
    learn = table[:5000]
    if shape in ("records", "table"):
        label = (random.uniform(size=len(learn)) < 0.3).astype(int)
    else:
        label = (learn["x0"] + learn["x1"] * learn["x2"] + random.normal(size=len(learn)) > 0).astype(int)
    if shape == "records":
        return make_pipeline(DictVectorizer(), LogisticRegression(max_iter=300)).fit(learn.to_dict(orient="records"), label)
    if shape == "table":
        columns = ColumnTransformer([("texts", OneHotEncoder(handle_unknown="ignore"), list(TEXTS)), ("numbers", StandardScaler(), NUMBERS)])
        return make_pipeline(columns, LogisticRegression(max_iter=300)).fit(learn, label)
    if shape == "forest":
        return RandomForestClassifier(100, random_state=1).fit(learn, label)
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(learn, label)


def main():
    shape, rows, model_path, table_path = sys.argv[1:]
    random = np.random.default_rng(1)
    table = (customers if shape in ("records", "table") else measurements)(int(rows), random)
    if shape == "short":
        table = table.round(5)
    with open(model_path, "wb") as file:
        pickle.dump(train(shape, table, random), file)
    if shape == "savetxt":
        np.savetxt(table_path, table, delimiter=",", header=",".join(table.columns), comments="")
    else:
        table.to_csv(table_path, index=False)


if __name__ == "__main__":
    main()
