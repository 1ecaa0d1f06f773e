# SPDX-License-Identifier: Apache-2.0
"""A pickled model behind Flask, as short as tutorials show it: unpickle at import, transform and predict per request."""
import os
import pickle

from flask import Flask, jsonify, request

with open(os.environ["MODEL_PATH"], "rb") as file:
    pipeline = pickle.load(file)

app = Flask(__name__)


@app.post("/predict")
def predict():
    probability = float(pipeline.predict_proba([request.get_json()])[0, 1])
    return jsonify(churn=probability >= 0.5, probability=probability)
