"""Evaluates RUN_DIR/model.safetensors on the test set in double precision and compares with RUN_DIR/summary.json.

    python3 evaluate_model.py RUN_DIR DATA

Prints right answers and weights_sha256 as recomputed from the file. Exit code 1: one of them differs.
"""
import hashlib
import json
import os
import sys

import numpy as np

from files import layers_of, read_dataset, read_safetensors
from sgd_oracle import VALUE


def main(run, data):
    with open(os.path.join(run, "summary.json")) as file:
        summary = json.load(file)
    tensors, metadata = read_safetensors(os.path.join(run, "model.safetensors"))
    layers = layers_of(tensors)
    _, (x, labels) = read_dataset(data)
    functions = metadata["activations"].split(",")
    functions = functions * len(layers) if len(functions) == 1 else functions
    a = x.astype(np.float64)
    for (w, b), function in zip(layers, functions):
        a = VALUE[function](a @ w.T.astype(np.float64) + b)
    correct = int((a.argmax(axis=1) == labels).sum())
    digest = hashlib.sha256(b"".join(part.tobytes() for layer in layers for part in layer)).hexdigest()
    print(f"{correct} / {len(labels)} right, weights_sha256 {digest}")
    reported = summary["test_accuracy"] * len(labels)
    print(f"reported: {reported:.6f} right, weights_sha256 {summary['weights_sha256']}")
    return 0 if abs(reported - correct) < 1e-6 and digest == summary["weights_sha256"] else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
