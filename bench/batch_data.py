# SPDX-License-Identifier: Apache-2.0
"""Trains a model and writes a table for it: batch_data.py SHAPE ROWS MODEL TABLE. The shapes are those of batch_bench.py."""
import pickle
import sys

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
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
    """As sensors and exports give them: six digits."""
    return pd.DataFrame(random.normal(size=(rows, 28)).round(5), columns=[f"x{i}" for i in range(28)])


def main():
    shape, rows, model_path, table_path = sys.argv[1:]
    random = np.random.default_rng(1)
    table = (measurements if shape == "numbers" else customers)(int(rows), random)
    learn = table[:5000]
    label = (random.uniform(size=len(learn)) < 0.3).astype(int)
    if shape == "records":
        model = make_pipeline(DictVectorizer(), LogisticRegression(max_iter=300)).fit(learn.to_dict(orient="records"), label)
    elif shape == "numbers":
        model = make_pipeline(StandardScaler(), LogisticRegression()).fit(learn, label)
    else:
        columns = ColumnTransformer([("texts", OneHotEncoder(handle_unknown="ignore"), list(TEXTS)), ("numbers", StandardScaler(), NUMBERS)])
        model = make_pipeline(columns, LogisticRegression(max_iter=300)).fit(learn, label)
    with open(model_path, "wb") as file:
        pickle.dump(model, file)
    table.to_csv(table_path, index=False)


if __name__ == "__main__":
    main()
