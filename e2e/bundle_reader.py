# SPDX-License-Identifier: Apache-2.0
"""Reads and runs a bundle by what docs/bundle_format.md says, with nothing but the standard library: enough operators for
a DictVectorizer and a binary LogisticRegression. Shows that the page is enough to write a reader."""
import hashlib
import json
import math
import pathlib
import struct

CODES = {"F64": "d", "F32": "f", "U8": "B", "I32": "i", "U32": "I", "I64": "q", "U64": "Q"}


class Bundle:
    def __init__(self, folder):
        folder = pathlib.Path(folder)
        manifest = (folder / "manifest.json").read_bytes()
        self.id = hashlib.sha256(manifest).hexdigest()
        self.manifest = json.loads(manifest)
        assert self.manifest["format"] == "slipway-bundle" and self.manifest["format_version"] == 1
        for file in self.manifest["files"]:
            content = (folder / file["name"]).read_bytes()
            assert len(content) == file["bytes"] and hashlib.sha256(content).hexdigest() == file["sha256"]
        self.model = json.loads((folder / "model.json").read_text())
        self._read_tensors((folder / "weights.safetensors").read_bytes())
        self.proof = [json.loads(line) for line in (folder / "proof.jsonl").read_text().splitlines()]

    def _read_tensors(self, content):
        (length,) = struct.unpack("<Q", content[:8])
        header, data = json.loads(content[8 : 8 + length]), content[8 + length :]
        self.tensors = {}
        for name, entry in header.items():
            begin, end = entry["data_offsets"]
            assert (8 + length + begin) % 64 == 0 or name.startswith("padding.")
            self.tensors[name] = struct.unpack(f"<{entry['shape'][0]}{CODES[entry['dtype']]}", data[begin:end])

    def texts(self, name):
        offsets, content = self.tensors[name + ".offsets"], bytes(self.tensors[name + ".bytes"])
        return [content[a:b].decode("utf-8", "surrogatepass") for a, b in zip(offsets, offsets[1:])]

    def values(self, name):
        texts = self.texts(name + ".texts")
        read = {1: lambda bits: None, 2: bool, 3: int, 4: lambda bits: struct.unpack("<d", struct.pack("<q", bits))[0],
                5: lambda bits: texts[bits]}
        return [read[kind](bits) for kind, bits in zip(self.tensors[name + ".kinds"], self.tensors[name + ".bits"])]

    def answer(self, record):
        slots = [record]
        for i, step in enumerate(self.model["steps"]):
            slots.append(self._run(step["op"], step["parameters"], f"steps.{i}.", *(slots[k] for k in step["inputs"])))
        out = {output["output"]: slots[output["slot"]] for output in self.model["outputs"]}
        out["prediction"] = self.values("targets.labels")[out["prediction"]]
        return out

    def _run(self, op, parameters, prefix, x):
        if op == "vectorize_dict":
            columns = {name: i for i, name in enumerate(self.texts(prefix + "names"))}
            row = [0.0] * len(columns)
            for field, value in record_items(x, parameters["separator"]):
                if field in columns:
                    row[columns[field]] += value
            return row
        if op in ("densify", "require_finite"):
            return x
        if op == "linear":
            coef, row = self.tensors[prefix + "coef"], x
            total = 0.0
            for weight, value in zip(coef, row):
                if value != 0:
                    total += weight * value
            return [total + self.tensors[prefix + "intercept"][0]]
        if op == "expit":
            return [1 / (1 + math.exp(-value)) for value in x]
        if op == "with_complement":
            return [1 - x[0], x[0]]
        if op == "positive_index":
            return int(x[0] > 0)
        raise NotImplementedError(op)


def record_items(record, separator):
    for field, value in record.items():
        yield (field + separator + value, 1.0) if isinstance(value, str) else (field, float(value))
