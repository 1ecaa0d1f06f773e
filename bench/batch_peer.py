# SPDX-License-Identifier: Apache-2.0
"""What the guides do with a file of customers: pandas reads it, the pickle scores it, pandas writes it. Prints the seconds
between the first byte read and the last written, and the processor's, both without the imports and the unpickling."""
import pickle
import sys
import time

import pandas as pd

shape, model_path, input_path, output_path = sys.argv[1:]
with open(model_path, "rb") as file:
    model = pickle.load(file)
began, cpu = time.perf_counter(), time.process_time()
frame = pd.read_csv(input_path)
rows = frame.to_dict(orient="records") if shape == "records" else frame
probability = model.predict_proba(rows)[:, 1]
pd.DataFrame({"prediction": (probability > 0.5).astype(int), "probability": probability}).to_csv(output_path, index=False)
print(time.perf_counter() - began, time.process_time() - cpu)
